"""Evidence as a list or grid; thumbnails come when they come into sight."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from intact_core.errors import IntactError
from intact_desktop.evidence.capture import thumbnail
from intact_desktop.features.evidence.queries import Piece
from intact_desktop.qt import theme, words
from intact_desktop.qt.photo_view import placeholder
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
PIECE = Qt.ItemDataRole.UserRole
THUMB = QSize(20 * GRID, 14 * GRID)


class EvidenceModel(QAbstractListModel):
    """Rows of evidence. A thumbnail is read once, off the GUI thread."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__()
        self._bench = bench
        self._audit_id: UUID | None = None
        self._pieces: list[Piece] = []
        self._thumbs: dict[str, QPixmap | None] = {}

    def show_pieces(self, audit_id: UUID, pieces: Sequence[Piece]) -> None:
        if audit_id != self._audit_id:
            self._thumbs.clear()
        self.beginResetModel()
        self._audit_id, self._pieces = audit_id, list(pieces)
        self.endResetModel()

    @property
    def pieces(self) -> Sequence[Piece]:
        return self._pieces

    def place_of(self, evidence_id: UUID) -> int:
        """The row of a piece, or -1."""
        found = (at for at, one in enumerate(self._pieces) if one.id == evidence_id)
        return next(found, -1)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._pieces)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        piece = self._pieces[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return piece.caption or piece.name
        if role == Qt.ItemDataRole.DecorationRole:
            return self._thumb(piece) or placeholder(6 * GRID)
        if role == Qt.ItemDataRole.ToolTipRole:
            return piece.name
        return piece if role == PIECE else None

    def _thumb(self, piece: Piece) -> QPixmap | None:
        if piece.sha256 not in self._thumbs:
            self._thumbs[piece.sha256] = None
            audit_id, files = self._audit_id, self._bench.files
            if audit_id is not None and piece.decodable:
                self._bench.lanes.cpu.run(
                    lambda: thumbnail(files, audit_id, piece.sha256, piece.content_type),
                    partial(self._arrived, piece.sha256),
                    _absent,
                    self,
                )
        return self._thumbs[piece.sha256]

    def _arrived(self, sha256: str, jpeg: bytes | None) -> None:
        if jpeg is None:
            return
        picture = QPixmap()
        picture.loadFromData(jpeg)
        self._thumbs[sha256] = picture
        for row, piece in enumerate(self._pieces):
            if piece.sha256 == sha256:
                self.dataChanged.emit(self.index(row), self.index(row))


def _absent(_: IntactError) -> None:
    """The file is not here yet or is damaged: the placeholder stays, the big view says why."""


class EvidenceDelegate(QStyledItemDelegate):
    """One piece: its picture, its caption, and what it belongs to."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        del option, index
        return QSize(THUMB.width() + 2 * GRID, THUMB.height() + 7 * GRID)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        chosen, piece = theme.colours(), index.data(PIECE)
        box = QRect(option.rect).adjusted(GRID // 2, GRID // 2, -GRID // 2, -GRID // 2)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, chosen.selection)
        picture = QRect(
            box.left() + GRID // 2, box.top() + GRID // 2, THUMB.width(), THUMB.height()
        )
        painter.fillRect(picture, chosen.raised)
        _draw_fitted(painter, index.data(Qt.ItemDataRole.DecorationRole), picture)
        painter.setPen(chosen.text)
        line = QRect(picture.left(), picture.bottom() + GRID // 2, picture.width(), 2 * GRID + 2)
        _draw_line(painter, line, str(index.data() or ""))
        painter.setPen(chosen.muted)
        belongs = " · ".join(part for part in (piece.clause, piece.finding) if part)
        _draw_line(painter, line.translated(0, 2 * GRID + 2), belongs or words.size(piece.size))
        painter.restore()


def _draw_fitted(painter: QPainter, pixmap: QPixmap, box: QRect) -> None:
    size = pixmap.deviceIndependentSize().toSize()
    fitted = size.scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
    if fitted.width() > size.width():
        fitted = size
    where = QRect(box.topLeft(), fitted)
    where.moveCenter(box.center())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(QRectF(where), pixmap, QRectF(pixmap.rect()))


def _draw_line(painter: QPainter, box: QRect, text: str) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
