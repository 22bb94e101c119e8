"""A question that is answered with yes or no, or not yet."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QWidget

from intact_desktop.qt.notices import button


class YesNo(QWidget):
    """Two buttons; `chosen` carries the answer when the user gives another one."""

    chosen = Signal(bool)

    def __init__(self, question: str) -> None:
        super().__init__()
        self.setAccessibleName(question)
        self.yes = button((self.tr("Yes"), lambda: self._choose(True)))
        self.no = button((self.tr("No"), lambda: self._choose(False)))
        self._group = QButtonGroup(self)
        self._value: bool | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for one in (self.yes, self.no):
            one.setCheckable(True)
            one.setAccessibleName(f"{question} {one.text()}")
            self._group.addButton(one)
            row.addWidget(one)
        self.setFocusProxy(self.yes)

    @property
    def value(self) -> bool | None:
        return self._value

    def load(self, value: bool | None) -> None:
        """Show what is stored."""
        self._value = value
        self._group.setExclusive(False)
        self.yes.setChecked(value is True)
        self.no.setChecked(value is False)
        self._group.setExclusive(True)

    def _choose(self, value: bool) -> None:
        if value is not self._value:
            self.load(value)
            self.chosen.emit(value)
