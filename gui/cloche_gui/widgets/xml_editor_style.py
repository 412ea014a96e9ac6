"""Colours of the XML editor, light and dark, for every style that the lexer has."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.Qsci import QsciLexerXML
from PyQt6.QtGui import QColor, QFont


@dataclass(frozen=True, slots=True)
class EditorColors:
    """The colours of one scheme, as #rrggbb."""

    paper: str
    text: str
    tag: str
    attribute: str
    string: str
    comment: str
    entity: str
    number: str
    margin: str
    margin_text: str
    current_line: str
    selection: str
    error: str
    warning: str


LIGHT = EditorColors(
    paper="#ffffff",
    text="#1c1d21",
    tag="#1f55bd",
    attribute="#7a3e9d",
    string="#1b6e3a",
    comment="#6a6d77",
    entity="#9a4b00",
    number="#9a4b00",
    margin="#f4f4f6",
    margin_text="#6a6d77",
    current_line="#f1f5fd",
    selection="#cfe0fb",
    error="#c4302b",
    warning="#9a6200",
)
DARK = EditorColors(
    paper="#1a1b1e",
    text="#ececef",
    tag="#8ab4ff",
    attribute="#d3a4f5",
    string="#84d69c",
    comment="#9599a5",
    entity="#f2b27a",
    number="#f2b27a",
    margin="#232428",
    margin_text="#9599a5",
    current_line="#22252e",
    selection="#2d4570",
    error="#ff7b72",
    warning="#e0a33c",
)

_STYLES = {
    QsciLexerXML.Tag: "tag",
    QsciLexerXML.UnknownTag: "tag",
    QsciLexerXML.XMLTagEnd: "tag",
    QsciLexerXML.XMLStart: "comment",
    QsciLexerXML.XMLEnd: "comment",
    QsciLexerXML.Attribute: "attribute",
    QsciLexerXML.UnknownAttribute: "attribute",
    QsciLexerXML.HTMLDoubleQuotedString: "string",
    QsciLexerXML.HTMLSingleQuotedString: "string",
    QsciLexerXML.HTMLValue: "string",
    QsciLexerXML.HTMLComment: "comment",
    QsciLexerXML.SGMLComment: "comment",
    QsciLexerXML.Entity: "entity",
    QsciLexerXML.CDATA: "string",
    QsciLexerXML.HTMLNumber: "number",
}


def dress(lexer: QsciLexerXML, colors: EditorColors, font: QFont) -> None:
    """Colour every style: what is left out would stay magenta."""
    lexer.setDefaultFont(font)
    lexer.setDefaultPaper(QColor(colors.paper))
    lexer.setDefaultColor(QColor(colors.text))
    for style in range(128):
        lexer.setPaper(QColor(colors.paper), style)
        lexer.setColor(QColor(getattr(colors, _STYLES.get(style, "text"))), style)
        lexer.setFont(font, style)
