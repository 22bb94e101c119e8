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
_COLUMNS = 2
# As numbers: the view asks for eight roles of each cell that it paints, mostly for none of these.
_TEXT, _MARK, _ALIGNED, _SPOKEN = (
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.DecorationRole,
        Qt.ItemDataRole.TextAlignmentRole,
        Qt.ItemDataRole.AccessibleTextRole,
    )
)
_ROLES = frozenset((_TEXT, _MARK, _ALIGNED, _SPOKEN))


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
        # Qt's own hasIndex would ask back here for both counts.
        children = self._node(parent).children
        if 0 <= row < len(children) and 0 <= column < _COLUMNS:
            return self.createIndex(row, column, children[row])
        return QModelIndex()

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
        return _COLUMNS

    def data(self, index: Index, role: int = _TEXT) -> Any:
        if role not in _ROLES or not index.isValid():
            return None
        node, first = self._node(index), index.column() == 0
        if role == _TEXT:
            return self._text(node) if first else _numbers(node)
        if role == _ALIGNED:
            return None if first else _RIGHT
        if not first:
            return None
        return _mark(node) if role == _MARK else self._spoken(node)

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
            for column in range(_COLUMNS):
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
