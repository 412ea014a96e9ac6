"""Trees, images and templates outside: opened, mapped, and given mount points."""
