"""A window with one VTE terminal, as its users have it; the system's interpreter runs this file."""

import sys

import gi  # type: ignore[import-not-found]  # the system's interpreter has it

gi.require_version("Gtk", "3.0")
gi.require_version("Vte", "2.91")
from gi.repository import (  # type: ignore[import-not-found]  # noqa: E402 - versions first
    GLib,
    Gtk,
    Vte,
)

window = Gtk.Window()
window.connect("destroy", Gtk.main_quit)
terminal = Vte.Terminal()
terminal.set_size(80, 24)
terminal.set_scrollback_lines(10_000)
terminal.connect("child-exited", Gtk.main_quit)
terminal.spawn_async(
    Vte.PtyFlags.DEFAULT, None, sys.argv[1:], None, GLib.SpawnFlags.SEARCH_PATH,
    None, None, -1, None, None, None,
)  # fmt: skip
window.add(terminal)
window.show_all()
Gtk.main()
