"""The table over plain rows."""

from dataclasses import dataclass

import pytest
from PySide6.QtCore import Qt

from intact_desktop.qt import icons
from intact_desktop.qt.rows import Column, RowModel
from intact_desktop.qt.theme import Grade


@dataclass(frozen=True)
class Finding:
    number: str
    count: int


@pytest.fixture
def model(qapp, qtmodeltester):
    model = RowModel(
        [
            Column[Finding](
                "Number",
                lambda one: one.number,
                icon=lambda _: icons.grade_icon(Grade.MAJOR),
                tip=lambda one: f"Finding {one.number}",
            ),
            Column[Finding]("Items", lambda one: str(one.count), number=True),
        ]
    )
    qtmodeltester.check(model)
    model.show_rows([Finding("NC-01", 3), Finding("NC-02", 12)])
    qtmodeltester.check(model)
    return model


def texts(model: RowModel) -> list[list[str]]:
    return [
        [model.index(row, column).data() for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def test_rows_show_as_the_columns_say(model) -> None:
    assert texts(model) == [["NC-01", "3"], ["NC-02", "12"]]
    role = Qt.ItemDataRole
    assert model.headerData(1, Qt.Orientation.Horizontal) == "Items"
    assert model.index(0, 0).data(role.ToolTipRole) == "Finding NC-01"
    assert not model.index(0, 0).data(role.DecorationRole).isNull()
    assert model.index(0, 1).data(role.DecorationRole) is None
    right = Qt.AlignmentFlag.AlignRight
    assert model.index(0, 1).data(role.TextAlignmentRole) & right
    assert not model.index(0, 0).data(role.TextAlignmentRole) & right


def test_a_filter_stays_when_rows_change(model, qtmodeltester) -> None:
    model.show_only(lambda one: one.count > 5)
    assert texts(model) == [["NC-02", "12"]]
    model.show_rows([Finding("NC-03", 1), Finding("NC-04", 7)])
    assert texts(model) == [["NC-04", "7"]]
    model.show_only(None)
    assert len(model.rows) == 2
    qtmodeltester.check(model)


def test_one_row_is_replaced_where_it_stands(qtbot, model) -> None:
    model.show_only(lambda one: one.count > 5)
    with qtbot.waitSignal(model.dataChanged):
        model.replace(0, Finding("NC-02", 13))
    assert texts(model) == [["NC-02", "13"]]
    model.show_only(None)
    assert texts(model) == [["NC-01", "3"], ["NC-02", "13"]]
