"""Clause references as data with an edition."""

EDITION = "ISO/IEC 17021-1:2015"

CLAUSES: dict[str, str] = {
    "impartiality": "5.2",
    "competence": "7.1",
    "team": "9.2.2",
    "objection": "9.2.3",
    "application": "9.1.1",
    "application_review": "9.1.2",
    "audit_time": "9.1.4",
    "stage1": "9.3.1.2",
    "stage2": "9.3.1.3",
    "finding_content": "9.4.5.3",
    "finding_not_ofi": "9.4.5.2",
    "response": "9.4.9",
    "verification": "9.4.10",
    "report": "9.4.8",
    "decision": "9.5.1",
    "before_decision": "9.5.2",
    "six_months": "9.5.3.2",
    "certificate": "8.2.2",
    "surveillance": "9.6.2",
    "recertification": "9.6.3",
    "suspension": "9.6.5",
    "complaints": "9.8",
    "records": "9.9",
}
"""Where each rule comes from, by topic."""


def clause(topic: str) -> str:
    """The reference with its edition; empty for a rule of our own."""
    return f"{EDITION}, {CLAUSES[topic]}" if topic else ""
