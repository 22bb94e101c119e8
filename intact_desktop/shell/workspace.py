"""One audit: its pages as tabs, and the ways between them."""

from collections.abc import Callable
from functools import cached_property, partial
from typing import TypeVar
from uuid import UUID

from PySide6.QtCore import QSignalBlocker, Qt, Signal
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
from intact_desktop.qt.notices import EmptyState, button, label
from intact_desktop.qt.page import AuditPage
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench
from intact_desktop.store.gaps import Gap, gaps

P = TypeVar("P", bound=AuditPage)
_TABS = ("overview", "checklist", "findings", "evidence", "documentation", "report")


class Workspace(QWidget):
    """`open_audit` turns all pages to another audit. A page is made when it is first gone to.

    `hand_over_wanted` carries the audit and its title.
    """

    hand_over_wanted = Signal(object, str)

    def __init__(self, bench: Workbench, camera: GetCamera) -> None:
        super().__init__()
        self._bench, self._camera = bench, camera
        self.audit_id: UUID | None = None
        self._missing_at = -1
        self.title = label("", "heading")
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for name in (
            self.tr("Overview"),
            self.tr("Checklist"),
            self.tr("Findings"),
            self.tr("Evidence"),
            self.tr("Documentation"),
            self.tr("Report"),
        ):
            self.tabs.addTab(QWidget(), name)
        self._nothing = EmptyState(
            self.tr("No audit is open"),
            self.tr("Choose one in My audits."),
            icon="clipboard-text",
        )
        row = QHBoxLayout()
        row.setContentsMargins(3 * GRID, GRID, 3 * GRID, 0)
        row.addWidget(self.title, 1)
        self.hand_over = button((self.tr("Hand over…"), self._hand_over), "plain")
        self.hand_over.setToolTip(self.tr("Give the unsent work to a colleague, without a server"))
        self.hand_over.hide()
        row.addWidget(self.hand_over)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.tabs, 1)
        column.addWidget(self._nothing, 1)
        self.tabs.hide()
        # The keys of a page work at once, without a click into it first.
        self.tabs.currentChanged.connect(lambda at: self._page(_TABS[at]).setFocus())
        self._key("F8", self.next_missing)
        self._key("Shift+F8", partial(self.next_missing, -1))

    @cached_property
    def overview(self) -> OverviewPage:
        return self._placed("overview", OverviewPage(self._bench))

    @cached_property
    def panel(self) -> EvidencePanel:
        panel = EvidencePanel(self._bench, self._camera)
        panel.piece_wanted.connect(self._show_piece)
        if self.audit_id is not None:
            panel.open_audit(self.audit_id)
        return panel

    @cached_property
    def checklist(self) -> ChecklistPage:
        page, panel = ChecklistPage(self._bench, self.panel), self.panel
        page.item_shown.connect(panel.show_item)
        page.finding_wanted.connect(self._start_finding)
        page.join_wanted.connect(lambda item_id: self.findings.choose_to_join(item_id))
        page.files_wanted.connect(panel.intake.choose)
        page.camera_wanted.connect(panel.intake.open_camera)
        page.paste_wanted.connect(panel.intake.paste)
        return self._placed("checklist", page)

    @cached_property
    def findings(self) -> FindingsPage:
        return self._placed("findings", FindingsPage(self._bench))

    @cached_property
    def evidence(self) -> EvidencePage:
        return self._placed("evidence", EvidencePage(self._bench, self._camera))

    @cached_property
    def documentation(self) -> DocumentationPage:
        return self._placed("documentation", DocumentationPage(self._bench))

    @cached_property
    def report(self) -> ReportPage:
        return self._placed("report", ReportPage(self._bench))

    def open_audit(self, audit_id: UUID) -> None:
        """Turn to an audit; only the page in sight reads at once."""
        self.audit_id = audit_id
        self._missing_at = -1
        self._nothing.hide()
        self.tabs.show()
        self.hand_over.show()
        self._page(_TABS[self.tabs.currentIndex()])
        for name in ("panel", *_TABS):
            if name in vars(self):
                getattr(self, name).open_audit(audit_id)
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
        return self._page(
            {
                "audit_checklists": "checklist",
                "non_conformities": "findings",
                "audit_evidence": "evidence",
                "audit_documentation": "documentation",
                "audit_recommendations": "documentation",
                "audit_reports": "report",
                "report_amendments": "report",
                "signatures": "report",
            }.get(type_, "overview")
        )

    def _page(self, name: str) -> AuditPage:
        page: AuditPage = getattr(self, name)
        return page

    def _placed(self, name: str, page: P) -> P:
        """Put a page that was just made under its tab."""
        if self.audit_id is not None:
            page.open_audit(self.audit_id)
        at, shown = _TABS.index(name), self.tabs.currentIndex()
        blocked = QSignalBlocker(self.tabs)
        words, empty = self.tabs.tabText(at), self.tabs.widget(at)
        if empty is not None:
            empty.deleteLater()
        self.tabs.removeTab(at)
        self.tabs.insertTab(at, page, words)
        self.tabs.setCurrentIndex(shown)
        blocked.unblock()
        return page

    def _key(self, key: str, act: Callable[[], None]) -> None:
        shortcut = QShortcut(QKeySequence(key), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(act)

    def _hand_over(self) -> None:
        self.hand_over_wanted.emit(self.audit_id, self.title.text())

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
