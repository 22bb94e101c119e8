"""The report: built in the background, read in the window, signed on the spot."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from intact_core.documents.audit_report import ReportCancelled
from intact_core.errors import IntactError
from intact_desktop.features.report import actions, queries
from intact_desktop.features.report.actions import Copy, Draft
from intact_desktop.features.report.dialogs import DrawDialog, PassphraseDialog
from intact_desktop.features.report.queries import Frozen, Standing
from intact_desktop.features.report.steps import ReportSteps
from intact_desktop.qt.notices import EmptyState
from intact_desktop.qt.page import AuditPage
from intact_desktop.qt.pdf_view import PdfView
from intact_desktop.qt.progress import ProgressLine
from intact_desktop.qt.tasks import Task
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench
from intact_desktop.store.gaps import Gap, gaps
from intact_desktop.vault import vault
from intact_desktop.vault.vault import Opening, Unlocked

T = TypeVar("T")
_WIDTHS = (340, 720)


class ReportPage(AuditPage):
    """`built` and `signed` carry the Draft, `kept` the id of the report that was stored."""

    built = Signal(object)
    signed = Signal(object)
    kept = Signal(object)
    saved = Signal(str)

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self.draft: Draft | None = None
        self.standing: Standing | None = None
        self._copy: Copy | None = None
        self._unlocked: Unlocked | None = None
        self.steps = ReportSteps()
        self.build_button, self.sign_button = self.steps.build_button, self.steps.sign_button
        self.client_button, self.save_button = self.steps.client_button, self.steps.save_button
        self.progress = ProgressLine()
        self.pdf = PdfView()
        self.sign_dialog: PassphraseDialog | None = None
        self.client_dialog: DrawDialog | None = None
        self._shown = QStackedWidget()
        self._shown.addWidget(
            EmptyState(
                self.tr("The report is not built yet"),
                self.tr("Fill in what is missing, then build it."),
                icon="file-text",
            )
        )
        self._shown.addWidget(self.pdf)
        self._arrange()
        self._connect()

    def reload(self) -> None:
        audit_id, bench = self.audit_id, self.bench
        if audit_id is not None:
            bench.ask(
                lambda s: (
                    queries.standing(s, bench.user_id, audit_id),
                    gaps(s, bench.tenant_id, audit_id),
                ),
                lambda read: self._show(*read),
                owner=self,
            )

    def leave(self) -> None:
        super().leave()
        self.draft, self._copy, self._unlocked = None, None, None
        self._shown.setCurrentIndex(0)

    def build(self) -> None:
        """Freeze the audit and render it."""
        audit_id, standing = self.audit_id, self.standing
        if audit_id is None or standing is None:
            return
        signing = self.steps.signing(standing.my_name)
        server = self.bench.opened.account.server
        self.build_button.setEnabled(False)
        self.bench.ask(
            lambda s: queries.frozen(s, audit_id, signing, server), self._render, self._failed, self
        )

    def sign(self) -> None:
        """Ask for the passphrase, then sign as the lead."""
        draft, audit_id, tenant_id = self.draft, self.audit_id, self.bench.tenant_id
        if draft is None or audit_id is None:
            return
        self.bench.ask(
            lambda s: actions.check_ready(s, tenant_id, audit_id),
            lambda _: self._ask_passphrase(draft),
            self._failed,
            self,
        )

    def client_signs(self) -> None:
        """Let the client's representative draw a signature."""
        draft = self.draft
        if draft is None or len(draft.snapshot.expected_signers) < 2:
            return
        self.client_dialog = DrawDialog(draft.snapshot.expected_signers[1], self)
        self.client_dialog.signed.connect(self._seal)
        self.client_dialog.open()

    def save_copy(self, target: Path) -> None:
        """Write the signed report and its manifest where the user wants them."""
        copy = self._copy
        if copy is not None:
            self._work(
                lambda: actions.write_copy(copy, target), lambda _: self.saved.emit(str(target))
            )

    def _arrange(self) -> None:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, GRID, 0, 0)
        column.addWidget(self.progress)
        column.addWidget(self._shown, 1)
        split = QSplitter()
        split.addWidget(self.steps)
        split.addWidget(right)
        split.setSizes(list(_WIDTHS))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(split)

    def _connect(self) -> None:
        self.build_button.clicked.connect(self.build)
        self.sign_button.clicked.connect(self.sign)
        self.client_button.clicked.connect(self.client_signs)
        self.save_button.clicked.connect(self._choose_copy)
        self.steps.jump.connect(self.bench.show_place)
        self.progress.cancel.clicked.connect(self._stopped)

    def _show(self, standing: Standing, missing: list[Gap]) -> None:
        self.standing = standing
        self.steps.show_client(standing.client_name, standing.client_role)
        self.steps.show_missing([] if standing.reports else missing)
        if standing.reports:
            self._show_signed(standing)
        self._set_buttons()
        self.loaded()

    def _show_signed(self, standing: Standing) -> None:
        newest = standing.reports[0]
        self.steps.say_signed(newest)
        audit_id = self.audit_id
        if audit_id is None or self._copy is not None or not newest.is_here:
            return
        self.bench.ask(
            lambda s: Copy(
                self.bench.files.read(audit_id, newest.sha256),
                actions.manifest_bytes(s, newest.id),
            ),
            self._show_copy,
            owner=self,
        )

    def _show_copy(self, copy: Copy) -> None:
        self._copy = copy
        self._preview(copy.pdf)
        self._set_buttons()

    def _set_buttons(self) -> None:
        is_signed = self.standing is not None and bool(self.standing.reports)
        draft = self.draft
        self.build_button.setEnabled(not is_signed and not (draft and draft.signed))
        self.build_button.setVisible(not is_signed)
        self.sign_button.setVisible(not is_signed)
        self.sign_button.setEnabled(draft is not None and not draft.signed)
        waits = draft is not None and bool(draft.signed) and not draft.is_complete
        self.client_button.setVisible(waits and not is_signed)
        self.save_button.setVisible(self._copy is not None)
        for one in (self.steps.client_signs, self.steps.client_name, self.steps.client_role):
            one.setEnabled(not is_signed and not (draft and draft.signed))

    def _render(self, read: Frozen) -> None:
        audit_id, files = self.audit_id, self.bench.files
        if audit_id is None:
            return

        def work(task: Task) -> Draft:
            words = self.tr("Building the report")
            return actions.build(
                files,
                audit_id,
                read,
                lambda done, whole: task.step(done, whole, words),
                lambda: task.cancelled,
            )

        task = self.bench.lanes.cpu.run_watched(work, self._built, self._failed, self)
        self.progress.follow(task, self.tr("Building the report"))

    def _stopped(self) -> None:
        self.progress.finish()
        self._set_buttons()

    def _built(self, draft: Draft) -> None:
        self.progress.finish()
        self.draft = draft
        self._preview(draft.pdf)
        self.steps.state.setText(
            self.tr("Built; {n} pages. Read it, then sign.").format(n=self.pdf.page_count)
        )
        self._set_buttons()
        self.built.emit(draft)

    def _preview(self, pdf: bytes) -> None:
        self.pdf.show_pdf(pdf)
        self._shown.setCurrentIndex(1)

    def _ask_passphrase(self, draft: Draft) -> None:
        profile = self.bench.opened.profile
        asks_code = vault.needs_recovery_code(profile)
        self.sign_dialog = PassphraseDialog(draft.snapshot.expected_signers[0], asks_code, self)
        self.sign_dialog.confirmed.connect(self._confirm)
        self.sign_dialog.open()

    def _confirm(self, passphrase: str, code: str) -> None:
        opened, draft = self.bench.opened, self.draft
        if draft is None or self.sign_dialog is None:
            return
        opening = Opening(passphrase, opened.secrets, code or None)

        def work() -> tuple[Unlocked, Draft]:
            unlocked = actions.opened_again(opened.profile, opening)
            signer = actions.signer_of(opened.profile, unlocked)
            return unlocked, actions.sign_as_lead(draft, signer, opened.user_id)

        self.bench.lanes.cpu.run(work, self._lead_signed, self.sign_dialog.show_error, self)

    def _lead_signed(self, done: tuple[Unlocked, Draft]) -> None:
        self._unlocked, draft = done
        if self.sign_dialog is not None:
            self.sign_dialog.accept()
        self._signed(draft)

    def _seal(self, image_png: bytes) -> None:
        draft, opened, unlocked = self.draft, self.bench.opened, self._unlocked
        if draft is None or unlocked is None:
            return
        self._work(
            lambda: actions.sign_as_client(
                draft, actions.signer_of(opened.profile, unlocked), image_png
            ),
            self._signed,
        )

    def _signed(self, draft: Draft) -> None:
        self.draft = draft
        self._preview(draft.pdf)
        self._set_buttons()
        self.signed.emit(draft)
        if draft.is_complete:
            self._store(draft)
        else:
            self.steps.state.setText(
                self.tr("Signed by the lead. It is stored once the client has signed too.")
            )

    def _store(self, draft: Draft) -> None:
        opened, unlocked, files = self.bench.opened, self._unlocked, self.bench.files
        if unlocked is None:
            return

        def work() -> tuple[str, bytes]:
            manifest = actions.manifest_of(
                draft, actions.signer_of(opened.profile, unlocked), opened.tenant_id
            )
            return files.write(draft.audit_id, [draft.pdf]).sha256, manifest

        self._work(work, partial(self._record, draft))

    def _record(self, draft: Draft, written: tuple[str, bytes]) -> None:
        sha256, manifest = written
        self.bench.do(
            partial(actions.keep, draft=draft, sha256=sha256, manifest=manifest),
            partial(self._kept, Copy(draft.pdf, manifest)),
            self._failed,
            self,
        )

    def _kept(self, copy: Copy, report_id: object) -> None:
        self.draft, self._unlocked, self._copy = None, None, copy
        self.outdate()
        self.kept.emit(report_id)

    def _choose_copy(self) -> None:
        name = f"{self.standing.audit_number if self.standing else 'report'}.pdf"
        chosen, _ = QFileDialog.getSaveFileName(self, self.tr("Save a copy"), name, "PDF (*.pdf)")
        if chosen:
            self.save_copy(Path(chosen))

    def _work(self, work: Callable[[], T], on_done: Callable[[T], None]) -> None:
        self.bench.lanes.cpu.run(work, on_done, self._failed, self)

    def _failed(self, error: IntactError) -> None:
        self.progress.finish()
        self._set_buttons()
        if not isinstance(error, ReportCancelled):
            self.bench.tell(error.sentence)
