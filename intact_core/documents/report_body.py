"""The audit itself, its documentation and its checklist: sections 4 to 6 of the report."""

from reportlab.platypus import CondPageBreak, Spacer

from intact_core.documents import words
from intact_core.documents.blocks import Story, facts, grid, label_over, labelled
from intact_core.documents.charts import group_bar, group_of, ratings_by_clause
from intact_core.documents.item_rows import item_row
from intact_core.documents.layout import Contents
from intact_core.documents.report_data import ReportSnapshot
from intact_core.documents.report_opening import criteria, kind_of_audit
from intact_core.documents.style import BODY, SUBHEADING, WIDTH, para


def the_audit(report: ReportSnapshot, contents: Contents) -> Story:
    """Section 4: who audited what, where, when, against what, and what differed from the plan."""
    story: Story = [contents.heading("audit", "4  The audit")]
    story += labelled("Objectives", report.objectives)
    story += labelled("Scope of certification", report.scope)
    story += labelled("Units and processes audited", report.processes)
    story += [Spacer(0, 4), *facts(_audit_facts(report))]
    story += _sites(report)
    rows = [(m.name, words.word(m.role, words.ROLES)) for m in report.team]
    if rows:
        story.append(label_over("Audit team and accompanying persons"))
        story += grid(("Name", "Role"), rows, (240, WIDTH - 240))
    story += labelled("Deviations from the plan, and why", report.plan_deviations)
    story += labelled("Significant issues for the audit programme", report.programme_issues)
    story += labelled("Use of information and communication technology", report.ict_use)
    story += labelled("Combined, joint or integrated audit", report.combined_audit)
    return story


def _audit_facts(report: ReportSnapshot) -> list[tuple[str, str]]:
    return [
        ("Criteria", criteria(report)),
        ("Type", kind_of_audit(report)),
        ("Dates", words.days(report.starts_on, report.ends_on)),
        ("Audit time", f"{report.audit_days} days" if report.audit_days else ""),
        ("Client's representative", report.client_representative),
        ("IAF codes", report.iaf_codes),
        ("Headcount", _headcount(report)),
        ("Shifts", report.shifts),
        ("Certification body", "\n".join(p for p in (report.body_name, report.body_address) if p)),
        ("Accreditation", report.body_accreditation),
    ]


def _headcount(report: ReportSnapshot) -> str:
    seen, contracted = report.headcount_seen, report.headcount_contracted
    parts = [
        f"{seen} found" if seen is not None else "",
        f"{contracted} in the contract" if contracted is not None else "",
    ]
    return ", ".join(part for part in parts if part)


def _sites(report: ReportSnapshot) -> Story:
    rows = [
        ("\n".join(p for p in (s.name, s.address) if p), s.kind.capitalize(), s.activities)
        for s in report.sites
    ]
    if not rows:
        return []
    table = grid(("Place", "Kind", "Activities"), rows, (220, 70, WIDTH - 290))
    return [label_over("Places"), *table, *labelled("Sampling of sites", report.sites_sampled)]


def documentation(report: ReportSnapshot, contents: Contents) -> Story:
    """Section 5: changes at the client, review of the plan, conclusions asked for by 9.4.8."""
    story: Story = [contents.heading("documentation", "5  Documentation")]
    story.append(para("Changes at the organisation", SUBHEADING))
    story += facts(
        [
            ("Changes since last audit", words.yes_no(report.has_org_changes)),
            ("They affect the scope", words.yes_no(report.changes_affect_scope)),
        ]
    )
    story += labelled("What changed", report.org_changes_details)
    story += labelled("Effect on the scope", report.scope_impact_details)
    story.append(para("Review of the audit plan", SUBHEADING))
    story += facts(
        [
            ("Plan reviewed", words.yes_no(report.plan_reviewed)),
            ("Plan adequate", words.yes_no(report.plan_adequate)),
            ("Team qualified", words.yes_no(report.team_qualified)),
            ("Plan approved", words.yes_no(report.plan_approved)),
        ]
    )
    story += labelled("Changes to the plan", report.plan_changes_required)
    story += labelled("Notes on qualification", report.qualification_notes)
    return [*story, *_conclusions(report)]


def _conclusions(report: ReportSnapshot) -> Story:
    story: Story = []
    story += labelled("Internal audit and management review", report.internal_audit_and_review)
    story += labelled("Actions on earlier findings", report.earlier_findings)
    story += labelled("Use of certificates and marks", report.marks_control)
    story += labelled("Diverging opinions", report.diverging_opinions)
    return [para("Conclusions", SUBHEADING), *story] if story else []


def checklist(report: ReportSnapshot, contents: Contents) -> Story:
    """Section 6: every item with its rating and note, by main clause."""
    note = words.plural(len(report.items), "question")
    story: Story = [contents.heading("checklist", "6  Checklist", note)]
    if not report.items:
        return [*story, para("No checklist was used in this audit.", BODY)]
    groups = ratings_by_clause(report.items)
    titles = {clause.number: clause.title for clause in report.main_clauses}
    current = None
    for item in report.items:
        group = group_of(item.clause)
        if group != current:
            current = group
            story += [
                CondPageBreak(90),
                Spacer(0, 10),
                group_bar(_group_title(group, titles), groups[group], WIDTH),
            ]
        story.append(item_row(item, WIDTH))
    return story


def _group_title(group: str, titles: dict[str, str]) -> str:
    if group in titles:
        return f"{group}  {titles[group]}"
    if not group:
        return "Without a clause"
    return f"Clause {group}" if group[0].isdigit() else group
