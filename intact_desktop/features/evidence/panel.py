"""The evidence of one item, beside it in the checklist."""

from uuid import UUID

from PySide6.QtCore import QModelIndex, QSize, Signal
from PySide6.QtWidgets import QAbstractItemView, QListView, QVBoxLayout

from intact_desktop.features.evidence import queries
from intact_desktop.features.evidence.actions import Where
from intact_desktop.features.evidence.intake import GetCamera, Intake
from intact_desktop.features.evidence.model import PIECE, EvidenceDelegate, EvidenceModel
from intact_desktop.features.evidence.queries import Piece
from intact_desktop.qt.notices import label
from intact_desktop.qt.page import AuditPage
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench

_NARROWEST = 32 * GRID


class EvidencePanel(AuditPage):
    """`piece_wanted` carries the id of a piece to show large."""

    piece_wanted = Signal(object)

    def __init__(self, bench: Workbench, camera: GetCamera) -> None:
        super().__init__(bench)
        self._item_id: UUID | None = None
        self.intake = Intake(bench, self._where, camera, narrow=True)
        self.model = EvidenceModel(bench)
        self.model.setParent(self)
        self.list = grid_of(self.model, self.tr("Evidence of this item"))
        self.list.activated.connect(self._open)
        self.list.doubleClicked.connect(self._open)
        self.setMinimumWidth(_NARROWEST)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, 2 * GRID, 2 * GRID, GRID)
        column.addWidget(label(self.tr("Evidence"), "heading"))
        column.addWidget(self.list, 1)
        column.addWidget(self.intake)

    def show_item(self, item_id: UUID) -> None:
        self._item_id = item_id
        self.outdate()

    def reload(self) -> None:
        audit_id, item_id = self.audit_id, self._item_id
        if audit_id is not None and item_id is not None:
            self.bench.ask(
                lambda s: queries.pieces(s, audit_id, item_id),
                lambda found: self._show(item_id, found),
                owner=self,
            )

    def _show(self, item_id: UUID, found: list[Piece]) -> None:
        if item_id == self._item_id and self.audit_id is not None:
            self.model.show_pieces(self.audit_id, found)
            self.loaded()

    def _where(self) -> Where | None:
        if self.audit_id is None or self._item_id is None:
            return None
        return Where(self.audit_id, self._item_id)

    def _open(self, index: QModelIndex) -> None:
        self.piece_wanted.emit(index.data(PIECE).id)


def grid_of(model: EvidenceModel, name: str) -> QListView:
    """A grid of thumbnails."""
    grid = QListView()
    grid.setAccessibleName(name)
    grid.setModel(model)
    grid.setItemDelegate(EvidenceDelegate(grid))
    grid.setViewMode(QListView.ViewMode.IconMode)
    grid.setResizeMode(QListView.ResizeMode.Adjust)
    grid.setMovement(QListView.Movement.Static)
    grid.setUniformItemSizes(True)
    grid.setSpacing(0)
    grid.setIconSize(QSize(1, 1))
    grid.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    return grid
