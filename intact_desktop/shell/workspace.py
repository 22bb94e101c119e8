"""One audit: its pages as tabs, and the ways between them."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QTabWidget, QVBoxLayout, QWidget
from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core.errors import Place
from intact_core.records.audits import AuditSchedule
from intact_core.records.catalogue import TYPES
from intact_core.records.clients import Client
from intact_desktop.features.checklist.page import ChecklistPage
from intact_desktop.features.documentation.page import DocumentationPage
from intact_desktop.features.evidence.intake import GetCamera
from intact_desktop.features.evidence.page import EvidencePage
from intact_desktop.features.evidence.panel import EvidencePanel
from intact_desktop.features.findings.page import FindingsPage
from intact_desktop.features.overview.page import OverviewPage
from intact_desktop.features.report.page import ReportPage
from intact_desktop.qt.notices import EmptyState, label
from intact_desktop.qt.page import AuditPage
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench
from intact_desktop.store.gaps import Gap, gaps


class Workspace(QWidget):
    """Made once; `open_audit` turns all pages to another audit."""

    def __init__(self, bench: Workbench, camera: GetCamera) -> None:
        super().__init__()
        self._bench = bench
        self.audit_id: UUID | None = None
        self._missing_at = -1
        self.title = label("", "heading")
        self.overview = OverviewPage(bench)
        self.panel = EvidencePanel(bench, camera)
        self.checklist = ChecklistPage(bench, self.panel)
        self.findings = FindingsPage(bench)
        self.evidence = EvidencePage(bench, camera)
        self.documentation = DocumentationPage(bench)
        self.report = ReportPage(bench)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for page, name in (
            (self.overview, self.tr("Overview")),
            (self.checklist, self.tr("Checklist")),
            (self.findings, self.tr("Findings")),
            (self.evidence, self.tr("Evidence")),
            (self.documentation, self.tr("Documentation")),
            (self.report, self.tr("Report")),
        ):
            self.tabs.addTab(page, name)
        self._nothing = EmptyState(
            self.tr("No audit is open"),
            self.tr("Choose one in My audits."),
            icon="clipboard-text",
        )
        row = QHBoxLayout()
        row.setContentsMargins(3 * GRID, GRID, 3 * GRID, 0)
        row.addWidget(self.title)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.tabs, 1)
        column.addWidget(self._nothing, 1)
        self.tabs.hide()
        self._connect()

    @property
    def pages(self) -> tuple[AuditPage, ...]:
        return (
            self.overview,
            self.checklist,
            self.findings,
            self.evidence,
            self.documentation,
            self.report,
        )

    def open_audit(self, audit_id: UUID) -> None:
        """Turn to an audit; only the page in sight reads at once."""
        self.audit_id = audit_id
        self._missing_at = -1
        self._nothing.hide()
        self.tabs.show()
        for page in (*self.pages, self.panel):
            page.open_audit(audit_id)
        self._bench.ask(lambda s: _title(s, audit_id), self.title.setText, owner=self)

    def go_to(self, audit_id: UUID, place: Place) -> None:
        """Show a record of an audit, and the field named."""
        if audit_id != self.audit_id:
            self.open_audit(audit_id)
        page = self._page_of(place.type)
        self.tabs.setCurrentWidget(page)
        if page.is_ready:
            page.go_to(place)
        else:
            once = Qt.ConnectionType(
                Qt.ConnectionType.QueuedConnection.value
                | Qt.ConnectionType.SingleShotConnection.value
            )
            page.ready.connect(partial(page.go_to, place), once)

    def next_missing(self, step: int = 1) -> None:
        """Go to the next thing that is missing before the report."""
        audit_id, tenant_id = self.audit_id, self._bench.tenant_id
        if audit_id is not None:
            self._bench.ask(
                lambda s: gaps(s, tenant_id, audit_id),
                partial(self._show_missing, step),
                owner=self,
            )

    def _page_of(self, type_: str) -> AuditPage:
        return {
            "audit_checklists": self.checklist,
            "non_conformities": self.findings,
            "audit_evidence": self.evidence,
            "audit_documentation": self.documentation,
            "audit_recommendations": self.documentation,
            "audit_reports": self.report,
            "signatures": self.report,
        }.get(type_, self.overview)

    def _connect(self) -> None:
        checklist = self.checklist
        # The keys of a page work at once, without a click into it first.
        self.tabs.currentChanged.connect(lambda _: self.tabs.currentWidget().setFocus())
        checklist.item_shown.connect(self.panel.show_item)
        checklist.finding_wanted.connect(self._start_finding)
        checklist.join_wanted.connect(self.findings.choose_to_join)
        checklist.files_wanted.connect(self.panel.intake.choose)
        checklist.camera_wanted.connect(self.panel.intake.open_camera)
        checklist.paste_wanted.connect(self.panel.intake.paste)
        self.panel.piece_wanted.connect(self._show_piece)
        self._key("F8", self.next_missing)
        self._key("Shift+F8", partial(self.next_missing, -1))

    def _key(self, key: str, act: Callable[[], None]) -> None:
        shortcut = QShortcut(QKeySequence(key), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(act)

    def _start_finding(self, item_id: UUID) -> None:
        self.findings.start(item_id)
        self.tabs.setCurrentWidget(self.findings)

    def _show_piece(self, evidence_id: UUID) -> None:
        if self.audit_id is not None:
            self.go_to(self.audit_id, Place("audit_evidence", evidence_id))

    def _show_missing(self, step: int, missing: list[Gap]) -> None:
        if not missing:
            self._bench.tell(self.tr("Nothing is missing."))
            return
        start = 0 if step > 0 else len(missing) - 1
        at = start if self._missing_at < 0 else self._missing_at + step
        self._missing_at = at % len(missing)
        gap = missing[self._missing_at]
        self._bench.tell(gap.words)
        self._bench.show_place(gap.place)


def audit_of(session: Session, place: Place) -> UUID | None:
    """The audit that a record belongs to."""
    spec = TYPES.get(place.type)
    if spec is None or spec.scope.kind != "audit":
        return None
    column = spec.table.columns[spec.scope.column]
    query = select(column).where(spec.table.columns["id"] == place.id)
    return session.scalar(query)


def _title(session: Session, audit_id: UUID) -> str:
    query = (
        select(Client.legal_name, AuditSchedule.audit_number)
        .join(Client, Client.id == AuditSchedule.client_id)
        .where(AuditSchedule.id == audit_id)
    )
    return " · ".join(session.execute(query).one())
