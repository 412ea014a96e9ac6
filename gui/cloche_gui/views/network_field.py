"""The network's fields; only those that the chosen way of connecting needs are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QColor, QIcon
from PyQt6.QtWidgets import QComboBox, QLineEdit

from cloche_gui.presenters.network import MODE_WORDS, Mode, Network, suggested
from cloche_gui.presenters.notice import Tone
from cloche_gui.widgets import icons
from cloche_gui.widgets.colors import colors
from cloche_gui.widgets.fields import Form

_LINES = (
    ("bridge", "&Bridge", "br0", "The name of the bridge on this host"),
    ("address", "A&ddress", "10.90.0.2", "The container's own address"),
    ("netmask", "Netmas&k", "255.255.255.0", "Like 255.255.255.0, or a prefix like 24"),
    ("gateway", "Gate&way", "none", "Where packets to other networks go"),
    ("nameservers", "Nameserve&rs", "none", "Addresses, separated by commas"),
)
_SHOWN = {
    Mode.MANAGED: set[str](),
    Mode.ISOLATED: set[str](),
    Mode.PRIVATE: {"address", "netmask", "gateway", "nameservers"},
    Mode.BRIDGE: {"bridge", "address", "netmask", "gateway", "nameservers"},
    Mode.OTHER: set[str](),
}

_OFFERED = (Mode.MANAGED, Mode.ISOLATED, Mode.PRIVATE, Mode.BRIDGE)


class NetworkField(QObject):
    """Puts its rows into a form; `error` stands under the last of them.

    taken tells the addresses that a suggestion keeps clear of.
    """

    changed = pyqtSignal()

    def __init__(self, form: Form, taken: Callable[[], Iterable[str]]) -> None:
        super().__init__()
        self._form = form
        self._taken = taken
        self.mode = QComboBox()
        for mode in _OFFERED:
            self.mode.addItem(MODE_WORDS[mode], mode)
        self.error = form.add("Connec&tion", self.mode, "How the container reaches others")
        self.lines = {name: QLineEdit() for name, *_ in _LINES}
        for name, label, placeholder, help_text in _LINES:
            self.lines[name].setPlaceholderText(placeholder)
            self.error = form.add(label, self.lines[name], help_text)
            self.lines[name].textEdited.connect(self.changed)
        self.mode.activated.connect(self._mode_chosen)
        self._show_rows()

    def network(self) -> Network:
        """What the fields say."""
        texts = {name: line.text() for name, line in self.lines.items()}
        return Network(mode=self.chosen, **texts)

    @property
    def chosen(self) -> Mode:
        """The way of connecting."""
        return Mode(self.mode.currentData())

    def set_network(self, network: Network) -> None:
        """Show a network without telling of it."""
        at = self.mode.findData(Mode.OTHER)
        if network.mode is Mode.OTHER and at < 0:
            self.mode.addItem(MODE_WORDS[Mode.OTHER], Mode.OTHER)
        elif network.mode is not Mode.OTHER and at >= 0:
            self.mode.removeItem(at)
        self.mode.setCurrentIndex(self.mode.findData(network.mode))
        self.mode.setItemText(self.mode.currentIndex(), network.words)
        self.mode.setItemIcon(self.mode.currentIndex(), _mark(network))
        for name, line in self.lines.items():
            text = getattr(network, name)
            if line.text() != text:
                line.setText(text)
        self._show_rows()

    def choose(self, mode: Mode) -> None:
        """Choose a way of connecting as the user would."""
        self.mode.setCurrentIndex(self.mode.findData(mode))
        self._mode_chosen()

    def _mode_chosen(self) -> None:
        self.set_network(suggested(self.network(), self._taken()))
        self.changed.emit()

    def _show_rows(self) -> None:
        shown = _SHOWN[self.chosen]
        for name, line in self.lines.items():
            self._form.set_shown(line, shown=name in shown)


def _mark(network: Network) -> QIcon:
    tone = Tone.WARNING
    return icons.icon(tone.value, QColor(colors().tones[tone])) if network.unknown else QIcon()
