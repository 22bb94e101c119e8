"""Codes, dates and sizes as people read them in a document."""

from datetime import date, datetime

AUDIT_TYPES = {
    "initial": "Initial certification audit",
    "surveillance": "Surveillance audit",
    "recertification": "Recertification audit",
    "special": "Special audit",
    "transfer": "Transfer audit",
}
AUDIT_STAGES = {
    "stage1": "Stage 1",
    "stage_1": "Stage 1",
    "stage2": "Stage 2",
    "stage_2": "Stage 2",
}
RECOMMENDATIONS = {
    "certify": "Certification is recommended",
    "certify_conditions": "Certification is recommended, with follow-up",
    "deny": "Certification is not recommended",
}
ROLES = {
    "lead": "Lead auditor",
    "lead_auditor": "Lead auditor",
    "auditor": "Auditor",
    "technical_expert": "Technical expert",
    "observer": "Observer",
    "interpreter": "Interpreter",
    "trainee": "Auditor in training",
}


def word(code: str, known: dict[str, str]) -> str:
    """The words for a code; an unknown one is shown as it is written."""
    return known.get(code) or code.replace("_", " ").strip().capitalize()


def day(value: date | None) -> str:
    """5 March 2026, or nothing."""
    return f"{value.day} {value:%B %Y}" if value else ""


def days(first: date | None, last: date | None) -> str:
    """A range of days without saying anything twice."""
    if first is None or last is None or first == last:
        return day(first or last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(last)}"
    return f"{day(first)} – {day(last)}"


def moment(value: datetime | None) -> str:
    """5 March 2026, 14:05 UTC, or nothing; the value is in UTC."""
    return f"{day(value)}, {value:%H:%M} UTC" if value else ""


def yes_no(value: bool | None) -> str:
    """Yes, No, or that nothing was stated."""
    return "Not stated" if value is None else ("Yes" if value else "No")


def size(count: int) -> str:
    """A number of bytes as people read it: 12 KB, 3.4 MB (powers of 1000)."""
    if count < 1000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count / 1000:.0f} KB"
    return f"{count / 1_000_000:.1f} MB"


def plural(count: int, one: str, many: str = "") -> str:
    """1 photo, 2 photos."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def grouped(digits: str, group: int = 8) -> str:
    """A long hexadecimal number in groups that can be compared by eye."""
    return " ".join(digits[i : i + group] for i in range(0, len(digits), group))
