"""One editor for each field of a conflict: a third value beside the two."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from intact_desktop.features.conflicts.queries import ConflictRow, Field
from intact_desktop.qt.notices import label
from intact_desktop.qt.record_words import field_words, value_words
from intact_desktop.qt.theme import GRID

Editor = QPlainTextEdit | QComboBox | QLineEdit
_TEXT_HEIGHT = 14 * GRID


class Editors(QWidget):
    """The fields that can be chosen, filled with values in wire form."""

    def __init__(self, row: ConflictRow, values: Mapping[str, Any]) -> None:
        super().__init__()
        self.by_name: dict[str, Editor] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, GRID)
        for one in (one for one in row.fields if one.is_chosen):
            editor = _editor(one, values.get(one.name))
            editor.setAccessibleName(field_words(one.name))
            self.by_name[one.name] = editor
            column.addWidget(label(field_words(one.name), "heading"))
            column.addWidget(editor, 1 if one.kind == "text" else 0)

    def values(self) -> dict[str, Any]:
        """What stands in the editors now, in wire form."""
        return {name: _value(editor) for name, editor in self.by_name.items()}

    def begin(self) -> None:
        """Put the cursor into the first editor."""
        next(iter(self.by_name.values())).setFocus()


def _editor(field: Field, value: Any) -> Editor:
    text = "" if value is None else str(value)
    if field.kind == "text":
        made = QPlainTextEdit(text)
        made.setTabChangesFocus(True)
        made.setMinimumHeight(_TEXT_HEIGHT)
        return made
    return QLineEdit(text) if field.kind == "line" else _choices(field, value)


def _choices(field: Field, value: Any) -> QComboBox:
    made = QComboBox()
    made.addItem("–", None)
    for one in field.choices if field.kind == "choice" else (True, False):
        made.addItem(value_words(field.kind, one), one)
    made.setCurrentIndex(max(0, made.findData(value)))
    return made


def _value(editor: Editor) -> Any:
    if isinstance(editor, QComboBox):
        return editor.currentData()
    text = editor.toPlainText() if isinstance(editor, QPlainTextEdit) else editor.text()
    return text.strip() or None
