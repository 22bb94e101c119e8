"""One conflict: what it was before, both sides with person and time, and the choice."""

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from intact_core.sync.settling import EDITED
from intact_core.sync.texts import undecided
from intact_desktop.features.conflicts import shown
from intact_desktop.features.conflicts.actions import Choice
from intact_desktop.features.conflicts.comparison import Comparison
from intact_desktop.features.conflicts.editors import Editor, Editors
from intact_desktop.features.conflicts.queries import ConflictRow, Side, together
from intact_desktop.qt.notices import Banner, button, label
from intact_desktop.qt.record_words import record_words
from intact_desktop.qt.theme import GRID


class ConflictView(QWidget):
    """`chosen` carries the Choice; `place_wanted` the Place of the record.

    What was typed into one conflict is there again when it is shown again.
    """

    chosen = Signal(object)
    place_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._row: ConflictRow | None = None
        self._editors: Editors | None = None
        self._drafts: dict[UUID, tuple[str, dict[str, Any] | None]] = {}
        self.title = label("", "title", wrap=True)
        self.what = label("", "muted", wrap=True)
        self.legend = label(
            self.tr("Underlined: new. Struck out: was there before. Pale: unchanged."), "muted"
        )
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(self.tr("Why? It stays in the history"))
        self.reason.setAccessibleName(self.tr("Reason for the choice"))
        self.reason.returnPressed.connect(self._return)
        self.notice = Banner()
        self._make_buttons()
        self._compared, self._edited = _scroll(), _scroll()
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self._compared)
        split.addWidget(self._edited)
        split.setSizes([3, 2])
        split.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        for widget in (self.title, self.what, self.legend):
            column.addWidget(widget)
        column.addWidget(split, 1)
        column.addWidget(self.notice)
        column.addWidget(self.reason)
        column.addLayout(self._button_row())

    @property
    def editors(self) -> Mapping[str, Editor]:
        """The editors by field, while a third value is written."""
        return self._editors.by_name if self._editors else {}

    @property
    def comparison(self) -> Comparison:
        """The sides as they are shown."""
        return cast(Comparison, self._compared.widget())

    def show_conflict(self, row: ConflictRow) -> None:
        """Show a conflict; what is being typed into the same one stays."""
        if row == self._row:
            return
        is_same = self._row is not None and self._row.id == row.id
        self.keep_draft()
        self._row = row
        self.notice.hide()
        self.title.setText(record_words(row.place.type, row.subject))
        self.what.setText("\n".join(one for one in (row.audit, shown.kind_words(row)) if one))
        self.legend.setVisible(row.kind == "edit" and shown.has_marks(row.fields))
        self.keep_mine_button.setText(shown.choice_words(row, row.first))
        self.keep_theirs_button.setText(shown.choice_words(row, row.second))
        is_duplicate = row.kind == "possible_duplicate"
        self.edit_button.setText(self.tr("R&enumber…") if is_duplicate else self.tr("&Edit…"))
        reason, values = self._drafts.pop(row.id, ("", None))
        self.reason.setText(reason)
        if values is not None:
            self._edit(values)
            if is_same:
                self.notice.say(self.tr("This was changed meanwhile. Compare again, then choose."))
        else:
            self._compare()

    def keep_draft(self) -> None:
        """Remember what was typed into the conflict that is shown."""
        if self._row is not None:
            values = self._editors.values() if self._editors else None
            self._drafts[self._row.id] = (self.reason.text(), values)

    def forget(self, conflict_id: UUID) -> None:
        """This one is settled: nothing of it needs to be kept."""
        self._drafts.pop(conflict_id, None)
        if self._row is not None and self._row.id == conflict_id:
            self._row, self._editors = None, None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._editors:
            self._compare()
            self.edit_button.setFocus()
            return
        super().keyPressEvent(event)

    def _make_buttons(self) -> None:
        self.keep_mine_button = button(("", lambda: self._keep(True)))
        self.keep_theirs_button = button(("", lambda: self._keep(False)))
        self.merge_button = button((self.tr("&Put together…"), self._put_together))
        self.edit_button = button((self.tr("&Edit…"), self._edit_mine))
        self.back_button = button((self.tr("&Back"), self._compare), "plain")
        self.save_edit_button = button((self.tr("&Use this"), self._use_edit), "main")
        self.record_button = button((self.tr("&Show the record"), self._go), "plain")

    def _button_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(self.record_button)
        row.addStretch()
        for one in (*self._choosing(), self.back_button, self.save_edit_button):
            row.addWidget(one)
        return row

    def _choosing(self) -> tuple[QPushButton, ...]:
        return (
            self.merge_button,
            self.edit_button,
            self.keep_theirs_button,
            self.keep_mine_button,
        )

    def _compare(self) -> None:
        row = self._row
        if row is None:
            return
        self._editors = None
        self._compared.setWidget(Comparison(row, proposes=True))
        self._show_buttons(editing=False)

    def _edit_mine(self) -> None:
        row = self._row
        if row is not None:
            chosen = (one.name for one in row.fields if one.is_chosen)
            mine = {name: row.first.values.get(name, row.base.get(name)) for name in chosen}
            self._edit(dict.fromkeys(mine, row.suggestion) if row.suggestion else mine)

    def _put_together(self) -> None:
        if self._row is not None:
            self._edit(together(self._row, *shown.names(self._row)))

    def _edit(self, values: Mapping[str, Any]) -> None:
        row = self._row
        if row is None:
            return
        self._compared.setWidget(Comparison(row, proposes=False))
        self._editors = Editors(row, values)
        self._edited.setWidget(self._editors)
        self._show_buttons(editing=True)
        self._editors.begin()

    def _show_buttons(self, *, editing: bool) -> None:
        row = self._row
        if row is None:
            return
        self._edited.setVisible(editing)
        for one in self._choosing():
            one.setVisible(not editing)
        for one in (self.back_button, self.save_edit_button):
            one.setVisible(editing)
        if not editing:
            self.merge_button.setVisible(bool(row.merged))
            self.edit_button.setVisible(row.kind in ("edit", "possible_duplicate"))
            self.keep_theirs_button.setVisible(row.kind != "possible_duplicate")

    def _use_edit(self) -> None:
        row, values = self._row, self._editors.values() if self._editors else {}
        if row is None:
            return
        sides = (row.base, row.first.values, row.second.values)
        for name, value in values.items():
            if undecided(str(value or ""), *(str(side.get(name) or "") for side in sides)):
                self.notice.say(
                    self.tr("Decide the places marked ⟦ ⟧ first: keep the words that count.")
                )
                self.editors[name].setFocus()
                return
        self._choose(EDITED, values)

    def _keep(self, mine: bool) -> None:
        if self._row is not None:
            side: Side = self._row.first if mine else self._row.second
            self._choose(side.key, {})

    def _return(self) -> None:
        (self.save_edit_button if self._editors else self.keep_mine_button).setFocus()

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


def _scroll() -> QScrollArea:
    made = QScrollArea()
    made.setWidgetResizable(True)
    made.setFrameShape(QFrame.Shape.NoFrame)
    return made
