"""Before a room: open one, join one, or use a file."""

from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from intact_desktop.features.team_room.queries import AuditChoice
from intact_desktop.qt.notices import button, label
from intact_desktop.qt.theme import GRID
from intact_desktop.sync.room_finding import Found

_LEFT, _WIDE = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag(0)


class Choosing(QWidget):
    """`opened` carries the audit, `joined` address and code; the others speak for themselves."""

    opened = Signal(object)
    joined = Signal(str, str)
    searched = Signal()
    give_wanted = Signal(object)
    take_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.audits = QComboBox()
        self.audits.setAccessibleName(self.tr("Audit"))
        self.rooms = QComboBox()
        self.rooms.setAccessibleName(self.tr("Rooms found"))
        self.rooms.setPlaceholderText(self.tr("none found yet"))
        self.rooms.currentIndexChanged.connect(self._choose)
        self.address, self.code = QLineEdit(), QLineEdit()
        self.address.setPlaceholderText("192.168.1.20:40123")
        self.code.setPlaceholderText("XXXX-XXXX")
        self.code.returnPressed.connect(self._join)
        self.open_button = button((self.tr("&Open a room"), self._open), "main")
        self.search_button = button((self.tr("&Look for rooms"), self._search))
        self.join_button = button((self.tr("&Join"), self._join), "main")
        self.give_button = button((self.tr("&Hand over…"), self._give))
        self.take_button = button((self.tr("&Take over…"), self.take_wanted.emit))
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self._opening(), 1)
        row.addWidget(self._joining(), 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addLayout(row)
        column.addWidget(self._file())

    def show_audits(self, audits: Sequence[AuditChoice]) -> None:
        """The audits to choose from; what was chosen stays chosen."""
        chosen = self.audits.currentData()
        self.audits.clear()
        for one in audits:
            self.audits.addItem(one.title, one.id)
        self.audits.setCurrentIndex(max(0, self.audits.findData(chosen)))
        self.open_button.setEnabled(bool(audits))
        self.give_button.setEnabled(bool(audits))

    def show_rooms(self, rooms: Sequence[Found]) -> None:
        """What a search found."""
        self.search_button.setEnabled(True)
        self.rooms.clear()
        for one in rooms:
            self.rooms.addItem(one.lead, f"{one.address.host}:{one.address.port}")

    def rest(self, *, busy: bool) -> None:
        """While a door is being opened, no other is."""
        for one in (self.open_button, self.join_button, self.search_button):
            one.setEnabled(not busy)

    def _opening(self) -> QFrame:
        sentence = self.tr(
            "You lead: your laptop connects the team's laptops over this network, and shows a code "
            "that your colleagues type."
        )
        return _panel(self.tr("Open a room"), sentence, self.audits, self.open_button)

    def _joining(self) -> QFrame:
        form = QWidget()
        lines = QFormLayout(form)
        lines.setContentsMargins(0, 0, 0, 0)
        found = QHBoxLayout()
        found.addWidget(self.rooms, 1)
        found.addWidget(self.search_button)
        lines.addRow(self.tr("Room of"), found)
        lines.addRow(self.tr("A&ddress"), self.address)
        lines.addRow(self.tr("&Code"), self.code)
        sentence = self.tr("Choose the lead's room, or type the address on the lead's screen.")
        return _panel(self.tr("Join a room"), sentence, form, self.join_button)

    def _file(self) -> QFrame:
        sentence = self.tr(
            "No network at all? Hand the unsent work over as a file sealed with a passphrase. "
            "Whoever reaches the server first brings everything."
        )
        both = QWidget()
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        for one in (self.give_button, self.take_button):
            row.addWidget(one)
        row.addStretch()
        return _panel(self.tr("Hand-over file"), sentence, both)

    def _choose(self) -> None:
        if self.rooms.currentData():
            self.address.setText(self.rooms.currentData())
            self.code.setFocus()

    def _open(self) -> None:
        audit_id: UUID | None = self.audits.currentData()
        if audit_id is not None:
            self.opened.emit(audit_id)

    def _give(self) -> None:
        self.give_wanted.emit(AuditChoice(self.audits.currentData(), self.audits.currentText()))

    def _search(self) -> None:
        self.search_button.setEnabled(False)
        self.searched.emit()

    def _join(self) -> None:
        self.joined.emit(self.address.text(), self.code.text())


def _panel(title: str, sentence: str, *parts: QWidget) -> QFrame:
    frame = QFrame()
    frame.setProperty("look", "panel")
    column = QVBoxLayout(frame)
    column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
    column.setSpacing(GRID)
    column.addWidget(label(title, "heading"))
    column.addWidget(label(sentence, "muted", wrap=True))
    for one in parts:
        is_button = isinstance(one, QPushButton)
        column.addWidget(one, 0, _LEFT if is_button else _WIDE)
    column.addStretch()
    return frame
