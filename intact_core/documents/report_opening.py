"""Cover and summary of the audit report: what a reader needs before anything else."""

from collections import Counter

from reportlab.platypus import CondPageBreak, Spacer

from intact_core.documents import words
from intact_core.documents.blocks import Story, facts, label_over, labelled
from intact_core.documents.charts import rating_chart, ratings_by_clause
from intact_core.documents.cover_band import CoverBand
from intact_core.documents.layout import Contents, ContentsArea
from intact_core.documents.marks import GradeStrip
from intact_core.documents.report_data import ReportSnapshot, Standard
from intact_core.documents.style import (
    BODY,
    HEADLINE,
    LABEL,
    LEAD,
    NOTE,
    WIDTH,
    para,
)

_SEVERITIES = ("major", "minor", "concern", "observation", "opportunity")
_LONGEST_CHART = 36


def kind_of_audit(report: ReportSnapshot) -> str:
    """Type and stage in words."""
    parts = (
        words.word(report.audit_type, words.AUDIT_TYPES),
        words.word(report.audit_stage, words.AUDIT_STAGES),
    )
    return ", ".join(part for part in parts if part)


def criteria(report: ReportSnapshot) -> str:
    """The standards with their editions, one a line."""
    return "\n".join(_criterion(standard) for standard in report.standards)


def _criterion(standard: Standard) -> str:
    code = f"{standard.code}:{standard.version}".rstrip(":")
    if standard.name.startswith(standard.code):
        return f"{standard.name} ({standard.version})" if standard.version else standard.name
    return f"{code}  {standard.name}".strip()


def _amends(report: ReportSnapshot) -> str:
    if report.amends is None:
        return ""
    before = report.amends
    return f"Version {before.version}: {before.reason}\nSHA-256 {before.sha256}"


def cover(report: ReportSnapshot, contents: Contents) -> Story:
    """The first page: whose audit, by whom, when, and the contents."""
    rows = [
        ("Client", "\n".join(p for p in (report.client_name, report.client_address) if p)),
        ("Criteria", criteria(report)),
        ("Audit", kind_of_audit(report)),
        ("Dates", words.days(report.starts_on, report.ends_on)),
        ("Audit number", report.audit_number),
        ("Contract", report.contract_number),
        ("Report", f"Version {report.report_version}, {words.moment(report.prepared_at)}"),
        ("Amends", _amends(report)),
    ]
    return [
        CoverBand(report.body_name, "Audit report", report.client_name),
        Spacer(0, 30),
        *facts(rows),
        Spacer(0, 22),
        para("Contents", LABEL),
        ContentsArea(contents),
    ]


def summary(report: ReportSnapshot, contents: Contents) -> Story:
    """Recommendation, findings counted, conclusions, and the ratings by clause."""
    counts = Counter(finding.severity for finding in report.findings)
    story: Story = [contents.heading("summary", "1  Summary")]
    if report.recommendation:
        story += [
            para(words.word(report.recommendation, words.RECOMMENDATIONS), HEADLINE),
            Spacer(0, 4),
            para(report.justification, LEAD),
        ]
    story += labelled("Conditions, followed up by the certification body", report.conditions)
    shown = [s for s in _SEVERITIES if counts[s] or s != "concern"]
    story += [Spacer(0, 6), GradeStrip([(s, counts[s]) for s in shown], WIDTH), Spacer(0, 8)]
    story += labelled("Key findings", report.key_findings_summary)
    story += labelled("Effectiveness of the management system", report.system_effectiveness)
    story += facts(
        [
            ("Audit objectives met", words.yes_no(report.audit_objectives_met)),
            ("Scope appropriate", words.yes_no(report.scope_appropriate)),
            ("Stage 2 planned for", words.day(report.stage_2_date)),
            ("Next audit", report.next_audit),
        ]
    )
    story += labelled("Unresolved issues", report.outstanding_issues)
    return [*story, *_ratings(report)]


def _ratings(report: ReportSnapshot) -> Story:
    if not report.items:
        return [para("No checklist was used in this audit.", NOTE)]
    titles = {clause.number: clause.title for clause in report.main_clauses}
    ratings = ratings_by_clause(report.items)
    groups = [
        (clause or "Other", titles.get(clause, ""), counts)
        for clause, counts in list(ratings.items())[:_LONGEST_CHART]
    ]
    more = len(ratings) - len(groups)
    tail = [para(f"{more} more in section 6.", NOTE)] if more else []
    rated = sum(1 for item in report.items if item.rating)
    return [
        CondPageBreak(60 + 17 * len(groups)),
        label_over("Ratings by clause"),
        para(f"{rated:,} of {words.plural(len(report.items), 'question')} rated.", BODY),
        rating_chart(groups, WIDTH),
        *tail,
    ]
