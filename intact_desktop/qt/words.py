"""Codes, dates and numbers as people read them, in the user's language."""

from datetime import date, datetime

from PySide6.QtCore import QCoreApplication, QDate, QLocale

from intact_core import clock
from intact_desktop.qt.theme import Grade

RATING_GRADES = {
    "compliant": Grade.CONFORMS,
    "observation": Grade.OBSERVATION,
    "minor": Grade.MINOR,
    "major": Grade.MAJOR,
    "not_applicable": Grade.NOT_APPLICABLE,
}
"""The mark of each rating, in the order of the keys 1 to 5."""

_LONG_AGO = 48 * 60


def _tr(text: str) -> str:
    return QCoreApplication.translate("words", text)


def word(code: str | None) -> str:
    """A code of the records in words."""
    if not code:
        return ""
    known = {
        "compliant": _tr("Conforms"),
        "not_applicable": _tr("Not applicable"),
        "opportunity": _tr("Opportunity for improvement"),
        "stage1": _tr("Stage 1"),
        "stage2": _tr("Stage 2"),
        "client_review": _tr("With the client"),
        "submitted_to_cb": _tr("With the certification body"),
        "draft": _tr("On site"),
        "certify": _tr("Certify"),
        "certify_conditions": _tr("Certify with conditions"),
        "deny": _tr("Do not certify"),
    }
    return known.get(code) or code.replace("_", " ").capitalize()


def grade_of(code: str) -> Grade:
    """The mark of a rating or of a finding's severity."""
    return RATING_GRADES.get(code, Grade.OBSERVATION)


def day(value: date | None) -> str:
    """A date as the locale writes it."""
    if value is None:
        return ""
    shown = QDate(value.year, value.month, value.day)
    return QLocale().toString(shown, "d MMM yyyy")


def days(first: date | None, last: date | None) -> str:
    """A range of days; what both have in common is said once."""
    if first is None or last is None or first == last:
        return day(first or last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(last)}"
    return f"{day(first)} – {day(last)}"


def moment(value: datetime | None) -> str:
    """A moment on this computer's clock: today only the time."""
    if value is None:
        return ""
    local = value.astimezone()
    clock_time = f"{local:%H:%M}"
    if local.date() == clock.now().astimezone().date():
        return clock_time
    return f"{day(local.date())} {clock_time}"


def age(value: datetime | None) -> str:
    """How long ago: "3 min", "2 h", "4 days"."""
    if value is None:
        return ""
    minutes = max(0, int((clock.now() - value).total_seconds() // 60))
    if minutes < 1:
        return _tr("less than a minute")
    if minutes < 60:
        return _tr("{} min").format(minutes)
    if minutes < _LONG_AGO:
        return _tr("{} h").format(minutes // 60)
    return _tr("{} days").format(minutes // (24 * 60))


def size(count: int) -> str:
    """Bytes as people read them."""
    return QLocale().formattedDataSize(count, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def count(number: int, one: str, many: str) -> str:
    """A number with its noun; both forms come translated."""
    return f"{QLocale().toString(number)} {one if number == 1 else many}"
