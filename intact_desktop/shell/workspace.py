"""One audit: its name above, its pages as tabs, made when they are first gone to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from intact_core.errors import Place
from intact_desktop.qt.notices import EmptyState, label
from intact_desktop.qt.page import AuditPage
from intact_desktop.qt.theme import GRID


@dataclass(frozen=True)
class Tab:
    """One page of an audit; `types` are the kinds of record that it can show."""

    key: str
    title: str
    page_factory: Callable[[], AuditPage]
    types: tuple[str, ...] = ()


class Workspace(QStackedWidget):
    """Shows one audit at a time; `list_wanted` asks for the list of audits."""

    list_wanted = Signal()

    def __init__(self, tabs: Sequence[Tab]) -> None:
        super().__init__()
        self.audit_id: UUID | None = None
        self._tabs = {tab.key: tab for tab in tabs}
        self._pages: dict[str, AuditPage] = {}
        self.title = label("", "heading")
        self.bar = QTabBar()
        self.bar.setExpanding(False)
        self.bar.setDrawBase(False)
        self.bar.setAccessibleName(self.tr("Pages of the audit"))
        self._stack = QStackedWidget()
        for tab in tabs:
            self.bar.addTab(tab.title)
        self.bar.currentChanged.connect(self._turn)
        self.addWidget(
            EmptyState(
                self.tr("No audit is open"),
                self.tr("Choose one in My audits."),
                (self.tr("My audits"), self.list_wanted.emit),
                "clipboard-text",
            )
        )
        self.addWidget(self._work())
        self._shortcuts()

    def show_audit(self, audit_id: UUID, title: str) -> None:
        """Open an audit at the tab that is in sight."""
        self.audit_id = audit_id
        self.title.setText(title)
        for page in self._pages.values():
            page.open_audit(audit_id)
        self.setCurrentIndex(1)
        self._turn(self.bar.currentIndex())

    def open_tab(self, key: str) -> AuditPage:
        """Go to a tab and return its page."""
        page = self.page(key)
        self.bar.setCurrentIndex(list(self._tabs).index(key))
        return page

    def page(self, key: str) -> AuditPage:
        """The page of a tab, made if it never was."""
        if key not in self._pages:
            page = self._tabs[key].page_factory()
            self._pages[key] = page
            self._stack.addWidget(page)
            if self.audit_id is not None:
                page.open_audit(self.audit_id)
        return self._pages[key]

    def go_to(self, place: Place) -> bool:
        """Show a record where one of the tabs can; False where none does."""
        for tab in self._tabs.values():
            if place.type in tab.types:
                self.open_tab(tab.key).go_to(place)
                return True
        return False

    def leave(self) -> None:
        """Hand over what is still being typed."""
        for page in self._pages.values():
            page.leave()

    def _work(self) -> QWidget:
        work = QWidget()
        column = QVBoxLayout(work)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.title)
        column.addWidget(self.bar)
        column.addWidget(self._stack, 1)
        return work

    def _turn(self, index: int) -> None:
        if self.audit_id is not None and index >= 0:
            self._stack.setCurrentWidget(self.page(list(self._tabs)[index]))

    def _shortcuts(self) -> None:
        for keys, step in (("Ctrl+PgDown", 1), ("Ctrl+PgUp", -1)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(lambda step=step: self._step(step))

    def _step(self, step: int) -> None:
        self.bar.setCurrentIndex((self.bar.currentIndex() + step) % self.bar.count())
