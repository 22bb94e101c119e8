"""The clause tree as Qt sees it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt

from intact_desktop.features.checklist.queries import Item
from intact_desktop.features.checklist.tree import Node, build
from intact_desktop.qt import icons, words

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_LONGEST = 120
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ChecklistModel(QAbstractItemModel):
    """Two columns: what, and how many are answered."""

    def __init__(self) -> None:
        super().__init__()
        self._items: Sequence[Item] = ()
        self._titles: Mapping[str, str] = {}
        self._passes: Callable[[Item], bool] | None = None
        self._root = Node(None, "", "")
        self._nodes: dict[UUID, Node] = {}

    def show_items(self, items: Sequence[Item], titles: Mapping[str, str]) -> None:
        self._items, self._titles = items, titles
        self._rebuild()

    def show_only(self, passes: Callable[[Item], bool] | None) -> None:
        """Show the items that pass; None shows all."""
        self._passes = passes
        self._rebuild()

    @property
    def shown(self) -> list[Item]:
        """The items shown, in their order."""
        return [node.item for node in self._nodes.values() if node.item is not None]

    @property
    def done(self) -> int:
        return self._root.done

    @property
    def total(self) -> int:
        return self._root.total

    def item_at(self, index: Index) -> Item | None:
        """The item of a row; None for a chapter or a clause of several."""
        return self._node(index).item if index.isValid() else None

    def index_of(self, item_id: UUID) -> QModelIndex:
        """Where an item stands; invalid where the filter hides it."""
        node = self._nodes.get(item_id)
        return self.createIndex(node.row, 0, node) if node else QModelIndex()

    def rate(self, item_id: UUID, rating: str | None) -> None:
        """Show another rating at once."""
        node = self._nodes.get(item_id)
        if node is None or node.item is None:
            return
        node.count(int(rating is not None) - int(node.item.rating is not None), 0)
        node.item.rating = rating
        self._tell(node)

    def touched(self, item_id: UUID) -> None:
        """An item's files or findings are others now."""
        node = self._nodes.get(item_id)
        if node is not None:
            self._tell(node)

    def index(self, row: int, column: int, parent: Index = _NOWHERE) -> QModelIndex:
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, self._node(parent).children[row])

    def parent(self, index: Index = _NOWHERE) -> Any:
        if not index.isValid():
            return QModelIndex()
        above = self._node(index).parent
        if above is None or above is self._root:
            return QModelIndex()
        return self.createIndex(above.row, 0, above)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.column() > 0 else len(self._node(parent).children)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        del parent
        return 2

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        node = self._node(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(node) if index.column() == 0 else _numbers(node)
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return _mark(node)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 1:
            return _RIGHT
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == 0:
            return self._spoken(node)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return self.tr("Clause") if section == 0 else self.tr("Answered")

    def _rebuild(self) -> None:
        self.beginResetModel()
        passes = self._passes
        shown = [item for item in self._items if passes is None or passes(item)]
        self._root = build(shown, self._titles)
        self._nodes = {node.item.id: node for node in self._root.items() if node.item is not None}
        self.endResetModel()

    def _node(self, index: Index) -> Node:
        if not index.isValid():
            return self._root
        found: Node = index.internalPointer()
        return found

    def _tell(self, node: Node) -> None:
        above: Node | None = node
        while above is not None and above is not self._root:
            # One cell at a time: for a wider range the view paints everything in sight again.
            for column in range(2):
                cell = self.createIndex(above.row, column, above)
                self.dataChanged.emit(cell, cell)
            above = above.parent

    @staticmethod
    def _text(node: Node) -> str:
        title = node.title if len(node.title) <= _LONGEST else node.title[:_LONGEST] + "…"
        return f"{node.clause}  {title}".strip()

    def _spoken(self, node: Node) -> str:
        if node.item is None:
            return f"{self._text(node)}, {_numbers(node)}"
        return f"{self._text(node)}, {words.word(node.item.rating) or self.tr('not answered')}"


def _numbers(node: Node) -> str:
    if node.item is None:
        return f"{node.done}/{node.total}"
    # The audit's own number stands above the page; the letter and count tell findings apart.
    return " ".join(number.rpartition("-")[2] for number in node.item.findings)


def _mark(node: Node) -> Any:
    if node.item is None or node.item.rating is None:
        return None
    return icons.grade_icon(words.grade_of(node.item.rating))
