"""The keys of the XML editor: what edits a text; the rest belongs to the window."""

from __future__ import annotations

from PyQt6.Qsci import QsciCommand, QsciScintilla

_Command = QsciCommand.Command
_LEFT_TO_THE_WINDOW = frozenset(
    {
        _Command.DeleteLineLeft,
        _Command.DeleteLineRight,
        _Command.LineDelete,
        _Command.LineCut,
        _Command.LineCopy,
        _Command.LineTranspose,
        _Command.SelectionDuplicate,
        _Command.SelectionLowerCase,
        _Command.SelectionUpperCase,
        _Command.EditToggleOvertype,
        _Command.ZoomIn,
        _Command.ZoomOut,
        # Tab moves on to the next widget: indentation is automatic, and the keyboard gets out.
        _Command.Tab,
        _Command.Backtab,
    }
)


def leave_keys_to_the_window(editor: QsciScintilla) -> None:
    """Keep movement, selection, undo and clipboard: a line's killer may be a shortcut of a menu."""
    for command in editor.standardCommands().commands():
        if command.command() in _LEFT_TO_THE_WINDOW:
            command.setKey(0)
            command.setAlternateKey(0)
