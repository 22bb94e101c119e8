"""Two ways to sign: with the passphrase, and by hand on the screen."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from intact_core.documents.report_data import ExpectedSigner
from intact_core.errors import IntactError
from intact_desktop.qt.notices import button, label
from intact_desktop.qt.signature_pad import SignaturePad
from intact_desktop.qt.theme import GRID


class PassphraseDialog(QDialog):
    """Says what the signature means; `confirmed` carries passphrase and recovery code."""

    confirmed = Signal(str, str)

    def __init__(self, signer: ExpectedSigner, asks_code: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Sign the report"))
        self.setMinimumWidth(60 * GRID)
        self.passphrase, self.recovery_code = QLineEdit(), QLineEdit()
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.passphrase.setAccessibleName(self.tr("Passphrase"))
        self.recovery_code.setAccessibleName(self.tr("Recovery code"))
        self.error = label("", "error", wrap=True)
        self.sign_button = button((self.tr("Sign"), self._confirm), "main")
        self.sign_button.setDefault(True)
        form = QFormLayout()
        form.addRow(self.tr("Passphrase"), self.passphrase)
        if asks_code:
            form.addRow(self.tr("Recovery code"), self.recovery_code)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button((self.tr("Cancel"), self.reject)))
        row.addWidget(self.sign_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(label(f"{signer.name}, {signer.role}", "heading"))
        column.addWidget(label(f"“{signer.meaning}”", wrap=True))
        column.addWidget(
            label(
                self.tr(
                    "After this nothing in the audit that the report shows can be changed. Your "
                    "passphrase stands for your signature."
                ),
                "muted",
                wrap=True,
            )
        )
        column.addLayout(form)
        column.addWidget(self.error)
        column.addLayout(row)
        self.passphrase.setFocus()

    def show_error(self, error: IntactError) -> None:
        """The passphrase was not right, or it is too soon to try again."""
        self.sign_button.setEnabled(True)
        self.error.setText(error.sentence)
        self.passphrase.selectAll()
        self.passphrase.setFocus()

    def _confirm(self) -> None:
        self.sign_button.setEnabled(False)
        self.error.setText("")
        self.confirmed.emit(self.passphrase.text(), self.recovery_code.text())


class DrawDialog(QDialog):
    """The client's representative signs by hand; `signed` carries the picture as PNG."""

    signed = Signal(bytes)

    def __init__(self, signer: ExpectedSigner, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("The client signs"))
        self.setMinimumSize(80 * GRID, 45 * GRID)
        self.pad = SignaturePad()
        self.sign_button = button((self.tr("Sign"), self._sign), "main")
        self.sign_button.setEnabled(False)
        self.clear_button = button((self.tr("Clear"), self.pad.clear))
        self.pad.changed.connect(lambda: self.sign_button.setEnabled(self.pad.is_signed))
        row = QHBoxLayout()
        row.addWidget(self.clear_button)
        row.addStretch()
        row.addWidget(button((self.tr("Cancel"), self.reject)))
        row.addWidget(self.sign_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(label(f"{signer.name}, {signer.role}", "title"))
        column.addWidget(label(f"“{signer.meaning}”", wrap=True))
        column.addWidget(self.pad, 1)
        column.addLayout(row)

    def _sign(self) -> None:
        if self.pad.is_signed:
            self.signed.emit(self.pad.png())
            self.accept()
