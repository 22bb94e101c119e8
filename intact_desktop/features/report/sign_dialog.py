"""Signing in two steps: the lead's passphrase, then the client's hand."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from intact_core.documents.report_data import ExpectedSigner
from intact_core.errors import IntactError
from intact_desktop.qt.notices import ErrorPanel, button, label
from intact_desktop.qt.signature_pad import SignaturePad
from intact_desktop.qt.theme import GRID


class SignDialog(QDialog):
    """`lead_signs` carries passphrase and recovery code, `client_signs` the picture (PNG)."""

    lead_signs = Signal(str, str)
    client_signs = Signal(bytes)

    def __init__(
        self, lead: ExpectedSigner, client: ExpectedSigner | None, needs_code: bool, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Sign the report"))
        self.setMinimumWidth(70 * GRID)
        self.passphrase = _secret(self.tr("Passphrase"))
        self.recovery_code = QLineEdit()
        self.recovery_code.setPlaceholderText(self.tr("Recovery code"))
        self.recovery_code.setAccessibleName(self.tr("Recovery code"))
        self.recovery_code.setVisible(needs_code)
        self.pad = SignaturePad()
        self.lead_button = button((self.tr("Sign as lead auditor"), self._lead), "main")
        self.client_button = button((self.tr("Sign and finish"), self._client), "main")
        self.clear_button = button((self.tr("Clear"), self.pad.clear))
        self.cancel_button = button((self.tr("Cancel"), self.reject))
        self.error = ErrorPanel()
        self.waiting = label("", "muted")
        self.steps = QStackedWidget()
        self.steps.addWidget(self._lead_step(lead, client is not None))
        self.steps.addWidget(self._client_step(client))
        self.pad.changed.connect(lambda: self.client_button.setEnabled(self.pad.is_signed))
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.steps, 1)
        column.addWidget(self.error)
        row = QHBoxLayout()
        row.addWidget(self.waiting, 1)
        for one in (self.clear_button, self.cancel_button, self.lead_button, self.client_button):
            row.addWidget(one)
        column.addLayout(row)
        self._show_step(0)

    def ask_client(self) -> None:
        """The lead has signed: hand the laptop over."""
        self.error.hide()
        self._show_step(1)
        self._wait("")

    def show_error(self, error: IntactError) -> None:
        """Say in place what went wrong; the step can be tried again."""
        self._wait("")
        self.error.show_error(error)
        self.passphrase.setFocus()
        self.passphrase.selectAll()

    def release(self) -> None:
        """What was under way has ended: the dialog may be closed again."""
        self._wait("")

    def reject(self) -> None:
        # Closed while the report is sealed, it would be signed and yet not kept.
        if not self.waiting.text():
            super().reject()

    def _show_step(self, step: int) -> None:
        self.steps.setCurrentIndex(step)
        self.lead_button.setVisible(step == 0)
        for one in (self.clear_button, self.client_button):
            one.setVisible(step == 1)
        self.client_button.setEnabled(self.pad.is_signed)
        (self.pad if step else self.passphrase).setFocus()

    def _lead_step(self, lead: ExpectedSigner, client_follows: bool) -> QWidget:
        words = self.tr("{name} signs as {role}.").format(name=lead.name, role=lead.role.lower())
        after = self.tr("Then hand the laptop to the client's representative.")
        step = _column(
            label(self.tr("Your signature"), "title"),
            label(words, wrap=True),
            label(f"“{lead.meaning}”", "heading", wrap=True),
            label(self.tr("Your passphrase is asked again, for this signature alone.")),
            self.passphrase,
            self.recovery_code,
            label(after if client_follows else "", "muted", wrap=True),
        )
        self.passphrase.returnPressed.connect(self.lead_button.click)
        self.recovery_code.returnPressed.connect(self.lead_button.click)
        return step

    def _client_step(self, client: ExpectedSigner | None) -> QWidget:
        if client is None:
            return QWidget()
        who = ", ".join(part for part in (client.name, client.role) if part)
        note = self.tr(
            "Sign with mouse, finger or pen. Name, meaning and time are sealed into the report "
            "with the signature. Until then nothing is kept."
        )
        return _column(
            label(self.tr("The client's signature"), "title"),
            label(who, wrap=True),
            label(f"“{client.meaning}”", "heading", wrap=True),
            self.pad,
            label(note, "muted", wrap=True),
        )

    def _lead(self) -> None:
        if not self.passphrase.text():
            self.passphrase.setFocus()
            return
        self._wait(self.tr("Signing…"))
        self.lead_signs.emit(self.passphrase.text(), self.recovery_code.text())

    def _client(self) -> None:
        if self.pad.is_signed:
            self._wait(self.tr("Sealing and checking…"))
            self.client_signs.emit(self.pad.png())

    def _wait(self, words: str) -> None:
        self.waiting.setText(words)
        if words:
            self.error.hide()
        for one in (self.lead_button, self.client_button, self.clear_button, self.cancel_button):
            one.setEnabled(not words)
        if not words:
            self.client_button.setEnabled(self.pad.is_signed)


def _secret(name: str) -> QLineEdit:
    made = QLineEdit()
    made.setEchoMode(QLineEdit.EchoMode.Password)
    made.setAccessibleName(name)
    made.setPlaceholderText(name)
    return made


def _column(*parts: QWidget) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GRID)
    for part in parts:
        column.addWidget(part)
    column.addStretch()
    return made
