"""Everything the window can do, as actions with text, icon and shortcut."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QAction

from cloche_engine.api.model import Container
from cloche_gui.presenters.container import Action, availability, help_text
from cloche_gui.widgets import icons


@dataclass(frozen=True, slots=True)
class _Spec:
    """Text with its mnemonic, icon, and shortcuts that leave a shell's control keys alone."""

    text: str
    icon: str = ""
    keys: tuple[str, ...] = ()
    tip: str = ""


_SPECS = {
    "new": _Spec("&New container …", "new", ("Ctrl+Shift+N", "Ctrl+N"), "Make a new container"),
    "import": _Spec(
        "&Import a definition …", "folder", ("Ctrl+Shift+I",), "Make a container from a file"
    ),
    "start": _Spec("&Start", "start", ("Ctrl+Shift+S",)),
    "stop": _Spec("S&top", "stop", ("Ctrl+Shift+T",)),
    "kill": _Spec("&Kill", "kill", ("Ctrl+Shift+K",)),
    "pause": _Spec("&Pause", "pause", ("Ctrl+Shift+P",)),
    "resume": _Spec("Res&ume", "resume", ("Ctrl+Shift+U",)),
    "restart": _Spec("&Restart", "restart", ("Ctrl+Shift+R",)),
    "delete": _Spec("&Delete …", "delete", ("Ctrl+Shift+D",)),
    "quit": _Spec("&Quit", "", ("Ctrl+Shift+Q", "Ctrl+Q")),
    "copy": _Spec("&Copy", "copy", ("Ctrl+Shift+C",)),
    "paste": _Spec("&Paste", "paste", ("Ctrl+Shift+V",)),
    "apply": _Spec(
        "&Apply changes", "apply", ("Ctrl+Shift+A", "Ctrl+Return"), "Save the changed definition"
    ),
    "changes": _Spec(
        "&What changes …", "", ("Ctrl+Shift+W",), "Show what applying would do, and when"
    ),
    "discard": _Spec("&Discard changes", "discard", ("Ctrl+Shift+Z",), "Go back to what is stored"),
    "page-console": _Spec("&Console", "console", ("Ctrl+Shift+O", "Alt+1")),
    "page-settings": _Spec("&Settings", "settings", ("Ctrl+Shift+E", "Alt+2")),
    "page-xml": _Spec("&XML", "xml", ("Ctrl+Shift+X", "Alt+3")),
    "list": _Spec("Go to the &list", "", ("Ctrl+Shift+L",)),
    "search": _Spec("S&earch containers", "search", ("Ctrl+Shift+F",)),
    "larger": _Spec("La&rger console text", "", ("Ctrl+Shift+G", "Ctrl++", "Ctrl+=")),
    "smaller": _Spec("S&maller console text", "", ("Ctrl+Shift+M", "Ctrl+-")),
    "keys": _Spec("&Keys"),
    "reference": _Spec("&Reference of the definition"),
    "places": _Spec("&Where logs lie"),
    "about": _Spec("&About Cloche", "info"),
}


class Commands(QObject):
    """The actions by name; what they do is connected by the window."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._actions = {name: self._make(spec) for name, spec in _SPECS.items()}

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    @property
    def all(self) -> list[QAction]:
        """Every action, so that the window can hear their shortcuts."""
        return list(self._actions.values())

    def show_availability(self, container: Container | None, obstacle: str) -> None:
        """Enable what can be done with this container, and say why the rest cannot."""
        for kind in Action:
            action = self._actions[kind.value]
            state = availability(kind, container, obstacle)
            action.setEnabled(state.enabled)
            keys = action.shortcut().toString()
            action.setToolTip(state.why_not or f"{help_text(kind)} ({keys})")
            action.setStatusTip(state.why_not)

    def _make(self, spec: _Spec) -> QAction:
        action = QAction(spec.text, self.parent())
        action.setIconText(spec.text.replace("&", "").replace(" …", ""))
        if spec.icon:
            action.setIcon(icons.icon(spec.icon))
        action.setShortcuts(list(spec.keys))
        if spec.tip:
            action.setToolTip(f"{spec.tip} ({', '.join(spec.keys[:1])})")
        return action
