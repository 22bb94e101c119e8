"""The pages of one audit, wired to each other: what one asks for, another does."""

from collections.abc import Callable
from uuid import UUID

from intact_desktop.features.checklist.page import ChecklistPage
from intact_desktop.features.documentation.page import DocumentationPage
from intact_desktop.features.evidence.intake import GetCamera
from intact_desktop.features.evidence.page import EvidencePage
from intact_desktop.features.evidence.panel import EvidencePanel
from intact_desktop.features.findings.page import FindingsPage
from intact_desktop.features.overview.page import OverviewPage
from intact_desktop.features.report.page import ReportPage
from intact_desktop.qt.page import AuditPage
from intact_desktop.qt.workbench import Workbench
from intact_desktop.shell.workspace import Tab, Workspace


class Rooms:
    """Makes the workspace of audits for one unlocked profile."""

    def __init__(self, bench: Workbench, camera: GetCamera, tr: Callable[[str], str]) -> None:
        self._bench = bench
        self._camera = camera
        self.workspace = Workspace(
            [
                Tab(
                    "overview",
                    tr("Overview"),
                    lambda: OverviewPage(bench),
                    ("audit_schedules", "audit_attendances", "audit_teams"),
                ),
                Tab("checklist", tr("Checklist"), self._checklist, ("audit_checklists",)),
                Tab("findings", tr("Findings"), self._findings, ("non_conformities",)),
                Tab("evidence", tr("Evidence"), self._evidence, ("audit_evidence",)),
                Tab(
                    "documentation",
                    tr("Documentation"),
                    lambda: DocumentationPage(bench),
                    ("audit_documentation", "audit_recommendations"),
                ),
                Tab("report", tr("Report"), lambda: ReportPage(bench), ("audit_reports",)),
            ]
        )

    def _findings(self) -> AuditPage:
        page = FindingsPage(self._bench)
        page.started.connect(lambda _: self.workspace.open_tab("findings"))
        return page

    def _evidence(self) -> AuditPage:
        return EvidencePage(self._bench, self._camera)

    def _checklist(self) -> AuditPage:
        panel = EvidencePanel(self._bench, self._camera)
        page = _Checklist(self._bench, panel)
        page.item_shown.connect(panel.show_item)
        page.finding_wanted.connect(self._start_finding)
        page.join_wanted.connect(self._join_finding)
        page.files_wanted.connect(panel.intake.drop_area.choose)
        page.camera_wanted.connect(panel.intake.open_camera)
        page.paste_wanted.connect(panel.intake.drop_area.paste)
        panel.piece_wanted.connect(self._show_piece)
        return page

    def _start_finding(self, item_id: UUID) -> None:
        page = self.workspace.open_tab("findings")
        if isinstance(page, FindingsPage):
            page.start(item_id)

    def _join_finding(self, item_id: UUID) -> None:
        page = self.workspace.page("findings")
        if isinstance(page, FindingsPage):
            page.choose_to_join(item_id)

    def _show_piece(self, evidence_id: UUID) -> None:
        page = self.workspace.open_tab("evidence")
        if isinstance(page, EvidencePage):
            page.show_piece(evidence_id)


class _Checklist(ChecklistPage):
    """The checklist with the evidence of the item beside it."""

    def __init__(self, bench: Workbench, panel: EvidencePanel) -> None:
        super().__init__(bench, panel)
        self.panel = panel

    def open_audit(self, audit_id: UUID) -> None:
        self.panel.open_audit(audit_id)
        super().open_audit(audit_id)
