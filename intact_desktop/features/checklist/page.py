"""The checklist: clauses at the left, one item in the middle, what belongs to it at the right."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from PySide6.QtCore import QModelIndex, Qt, Signal, SignalInstance
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QSplitter,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from intact_core.errors import IntactError, Place
from intact_desktop.features.checklist import actions, queries
from intact_desktop.features.checklist.item_view import ItemView
from intact_desktop.features.checklist.model import ChecklistModel
from intact_desktop.features.checklist.queries import Checklist, Item
from intact_desktop.qt import words
from intact_desktop.qt.notices import Still, label
from intact_desktop.qt.page import AuditPage
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench

_WIDTHS = (300, 500, 264)
_NARROWEST = 36 * GRID


class ChecklistPage(AuditPage):
    """`item_shown` carries the item in sight; the other signals ask for what others do."""

    item_shown = Signal(object)
    rating_kept = Signal(object, str)
    finding_wanted = Signal(object)
    join_wanted = Signal(object)
    files_wanted = Signal()
    camera_wanted = Signal()
    paste_wanted = Signal()

    def __init__(self, bench: Workbench, side: QWidget | None = None) -> None:
        super().__init__(bench)
        self.model = ChecklistModel()
        self.model.setParent(self)
        self.current: Item | None = None
        self.view = ItemView()
        self.rating_buttons, self.note = self.view.rating_buttons, self.view.note
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search items and notes  ( / )"))
        self.search.setAccessibleName(self.tr("Search items and notes"))
        self.search.setClearButtonEnabled(True)
        self.only_open = QCheckBox(self.tr("Only unanswered"))
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress_words = label("", "muted")
        self.tree = self._tree()
        self.setFocusProxy(self.tree)
        split = QSplitter()
        for part in (self._left(), self.view, side):
            if part is not None:
                split.addWidget(part)
        split.setSizes(list(_WIDTHS))
        split.setStretchFactor(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(split)
        self._connect()
        self._keys()

    def reload(self) -> None:
        audit_id = self.audit_id
        if audit_id is not None:
            self.read(lambda s: queries.checklist(s, audit_id), self._show)

    def flush(self) -> None:
        self.note.flush()

    def leave(self) -> None:
        super().leave()
        self.current = None

    def go_to(self, place: Place) -> None:
        self.show_item(place.id)

    def show_item(self, item_id: UUID) -> None:
        """Go to an item; the filter gives way."""
        index = self.model.index_of(item_id)
        if not index.isValid():
            self.search.clear()
            self.only_open.setChecked(False)
            index = self.model.index_of(item_id)
        if index.isValid():
            self.tree.setCurrentIndex(index)
            self.tree.scrollTo(index)

    def rate(self, rating: str | None) -> None:
        """Rate the item in sight: shown at once, kept a moment later."""
        item = self.current
        if item is None or item.rating == rating:
            self.view.show_rating(item.rating if item else None)
            return
        before = item.rating
        self._paint_rating(item, rating)
        self.bench.do(
            partial(actions.rate, item_id=item.id, rating=rating),
            lambda _: self.rating_kept.emit(item.id, rating or ""),
            partial(self._refused, item, before),
            self,
        )

    def next_unanswered(self, step: int = 1) -> None:
        """Go to the next item without an answer; from the last one on to the first."""
        items = self.model.shown
        at = items.index(self.current) if self.current in items else -1 if step > 0 else 0
        for offset in range(1, len(items) + 1):
            item = items[(at + step * offset) % len(items)]
            if item.rating is None:
                self.show_item(item.id)
                return
        self.bench.tell(self.tr("Every item is answered."))

    def _connect(self) -> None:
        view = self.view
        view.rated.connect(self.rate)
        view.noted.connect(self._keep_note)
        view.next_button.clicked.connect(lambda: self.next_unanswered())
        view.previous_button.clicked.connect(lambda: self.next_unanswered(-1))
        view.finding_button.clicked.connect(lambda: self._ask(self.finding_wanted))
        view.join_button.clicked.connect(lambda: self._ask(self.join_wanted))
        self.search.textChanged.connect(self._filter)
        self.only_open.toggled.connect(self._filter)

    def _keys(self) -> None:
        for key, code in enumerate(words.RATING_GRADES, start=1):
            self._key(str(key), partial(self.rate, code))
        self._key("0", partial(self.rate, None))
        for name in ("Return", "Enter"):
            self._key(name, self.next_unanswered)
            self._key(f"Shift+{name}", partial(self.next_unanswered, -1))
        self._key("N", partial(self._ask, self.finding_wanted))
        self._key("J", partial(self._ask, self.join_wanted))
        self._key("E", self.files_wanted.emit)
        self._key("C", self.camera_wanted.emit)
        self._key("Ctrl+V", self.paste_wanted.emit)
        self._key("/", self.search.setFocus)

    def _key(self, key: str, act: Callable[[], None]) -> None:
        shortcut = QShortcut(QKeySequence(key), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(act)

    def _ask(self, signal: SignalInstance) -> None:
        if self.current is not None:
            signal.emit(self.current.id)

    def _left(self) -> QWidget:
        left = QWidget()
        left.setMinimumWidth(_NARROWEST)
        column = QVBoxLayout(left)
        column.setContentsMargins(2 * GRID, 2 * GRID, GRID, GRID)
        column.addWidget(self.search)
        column.addWidget(self.only_open)
        column.addWidget(self.tree, 1)
        column.addWidget(Still(self.progress_words))
        column.addWidget(self.progress)
        return left

    def _tree(self) -> QTreeView:
        tree = QTreeView()
        tree.setAccessibleName(self.tr("Clauses"))
        tree.setModel(self.model)
        tree.setUniformRowHeights(True)
        tree.setHeaderHidden(True)
        tree.setIndentation(2 * GRID)
        header = tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(1, 8 * GRID)
        tree.selectionModel().currentRowChanged.connect(lambda now, _: self._turn_to(now))
        return tree

    def _show(self, read: Checklist) -> None:
        kept = self.current.id if self.current else None
        self.current = None
        self.model.show_items(read.items, read.titles)
        self._tell_progress()
        self._open_at(kept)
        self.loaded()

    def _open_at(self, kept: UUID | None) -> None:
        items = self.model.shown
        if not items:
            return
        open_items = (item.id for item in items if item.rating is None)
        wanted = kept if kept and self.model.index_of(kept).isValid() else None
        self.show_item(wanted or next(open_items, items[0].id))

    def _turn_to(self, index: QModelIndex) -> None:
        item = self.model.item_at(index)
        if item is None or item is self.current:
            return
        self.note.turn_to(item.note)
        self.current = item
        self.view.show_item(item)
        self.item_shown.emit(item.id)
        audit_id = self.audit_id
        if audit_id is not None:
            self.bench.ask(
                lambda session: queries.earlier_findings(session, audit_id, item.clause),
                lambda found: self._show_earlier(item, found),
                owner=self,
            )

    def _show_earlier(self, item: Item, found: list[queries.Earlier]) -> None:
        if item is self.current:
            self.view.earlier.show_findings(found)

    def _paint_rating(self, item: Item, rating: str | None) -> None:
        self.model.rate(item.id, rating)
        if item is self.current:
            self.view.show_rating(rating)
        self._tell_progress()

    def _refused(self, item: Item, before: str | None, error: IntactError) -> None:
        self._paint_rating(item, before)
        self.bench.tell(error.sentence)

    def _keep_note(self, text: str) -> None:
        item = self.current
        if item is None:
            return
        item.note = text
        self.bench.do(partial(actions.note, item_id=item.id, text=text), owner=self)

    def _filter(self) -> None:
        wanted, only_open = self.search.text().casefold().split(), self.only_open.isChecked()
        kept = self.current.id if self.current else None
        self.model.show_only(partial(_passes, wanted, only_open) if wanted or only_open else None)
        if wanted:
            self.tree.expandAll()
        if kept is not None:
            index = self.model.index_of(kept)
            self.tree.setCurrentIndex(index)

    def _tell_progress(self) -> None:
        done, total = self.model.done, self.model.total
        self.progress.setRange(0, max(1, total))
        self.progress.setValue(done)
        words_ = self.tr("{done} of {total} answered").format(done=done, total=total)
        self.progress_words.setText(words_)
        self.progress.setAccessibleName(words_)


def _passes(wanted: list[str], only_open: bool, item: Item) -> bool:
    if only_open and item.rating is not None:
        return False
    text = " ".join(
        (item.clause, item.title, item.requirement, item.note, *item.findings)
    ).casefold()
    return all(part in text for part in wanted)
