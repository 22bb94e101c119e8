"""The tables of the team room, and what they say."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from intact_desktop.features.team_room.queries import BothChanged, CarriedLine
from intact_desktop.qt import words
from intact_desktop.qt.record_words import field_words, record_words
from intact_desktop.qt.rows import Column, RowModel
from intact_desktop.qt.theme import GRID
from intact_desktop.sync.room_messages import Seat

_SECONDS_LATE = 15
_LONGEST = 60


def _tr(text: str) -> str:
    return QCoreApplication.translate("room", text)


def seat_columns() -> list[Column[Seat]]:
    """One line for each laptop in the room."""
    return [
        Column(_tr("Who"), lambda one: f"{one.name} · {_tr('lead')}" if one.is_lead else one.name),
        Column(_tr("Last met"), _met),
        Column(_tr("Has"), lambda one: words.count(one.holds, _tr("change"), _tr("changes"))),
        Column(_tr("Still to come"), _missing),
    ]


def _met(one: Seat) -> str:
    if one.is_lead or one.seconds < _SECONDS_LATE:
        return _tr("now")
    if one.seconds < 2 * _LONGEST:
        return _tr("{n} seconds ago").format(n=one.seconds)
    return _tr("{n} minutes ago").format(n=one.seconds // 60)


def _missing(one: Seat) -> str:
    if not one.missing:
        return _tr("nothing")
    return words.count(one.missing, _tr("change"), _tr("changes"))


def both_words(one: BothChanged) -> str:
    """What two people changed, in a sentence."""
    said = _tr("{what}: you have {mine}, {name} has {theirs}.")
    return said.format(
        what=record_words(one.type, one.subject),
        mine=_values(one.mine),
        name=one.name,
        theirs=_values(one.theirs),
    )


def _values(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{field_words(name)} “{_short(value)}”" for name, value in values.items())


def _short(value: object) -> str:
    text = " ".join(str(value if value is not None else "–").split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def carried_words(one: CarriedLine) -> str:
    """Whose work waits here for the server."""
    said = _tr("Waiting here for the server: {count} of {name}, last met {time}.").format(
        count=words.count(one.operations, _tr("change"), _tr("changes")),
        name=one.name,
        time=words.moment(one.met_at),
    )
    return f"{said} {_tr('The server did not take them:')} {one.refused}" if one.refused else said


def make_table(name: str, model: RowModel[Seat]) -> QTableView:
    """A quiet table with room."""
    table = QTableView()
    table.setAccessibleName(name)
    table.setModel(model)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(4 * GRID)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    return table
