"""One conflict: before, mine, theirs side by side; choose one, or write a third."""

from html import escape
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from intact_desktop.features.conflicts.marks import marked
from intact_desktop.features.conflicts.queries import ConflictRow, Field, Side
from intact_desktop.qt import theme, words
from intact_desktop.qt.notices import button, label
from intact_desktop.qt.theme import GRID


class ConflictView(QWidget):
    """`chosen` carries resolution, reason and the edited values."""

    chosen = Signal(str, str, dict)

    def __init__(self) -> None:
        super().__init__()
        self.conflict: ConflictRow | None = None
        self.title = label("", "title", wrap=True)
        self.where = label("", "muted", wrap=True)
        self.sides = QHBoxLayout()
        self.sides.setSpacing(2 * GRID)
        self.reason = QLineEdit()
        self.reason.setAccessibleName(self.tr("Reason"))
        self.reason.setPlaceholderText(self.tr("Why? It stays in the history."))
        self.mine_button = button((self.tr("Keep mine"), lambda: self._choose(0)), "main")
        self.theirs_button = button((self.tr("Keep theirs"), lambda: self._choose(1)), "main")
        self.edit_button = button((self.tr("Write another"), self._edit))
        self.edit_area = QWidget()
        self.editors: dict[str, QPlainTextEdit | QComboBox] = {}
        self._build()

    def show_conflict(self, row: ConflictRow) -> None:
        self.conflict = row
        self.title.setText(row.record or words.word(row.record_type))
        names = ", ".join(words.word(field.name) for field in row.fields)
        self.where.setText(" · ".join(part for part in (row.audit, names) if part))
        self.reason.clear()
        self._clear(self.sides)
        self.sides.addWidget(self._column(self.tr("Before"), row, row.base, mark=False))
        for side in row.sides:
            self.sides.addWidget(self._column(self._heading(side), row, side.values, mark=True))
        mine, theirs = row.sides
        if not mine.is_mine:
            self.mine_button.setText(self.tr("Keep {name}'s").format(name=mine.name or "?"))
            self.theirs_button.setText(self.tr("Keep {name}'s").format(name=theirs.name or "?"))
        else:
            self.mine_button.setText(self.tr("Keep mine"))
            self.theirs_button.setText(self.tr("Keep theirs"))
        self.edit_area.hide()
        self.edit_button.setVisible(any(field.is_text or field.choices for field in row.fields))

    def _heading(self, side: Side) -> str:
        who = self.tr("Mine") if side.is_mine else side.name or self.tr("Somebody else")
        return f"{who}, {words.moment(side.at)}" if side.at else who

    def _build(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.title)
        column.addWidget(self.where)
        column.addLayout(self.sides)
        self._edit_column = QVBoxLayout(self.edit_area)
        self._edit_column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.edit_area)
        column.addWidget(label(self.tr("Reason"), "heading"))
        column.addWidget(self.reason)
        row = QHBoxLayout()
        for one in (self.mine_button, self.theirs_button, self.edit_button):
            row.addWidget(one)
        row.addStretch()
        column.addLayout(row)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)

    def _column(
        self, heading: str, row: ConflictRow, values: dict[str, Any], *, mark: bool
    ) -> QWidget:
        made = QFrame()
        made.setProperty("look", "panel")
        made.setAccessibleName(heading)
        column = QVBoxLayout(made)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, 2 * GRID)
        column.addWidget(label(heading, "heading", wrap=True))
        for field in row.fields:
            if len(row.fields) > 1:
                column.addWidget(label(words.word(field.name), "muted"))
            before = _shown(row.base.get(field.name)) if mark else ""
            column.addWidget(_text(before, _shown(values.get(field.name)), mark=mark))
        column.addStretch()
        return made

    def _edit(self) -> None:
        if self.conflict is None:
            return
        if self.edit_area.isVisible():
            self._choose_edited()
            return
        self._clear(self._edit_column)
        self.editors.clear()
        for field in self.conflict.fields:
            editor = self._editor(field, self.conflict.sides[0].values.get(field.name))
            if editor is not None:
                self.editors[field.name] = editor
                self._edit_column.addWidget(editor)
        keep: QPushButton = button((self.tr("Keep this"), self._choose_edited), "main")
        self.keep_button = keep
        self._edit_column.addWidget(keep, alignment=Qt.AlignmentFlag.AlignLeft)
        self.edit_area.show()

    def _editor(self, field: Field, value: Any) -> QPlainTextEdit | QComboBox | None:
        name = words.word(field.name)
        if field.choices:
            choice = QComboBox()
            for code in field.choices:
                choice.addItem(words.word(code), code)
            choice.setCurrentIndex(max(0, choice.findData(value)))
            choice.setAccessibleName(name)
            return choice
        if not field.is_text:
            return None
        text = QPlainTextEdit(str(value or ""))
        text.setAccessibleName(name)
        text.setFixedHeight(12 * GRID)
        return text

    def _choose(self, place: int) -> None:
        if self.conflict is not None:
            self.chosen.emit(self.conflict.sides[place].resolution, self.reason.text(), {})

    def _choose_edited(self) -> None:
        values = {name: _value(editor) for name, editor in self.editors.items()}
        self.chosen.emit("edited", self.reason.text(), values)

    @staticmethod
    def _clear(layout: QHBoxLayout | QVBoxLayout) -> None:
        while (item := layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()


def _value(editor: QPlainTextEdit | QComboBox) -> Any:
    return editor.toPlainText() if isinstance(editor, QPlainTextEdit) else editor.currentData()


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, str) and " " not in value and value.islower():
        return words.word(value)
    return str(value)


def _text(before: str, after: str, *, mark: bool) -> QLabel:
    made = label("", wrap=True)
    if not mark:
        made.setText(after)
        return made
    chosen = theme.colours()
    style = f"background-color: {chosen.notice}; color: {chosen.on_notice}; font-weight: 600;"
    made.setTextFormat(Qt.TextFormat.RichText)
    made.setText(
        "".join(
            f'<span style="{style}">{escape(part)}</span>' if new else escape(part)
            for part, new in marked(before, after)
        ).replace("\n", "<br>")
    )
    return made
