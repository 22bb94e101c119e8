"""The list at the left: where am I, and what waits where."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from intact_desktop.qt import icons, theme
from intact_desktop.qt.theme import GRID

_KEY, _BADGE, _OPEN = (Qt.ItemDataRole.UserRole + n for n in range(3))
_INDENT = "      "


@dataclass(frozen=True)
class NavEntry:
    """One place: its page is made when it is first gone to."""

    key: str
    title: str
    icon: str
    page_factory: Callable[[], QWidget]
    badge: str = ""


@dataclass(frozen=True)
class NavChild:
    """A line below a place, such as one audit below My audits: `mark` stands at its right."""

    title: str
    mark: str
    tip: str
    open: Callable[[], None]


class Navigation(QListWidget):
    """`chosen` carries the key of the place that the user goes to."""

    chosen = Signal(str)

    def __init__(self, entries: Sequence[NavEntry]) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Places"))
        self.setItemDelegate(_Line(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setIconSize(QSize(20, 20))
        self._entries = {entry.key: entry for entry in entries}
        for entry in entries:
            item = QListWidgetItem(entry.title, self)
            item.setData(_KEY, entry.key)
            self._mark(item, entry.badge)
        self.recolour()
        self.itemSelectionChanged.connect(self._go)
        self.itemActivated.connect(self._activate)
        self.itemClicked.connect(self._activate)

    def select(self, key: str) -> None:
        """Go to a place, as if the user had."""
        item = self._item(key)
        if item.isSelected():
            self.chosen.emit(key)
        else:
            self.setCurrentItem(item)
            item.setSelected(True)

    def set_badge(self, key: str, badge: str) -> None:
        """What waits at this place, in a word or a number; empty for nothing."""
        self._mark(self._item(key), badge)

    def set_children(self, key: str, children: Sequence[NavChild]) -> None:
        """Show these lines below the place, instead of those that were there."""
        at = self.row(self._item(key)) + 1
        while at < self.count() and self.item(at).data(_KEY) is None:
            self.takeItem(at)
        for offset, child in enumerate(children):
            item = QListWidgetItem(_INDENT + child.title)
            item.setToolTip(child.tip)
            item.setData(_OPEN, child.open)
            self._mark(item, child.mark)
            self.insertItem(at + offset, item)

    def recolour(self) -> None:
        """Draw the icons in the colours of the theme that is shown now."""
        for entry in self._entries.values():
            self._item(entry.key).setIcon(icons.icon(entry.icon))

    def _item(self, key: str) -> QListWidgetItem:
        for row in range(self.count()):
            if self.item(row).data(_KEY) == key:
                return self.item(row)
        raise KeyError(key)

    @staticmethod
    def _mark(item: QListWidgetItem, mark: str) -> None:
        item.setData(_BADGE, mark)
        spoken = f"{item.text().strip()}, {mark}" if mark else item.text().strip()
        item.setData(Qt.ItemDataRole.AccessibleTextRole, spoken)

    def _go(self) -> None:
        for item in self.selectedItems():
            if item.data(_KEY) is not None:
                self.chosen.emit(item.data(_KEY))

    @staticmethod
    def _activate(item: QListWidgetItem) -> None:
        open_child = item.data(_OPEN)
        if open_child is not None:
            open_child()


class _Line(QStyledItemDelegate):
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(super().sizeHint(option, index).width(), 4 * GRID + GRID // 2)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        badge = index.data(_BADGE)
        if badge:
            box = QRect(option.rect).adjusted(0, 0, -2 * GRID, 0)
            painter.save()
            painter.setPen(theme.colours().accent)
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, flags, badge)
            painter.restore()
