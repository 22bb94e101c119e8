"""All evidence of an audit: a grid, and one piece large with caption and links."""

from functools import partial
from uuid import UUID

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from intact_core.errors import IntactError, Place
from intact_desktop.evidence.capture import report_preview
from intact_desktop.features.evidence import actions, queries
from intact_desktop.features.evidence.actions import Where
from intact_desktop.features.evidence.intake import GetCamera, Intake
from intact_desktop.features.evidence.model import PIECE, EvidenceModel
from intact_desktop.features.evidence.panel import grid_of
from intact_desktop.features.evidence.queries import Piece, Target
from intact_desktop.qt import words
from intact_desktop.qt.autosave import AutosaveLine
from intact_desktop.qt.notices import label
from intact_desktop.qt.page import AuditPage
from intact_desktop.qt.photo_view import PhotoView
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench

_WIDTHS = (520, 540)


class EvidencePage(AuditPage):
    """E chooses files, Ctrl+V pastes, C opens the camera."""

    def __init__(self, bench: Workbench, camera: GetCamera) -> None:
        super().__init__(bench)
        self.current: Piece | None = None
        self._all: list[Piece] = []
        self.model = EvidenceModel(bench)
        self.model.setParent(self)
        self.grid = grid_of(self.model, self.tr("Evidence"))
        self.grid.selectionModel().currentChanged.connect(lambda now, _: self._turn_to(now))
        self.setFocusProxy(self.grid)
        self.intake = Intake(bench, self._where, camera)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search names, captions, clauses"))
        self.search.setAccessibleName(self.tr("Search evidence"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.count = label("", "muted")
        self.photo = PhotoView()
        self.caption = AutosaveLine(self.tr("Caption"), self.tr("What it shows"))
        self.caption.kept.connect(self._keep_caption)
        self.item_link, self.finding_link = QComboBox(), QComboBox()
        self.facts = label("", "muted", wrap=True)
        self.sha256 = label("", "muted", wrap=True)
        split = QSplitter()
        split.addWidget(self._left())
        split.addWidget(self._right())
        split.setSizes(list(_WIDTHS))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(split)
        self._keys()

    def _keys(self) -> None:
        for key, act in (
            ("E", self.intake.choose),
            ("C", self.intake.open_camera),
            ("Ctrl+V", self.intake.paste),
        ):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    def reload(self) -> None:
        audit_id = self.audit_id
        if audit_id is None:
            return
        self.read(
            lambda s: (
                queries.pieces(s, audit_id),
                queries.item_targets(s, audit_id),
                queries.finding_targets(s, audit_id),
            ),
            lambda read: self._show(*read),
        )

    def flush(self) -> None:
        self.caption.flush()

    def leave(self) -> None:
        super().leave()
        self.current = None

    def go_to(self, place: Place) -> None:
        self.show_piece(place.id)

    def show_piece(self, evidence_id: UUID) -> None:
        row = self.model.place_of(evidence_id)
        if row >= 0:
            self.grid.setCurrentIndex(self.model.index(row))

    def _left(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(2 * GRID, 2 * GRID, GRID, GRID)
        column.setSpacing(GRID)
        row = QHBoxLayout()
        row.addWidget(self.search, 1)
        row.addWidget(self.count)
        column.addLayout(row)
        column.addWidget(self.grid, 1)
        column.addWidget(self.intake)
        return left

    def _right(self) -> QWidget:
        self.details = QWidget()
        column = QVBoxLayout(self.details)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self.photo, 1)
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.addRow(self.tr("Caption"), self.caption)
        for combo, name in (
            (self.item_link, self.tr("Item")),
            (self.finding_link, self.tr("Finding")),
        ):
            combo.setAccessibleName(name)
            combo.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            combo.activated.connect(self._link)
            form.addRow(name, combo)
        column.addLayout(form)
        column.addWidget(self.facts)
        column.addWidget(self.sha256)
        self.details.setEnabled(False)
        return self.details

    def _show(self, found: list[Piece], items: list[Target], findings: list[Target]) -> None:
        self._all = found
        self._targets(self.item_link, items)
        self._targets(self.finding_link, findings)
        self._filter()
        self.loaded()

    def _targets(self, combo: QComboBox, targets: list[Target]) -> None:
        combo.blockSignals(True)
        combo.clear()
        combo.addItem(self.tr("none"), None)
        for one in targets:
            combo.addItem(one.words, one.id)
        combo.blockSignals(False)

    def _filter(self) -> None:
        if self.audit_id is None:
            return
        wanted = self.search.text().casefold().split()
        kept = self.current.id if self.current else None
        shown = [one for one in self._all if _matches(one, wanted)]
        self.current = None
        self.model.show_pieces(self.audit_id, shown)
        self.count.setText(words.count(len(shown), self.tr("piece"), self.tr("pieces")))
        row = self.model.place_of(kept) if kept else -1
        if shown:
            self.grid.setCurrentIndex(self.model.index(max(row, 0)))
        else:
            self._show_nothing()

    def _show_nothing(self) -> None:
        self.details.setEnabled(False)
        self.photo.show_photo(
            None,
            self.tr("No evidence"),
            self.tr("No evidence yet. Drop files at the left, paste a picture, or use the camera."),
        )
        self.facts.setText("")
        self.sha256.setText("")

    def _turn_to(self, index: QModelIndex) -> None:
        piece = index.data(PIECE) if index.isValid() else None
        if piece is None:
            return
        if self.current is None or self.current.id != piece.id:
            self.caption.turn_to(piece.caption)
        else:
            self.caption.load(piece.caption)
        self.current = piece
        self.details.setEnabled(True)
        self._choose(self.item_link, piece.item_id)
        self._choose(self.finding_link, piece.finding_id)
        self.facts.setText(self._facts(piece))
        self.sha256.setText(f"SHA-256 {piece.sha256}")
        self._fetch(piece)

    @staticmethod
    def _choose(combo: QComboBox, id_: UUID | None) -> None:
        found = (at for at in range(combo.count()) if combo.itemData(at) == id_)
        combo.setCurrentIndex(next(found, 0))

    def _facts(self, piece: Piece) -> str:
        states = {
            "pending": self.tr("waits to be sent"),
            "sent": self.tr("is on the server"),
            "here": self.tr("is on the server"),
            "wanted": self.tr("not on this computer yet"),
        }
        parts = [piece.name, words.size(piece.size), piece.content_type, piece.by]
        if piece.taken_at is not None:
            parts.append(self.tr("taken {}").format(words.moment(piece.taken_at)))
        parts.append(states.get(piece.state, piece.state))
        return " · ".join(part for part in parts if part)

    def _fetch(self, piece: Piece) -> None:
        audit_id, files = self.audit_id, self.bench.files
        if audit_id is None:
            return
        self.bench.lanes.cpu.run(
            lambda: report_preview(files, audit_id, piece.sha256, piece.content_type),
            partial(self._show_photo, piece),
            partial(self._no_photo, piece),
            self,
        )

    def _show_photo(self, piece: Piece, jpeg: bytes | None) -> None:
        if self.current is not None and self.current.id == piece.id:
            sentence = self.tr(
                "{name} is kept and sealed as it is; it cannot be shown as a picture."
            ).format(name=piece.name)
            self.photo.show_photo(jpeg, piece.caption or piece.name, sentence)

    def _no_photo(self, piece: Piece, error: IntactError) -> None:
        if self.current is not None and self.current.id == piece.id:
            self.photo.show_photo(None, piece.name, error.sentence)

    def _where(self) -> Where | None:
        return Where(self.audit_id) if self.audit_id is not None else None

    def _keep_caption(self, text: str) -> None:
        if self.current is not None:
            self.bench.do(
                partial(actions.describe, evidence_id=self.current.id, text=text), owner=self
            )

    def _link(self) -> None:
        if self.current is not None:
            self.bench.do(
                partial(
                    actions.link,
                    evidence_id=self.current.id,
                    item_id=self.item_link.currentData(),
                    finding_id=self.finding_link.currentData(),
                ),
                lambda _: self.outdate(),
                owner=self,
            )


def _matches(piece: Piece, wanted: list[str]) -> bool:
    text = f"{piece.name} {piece.caption} {piece.clause} {piece.finding}".casefold()
    return all(part in text for part in wanted)
