"""Answers of clients: read them, accept or send back, verify, close."""

from functools import partial
from pathlib import Path
from uuid import UUID

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from intact_core.errors import Place
from intact_desktop.evidence.capture import Captured, capture
from intact_desktop.features.follow_up import actions, queries
from intact_desktop.features.follow_up.queries import FollowUp
from intact_desktop.qt import icons, words
from intact_desktop.qt.autosave import AutosaveText
from intact_desktop.qt.drop_area import DropArea, Source
from intact_desktop.qt.notices import EmptyState, ErrorPanel, button, label
from intact_desktop.qt.page import Page
from intact_desktop.qt.rows import Column, RowModel
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench

_WIDTHS = (580, 700)


class FollowUpPage(Page):
    """`counted` carries how many answers wait for a review; `done` comes after each step."""

    counted = Signal(int)
    done = Signal()

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self.current: FollowUp | None = None
        self.model = RowModel(self._columns())
        self.table = self._table()
        self.title, self.facts = label("", "title", wrap=True), label("", "muted", wrap=True)
        self.statement = label("", wrap=True)
        self.answer = label("", wrap=True)
        self.files = label("", "muted", wrap=True)
        self.history = label("", "muted", wrap=True)
        self.note = AutosaveText(self.tr("Note"))
        self.note.setFixedHeight(12 * GRID)
        self.drop_area = DropArea(self.tr("Drop what shows that the action works"))
        self.drop_area.received.connect(self._attach)
        self.error = ErrorPanel()
        self.accept_button = button((self.tr("Accept"), lambda: self._review(True)), "main")
        self.reject_button = button((self.tr("Send back"), lambda: self._review(False)))
        self.verify_button = button((self.tr("Verified"), self._verify), "main")
        self.close_button = button((self.tr("Close"), self._close), "main")
        self._whole = QStackedWidget()
        self._whole.addWidget(self._split())
        self._whole.addWidget(
            EmptyState(
                self.tr("Nothing to follow up"),
                self.tr("Graded findings stand here once their audit is with the client."),
                icon="chat-text",
            )
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._whole)

    def reload(self) -> None:
        user_id = self.bench.user_id
        self.bench.ask(lambda s: queries.follow_ups(s, user_id), self._show, owner=self)

    def go_to(self, place: Place) -> None:
        for at, row in enumerate(self.model.rows):
            if row.id == place.id:
                self.table.selectRow(at)

    def _columns(self) -> list[Column[FollowUp]]:
        return [
            Column(
                self.tr("Finding"),
                lambda one: one.number,
                icon=lambda one: icons.grade_icon(words.grade_of(one.severity)),
                tip=lambda one: words.word(one.severity),
            ),
            Column(self.tr("Client"), lambda one: one.client),
            Column(self.tr("Due"), lambda one: words.day(one.due_date)),
            Column(self.tr("State"), lambda one: words.word(one.status)),
        ]

    def _table(self) -> QTableView:
        table = QTableView()
        table.setAccessibleName(self.tr("Findings to follow up"))
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        table.selectionModel().currentRowChanged.connect(lambda now, _: self._turn_to(now))
        return table

    def _split(self) -> QWidget:
        split = QSplitter()
        split.addWidget(self.table)
        split.addWidget(self._details())
        split.setSizes(list(_WIDTHS))
        return split

    def _details(self) -> QWidget:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        for widget in (self.title, self.facts, self.statement):
            column.addWidget(widget)
        column.addSpacing(GRID)
        column.addWidget(label(self.tr("The client's answer"), "heading"))
        for widget in (self.answer, self.files, self.history):
            column.addWidget(widget)
        column.addSpacing(GRID)
        column.addWidget(label(self.tr("Your note"), "heading"))
        for tool in (self.note, self.drop_area, self.error):
            column.addWidget(tool)
        row = QHBoxLayout()
        for one in (self.accept_button, self.reject_button, self.verify_button, self.close_button):
            row.addWidget(one)
        row.addStretch()
        column.addLayout(row)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        return scroll

    def _show(self, found: list[FollowUp]) -> None:
        kept = self.current.id if self.current else None
        self.model.show_rows(found)
        self._whole.setCurrentIndex(0 if found else 1)
        places = (at for at, row in enumerate(found) if row.id == kept)
        if found:
            self.table.selectRow(next(places, 0))
        self.counted.emit(sum(row.status == "responded" for row in found))
        self.loaded()

    def _turn_to(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        row = self.model.row(index)
        if self.current is None or (self.current.id, self.current.status) != (row.id, row.status):
            self.note.turn_to("")
            self.error.hide()
        self.current = row
        self.title.setText(f"{row.number} · {row.client}")
        self.facts.setText(
            " · ".join(
                part
                for part in (
                    words.word(row.severity),
                    words.word(row.status),
                    self.tr("due {}").format(words.day(row.due_date)) if row.due_date else "",
                )
                if part
            )
        )
        self.statement.setText(row.statement)
        self._show_answer(row)
        self._show_buttons(row)

    def _show_answer(self, row: FollowUp) -> None:
        parts = (
            (self.tr("Cause"), row.cause),
            (self.tr("Correction"), row.correction),
            (self.tr("Corrective action"), row.corrective_action),
        )
        text = "\n".join(f"{name}: {said}" for name, said in parts if said)
        self.answer.setText(text or self.tr("The client has not answered yet."))
        self.files.setText(", ".join(one.name for one in row.files))
        self.files.setVisible(bool(row.files))
        lines = (
            (self.tr("Answered"), row.responded_at, row.responded_by),
            (self.tr("Reviewed"), row.reviewed_at, row.review_notes),
            (self.tr("Verified"), row.verified_at, row.verification_notes),
        )
        self.history.setText(
            "\n".join(
                f"{name} {words.moment(at)}  {said}".strip() for name, at, said in lines if at
            )
        )

    def _show_buttons(self, row: FollowUp) -> None:
        may = row.is_lead
        answered, accepted = row.status == "responded", row.status == "accepted"
        self.accept_button.setVisible(may and answered)
        self.reject_button.setVisible(may and answered)
        self.verify_button.setVisible(may and accepted)
        self.close_button.setVisible(may and row.status == "verified")
        self.drop_area.setVisible(may and accepted)
        self.note.setVisible(may and (answered or accepted))

    def _review(self, accept: bool) -> None:
        if self.current is not None:
            notes = self.note.toPlainText()
            self._do(
                partial(actions.review, finding_id=self.current.id, accept=accept, notes=notes)
            )

    def _verify(self) -> None:
        if self.current is not None:
            notes = self.note.toPlainText()
            self._do(partial(actions.verify, finding_id=self.current.id, notes=notes))

    def _close(self) -> None:
        if self.current is not None:
            self._do(partial(actions.close, finding_id=self.current.id))

    def _attach(self, sources: list[Source]) -> None:
        row, files = self.current, self.bench.files
        if row is None:
            return
        for source in sources:
            self.bench.lanes.cpu.run(
                partial(capture, files, row.audit_id, source),
                partial(self._captured, row, source),
                self.error.show_error,
                self,
            )

    def _captured(self, row: FollowUp, source: Source, captured: Captured) -> None:
        if captured.warning:
            name = source.name if isinstance(source, Path) else ""
            self.bench.tell(f"{name}: {captured.warning}".removeprefix(": "))
        self._do(partial(actions.attach, finding_id=row.id, captured=captured, source=source))

    def _do(self, action: partial[None] | partial[UUID]) -> None:
        self.bench.do(action, self._stepped, self.error.show_error, self)

    def _stepped(self, _: object) -> None:
        self.error.hide()
        self.outdate()
        self.done.emit()
