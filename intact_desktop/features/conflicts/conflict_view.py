"""One conflict: what it was before, both sides with person and time, and the choice."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from intact_core.sync.settling import EDITED
from intact_desktop.features.conflicts import shown
from intact_desktop.features.conflicts.actions import Choice
from intact_desktop.features.conflicts.queries import ConflictRow, Field, Side
from intact_desktop.qt import words
from intact_desktop.qt.notices import Banner, button, label
from intact_desktop.qt.theme import GRID

Editor = QPlainTextEdit | QComboBox | QLineEdit


class ConflictView(QWidget):
    """`chosen` carries the Choice; `place_wanted` the Place of the record."""

    chosen = Signal(object)
    place_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._row: ConflictRow | None = None
        self.editors: dict[str, Editor] = {}
        self._boxes: list[tuple[QLabel, Field, Mapping[str, Any], Mapping[str, Any]]] = []
        self.title = label("", "title", wrap=True)
        self.what = label("", "muted", wrap=True)
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(self.tr("Why? It stays in the history"))
        self.reason.setAccessibleName(self.tr("Reason for the choice"))
        self.notice = Banner()
        self.keep_mine_button = button(("", lambda: self._keep(True)))
        self.keep_theirs_button = button(("", lambda: self._keep(False)))
        self.edit_button = button((self.tr("Edit…"), self._edit))
        self.save_edit_button = button((self.tr("Use this"), self._use_edit), "main")
        self.record_button = button((self.tr("Show the record"), self._go), "plain")
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self.title)
        column.addWidget(self.what)
        column.addWidget(self._scroll, 1)
        column.addWidget(self.notice)
        column.addWidget(self.reason)
        column.addLayout(self._buttons())

    def show_conflict(self, row: ConflictRow) -> None:
        """Show another conflict; a reason begun for the same one stays."""
        if self._row is None or self._row.id != row.id:
            self.reason.clear()
        self._row = row
        self.notice.hide()
        self.title.setText(shown.record_words(row.place.type, row.subject))
        parts = (row.audit, shown.kind_words(row.kind))
        self.what.setText("\n".join(part for part in parts if part))
        self.keep_mine_button.setText(self._keep_words(row.first, row.second))
        self.keep_theirs_button.setText(self._keep_words(row.second, row.first))
        # Where two records share a number, what helps is another number for one of them.
        duplicate = row.kind == "possible_duplicate"
        self.keep_theirs_button.setVisible(not duplicate)
        if duplicate:
            self.keep_mine_button.setText(self.tr("Leave both as they are"))
        self.edit_button.setText(self.tr("Renumber…") if duplicate else self.tr("Edit…"))
        self.edit_button.setVisible(row.kind in ("edit", "possible_duplicate"))
        self.save_edit_button.hide()
        self.editors = {}
        self._scroll.setWidget(self._comparison(row))

    def values(self) -> Mapping[str, Any]:
        """What was edited, in wire form."""
        return {name: _value(editor) for name, editor in self.editors.items()}

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_boxes"):
            for box, field, base, values in self._boxes:
                box.setText(shown.marked_html(field, base, values))

    def _keep_words(self, side: Side, other: Side) -> str:
        if side.is_mine:
            return self.tr("Keep mine")
        if other.is_mine:
            return self.tr("Keep theirs")
        return self.tr("Keep what {name} wrote").format(name=side.by or self.tr("the server"))

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(self.record_button)
        row.addStretch()
        for one in (
            self.edit_button,
            self.save_edit_button,
            self.keep_theirs_button,
            self.keep_mine_button,
        ):
            row.addWidget(one)
        return row

    def _comparison(self, row: ConflictRow) -> QWidget:
        made = QWidget()
        self._boxes = []
        grid = QGridLayout(made)
        grid.setContentsMargins(0, GRID, 0, GRID)
        grid.setHorizontalSpacing(2 * GRID)
        heads = (self.tr("Before"), self._head(row.first), self._head(row.second))
        for place, head in enumerate(heads):
            grid.addWidget(label(head, "heading", wrap=True), 0, place)
            grid.setColumnStretch(place, 1)
        for number, one in enumerate(row.fields):
            at = 2 * number + 1
            grid.addWidget(label(shown.field_words(one.name), "muted"), at, 0, 1, 3)
            for place, values in enumerate((row.base, row.first.values, row.second.values)):
                grid.addWidget(self._value_box(one, row.base, values), at + 1, place)
        grid.setRowStretch(2 * len(row.fields) + 1, 1)
        return made

    def _head(self, side: Side) -> str:
        who = self.tr("Mine") if side.is_mine else self.tr("Theirs")
        named = f"{who}: {side.by or self.tr('on the server')}"
        return f"{named}, {words.moment(side.at)}" if side.at else named

    def _value_box(
        self, field: Field, base: Mapping[str, Any], values: Mapping[str, Any]
    ) -> QLabel:
        box = QLabel(shown.marked_html(field, base, values))
        box.setTextFormat(Qt.TextFormat.RichText)
        box.setWordWrap(True)
        box.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        box.setMargin(GRID)
        box.setFrameShape(QFrame.Shape.StyledPanel)
        box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        box.setAccessibleName(shown.field_words(field.name))
        self._boxes.append((box, field, base, values))
        return box

    def _edit(self) -> None:
        row = self._row
        if row is None:
            return
        form = QWidget()
        column = QVBoxLayout(form)
        column.setContentsMargins(0, GRID, 0, GRID)
        column.addWidget(self._comparison(row))
        for one in (one for one in row.fields if one.is_chosen):
            value = row.suggestion or row.first.values.get(one.name, row.base.get(one.name))
            editor = _editor(one, value)
            editor.setAccessibleName(shown.field_words(one.name))
            self.editors[one.name] = editor
            column.addWidget(label(shown.field_words(one.name), "heading"))
            column.addWidget(editor, 1)
        self._scroll.setWidget(form)
        self.edit_button.hide()
        self.save_edit_button.show()
        next(iter(self.editors.values())).setFocus()

    def _use_edit(self) -> None:
        self._choose(EDITED, self.values())

    def _keep(self, mine: bool) -> None:
        if self._row is not None:
            side = self._row.first if mine else self._row.second
            self._choose(side.key, {})

    def _choose(self, resolution: str, values: Mapping[str, Any]) -> None:
        reason = self.reason.text().strip()
        if not reason:
            self.notice.say(self.tr("Say in a few words why; then choose again."))
            self.reason.setFocus()
            return
        self.chosen.emit(Choice(resolution, reason, values))

    def _go(self) -> None:
        if self._row is not None:
            self.place_wanted.emit(self._row.place)


def _editor(field: Field, value: Any) -> Editor:
    if field.kind == "text":
        return QPlainTextEdit("" if value is None else str(value))
    if field.kind == "line":
        return QLineEdit("" if value is None else str(value))
    made = QComboBox()
    choices = field.choices if field.kind == "choice" else (True, False)
    made.addItem("–", None)
    for one in choices:
        made.addItem(shown.value_words(field, one), one)
    made.setCurrentIndex(max(0, made.findData(value)))
    return made


def _value(editor: Editor) -> Any:
    if isinstance(editor, QComboBox):
        return editor.currentData()
    text = editor.toPlainText() if isinstance(editor, QPlainTextEdit) else editor.text()
    return text.strip() or None
