"""Every control of every page and dialog: reached by keyboard, in order, and known by a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

import pytest
from PyQt6.QtCore import QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QContextMenuEvent, QKeySequence
from PyQt6.QtWidgets import (  # noqa: TID251 - it looks at them
    QAbstractButton,
    QApplication,
    QLabel,
    QMenu,
    QMenuBar,
    QWidget,
)
from tests.gui.driver import SHORTCUT, Driver

from cloche_gui.presenters.helping import reference_page
from cloche_gui.presenters.network import Mode
from cloche_gui.services.recording import Recording
from cloche_gui.views.container_page import CONSOLE, SETTINGS, XML
from cloche_gui.views.help_dialog import HelpDialog
from cloche_gui.views.import_dialog import ImportDialog
from cloche_gui.views.new_container import NewContainerDialog
from cloche_gui.views.player_window import PlayerWindow
from cloche_gui.views.program_tab import ProgramDialog
from cloche_gui.views.template_dialog import TemplateDialog

pytestmark = pytest.mark.screen
ROOMY = QSize(1000, 1600)
"""High enough to show all of a page: what is scrolled away has no place of its own."""


def twice(texts: Iterable[str]) -> list[str]:
    """The texts that share their mnemonic with another one."""
    owners: dict[str, list[str]] = {}
    for text in texts:
        owners.setdefault(QKeySequence.mnemonic(text).toString(), []).append(text)
    owners.pop("", None)
    return [text for found in owners.values() if len(found) > 1 for text in found]


def texts_with_letters(top: QWidget) -> list[str]:
    """What can be reached by Alt and a letter in a window, shown now or not."""
    labels = [each for each in top.findChildren(QLabel) if each.buddy() is not None]
    named: list[QLabel | QAbstractButton] = [*labels, *top.findChildren(QAbstractButton)]
    bars = top.findChildren(QMenuBar)
    texts = [each.text() for each in named if each.window() is top]
    return [*texts, *(action.text() for bar in bars for action in bar.actions())]


def in_tab_order(top: QWidget) -> Iterator[QWidget]:
    """What Tab goes through in a window, from its first."""
    widget = top.nextInFocusChain()
    while widget is not None and widget is not top:
        takes_tab = widget.focusPolicy() & Qt.FocusPolicy.TabFocus.value
        if takes_tab and widget.isVisible() and widget.isEnabled() and widget.focusProxy() is None:
            yield widget
        widget = widget.nextInFocusChain()


def nameless(top: QWidget) -> list[str]:
    """Controls for which a screen reader has no word."""
    return [repr(each) for each in in_tab_order(top) if not spoken_name(each)]


def spoken_name(widget: QWidget) -> str:
    """What Qt tells a screen reader of a widget, which PyQt cannot ask Qt for."""
    if widget.accessibleName():
        return widget.accessibleName()
    window = widget.window()
    assert window is not None
    labels = [each for each in window.findChildren(QLabel) if each.buddy() is widget]
    texts = [each.text() for each in labels]
    if isinstance(widget, QAbstractButton):
        texts.append(widget.text() or widget.toolTip())
    return next(filter(None, texts), "")


def backwards(top: QWidget, region: QWidget) -> list[str]:
    """Where Tab goes up, or to the left in a line, within a region."""
    widgets = [each for each in in_tab_order(top) if region.isAncestorOf(each)]
    pairs = pairwise(widgets)
    return [
        f"{spoken_name(one)} → {spoken_name(two)}"
        for one, two in pairs
        if not _reads_on(_place(one, top), _place(two, top))
    ]


def _place(widget: QWidget, top: QWidget) -> QRect:
    return QRect(widget.mapTo(top, QPoint(0, 0)), widget.size())


def _reads_on(one: QRect, two: QRect) -> bool:
    is_below = two.center().y() >= one.bottom()
    return is_below or (two.bottom() > one.top() and two.left() >= one.left())


def new_container(window: QWidget) -> QWidget:
    dialog = NewContainerDialog([], window)
    dialog.network.choose(Mode.BRIDGE)
    dialog.root.own.setChecked(True)
    return dialog


DIALOGS: dict[str, Callable[[QWidget], QWidget]] = {
    "new": new_container,
    "template": lambda window: TemplateDialog([], window),
    "import": lambda window: ImportDialog(b"<container/>", "a.xml", [], window),
    "program": lambda window: ProgramDialog(window, lambda _: None),
    "help": lambda window: HelpDialog("Reference", reference_page(), window),
    "player": lambda window: PlayerWindow(Recording(24, 80, ()), "a", window),
}


@pytest.mark.parametrize("make", DIALOGS.values(), ids=DIALOGS)
async def test_a_dialog_is_gone_through_in_reading_order_by_names_and_letters_of_their_own(
    driver: Driver, make: Callable[[QWidget], QWidget]
) -> None:
    dialog = make(driver.window)
    dialog.resize(ROOMY)
    dialog.show()
    await driver.until(dialog.isVisible)
    assert len(list(in_tab_order(dialog))) > 1
    assert twice(texts_with_letters(dialog)) == []
    assert nameless(dialog) == []
    assert backwards(dialog, dialog) == []
    dialog.close()


async def test_the_pages_are_gone_through_in_reading_order_and_by_names(driver: Driver) -> None:
    window = driver.window
    window.resize(ROOMY)
    await driver.choose("old-mail")
    await driver.until(lambda: driver.console.messages.texts)
    driver.console.terminal.setFocus()
    await driver.press(Qt.Key.Key_F, SHORTCUT)
    await driver.turn_to(SETTINGS)
    window.page.settings.limits.memory.none.toggle()
    await driver.until(window.page.apply_bar.apply.isEnabled)
    for page, expected in (
        (CONSOLE, ["Start", "Console", "Find in the console"]),
        (SETTINGS, ["Name", "Memory limit", "Discard", "Apply"]),
        (XML, ["XML of the definition", "Discard", "Apply"]),
    ):
        await driver.turn_to(page)
        assert nameless(window) == []
        assert backwards(window, window.page) == []
        names = [spoken_name(each) for each in in_tab_order(window)]
        assert [name for name in names if name in expected][-len(expected) :] == expected


async def test_a_letter_with_alt_means_one_thing_in_the_window_and_in_its_menus(
    driver: Driver,
) -> None:
    window = driver.window
    for page in (CONSOLE, SETTINGS, XML):
        await driver.turn_to(page)
    texts = texts_with_letters(window)
    assert {"&Name", "&Container"} <= set(texts)
    assert twice(texts) == []
    menus = [[action.text() for action in menu.actions()] for menu in window.menus]
    for words in (*menus, await console_menu(driver)):
        assert words
        assert twice(text.partition("\t")[0] for text in words) == []


async def console_menu(driver: Driver) -> list[str]:
    """The words of the menu that the console shows under the right button."""
    await driver.turn_to(CONSOLE)
    terminal = driver.console.terminal
    at = terminal.rect().center()
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, terminal.mapToGlobal(at))
    await driver.act(lambda: QApplication.sendEvent(terminal, asked))
    menu = terminal.findChild(QMenu)
    assert menu is not None
    words = [action.text() for action in menu.actions()]
    menu.close()
    return words


def test_a_letter_that_two_share_is_found() -> None:
    assert twice(["&Name", "&Network", "Plain", "A&lone"]) == ["&Name", "&Network"]
