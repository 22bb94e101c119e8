"""A signed report: who signed, what the check of the file says, and a copy of it."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from intact_core.documents.verification_data import Verification
from intact_desktop.features.report.queries import SignedReport
from intact_desktop.qt import icons, theme, words
from intact_desktop.qt.notices import button, label
from intact_desktop.qt.theme import GRID, Grade


class SignedView(QWidget):
    """Public: `verdict`, `steps`, `save_button`, `amend_button`."""

    def __init__(self) -> None:
        super().__init__()
        self.title = label("", "title")
        self.signatures = label("", wrap=True)
        self.verdict = label("", "heading", wrap=True)
        self.steps = QListWidget()
        self.steps.setAccessibleName(self.tr("Steps of the check"))
        self.steps.setWordWrap(True)
        self.steps.setIconSize(QSize(16, 16))
        self.steps.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.save_button = button((self.tr("Save a copy…"), lambda: None), "main")
        self.amend_button = button((self.tr("Amend…"), lambda: None))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        for part in (self.title, self.signatures, self.verdict):
            column.addWidget(part)
        column.addWidget(self.steps, 1)
        row = QHBoxLayout()
        row.addWidget(self.amend_button, 1)
        row.addWidget(self.save_button, 1)
        column.addLayout(row)

    def show_report(self, report: SignedReport, *, may_amend: bool) -> None:
        """Who signed; the check follows."""
        self.amend_button.setVisible(may_amend)
        self.title.setText(self.tr("Report, version {n}").format(n=report.version))
        how = {"pades": self.tr("signed with the device's key"), "drawn": self.tr("drawn by hand")}
        self.signatures.setText(
            "\n".join(
                f"{one.name}, {one.role}: {how.get(one.kind, one.kind)}, {words.moment(one.at)}"
                for one in report.signatures
            )
        )

    def show_check(self, verification: Verification) -> None:
        """Each step of the check, and the verdict."""
        self.verdict.setText(verification.verdict.sentence)
        self.steps.clear()
        for step in verification.steps:
            item = QListWidgetItem(_mark(step.ok), step.sentence, self.steps)
            spoken = {True: self.tr("passed"), False: self.tr("failed"), None: self.tr("not made")}
            item.setToolTip(step.sentence)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{spoken[step.ok]}: {step.sentence}")


def _mark(ok: bool | None) -> QIcon:
    if ok is False:
        return icons.icon("x", theme.colours().error)
    return icons.grade_icon(Grade.CONFORMS if ok else Grade.NOT_APPLICABLE)
