"""Ctrl+K: go anywhere by typing a part of its name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from intact_desktop.qt import icons
from intact_desktop.qt.notices import label
from intact_desktop.qt.theme import GRID

_MOST = 50
_HIT = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Hit:
    """One place or command: what it is, where it belongs, and how to go there."""

    title: str
    where: str
    icon: str
    go: Callable[[], None]


class Finder(Protocol):
    """Looks for something; may deliver later, from the GUI thread."""

    def find(self, text: str, deliver: Callable[[Sequence[Hit]], None]) -> None: ...


class CommandFinder:
    """Finds among a fixed list; each word typed must occur, in any order."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        self._hits = hits

    def find(self, text: str, deliver: Callable[[Sequence[Hit]], None]) -> None:
        words = text.casefold().split()
        deliver([hit for hit in self._hits if _has(hit, words)])


class CommandPalette(QDialog):
    """A line to type in and what was found; arrows choose, Enter goes, Esc closes."""

    def __init__(self, finders: Sequence[Finder], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Go to"))
        self._finders = finders
        self._round = 0
        self.line = QLineEdit()
        self.line.setPlaceholderText(self.tr("Audits, clauses, findings, people, commands"))
        self.line.setAccessibleName(self.tr("Go to"))
        self.line.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Found"))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setIconSize(QSize(16, 16))
        self.nothing = label(self.tr("Nothing found. Try fewer letters."), "muted")
        column = QVBoxLayout(self)
        column.addWidget(self.line)
        column.addWidget(self.nothing)
        column.addWidget(self.list)
        self.resize(70 * GRID, 50 * GRID)
        self.line.textChanged.connect(self._search)
        self.line.returnPressed.connect(self._go)
        self.list.itemClicked.connect(lambda _: self._go())
        self._search("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if step and self.list.count():
                self.list.setCurrentRow((self.list.currentRow() + step) % self.list.count())
                return True
        return super().eventFilter(watched, event)

    def _search(self, text: str) -> None:
        self._round += 1
        asked = self._round
        self.list.clear()
        self.nothing.show()
        for finder in self._finders:
            finder.find(text, lambda hits: self._add(hits, asked))

    def _add(self, hits: Sequence[Hit], asked: int) -> None:
        if asked != self._round:
            return
        for hit in hits[: max(0, _MOST - self.list.count())]:
            words = f"{hit.title}  ·  {hit.where}" if hit.where else hit.title
            item = QListWidgetItem(icons.icon(hit.icon), words, self.list)
            item.setData(_HIT, hit)
        if self.list.count():
            self.nothing.hide()
            if self.list.currentRow() < 0:
                self.list.setCurrentRow(0)

    def _go(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.accept()
            item.data(_HIT).go()


def _has(hit: Hit, words: Sequence[str]) -> bool:
    searched = f"{hit.title} {hit.where}".casefold()
    return all(word in searched for word in words)
