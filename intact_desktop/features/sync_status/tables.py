"""The two tables of the sync page: what waits by audit, and what happened."""

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from intact_desktop.features.sync_status.queries import BothKept, LogLine, WaitingLine
from intact_desktop.qt import words
from intact_desktop.qt.record_words import field_words, record_words
from intact_desktop.qt.rows import Column, RowModel
from intact_desktop.qt.theme import GRID


def _tr(text: str) -> str:
    return QCoreApplication.translate("sync", text)


def waiting_columns() -> list[Column[WaitingLine]]:
    """One line for each audit."""
    return [
        Column(_tr("Audit"), lambda one: one.audit or _tr("Other")),
        Column(_tr("Changes"), lambda one: _number(one.operations), number=True),
        Column(_tr("Photos and files"), lambda one: _number(one.files), number=True),
        Column(
            _tr("Still to send"),
            lambda one: words.size(one.size) if one.files else "",
            number=True,
        ),
        Column(_tr("Oldest"), lambda one: words.age(one.oldest), number=True),
    ]


def log_columns() -> list[Column[LogLine]]:
    """One line for each round, or for many that went the same way."""
    return [
        Column(_tr("When"), lambda one: words.moment(one.at)),
        Column(_tr("Outcome"), _outcome),
        Column(_tr("What"), log_words, tip=log_words),
    ]


def log_words(line: LogLine) -> str:
    """What happened, in a sentence."""
    if line.both is not None:
        return _both_words(line.both)
    if line.sent_received is not None:
        sent, received = line.sent_received
        said = _tr("{sent} sent, {received} received")
        return said.format(
            sent=words.count(sent, _tr("change"), _tr("changes")),
            received=words.count(received, _tr("change"), _tr("changes")),
        )
    if line.times > 1:
        often = _tr("{n} times since {time}").format(n=line.times, time=words.moment(line.first))
        return f"{often} · {line.words}"
    return line.words


def make_table(
    name: str, model: RowModel[WaitingLine] | RowModel[LogLine], stretched: int
) -> QTableView:
    """A quiet table with room."""
    table = QTableView()
    table.setAccessibleName(name)
    table.setModel(model)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    table.setTextElideMode(Qt.TextElideMode.ElideRight)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(4 * GRID)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
    return table


def _number(count: int) -> str:
    return str(count) if count else ""


def _outcome(line: LogLine) -> str:
    known = {
        "done": _tr("done"),
        "failed": _tr("not finished"),
        "mismatch": _tr("fetched again"),
        "restored": _tr("sent again"),
        "renamed": _tr("new name"),
        "known again": _tr("known again"),
        "left": _tr("removed here"),
        "both kept": _tr("both kept"),
    }
    return known.get(line.outcome, line.outcome)


def _both_words(both: BothKept) -> str:
    said = _tr("{what}: {name} changed {theirs}, you changed {mine}. Both were kept.")
    return said.format(
        what=record_words(both.place.type, both.subject),
        name=both.by or _tr("somebody"),
        theirs=_fields(both.theirs),
        mine=_fields(both.mine),
    )


def _fields(names: tuple[str, ...]) -> str:
    return ", ".join(field_words(name) for name in names)
