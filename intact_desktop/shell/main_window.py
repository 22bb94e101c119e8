"""The frame: places at the left, the work in the middle, the truth about sync below."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QSignalBlocker, Signal
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from intact_desktop.qt.key_sheet import KeyHint, KeySheet
from intact_desktop.qt.notices import Banner
from intact_desktop.qt.theme import GRID
from intact_desktop.shell.command_palette import CommandFinder, CommandPalette, Finder, Hit
from intact_desktop.shell.navigation import NavChild, NavEntry, Navigation
from intact_desktop.shell.status_bar import StatusBar

_NAVIGATION_WIDTH = 27 * GRID


class MainWindow(QMainWindow):
    """Features plug in as entries, key hints and finders; the window knows none of them.

    Until it is furnished it shows only what covers it: nothing else is made before the first paint.
    """

    page_shown = Signal(str)
    closing = Signal()
    navigation: Navigation
    banner: Banner
    status: StatusBar

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Intact")
        self.resize(160 * GRID, 100 * GRID)
        self._entries: dict[str, NavEntry] = {}
        self._pages: dict[str, QWidget] = {}
        self._hints: list[KeyHint] = []
        self._finders: list[Finder] = []
        self._stack = QStackedWidget()
        self._room = QWidget()
        self._whole = QStackedWidget()
        self._whole.addWidget(self._room)
        self.setCentralWidget(self._whole)

    @property
    def is_furnished(self) -> bool:
        return bool(self._entries)

    def furnish(
        self,
        navigation: Sequence[NavEntry],
        hints: Sequence[KeyHint] = (),
        finders: Sequence[Finder] = (),
    ) -> None:
        """Make the frame, once: what covers the window stays in front of it."""
        self._entries = {entry.key: entry for entry in navigation}
        self._hints = [*hints, *self._own_hints()]
        self._finders = [CommandFinder(self._places()), *finders]
        self.navigation = Navigation(navigation)
        self.banner = Banner()
        self.status = StatusBar()
        self._arrange()
        self.navigation.chosen.connect(self._show_page)
        self._menus()
        self.menuBar().setVisible(not self.is_covered)

    def open(self, key: str) -> None:
        """Go to a place; its page is made now if it never was."""
        self.navigation.select(key)

    def page(self, key: str) -> QWidget:
        """The page of a place, made if it never was."""
        if key not in self._pages:
            self._pages[key] = self._entries[key].page_factory()
            self._stack.addWidget(self._pages[key])
        return self._pages[key]

    def set_badge(self, key: str, badge: str) -> None:
        self.navigation.set_badge(key, badge)

    def set_children(self, key: str, children: Sequence[NavChild]) -> None:
        self.navigation.set_children(key, children)

    @property
    def is_covered(self) -> bool:
        return self._whole.currentIndex() > 0

    def cover(self, widget: QWidget) -> None:
        """Lock: show nothing but this widget, and drop every page with what it shows."""
        self.uncover()
        self._leave_text()
        if self.is_furnished:
            self._clear()
        self._whole.addWidget(widget)
        self._whole.setCurrentWidget(widget)
        widget.setFocus()

    def uncover(self) -> None:
        """Show places and pages again; go on with `open`."""
        covering = self._whole.currentWidget() if self.is_covered else None
        if covering is not None:
            self._whole.removeWidget(covering)
            covering.deleteLater()
        if self.is_furnished:
            self.menuBar().show()

    def show_palette(self) -> None:
        """Ctrl+K."""
        if not self.is_covered:
            CommandPalette(self._finders, self).open()

    def show_keys(self) -> None:
        """The sheet of `?`."""
        if not self.is_covered:
            KeySheet(self._hints, self).open()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.is_furnished:
            self.navigation.recolour()
            self.status.recolour()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._leave_text()
        self.closing.emit()
        super().closeEvent(event)

    def _show_page(self, key: str) -> None:
        page = self.page(key)
        self._stack.setCurrentWidget(page)
        self.setWindowTitle(f"{self._entries[key].title} – Intact")
        self.page_shown.emit(key)

    def _clear(self) -> None:
        for page in self._pages.values():
            self._stack.removeWidget(page)
            page.deleteLater()
        self._pages.clear()
        # Taking lines away moves the choice to another place, whose page must not be made now.
        blocked = QSignalBlocker(self.navigation)
        for key in self._entries:
            self.navigation.set_children(key, [])
        blocked.unblock()
        self.menuBar().hide()

    def _leave_text(self) -> None:
        # A text hands over what was typed when the cursor leaves it.
        focused = QApplication.focusWidget()
        if focused is not None and self.isAncestorOf(focused):
            focused.clearFocus()

    def _arrange(self) -> None:
        side = QFrame()
        side.setProperty("look", "navigation")
        side.setFixedWidth(_NAVIGATION_WIDTH)
        places = QVBoxLayout(side)
        places.setContentsMargins(0, GRID, 0, 0)
        places.addWidget(self.navigation)
        work = QVBoxLayout()
        work.setSpacing(0)
        work.addWidget(self.banner)
        work.addWidget(self._stack, 1)
        upper = QHBoxLayout()
        upper.setSpacing(0)
        upper.addWidget(side)
        upper.addLayout(work, 1)
        column = QVBoxLayout(self._room)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(upper, 1)
        column.addWidget(self.status)

    def _menus(self) -> None:
        go = self.menuBar().addMenu(self.tr("&Go"))
        self._act(go.addAction(self.tr("Go anywhere…")), "Ctrl+K", self.show_palette)
        go.addSeparator()
        for number, entry in enumerate(self._entries.values(), start=1):
            key = f"Alt+{number}" if number <= 9 else ""
            self._act(go.addAction(entry.title), key, self._opener(entry.key))
        helping = self.menuBar().addMenu(self.tr("&Help"))
        self._act(helping.addAction(self.tr("Keys")), "?", self.show_keys)

    def _act(self, action: QAction, key: str, act: Callable[[], None]) -> None:
        action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda: act())

    def _opener(self, key: str) -> Callable[[], None]:
        return lambda: self.open(key)

    def _places(self) -> list[Hit]:
        where = self.tr("place")
        entries = self._entries.values()
        return [Hit(one.title, where, one.icon, self._opener(one.key)) for one in entries]

    def _own_hints(self) -> list[KeyHint]:
        group = self.tr("Everywhere")
        return [
            KeyHint("Ctrl+K", self.tr("go anywhere"), group),
            KeyHint("?", self.tr("these keys"), group),
        ]
