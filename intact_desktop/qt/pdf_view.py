"""A PDF inside the application: page by page, with zoom, never written to a file."""

from collections.abc import Callable

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPdfWidgets import QPdfView
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from intact_core.errors import BadInput
from intact_desktop.qt.notices import button, label
from intact_desktop.qt.theme import GRID

_STEP, _SMALLEST, _LARGEST = 1.25, 0.25, 5.0


class PdfView(QWidget):
    """Shows a document from its bytes. Page Up and Page Down turn, Ctrl + and - zoom."""

    def __init__(self) -> None:
        super().__init__()
        self._document = QPdfDocument(self)
        self._buffer = QBuffer(self)
        self._view = QPdfView(self)
        self._view.setDocument(self._document)
        self._view.setPageMode(QPdfView.PageMode.MultiPage)
        self._view.setZoomMode(QPdfView.ZoomMode.FitToWidth)
        self._view.setAccessibleName(self.tr("Document"))
        self.setFocusProxy(self._view)
        self.pages = label("", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._bar())
        column.addWidget(self._view, 1)
        self._view.pageNavigator().currentPageChanged.connect(self._tell)
        self._key(QKeySequence.StandardKey.ZoomIn, lambda: self.zoom_by(_STEP))
        self._key(QKeySequence.StandardKey.ZoomOut, lambda: self.zoom_by(1 / _STEP))
        self._key("Ctrl+0", self.fit)
        self._key("PgDown", lambda: self.turn(1))
        self._key("PgUp", lambda: self.turn(-1))

    def show_pdf(self, content: bytes) -> None:
        """Show a document from its first page; raises BadInput where it cannot be read."""
        self._document.close()
        self._buffer.close()
        self._buffer.setData(QByteArray(content))
        self._buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        self._document.load(self._buffer)
        if self._document.status() != QPdfDocument.Status.Ready:
            self.pages.setText("")
            raise BadInput(
                self.tr("This document cannot be shown: it is damaged, protected, or not a PDF."),
                details=str(self._document.error()),
            )
        self.go_to(0)
        self._tell()

    @property
    def page_count(self) -> int:
        return self._document.pageCount()

    @property
    def page(self) -> int:
        """The page that is shown, counted from 0."""
        return self._view.pageNavigator().currentPage()

    @property
    def zoom(self) -> float:
        return self._view.zoomFactor()

    def go_to(self, page: int) -> None:
        last = max(0, self.page_count - 1)
        self._view.pageNavigator().jump(min(last, max(0, page)), QPointF())

    def turn(self, pages: int) -> None:
        """Go on or back by some pages."""
        self.go_to(self.page + pages)

    def zoom_by(self, factor: float) -> None:
        zoom = min(_LARGEST, max(_SMALLEST, self._view.zoomFactor() * factor))
        self._view.setZoomMode(QPdfView.ZoomMode.Custom)
        self._view.setZoomFactor(zoom)

    def fit(self) -> None:
        """As wide as the window."""
        self._view.setZoomMode(QPdfView.ZoomMode.FitToWidth)

    def _bar(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        row.addWidget(button((self.tr("Previous page"), lambda: self.turn(-1))))
        row.addWidget(button((self.tr("Next page"), lambda: self.turn(1))))
        row.addWidget(self.pages)
        row.addStretch()
        row.addWidget(button((self.tr("Smaller"), lambda: self.zoom_by(1 / _STEP))))
        row.addWidget(button((self.tr("Larger"), lambda: self.zoom_by(_STEP))))
        row.addWidget(button((self.tr("Fit width"), self.fit)))
        return row

    def _key(self, key: QKeySequence.StandardKey | str, act: Callable[[], None]) -> None:
        shortcut = QShortcut(QKeySequence(key), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(act)

    def _tell(self) -> None:
        words = self.tr("Page %1 of %2")
        self.pages.setText(
            words.replace("%1", str(self.page + 1)).replace("%2", str(self.page_count))
        )
