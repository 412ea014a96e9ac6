"""The window of Cloche."""
