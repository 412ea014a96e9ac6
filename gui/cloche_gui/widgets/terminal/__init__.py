"""A console widget: bytes of a program in, cells on the screen, bytes of the user out.

It knows nothing of containers. `widget.TerminalWidget` is what the rest of the window uses.
"""
