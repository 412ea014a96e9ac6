"""The command line `clochectl`, a client like the window."""
