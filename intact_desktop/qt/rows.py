"""A table over plain rows: columns say how a row shows, a filter is a function."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QIcon

R = TypeVar("R")
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


@dataclass(frozen=True)
class Column(Generic[R]):
    """One column: its heading, the text of a row, and what else it shows."""

    heading: str
    text: Callable[[R], str]
    number: bool = False
    icon: Callable[[R], QIcon | None] | None = None
    tip: Callable[[R], str] | None = None


class RowModel(QAbstractTableModel, Generic[R]):
    """Rows as they came, or those that pass the filter, in their order."""

    def __init__(self, columns: Sequence[Column[R]]) -> None:
        super().__init__()
        self._columns = columns
        self._all: list[R] = []
        self._shown: list[R] = []
        self._passes: Callable[[R], bool] | None = None

    def show_rows(self, rows: Sequence[R]) -> None:
        """Replace all rows; the filter stays."""
        self._all = list(rows)
        self._refresh()

    def show_only(self, passes: Callable[[R], bool] | None) -> None:
        """Show the rows that pass; None shows all."""
        self._passes = passes
        self._refresh()

    def replace(self, place: int, row: R) -> None:
        """Show one row anew, without moving the selection."""
        old = self._shown[place]
        self._all[next(at for at, one in enumerate(self._all) if one is old)] = row
        self._shown[place] = row
        self.dataChanged.emit(self.index(place, 0), self.index(place, len(self._columns) - 1))

    def row(self, index: Index) -> R:
        return self._shown[index.row()]

    @property
    def rows(self) -> Sequence[R]:
        """The rows that are shown."""
        return self._shown

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._shown[index.row()], self._columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(row)
        if role == Qt.ItemDataRole.DecorationRole:
            return column.icon(row) if column.icon else None
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.tip(row) if column.tip else None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column.number)
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(self._columns[section].number)
        return self._columns[section].heading if role == Qt.ItemDataRole.DisplayRole else None

    def _refresh(self) -> None:
        self.beginResetModel()
        passes = self._passes
        self._shown = [row for row in self._all if passes is None or passes(row)]
        self.endResetModel()


def _alignment(number: bool) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if number else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
