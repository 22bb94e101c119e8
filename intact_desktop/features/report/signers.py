"""Who will sign the report, as what, and with what meaning."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from intact_core.documents.report_data import ExpectedSigner
from intact_desktop.features.report.actions import CLIENT, LEAD
from intact_desktop.features.report.queries import ReportState
from intact_desktop.qt.notices import label
from intact_desktop.qt.theme import GRID


class SignersForm(QWidget):
    """`changed` says that a report built before has other signers than are wanted now."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.lead_name = label("")
        self.lead_meaning = _meanings(
            self.tr("What my signature means"),
            self.tr("I am the author of this report and responsible for what it says."),
            self.tr("I have reviewed this report and approve it."),
        )
        self.client_signs = QCheckBox(self.tr("The client signs here, by hand"))
        self.client_signs.setChecked(True)
        self.client_name = _line(self.tr("Name of the client's representative"))
        self.client_role = _line(self.tr("Role of the client's representative"))
        self.client_meaning = _meanings(
            self.tr("What the client's signature means"),
            self.tr("I have received this report and its findings were explained to me."),
            self.tr("I have received this report; I do not agree with all of it."),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(label(self.tr("Signatures"), "heading"))
        column.addWidget(self.lead_name)
        column.addWidget(self.lead_meaning)
        column.addWidget(self.client_signs)
        column.addWidget(self._client())
        self._connect()

    def show_people(self, state: ReportState) -> None:
        """The lead's name, and the client's contact where nobody was named yet."""
        words = self.tr("{name}, lead auditor, with the key of this laptop")
        self.lead_name.setText(words.format(name=state.my_name))
        self._name = state.my_name
        if not self.client_name.text():
            self.client_name.setText(state.contact_name)
            self.client_role.setText(state.contact_role)

    def clear(self) -> None:
        """Forget the client's representative: another audit is shown."""
        self.client_name.clear()
        self.client_role.clear()

    @property
    def signers(self) -> tuple[ExpectedSigner, ...]:
        """Those who will sign, in their order."""
        role = self.tr("Lead auditor")
        lead = ExpectedSigner(LEAD, self._name, role, self.lead_meaning.currentText().strip())
        if not self.client_signs.isChecked():
            return (lead,)
        return (
            lead,
            ExpectedSigner(
                CLIENT,
                self.client_name.text().strip(),
                self.client_role.text().strip(),
                self.client_meaning.currentText().strip(),
            ),
        )

    @property
    def lacking(self) -> str:
        """What has to be filled in before a report can be built, in a sentence; else empty."""
        for signer in self.signers:
            if not signer.name:
                return self.tr("Say who signs for the client, or let the lead sign alone.")
            if not signer.meaning:
                return self.tr("Say what each signature means.")
        return ""

    def _client(self) -> QWidget:
        part = QWidget()
        form = QFormLayout(part)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(self.tr("Name"), self.client_name)
        form.addRow(self.tr("Role"), self.client_role)
        form.addRow(self.tr("Meaning"), self.client_meaning)
        self.client_signs.toggled.connect(part.setVisible)
        return part

    def _connect(self) -> None:
        self._name = ""
        self.client_signs.toggled.connect(self.changed)
        for line in (self.client_name, self.client_role):
            line.textEdited.connect(self.changed)
        for combo in (self.lead_meaning, self.client_meaning):
            combo.currentTextChanged.connect(self.changed)


def _line(name: str) -> QLineEdit:
    made = QLineEdit()
    made.setAccessibleName(name)
    return made


def _meanings(name: str, *texts: str) -> QComboBox:
    made = QComboBox()
    made.setEditable(True)
    made.addItems(texts)
    made.setAccessibleName(name)
    made.setToolTip(name)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    line = made.lineEdit()
    if line is not None:
        line.setCursorPosition(0)
    return made
