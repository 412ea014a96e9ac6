"""Typed wrappers of system calls; imports nothing of ours."""
