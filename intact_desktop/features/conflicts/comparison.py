"""Before, mine and theirs side by side, and below them what both make together."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from intact_desktop.features.conflicts import shown
from intact_desktop.features.conflicts.queries import ConflictRow, Field
from intact_desktop.qt.notices import label
from intact_desktop.qt.record_words import field_words
from intact_desktop.qt.theme import GRID

_UNSEEN = frozenset({"deleted_at"})
_Draw = Callable[[], str]


class Comparison(QWidget):
    """One conflict laid out in columns; its colours follow the theme."""

    def __init__(self, row: ConflictRow, *, proposes: bool) -> None:
        super().__init__()
        self._row = row
        self._boxes: list[tuple[QLabel, _Draw]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, GRID, 0, GRID)
        self._grid.setHorizontalSpacing(2 * GRID)
        self._grid.setVerticalSpacing(GRID // 2)
        self._columns = self._heads()
        for place, (head, _) in enumerate(self._columns):
            self._grid.addWidget(label(head, "heading", wrap=True), 0, place)
            self._grid.setColumnStretch(place, 1)
        for one in row.fields:
            if one.name not in _UNSEEN:
                self._field(one)
        if proposes and row.merged:
            self._proposal()
        self._grid.setRowStretch(self._grid.rowCount(), 1)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_boxes"):
            for box, draw in self._boxes:
                box.setText(draw())

    @property
    def texts(self) -> list[str]:
        """Everything shown, as rich text, in the order of the eye."""
        return [box.text() for box, _ in self._boxes]

    def _heads(self) -> list[tuple[str, Mapping[str, Any] | None]]:
        row = self._row
        sides: list[tuple[str, Mapping[str, Any] | None]] = [
            (shown.head(row, side), side.values) for side in (row.first, row.second)
        ]
        # There is no common state before a removal, nor before two records with one number.
        return sides if row.kind not in ("edit", "state") else [(self.tr("Before"), None), *sides]

    def _field(self, field: Field) -> None:
        at = self._grid.rowCount()
        self._grid.addWidget(label(field_words(field.name), "muted"), at, 0, 1, len(self._columns))
        for place, (head, values) in enumerate(self._columns):
            if self._row.kind == "delete_edit" and not (values or {}).get(field.name):
                continue
            name = f"{field_words(field.name)}, {head}"
            self._grid.addWidget(self._box(name, self._drawn(field, values)), at + 1, place)

    def _drawn(self, field: Field, values: Mapping[str, Any] | None) -> _Draw:
        base = self._row.base
        if values is None:
            return lambda: shown.plain_html(field, base)
        if self._row.kind == "possible_duplicate":
            return lambda: shown.plain_html(field, values)
        return lambda: shown.marked_html(field, base, values)

    def _proposal(self) -> None:
        row, names = self._row, shown.names(self._row)
        clashes = sum(merged.clashes for merged in row.merged.values())
        said = (
            self.tr("A proposal; nothing changes before you use it.")
            if not clashes
            else self.tr(
                "A proposal; nothing changes before you use it. Where both changed the same words "
                "they stand in ⟦ ⟧ for you to decide."
            )
        )
        self._wide(label(self.tr("Both put together"), "heading"), space=True)
        self._wide(label(said, "muted", wrap=True))
        for name, merged in row.merged.items():
            if len(row.merged) > 1:
                self._wide(label(field_words(name), "muted"))
            self._wide(
                self._box(
                    self.tr("Both put together"),
                    lambda merged=merged: shown.merged_html(merged, *names),  # type: ignore[misc]
                )
            )

    def _wide(self, widget: QWidget, *, space: bool = False) -> None:
        at = self._grid.rowCount()
        if space:
            self._grid.setRowMinimumHeight(at, 2 * GRID)
            at += 1
        self._grid.addWidget(widget, at, 0, 1, len(self._columns))

    def _box(self, name: str, draw: _Draw) -> QLabel:
        box = QLabel(draw())
        box.setTextFormat(Qt.TextFormat.RichText)
        box.setWordWrap(True)
        box.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        box.setMargin(GRID)
        box.setProperty("look", "panel")
        box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        box.setAccessibleName(name)
        self._boxes.append((box, draw))
        return box
