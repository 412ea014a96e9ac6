"""The native configuration of LXC: the keys of version 3 and later, and those before it."""
