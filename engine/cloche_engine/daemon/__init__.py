"""The helper `cloched`: the engine on D-Bus behind polkit."""
