"""The text of a console as a file, or on paper."""

from pathlib import Path

from PyQt6.QtCore import QFileInfo, QIODevice, QSaveFile, Qt
from PyQt6.QtGui import QFont, QTextDocument
from PyQt6.QtPrintSupport import QPrintDialog, QPrinter
from PyQt6.QtWidgets import QFileDialog, QMessageBox, QWidget

from cloche_gui.widgets.closing import give_back
from cloche_gui.widgets.message_box import open_box
from cloche_gui.widgets.terminal import transcript
from cloche_gui.widgets.terminal.core import TerminalCore

_PAPER_POINTS = 9.0


def ask_where_to_save(parent: QWidget, core: TerminalCore) -> None:
    """Asks for a file and writes the text, as it is when the file is chosen."""
    dialog = QFileDialog(parent, "Save the text of the console")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("txt")
    dialog.setNameFilters(["Text (*.txt *.log)", "All files (*)"])
    dialog.selectFile("console.txt")
    dialog.fileSelected.connect(lambda name: _save_or_tell(parent, core, Path(name)))
    give_back(dialog)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def save(core: TerminalCore, path: Path) -> None:
    """Writes the text; OSError if that fails, and then an older file stays as it was."""
    file = QSaveFile(str(path))
    written = (transcript.text(core).rstrip("\n") + "\n").encode("utf-8", "replace")
    opened = file.open(QIODevice.OpenModeFlag.WriteOnly)
    if not opened or file.write(written) != len(written) or not file.commit():
        raise OSError(file.errorString())


def ask_how_to_print(parent: QWidget, core: TerminalCore, font: QFont) -> None:
    """Asks for a printer and prints the text."""
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    dialog = QPrintDialog(printer, parent)
    dialog.setWindowTitle("Print the text of the console")
    dialog.accepted.connect(lambda: print_to(printer, core, font))
    give_back(dialog)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def print_to(printer: QPrinter, core: TerminalCore, font: QFont) -> None:
    """Prints the text, in letters that fit on paper."""
    document = QTextDocument()
    paper_font = QFont(font)
    paper_font.setPointSizeF(_PAPER_POINTS)
    document.setDefaultFont(paper_font)
    document.setPlainText(transcript.text(core))
    document.print(printer)


def _save_or_tell(parent: QWidget, core: TerminalCore, path: Path) -> None:
    try:
        save(core, path)
    except OSError as error:
        box = QMessageBox(parent)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle("Save the text of the console")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"{QFileInfo(str(path)).fileName()} could not be written: {error}.")
        box.setInformativeText("Choose another folder, or make room there.")
        open_box(box)
