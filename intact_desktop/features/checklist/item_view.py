"""One item: the question, what earlier audits found, the rating and the note."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from intact_desktop.features.checklist.queries import Earlier, Item
from intact_desktop.qt import icons, words
from intact_desktop.qt.autosave import AutosaveText
from intact_desktop.qt.notices import button, label
from intact_desktop.qt.theme import GRID


class ItemView(QWidget):
    """`rated` carries a rating chosen by hand; `noted` the note to keep."""

    rated = Signal(str)
    noted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.clause = label("", "heading", wrap=True)
        self.requirement = label("", wrap=True)
        self.help = label("", "muted", wrap=True)
        self.findings = label("", "muted", wrap=True)
        self.earlier = _EarlierPanel()
        self.note = AutosaveText(self.tr("Note"), self.tr("What you saw, heard and read"))
        self.note.kept.connect(self.noted)
        self.rating_buttons: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self._question(), 3)
        column.addLayout(self._ratings())
        column.addWidget(self.note, 2)
        column.addLayout(self._steps())

    def show_item(self, item: Item) -> None:
        """Show an item; the caller has turned the note to it already."""
        self.clause.setText(f"{item.clause}  {item.title}".strip())
        self.requirement.setText(item.requirement)
        self.help.setText(item.help)
        self.help.setVisible(bool(item.help))
        self.show_rating(item.rating)
        self.show_findings(item.findings)
        self.earlier.hide()

    def show_rating(self, rating: str | None) -> None:
        self._group.setExclusive(False)
        for code, one in self.rating_buttons.items():
            one.setChecked(code == rating)
        self._group.setExclusive(True)

    def show_findings(self, numbers: list[str]) -> None:
        """The findings behind this item."""
        self.findings.setText(self.tr("Behind this: {}").format(", ".join(numbers)))
        self.findings.setVisible(bool(numbers))

    def _question(self) -> QWidget:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(GRID)
        for part in (self.clause, self.requirement, self.help, self.findings, self.earlier):
            column.addWidget(part)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        return scroll

    def _ratings(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        short = {
            "compliant": self.tr("Conforms"),
            "observation": self.tr("Observation"),
            "minor": self.tr("Minor"),
            "major": self.tr("Major"),
            "not_applicable": self.tr("N/A"),
        }
        for key, (code, grade) in enumerate(words.RATING_GRADES.items(), start=1):
            made = button((short[code], lambda code=code: self.rated.emit(code)))  # type: ignore[misc]
            made.setIcon(icons.grade_icon(grade))
            made.setIconSize(QSize(16, 16))
            made.setCheckable(True)
            made.setAutoDefault(False)
            made.setAccessibleName(words.word(code))
            made.setToolTip(f"{words.word(code)} ({key})")
            self._group.addButton(made)
            self.rating_buttons[code] = made
            row.addWidget(made, 1)
        return row

    def _steps(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.finding_button = button((self.tr("New finding"), lambda: None))
        self.finding_button.setToolTip(self.tr("New finding from this item (N)"))
        self.join_button = button((self.tr("Join"), lambda: None))
        self.join_button.setToolTip(self.tr("Join this item to a finding (J)"))
        self.previous_button = button((self.tr("Previous"), lambda: None))
        self.previous_button.setToolTip(self.tr("Previous unanswered item (Shift+Enter)"))
        self.next_button = button((self.tr("Next"), lambda: None), "main")
        self.next_button.setToolTip(self.tr("Next unanswered item (Enter)"))
        row.addWidget(self.finding_button)
        row.addWidget(self.join_button)
        row.addStretch()
        row.addWidget(self.previous_button)
        row.addWidget(self.next_button)
        return row


class _EarlierPanel(QFrame):
    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "panel")
        self._column = QVBoxLayout(self)
        self._column.addWidget(label(self.tr("Found here before"), "heading"))
        self._lines: list[QLabel] = []
        self.hide()

    def show_findings(self, found: list[Earlier]) -> None:
        for old in self._lines:
            old.deleteLater()
        self._lines = [
            label(
                f"{one.number} · {words.word(one.severity)} · {words.word(one.status)} · "
                f"{one.audit}\n{one.statement}",
                wrap=True,
            )
            for one in found
        ]
        for line in self._lines:
            self._column.addWidget(line)
        self.setVisible(bool(found))
