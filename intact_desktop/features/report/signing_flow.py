"""From the button to the kept report: rules, passphrase, the client's hand, the record."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from intact_core.errors import IntactError, RuleBroken
from intact_desktop.features.report import actions, queries
from intact_desktop.features.report.actions import CLIENT, LEAD, Built, HalfSigned, Sealed
from intact_desktop.features.report.loading import Paper
from intact_desktop.features.report.sign_dialog import SignDialog
from intact_desktop.qt.workbench import Workbench
from intact_desktop.vault.vault import Opening


class SigningFlow(QObject):
    """`kept` carries the Sealed report and its id; `refused` the error that ended it."""

    kept = Signal(object, object)
    refused = Signal(object)

    def __init__(self, bench: Workbench, load: Callable[[], Paper], parent: QWidget) -> None:
        super().__init__(parent)
        self._bench, self._load, self._window = bench, load, parent
        self.dialog: SignDialog | None = None

    def start(self, built: Built) -> None:
        """Ask the rules, then show the dialog."""
        audit_id = built.frozen.audit_id
        self._bench.ask(
            lambda session: queries.refusal(session, audit_id),
            partial(self._open, built),
            self.refused.emit,
            self,
        )

    def stop(self) -> None:
        """Another audit is shown: nothing was kept, nothing has to be undone."""
        if self.dialog is not None:
            self.dialog.reject()

    def _open(self, built: Built, problem: RuleBroken | None) -> None:
        lead = built.signer(LEAD)
        if problem is not None or lead is None:
            self.refused.emit(problem)
            return
        needs_code = self._bench.opened.secrets is None
        dialog = SignDialog(lead, built.signer(CLIENT), needs_code, self._window)
        dialog.lead_signs.connect(partial(self._lead_signs, dialog, built))
        dialog.finished.connect(self._closed)
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()

    def _closed(self) -> None:
        self.dialog = None

    def _lead_signs(self, dialog: SignDialog, built: Built, passphrase: str, code: str) -> None:
        opened = self._bench.opened
        opening = Opening(passphrase, opened.secrets, code or None)
        self._bench.lanes.cpu.run(
            lambda: self._load().lead_signs(opened.profile, opening, built),
            partial(self._half_signed, dialog),
            dialog.show_error,
            dialog,
        )

    def _half_signed(self, dialog: SignDialog, half: HalfSigned) -> None:
        if half.built.signer(CLIENT) is None:
            self._finish(dialog, half, None)
            return
        dialog.client_signs.connect(partial(self._finish, dialog, half))
        dialog.ask_client()

    def _finish(self, dialog: SignDialog, half: HalfSigned, drawn: bytes | None) -> None:
        bench = self._bench
        bench.lanes.cpu.run(
            lambda: self._load().finish(
                bench.opened.profile, bench.files, half, drawn, bench.tenant_id
            ),
            partial(self._keep, dialog),
            dialog.show_error,
            dialog,
        )

    def _keep(self, dialog: SignDialog, sealed: Sealed) -> None:
        self._bench.do(
            lambda session: actions.record(session, sealed),
            partial(self._kept, dialog, sealed),
            partial(self._not_kept, dialog, sealed),
            self._window,
        )

    def _kept(self, dialog: SignDialog, sealed: Sealed, report_id: UUID) -> None:
        dialog.accept()
        self.kept.emit(sealed, report_id)

    def _not_kept(self, dialog: SignDialog, sealed: Sealed, error: IntactError) -> None:
        dialog.release()
        dialog.reject()
        files, audit_id, sha256 = self._bench.files, sealed.frozen.audit_id, sealed.sha256
        self._bench.lanes.cpu.run(lambda: files.remove(audit_id, sha256))
        self.refused.emit(error)
