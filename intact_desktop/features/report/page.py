"""The report: what is missing, build, look, sign, check."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QSplitter, QStackedWidget, QVBoxLayout, QWidget
from sqlalchemy.orm import Session

from intact_core.documents.verification_data import Verification
from intact_core.errors import IntactError, RuleBroken
from intact_desktop.features.report import actions, contents, loading, queries
from intact_desktop.features.report.actions import Built, Frozen, Sealed
from intact_desktop.features.report.amend_dialog import AmendDialog
from intact_desktop.features.report.loading import Paper
from intact_desktop.features.report.queries import ReportState, SignedReport
from intact_desktop.features.report.sign_dialog import SignDialog
from intact_desktop.features.report.signed_view import SignedView
from intact_desktop.features.report.signing_flow import SigningFlow
from intact_desktop.features.report.unsigned_view import UnsignedView
from intact_desktop.qt.notices import Banner, EmptyState
from intact_desktop.qt.page import AuditPage
from intact_desktop.qt.pdf_view import PdfView
from intact_desktop.qt.progress import ProgressLine
from intact_desktop.qt.tasks import Task
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench

_WIDTHS = (400, 880)


class ReportPage(AuditPage):
    """`built` follows Build, `signed` carries the report's id once it is kept, `checked` the
    Verification of the signed file."""

    built = Signal()
    signed = Signal(object)
    checked = Signal(object)

    def __init__(self, bench: Workbench, load: Callable[[], Paper] = loading.load) -> None:
        super().__init__(bench)
        self._load = load
        self._built: Built | None = None
        self._task: Task | None = None
        self._shown: str | None = None
        self._pdf, self._manifest = b"", b""
        self.state: ReportState | None = None
        self.amend_dialog: AmendDialog | None = None
        self.unsigned_view = UnsignedView()
        self.signers = self.unsigned_view.signers
        self.missing_list = self.unsigned_view.missing_list
        self.build_button = self.unsigned_view.build_button
        self.sign_button = self.unsigned_view.sign_button
        self.signed_view = SignedView()
        self.progress = ProgressLine()
        self.notice = Banner()
        self.pdf = PdfView()
        self.flow = SigningFlow(bench, load, self)
        self._lay_out()
        self._connect()
        self._enable()

    @property
    def sign_dialog(self) -> SignDialog | None:
        """The dialog, while a signature is being made."""
        return self.flow.dialog

    def reload(self) -> None:
        audit_id, built = self.audit_id, self._built
        if audit_id is None:
            return

        def read(session: Session) -> tuple[ReportState, bool]:
            return queries.state(session, audit_id), _differs(session, built)

        self.bench.ask(read, partial(self._show, audit_id), owner=self)

    def leave(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self.flow.stop()
        self._over()
        self._built, self._shown, self.state = None, None, None
        self._pdf, self._manifest = b"", b""
        self.signers.clear()
        self.notice.hide()
        self._right.setCurrentIndex(0)
        self._enable()

    def build(self) -> None:
        """Freeze the audit and render its report in the background."""
        audit_id, signers = self.audit_id, self.signers.signers
        if audit_id is None or self._task is not None:
            return
        if self.signers.lacking:
            self.notice.say(self.signers.lacking)
            return
        self.notice.hide()
        self.bench.ask(
            lambda session: actions.freeze(session, audit_id, signers),
            partial(self._render, audit_id),
            self._refused,
            self,
        )

    def sign(self) -> None:
        """Ask the rules, then the lead's passphrase, then the client's hand."""
        if self._built is not None:
            self.flow.start(self._built)

    def amend(self) -> None:
        """Ask why, then let what was signed be corrected in another version."""
        report = self.state.signed if self.state else None
        if report is None:
            return
        self.amend_dialog = AmendDialog(report.version, self)
        self.amend_dialog.chosen.connect(partial(self._amend, report.id))
        self.amend_dialog.open()

    def _amend(self, report_id: UUID, reason: str) -> None:
        said = self.tr("What was signed may be corrected now. Then build the next version.")

        def done(_: None) -> None:
            self._shown = None
            self._right.setCurrentIndex(0)
            self.bench.tell(said)
            self.outdate()

        action = partial(actions.amend, report_id=report_id, reason=reason)
        self.bench.do(action, done, self._refused, self)

    def save(self) -> None:
        """Ask where a copy of the report goes."""
        name = f"{self.state.audit_number}.pdf" if self.state else "report.pdf"
        dialog = QFileDialog(self, self.tr("Save a copy"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(self.tr("PDF files (*.pdf)"))
        dialog.selectFile(name)
        dialog.fileSelected.connect(self.save_to)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save_to(self, path: str) -> None:
        """Write a copy of the report that is shown."""
        said = self.tr("A copy is at {path}, with its manifest beside it.").format(path=path)
        pdf, manifest = self._pdf, self._manifest
        self.bench.lanes.cpu.run(
            lambda: self._load().save(path, pdf, manifest),
            lambda _: self.bench.tell(said),
            self._refused,
            self,
        )

    def _lay_out(self) -> None:
        self._left, self._right = QStackedWidget(), QStackedWidget()
        self._left.addWidget(self.unsigned_view)
        self._left.addWidget(self.signed_view)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self._left, 1)
        column.addWidget(self.progress)
        column.addWidget(self.notice)
        sentence = self.tr("Build it as often as you like: nothing is kept until it is signed.")
        empty = EmptyState(self.tr("The report is not built yet"), sentence, None, "file-text")
        self._right.addWidget(empty)
        self._right.addWidget(self.pdf)
        split = QSplitter()
        split.addWidget(side)
        split.addWidget(self._right)
        split.setSizes(list(_WIDTHS))
        split.setStretchFactor(1, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(split)

    def _connect(self) -> None:
        self.unsigned_view.place_wanted.connect(self.bench.show_place)
        self.signers.changed.connect(self._out_of_date)
        self.build_button.clicked.connect(self.build)
        self.sign_button.clicked.connect(self.sign)
        self.signed_view.save_button.clicked.connect(self.save)
        self.signed_view.amend_button.clicked.connect(self.amend)
        self.progress.cancel.clicked.connect(self._stopped)
        self.flow.kept.connect(self._kept)
        self.flow.refused.connect(self._refused)

    def _show(self, audit_id: UUID, read: tuple[ReportState, bool]) -> None:
        if audit_id != self.audit_id:
            return
        self.state, differs = read
        self._left.setCurrentIndex(0 if self.state.signed is None else 1)
        if self.state.signed is None:
            self.unsigned_view.show_state(self.state)
        else:
            self._show_signed(audit_id, self.state)
        if differs:
            self._out_of_date()
        self._enable()
        self.loaded()

    def _show_signed(self, audit_id: UUID, state: ReportState) -> None:
        report = state.signed
        if report is None:
            return
        self.signed_view.show_report(report, may_amend=state.may_amend)
        if self._shown == report.sha256:
            return
        self._shown = report.sha256
        self._manifest = actions.manifest_bytes(report.manifest) if report.manifest else b""
        manifest = self._manifest or None
        files, profile = self.bench.files, self.bench.opened.profile

        def check() -> tuple[bytes, Verification]:
            pdf = files.read(audit_id, report.sha256)
            return pdf, self._load().verify(profile, pdf, manifest)

        self.bench.lanes.cpu.run(check, partial(self._checked, report), self._not_here, self)

    def _checked(self, report: SignedReport, found: tuple[bytes, Verification]) -> None:
        if self._shown != report.sha256:
            return
        self._show_pdf(found[0])
        self.signed_view.show_check(found[1])
        self.checked.emit(found[1])

    def _not_here(self, error: IntactError) -> None:
        self._shown = None
        self._refused(error)

    def _render(self, audit_id: UUID, frozen: Frozen) -> None:
        if audit_id != self.audit_id or self._task is not None:
            return
        said, files = self.tr("Building the report"), self.bench.files

        def work(task: Task) -> Built:
            paper = self._load()
            try:
                return paper.build(
                    files,
                    frozen,
                    lambda done, total: task.step(done, total, said),
                    lambda: task.cancelled,
                )
            except IntactError:
                task.check()
                raise

        self._task = self.bench.lanes.cpu.run_watched(work, self._have, self._refused, self)
        self.progress.follow(self._task, said)
        self._enable()

    def _have(self, built: Built) -> None:
        self._over()
        self._built = built
        self._show_pdf(built.pdf)
        if built.unseen:
            names = ", ".join(built.unseen[:4]) + ("…" if len(built.unseen) > 4 else "")
            sentence = self.tr("Kept as evidence, with a placeholder in the report: {}")
            self.notice.say(sentence.format(names))
        self._enable()
        self.built.emit()

    def _kept(self, sealed: Sealed, report_id: UUID) -> None:
        self._built, self._shown, self._manifest = None, sealed.sha256, sealed.manifest
        self._show_pdf(sealed.pdf)
        self.signed_view.show_check(sealed.verification)
        self.notice.hide()
        self.outdate()
        self.signed.emit(report_id)
        self.checked.emit(sealed.verification)

    def _show_pdf(self, pdf: bytes) -> None:
        self._pdf = pdf
        try:
            self.pdf.show_pdf(pdf)
        except IntactError as error:
            self._refused(error)
            return
        self._right.setCurrentIndex(1)

    def _over(self) -> None:
        self.progress.finish()
        self._task = None

    def _stopped(self) -> None:
        self._over()
        self._enable()

    def _out_of_date(self) -> None:
        if self._built is not None:
            self._built = None
            sentence = self.tr("Something changed since it was built. Build it again to sign it.")
            self.notice.say(sentence)
        self._enable()

    def _enable(self) -> None:
        lead = self.state is not None and self.state.is_lead
        self.build_button.setEnabled(self.state is not None and self._task is None)
        can_sign = lead and self._built is not None and self._task is None
        self.unsigned_view.show_next(can_sign=can_sign)

    def _refused(self, error: IntactError) -> None:
        self._over()
        self._enable()
        place = error.place if isinstance(error, RuleBroken) else None
        go = (self.tr("Go there"), lambda: self.bench.show_place(place)) if place else None
        self.notice.say(error.sentence, go)


def _differs(session: Session, built: Built | None) -> bool:
    if built is None:
        return False
    frozen = built.frozen
    return contents.snapshot(session, frozen.audit_id, frozen.terms) != frozen.snapshot
