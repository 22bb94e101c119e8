"""The attendance list: who was at the opening and the closing meeting."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from intact_desktop.features.overview.queries import Person
from intact_desktop.qt.notices import button, label
from intact_desktop.qt.theme import GRID


class AttendanceList(QWidget):
    """`added` carries name and role, `ticked` a person, the meeting and whether they came."""

    added = Signal(str, str)
    ticked = Signal(object, str, bool)
    removed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.name = QLineEdit()
        self.name.setPlaceholderText(self.tr("Name"))
        self.name.setAccessibleName(self.tr("Name of who attends"))
        self.role = QLineEdit()
        self.role.setPlaceholderText(self.tr("Role"))
        self.role.setAccessibleName(self.tr("Role of who attends"))
        self.add_button = button((self.tr("Add"), self._add))
        self.ticks: dict[tuple[str, str], QCheckBox] = {}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(2 * GRID)
        self._grid.setColumnStretch(0, 1)
        for line in (self.name, self.role):
            line.returnPressed.connect(self._add)
        row = QHBoxLayout()
        row.addWidget(self.name, 2)
        row.addWidget(self.role, 2)
        row.addWidget(self.add_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._grid)
        column.addLayout(row)

    def show_people(self, people: list[Person]) -> None:
        """`ticks` holds the boxes by name and meeting."""
        while (old := self._grid.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.deleteLater()
        self.ticks.clear()
        for at, text in enumerate(("", self.tr("Opening"), self.tr("Closing"))):
            self._grid.addWidget(label(text, "muted"), 0, at)
        for row, person in enumerate(people, start=1):
            self._line(row, person)

    def _line(self, row: int, person: Person) -> None:
        words = f"{person.name}, {person.role}" if person.role else person.name
        self._grid.addWidget(label(words, wrap=True), row, 0)
        for at, (meeting, present) in enumerate(
            (("opening", person.opening), ("closing", person.closing)), start=1
        ):
            tick = QCheckBox()
            tick.setChecked(present)
            tick.setAccessibleName(f"{person.name}, {meeting}")
            tick.toggled.connect(partial(self.ticked.emit, person.id, meeting))
            self.ticks[person.name, meeting] = tick
            self._grid.addWidget(tick, row, at, Qt.AlignmentFlag.AlignHCenter)
        off = button(("×", partial(self.removed.emit, person.id)), "plain")
        off.setAccessibleName(self.tr("Take {} off the list").format(person.name))
        self._grid.addWidget(off, row, 3)

    def _add(self) -> None:
        if self.name.text().strip():
            self.added.emit(self.name.text(), self.role.text())
            self.name.clear()
            self.role.clear()
            self.name.setFocus()
