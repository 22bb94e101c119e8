"""The left side of the report page: what is missing, who signs, and the buttons in order."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from intact_desktop.features.report.queries import ReportRow, Signing
from intact_desktop.qt import icons, theme, words
from intact_desktop.qt.notices import button, label
from intact_desktop.qt.theme import GRID, Grade
from intact_desktop.store.gaps import Gap

_PLACE = Qt.ItemDataRole.UserRole


class ReportSteps(QWidget):
    """The page connects the buttons; `jump` carries the place of something missing."""

    jump = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.missing = QListWidget()
        self.missing.setAccessibleName(self.tr("What is missing"))
        self.missing.setWordWrap(True)
        for signal in (self.missing.itemActivated, self.missing.itemClicked):
            signal.connect(self._jump)
        self.client_signs = QCheckBox(self.tr("The client signs here, on this screen"))
        self.client_signs.setChecked(True)
        self.client_name, self.client_role = QLineEdit(), QLineEdit()
        self.client_name.setAccessibleName(self.tr("Name of the client's representative"))
        self.client_role.setAccessibleName(self.tr("Role of the client's representative"))
        self.client_signs.toggled.connect(self.client_name.setEnabled)
        self.client_signs.toggled.connect(self.client_role.setEnabled)
        self.build_button = button((self.tr("Build the report"), lambda: None), "main")
        self.sign_button = button((self.tr("Sign as lead…"), lambda: None), "main")
        self.client_button = button((self.tr("The client signs…"), lambda: None), "main")
        self.save_button = button((self.tr("Save a copy…"), lambda: None))
        self.state = label("", "muted", wrap=True)
        self._build()

    def signing(self, lead_name: str) -> Signing:
        """Who is to sign, as it stands in the fields now."""
        lead = (lead_name, self.tr("Lead auditor"), self.tr("I am the author of this report."))
        name = self.client_name.text().strip()
        if not self.client_signs.isChecked() or not name:
            return Signing(*lead)
        role = self.client_role.text().strip() or self.tr("For the client")
        return Signing(*lead, name, role, self.tr("I have received and understood this report."))

    def show_client(self, name: str, role: str) -> None:
        """Whom the client sends, where nobody was named by hand."""
        if not self.client_name.text():
            self.client_name.setText(name)
            self.client_role.setText(role)

    def show_missing(self, gaps: list[Gap]) -> None:
        self.missing.clear()
        for gap in gaps:
            icon = icons.icon("circle" if gap.blocks else "circle-dashed", theme.colours().muted)
            item = QListWidgetItem(icon, gap.words)
            item.setData(_PLACE, gap.place)
            self.missing.addItem(item)
        if not gaps:
            mark = icons.grade_icon(Grade.CONFORMS)
            self.missing.addItem(QListWidgetItem(mark, self.tr("Nothing is missing.")))

    def say_signed(self, row: ReportRow) -> None:
        """The report that is signed, and by whom."""
        by = "\n".join(f"{name}, {role}, {words.moment(at)}" for name, role, at in row.signatures)
        self.state.setText(
            self.tr("Version {version} is signed:\n{by}\nSHA-256 {sha}").format(
                version=row.version, by=by, sha=row.sha256
            )
        )

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(label(self.tr("What is missing"), "heading"))
        column.addWidget(self.missing, 1)
        column.addWidget(label(self.tr("Signatures"), "heading"))
        column.addWidget(self.client_signs)
        form = QFormLayout()
        form.addRow(self.tr("Name"), self.client_name)
        form.addRow(self.tr("Role"), self.client_role)
        column.addLayout(form)
        for one in (self.build_button, self.sign_button, self.client_button, self.save_button):
            column.addWidget(one)
        column.addWidget(self.state)

    def _jump(self, item: QListWidgetItem) -> None:
        place = item.data(_PLACE)
        if place is not None:
            self.jump.emit(place)
