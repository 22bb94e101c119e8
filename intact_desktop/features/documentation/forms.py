"""The three forms as data: questions, texts, and what each depends on."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication


@dataclass(frozen=True)
class Question:
    """One field. It is shown while the flag named in `needs` has the value in `when`."""

    field: str
    words: str
    hint: str = ""
    needs: str = ""
    when: bool = True


def _tr(text: str) -> str:
    return QCoreApplication.translate("documentation", text)


def organisation() -> list[Question]:
    return [
        Question("has_org_changes", _tr("Has the organisation changed since the last audit?")),
        Question(
            "org_changes_details",
            _tr("What changed"),
            _tr("Structure, sites, people, processes, number of staff"),
            "has_org_changes",
        ),
        Question(
            "changes_affect_scope",
            _tr("Do the changes affect the scope?"),
            needs="has_org_changes",
        ),
        Question("scope_impact_details", _tr("How they do"), needs="changes_affect_scope"),
    ]


def plan_review() -> list[Question]:
    return [
        Question("plan_reviewed", _tr("Was the audit plan reviewed?")),
        Question("plan_adequate", _tr("Was the plan adequate?"), needs="plan_reviewed"),
        Question(
            "plan_changes_required",
            _tr("What had to change, and why"),
            needs="plan_adequate",
            when=False,
        ),
        Question(
            "team_qualified", _tr("Was the team qualified for this audit?"), needs="plan_reviewed"
        ),
        Question("qualification_notes", _tr("Notes on the team"), needs="plan_reviewed"),
        Question("plan_approved", _tr("Is the plan approved?"), needs="plan_reviewed"),
    ]


def summary() -> list[Question]:
    return [
        Question(
            "key_findings_summary",
            _tr("Summary of the key findings"),
            _tr("Strengths, weaknesses, and what they mean"),
        ),
        Question(
            "system_effectiveness",
            _tr("Conformity and effectiveness of the system"),
            _tr("With internal audit and management review"),
        ),
        Question("audit_objectives_met", _tr("Were the objectives of the audit met?")),
        Question("outstanding_issues", _tr("Issues left open")),
        Question("diverging_opinions", _tr("Opinions that differ between team and client")),
        Question("ict_use", _tr("Remote means used, and how well they served")),
        Question("summary_completed", _tr("Is the summary complete?")),
    ]
