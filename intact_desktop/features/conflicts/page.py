"""Conflicts of all audits, and what the server did not accept: nothing is gone."""

from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from intact_core.errors import IntactError, Place
from intact_desktop.features.conflicts import actions, queries
from intact_desktop.features.conflicts.dialog import ConflictView
from intact_desktop.features.conflicts.queries import ConflictRow, Refused
from intact_desktop.qt import words
from intact_desktop.qt.notices import EmptyState, ErrorPanel, button, label
from intact_desktop.qt.page import Page
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench

_ROW = Qt.ItemDataRole.UserRole
_WIDTHS = (380, 900)


class ConflictsPage(Page):
    """`counted` carries how many wait; `settled` comes when a choice is kept."""

    counted = Signal(int)
    settled = Signal()

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Conflicts"))
        self.list.setWordWrap(True)
        self.list.currentItemChanged.connect(lambda now, _: self._turn_to(now))
        self.view = ConflictView()
        self.view.chosen.connect(self._settle)
        self.error = ErrorPanel()
        self._whole = QStackedWidget()
        self._whole.addWidget(self._split())
        self._whole.addWidget(
            EmptyState(
                self.tr("No conflict waits"),
                self.tr("When two people change the same thing, both versions stand here."),
                icon="check-circle",
            )
        )
        self.refused_list = QVBoxLayout()
        self.tabs = QTabWidget()
        self.tabs.addTab(self._whole, self.tr("Conflicts"))
        self.tabs.addTab(self._refused_tab(), self.tr("Not accepted"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.addWidget(self.tabs)

    def reload(self) -> None:
        user_id = self.bench.user_id
        self.bench.ask(
            lambda s: (queries.conflicts(s, user_id), queries.refused(s)),
            lambda read: self._show(*read),
            owner=self,
        )

    def go_to(self, place: Place) -> None:
        """Show the conflict of that id, or about that record."""
        self.tabs.setCurrentIndex(0)
        for at in range(self.list.count()):
            row: ConflictRow = self.list.item(at).data(_ROW)
            if place.id in (row.id, row.record_id):
                self.list.setCurrentRow(at)

    def _split(self) -> QWidget:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.error)
        column.addWidget(self.view, 1)
        split = QSplitter()
        split.addWidget(self.list)
        split.addWidget(right)
        split.setSizes(list(_WIDTHS))
        return split

    def _refused_tab(self) -> QWidget:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(
            label(
                self.tr(
                    "The server keeps these changes but did not accept them. Nothing is lost: hand "
                    "a change in again once its reason is gone, or copy its text."
                ),
                "muted",
                wrap=True,
            )
        )
        column.addLayout(self.refused_list)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        return scroll

    def _show(self, found: list[ConflictRow], refused: list[Refused]) -> None:
        kept = self.view.conflict.id if self.view.conflict else None
        self.list.blockSignals(True)
        self.list.clear()
        for row in found:
            item = QListWidgetItem(f"{row.record or words.word(row.record_type)}\n{row.audit}")
            item.setData(_ROW, row)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self._whole.setCurrentIndex(0 if found else 1)
        places = (at for at, row in enumerate(found) if row.id == kept)
        if found:
            self.list.setCurrentRow(next(places, 0))
        self._show_refused(refused)
        self.tabs.setTabText(1, self.tr("Not accepted ({n})").format(n=len(refused)))
        self.counted.emit(len(found) + len(refused))
        self.loaded()

    def _turn_to(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        row: ConflictRow = item.data(_ROW)
        # Somebody may be typing a reason while a sync reads the same conflict again.
        if self.view.conflict != row:
            self.error.hide()
            self.view.show_conflict(row)

    def _settle(self, resolution: str, reason: str, edited: dict[str, Any]) -> None:
        row = self.view.conflict
        if row is None:
            return
        self.bench.do(
            partial(
                actions.settle,
                conflict_id=row.id,
                resolution=resolution,
                reason=reason,
                edited=edited,
            ),
            self._settled,
            self.error.show_error,
            self,
        )

    def _settled(self, _: None) -> None:
        self.error.hide()
        self.view.conflict = None
        self.outdate()
        self.settled.emit()

    def _show_refused(self, refused: list[Refused]) -> None:
        while (old := self.refused_list.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.deleteLater()
        for one in refused:
            self.refused_list.addWidget(self._refused_line(one))
        if not refused:
            self.refused_list.addWidget(label(self.tr("Everything was accepted."), "heading"))

    def _refused_line(self, one: Refused) -> QWidget:
        made = QFrame()
        made.setProperty("look", "panel")
        column = QVBoxLayout(made)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        name = one.record or words.word(one.record_type)
        column.addWidget(label(f"{name} · {words.moment(one.at)}", "heading", wrap=True))
        column.addWidget(label(one.reason, wrap=True))
        content = "\n".join(f"{words.word(name)}: {value}" for name, value in one.values.items())
        column.addWidget(label(content, "muted", wrap=True))
        row = QHBoxLayout()
        if one.kind != "create":
            row.addWidget(button((self.tr("Hand in again"), partial(self._again, one.n))))
        row.addWidget(button((self.tr("Copy text"), partial(_copy, content))))
        row.addStretch()
        column.addLayout(row)
        return made

    def _again(self, n: int) -> None:
        self.bench.do(
            partial(actions.hand_in_again, n=n),
            lambda _: self.bench.tell(self.tr("It will be sent again with the next sync.")),
            self._refused_again,
            self,
        )

    def _refused_again(self, error: IntactError) -> None:
        self.bench.tell(error.sentence)


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
