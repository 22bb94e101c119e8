"""One finding: grade, requirement, statement, evidence; what is missing stands in place."""

from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from intact_desktop.features.findings.queries import FindingRow
from intact_desktop.qt import icons, words
from intact_desktop.qt.autosave import AutosaveLine, AutosaveText
from intact_desktop.qt.notices import button, label
from intact_desktop.qt.theme import GRID

_TEXTS = ("requirement_reference", "description", "evidence")


class FindingEditor(QWidget):
    """`written` carries a field and its text, `graded` a severity, `voided` a reason."""

    written = Signal(str, str)
    graded = Signal(str)
    voided = Signal(str)
    item_wanted = Signal(object)
    parted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.finding: FindingRow | None = None
        self.number = label("", "title")
        self.status = label("", "muted")
        self.grade = QComboBox()
        self.grade.setMinimumWidth(26 * GRID)
        self.grade.setAccessibleName(self.tr("Grade"))
        self.grade.activated.connect(lambda _: self.graded.emit(self.grade.currentData()))
        self.clause = AutosaveLine(self.tr("Clause"))
        self.clause.setMaximumWidth(16 * GRID)
        self.clause.kept.connect(lambda text: self.written.emit("clause", text))
        self.meaning = label("", "muted", wrap=True)
        self.requirement = AutosaveText(
            self.tr("Requirement"), self.tr("The one requirement that is not fulfilled")
        )
        self.statement = AutosaveText(
            self.tr("Statement"), self.tr("What is wrong, so that everybody understands it")
        )
        self.evidence = AutosaveText(
            self.tr("Objective evidence"), self.tr("Records, places, dates and people seen")
        )
        self._missing: dict[str, QLabel] = {}
        self._items = QVBoxLayout()
        self.void_button = button((self.tr("Void…"), self._ask_void))
        self._build()

    @property
    def texts(self) -> dict[str, AutosaveText]:
        """The three texts by the names of their fields."""
        return dict(zip(_TEXTS, (self.requirement, self.statement, self.evidence), strict=True))

    def show_finding(self, row: FindingRow, *, is_stage1: bool) -> None:
        """Show a finding; what is typed for the one before is handed over first."""
        turn = self.finding is None or self.finding.id != row.id
        values = (row.requirement, row.statement, row.evidence)
        for text, value in zip(self.texts.values(), values, strict=True):
            text.turn_to(value) if turn else text.load(value)
        self.clause.turn_to(row.clause) if turn else self.clause.load(row.clause)
        self.finding = row
        self.number.setText(row.number)
        self.status.setText(words.word(row.status))
        self._show_grade(row, is_stage1)
        self._show_missing(row)
        self._show_items(row)
        is_open = row.status == "open"
        self.void_button.setVisible(is_open)
        self.setEnabled(row.status != "void")

    def flush(self) -> None:
        """Hand over what is being typed."""
        for text in self.texts.values():
            text.flush()
        self.clause.flush()

    def _build(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        top = QHBoxLayout()
        top.addWidget(self.number)
        top.addWidget(self.status)
        top.addStretch()
        column.addLayout(top)
        column.addLayout(self._head())
        column.addWidget(self.meaning)
        names = (self.tr("Requirement"), self.tr("Statement"), self.tr("Objective evidence"))
        for (field, text), name in zip(self.texts.items(), names, strict=True):
            column.addLayout(self._heading(field, name))
            text.setMinimumHeight(8 * GRID)
            text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
            text.kept.connect(lambda value, field=field: self.written.emit(field, value))
            column.addWidget(text, 1 if field == "requirement_reference" else 2)
        column.addWidget(label(self.tr("Items behind it"), "heading"))
        column.addLayout(self._items)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(self.grade)
        row.addWidget(label(self.tr("Clause"), "muted"))
        row.addWidget(self.clause)
        row.addStretch()
        row.addWidget(self.void_button)
        return row

    def _heading(self, field: str, name: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(label(name, "heading"))
        self._missing[field] = label(self.tr("– still missing"), "muted")
        row.addWidget(self._missing[field])
        row.addStretch()
        return row

    def _show_grade(self, row: FindingRow, is_stage1: bool) -> None:
        graded = () if is_stage1 else ("major", "minor")
        self.grade.clear()
        for code in (*graded, "observation", "opportunity"):
            self.grade.addItem(icons.grade_icon(words.grade_of(code)), words.word(code), code)
        self.grade.setCurrentIndex(self.grade.findData(row.severity))
        self.meaning.setText(self._meaning(row.severity, row.due_date))

    def _meaning(self, severity: str, due: date | None) -> str:
        if severity == "major":
            words_ = self.tr(
                "The client answers by {day}. The action is verified before a certificate can be "
                "granted, at the latest six months after the last day of the audit."
            )
        elif severity == "minor":
            words_ = self.tr(
                "The client answers by {day}. The plan is accepted before a certificate can be "
                "granted; the action is verified at the next audit."
            )
        else:
            return self.tr("The client need not answer. It stands in the report.")
        return words_.format(day=words.day(due) or "–")

    def _show_missing(self, row: FindingRow) -> None:
        for field, mark in self._missing.items():
            mark.setVisible(field in row.missing)

    def _show_items(self, row: FindingRow) -> None:
        while (old := self._items.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.deleteLater()
        for item in row.items:
            self._items.addWidget(self._item_line(item.clause, item.requirement, item.id))
        if not row.items:
            self._items.addWidget(label(self.tr("none yet: press J at an item"), "muted"))
        if row.files:
            self._items.addWidget(
                label(self.tr("{n} piece(s) of evidence").format(n=row.files), "muted")
            )

    def _item_line(self, clause: str, requirement: str, item_id: object) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        text = requirement if len(requirement) <= 90 else requirement[:90] + "…"
        go: QPushButton = button(
            (f"{clause}  {text}", lambda: self.item_wanted.emit(item_id)), "plain"
        )
        off = button((self.tr("Part"), lambda: self.parted.emit(item_id)), "plain")
        off.setAccessibleName(self.tr("Take {} away from this finding").format(clause))
        go.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        go.setStyleSheet("text-align: left;")
        go.setToolTip(requirement)
        row.addWidget(go, 1)
        row.addWidget(off)
        return line

    def _ask_void(self) -> None:
        if self.finding is None:
            return
        reason, said = QInputDialog.getText(
            self,
            self.tr("Void {}").format(self.finding.number),
            self.tr("It stays in the audit with its number. Why is it void?"),
        )
        if said:
            self.voided.emit(reason)
