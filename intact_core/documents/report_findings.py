"""Findings of the audit report: non-conformities first, then observations and opportunities."""

from collections.abc import Sequence
from typing import Any

from reportlab.platypus import CondPageBreak, Flowable, Spacer

from intact_core.documents import words
from intact_core.documents.blocks import Story, grid, label_over, labelled
from intact_core.documents.fonts import BOLD, REGULAR
from intact_core.documents.layout import Contents
from intact_core.documents.marks import RATING_WORDS, draw_mark
from intact_core.documents.photos import PhotoRow, PhotoShelf
from intact_core.documents.report_data import EvidenceFile, Finding, ReportSnapshot
from intact_core.documents.style import (
    BODY,
    INK,
    MUTED,
    SMALL_MUTED,
    TINT,
    WIDTH,
    para,
)
from intact_core.documents.text_lines import shorten

_NONCONFORMITIES = ("major", "minor")


class FindingHead(Flowable):
    """Band over a finding: shape, number, grade, clause; the target of links to it."""

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self.finding = finding

    def getKeepWithNext(self) -> bool:
        return True

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        self.width = width
        return width, 34.0

    def draw(self) -> None:
        canvas, finding = self.canv, self.finding
        canvas.bookmarkHorizontal(f"finding-{finding.number}", 0, 40)
        canvas.addOutlineEntry(
            f"{finding.number}  {RATING_WORDS.get(finding.severity, finding.severity)}",
            f"finding-{finding.number}",
            level=1,
        )
        canvas.setFillColor(TINT)
        canvas.rect(0, 6, self.width, 24, stroke=0, fill=1)
        draw_mark(canvas, finding.severity, 14, 18, 5)
        canvas.setFillColor(INK)
        canvas.setFont(BOLD, 10)
        canvas.drawString(28, 14.5, finding.number)
        self._words(canvas)

    def _words(self, canvas: Any) -> None:
        finding = self.finding
        grade = RATING_WORDS.get(finding.severity, finding.severity)
        canvas.setFont(REGULAR, 8.6)
        canvas.setFillColor(MUTED)
        canvas.drawString(120, 14.5, grade)
        clause = shorten(f"Clause {finding.clause}", REGULAR, 8.6, 150) if finding.clause else ""
        canvas.drawRightString(self.width - 10, 14.5, clause)


def nonconformities(report: ReportSnapshot, contents: Contents, shelf: PhotoShelf) -> Story:
    """Section 2: the register with due dates, then each non-conformity in full."""
    chosen = [f for f in report.findings if f.severity in _NONCONFORMITIES]
    chosen.sort(key=lambda f: f.severity)
    note = words.plural(len(chosen), "non-conformity", "non-conformities")
    story: Story = [contents.heading("nonconformities", "2  Non-conformities", note)]
    if not chosen:
        return [*story, para("No non-conformity was found in the sample examined.", BODY)]
    story += _register(chosen)
    for finding in chosen:
        story += _in_full(report, finding, shelf)
    return story


def other_findings(report: ReportSnapshot, contents: Contents, shelf: PhotoShelf) -> Story:
    """Section 3: observations and opportunities for improvement, which need no response."""
    chosen = [f for f in report.findings if f.severity not in _NONCONFORMITIES]
    story: Story = [
        contents.heading("observations", "3  Observations and opportunities", str(len(chosen)))
    ]
    if not chosen:
        return [*story, para("None were recorded.", BODY)]
    for finding in chosen:
        story += _in_full(report, finding, shelf)
    return story


def _register(findings: Sequence[Finding]) -> Story:
    rows = [
        (f.number, RATING_WORDS[f.severity], f.clause, words.day(f.due_date) or "Not set")
        for f in findings
    ]
    head = ("Number", "Grade", "Clause", "Response due")
    return grid(head, rows, (100, 150, 110, WIDTH - 360))


def _in_full(report: ReportSnapshot, finding: Finding, shelf: PhotoShelf) -> Story:
    shown = _evidence_of(report, finding)
    story: Story = [CondPageBreak(110), Spacer(0, 6), FindingHead(finding)]
    story += labelled("Requirement", finding.requirement)
    story += labelled("Statement", finding.statement)
    story += labelled("Objective evidence", finding.evidence_text)
    if finding.item_refs:
        story += labelled("Checklist items", ", ".join(finding.item_refs))
    story += labelled("Response due", words.day(finding.due_date))
    if shown:
        story.append(label_over("Evidence attached"))
        story += [
            PhotoRow(tuple(shown[i : i + 3]), shelf, 3) for i in range(0, min(len(shown), 6), 3)
        ]
    if len(shown) > 6:
        more = f"{len(shown) - 6} more in the evidence section."
        story.append(para(more, SMALL_MUTED))
    return story


def _evidence_of(report: ReportSnapshot, finding: Finding) -> list[EvidenceFile]:
    wanted = set(finding.evidence_ids)
    return [
        file
        for file in report.evidence
        if file.id in wanted or (file.finding_number and file.finding_number == finding.number)
    ]
