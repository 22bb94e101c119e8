"""The keys of all pages, as the sheet of `?` shows them."""

from collections.abc import Callable

from intact_desktop.qt.key_sheet import KeyHint


def key_hints(tr: Callable[[str], str]) -> list[KeyHint]:
    """Every key with what it does, by group."""
    checklist, evidence = tr("Checklist"), tr("Evidence")
    return [
        KeyHint("1", tr("conforms"), checklist),
        KeyHint("2", tr("observation"), checklist),
        KeyHint("3", tr("minor"), checklist),
        KeyHint("4", tr("major"), checklist),
        KeyHint("5", tr("not applicable"), checklist),
        KeyHint("0", tr("no answer"), checklist),
        KeyHint("Return", tr("next unanswered item"), checklist),
        KeyHint("Shift+Return", tr("previous unanswered item"), checklist),
        KeyHint("N", tr("finding from this item"), checklist),
        KeyHint("J", tr("join this item to a finding"), checklist),
        KeyHint("/", tr("search in this audit"), checklist),
        KeyHint("E", tr("choose files"), evidence),
        KeyHint("Ctrl+V", tr("paste a picture"), evidence),
        KeyHint("C", tr("camera"), evidence),
        KeyHint("Ctrl+PgDown Ctrl+PgUp", tr("next and previous page of the audit"), tr("Audit")),
    ]
