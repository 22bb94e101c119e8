"""A room that is open: its code on the lead's screen, who is in it, what each has."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from intact_core.errors import IntactError
from intact_desktop.features.team_room import tables
from intact_desktop.features.team_room.actions import RoomView
from intact_desktop.qt import words
from intact_desktop.qt.notices import button, label
from intact_desktop.qt.rows import RowModel
from intact_desktop.qt.theme import GRID
from intact_desktop.sync.room_messages import Seat

_CODE_PIXELS = 40


class Inside(QWidget):
    """`leave_wanted` closes the own room, or leaves somebody else's."""

    leave_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.title = label("", "heading")
        self.state = label("", "muted", wrap=True)
        self.code = label("")
        font = self.code.font()
        font.setPixelSize(_CODE_PIXELS)
        font.setBold(True)
        self.code.setFont(font)
        self.code.setStyleSheet(f"font-size: {_CODE_PIXELS}px; font-weight: 600;")
        self.code.setAccessibleName(self.tr("Code of the room"))
        self.how = label("", wrap=True)
        self.leave_button = button((self.tr("&Leave"), self.leave_wanted.emit))
        self.seats: RowModel[Seat] = RowModel(tables.seat_columns())
        self.table = tables.make_table(self.tr("Who is in the room"), self.seats)
        self.refused = label("", wrap=True)
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        top.addWidget(self.leave_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(top)
        column.addWidget(self.state)
        column.addWidget(self._door())
        column.addWidget(self.table, 1)
        column.addWidget(self.refused)

    def show_view(self, view: RoomView) -> None:
        """The room as it is now."""
        self.title.setText(view.title)
        self.leave_button.setText(self.tr("&Close the room") if view.code else self.tr("&Leave"))
        others = len(view.seats) - 1
        if view.code:
            self.state.setText(
                self.tr("Your room is open. Nobody is in it yet.")
                if not others
                else self.tr("Your room is open.")
            )
        else:
            self.state.setText(self.tr("In the room of {name}.").format(name=view.lead))
        self.door.setVisible(bool(view.code))
        self.code.setText(view.code)
        self.how.setText(
            self.tr("Colleagues type this code until {time}. Address: {address}").format(
                time=words.moment(view.until), address=view.address
            )
        )
        self.seats.show_rows(view.seats)
        self.refused.setText("\n".join(view.refused))
        self.refused.setVisible(bool(view.refused))

    def show_trouble(self, error: IntactError) -> None:
        """A look did not work; what came before stays."""
        self.state.setText(error.sentence)

    def _door(self) -> QFrame:
        self.door = QFrame()
        self.door.setProperty("look", "panel")
        column = QVBoxLayout(self.door)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.addWidget(self.code)
        column.addWidget(self.how)
        return self.door
