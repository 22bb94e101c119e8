"""A conflict in sentences, and values with their differences marked."""

import html
from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication

from intact_core.sync.texts import Merged, Part, Piece, differences
from intact_desktop.features.conflicts.queries import ConflictRow, Field, Side
from intact_desktop.qt import theme, words
from intact_desktop.qt.record_words import value_words


def _tr(text: str) -> str:
    return QCoreApplication.translate("conflicts", text)


def who(side: Side) -> str:
    """Whose side it is, inside a sentence."""
    if side.is_mine:
        return _tr("you")
    if side.is_me:
        return _tr("you, on another computer,")
    return side.by or _tr("somebody")


def head(row: ConflictRow, side: Side) -> str:
    """The heading of a side: whose, who, when; in words that do without colour."""
    named = side.by or _tr("on the server")
    if side.is_mine:
        named = _tr("Mine: {name}").format(name=named)
    elif side.is_me:
        named = _tr("Mine, on another computer: {name}").format(name=named)
    elif row.first.is_mine:
        named = _tr("Theirs: {name}").format(name=named)
    at = f"{named}, {words.moment(side.at)}" if side.at else named
    if row.kind != "delete_edit":
        return at
    does = _tr("{who} · removed it") if side.removes else _tr("{who} · changed it")
    return does.format(who=at)


def kind_words(row: ConflictRow) -> str:
    """What happened, that nothing is lost, and what counts until somebody chooses."""
    if row.kind == "delete_edit":
        gone, other = (row.first, row.second) if row.first.removes else (row.second, row.first)
        said = _tr(
            "{who} removed this while {other} changed it. It is still there, with the "
            "change, until somebody chooses."
        )
        return _sentence(said.format(who=who(gone), other=who(other)))
    if row.kind == "possible_duplicate":
        said = _tr(
            "Two records have the same number, {number}. Both are kept and nothing was "
            "overwritten. Give one of them another number, or say why both may keep it."
        )
        number = next((v for k, v in row.first.values.items() if k.endswith("_number")), "")
        return said.format(number=number)
    said = (
        _tr("{who} and {other} moved this on in two ways that do not fit together. Both are kept.")
        if row.kind == "state"
        else _tr(
            "{who} and {other} changed this without seeing each other's version. Both are kept."
        )
    )
    both = _sentence(said.format(who=who(row.first), other=who(row.second)))
    return f"{both} {_counts(row.counts)}"


def choice_words(row: ConflictRow, side: Side) -> str:
    """What a button says that takes this side; its key is marked."""
    if row.kind == "possible_duplicate":
        return _tr("&Leave both as they are")
    if row.kind == "delete_edit":
        return _tr("&Remove it") if side.removes else _tr("&Keep it")
    if side.is_mine:
        return _tr("Use &mine")
    if row.first.is_mine:
        return _tr("Use &theirs")
    name = (side.by or _tr("the server")).replace("&", "&&")
    said = _tr("Use what &1 {name} wrote") if side is row.first else _tr("Use what &2 {name} wrote")
    return said.format(name=name)


def names(row: ConflictRow) -> tuple[str, str]:
    """How the two sides are called inside a merged text."""
    first, second = (side.by or _tr("Server") for side in (row.first, row.second))
    return (first, second) if first != second else (f"{first} 1", f"{second} 2")


def marked_html(field: Field, base: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """A side's value as rich text: what it changed is marked, what it left is pale."""
    if field.name not in values:
        return _pale(f"<i>{html.escape(_tr('unchanged'))}</i>")
    new = value_words(field.kind, values.get(field.name))
    old = value_words(field.kind, base.get(field.name))
    if not new:
        nothing = f"<i>{html.escape(_tr('nothing'))}</i>"
        return f"{_piece(Part.GONE, old)} {nothing}" if old else _pale(nothing)
    if new == old:
        return _pale(_escaped(new))
    if field.kind != "text" or not old:
        return _piece(Part.ADDED, new) if old else _escaped(new)
    return _changes_html(old, new)


def plain_html(field: Field, values: Mapping[str, Any]) -> str:
    """A value as it is."""
    new = value_words(field.kind, values.get(field.name))
    return _escaped(new) if new else _pale(f"<i>{html.escape(_tr('nothing'))}</i>")


def merged_html(merged: Merged, mine: str, theirs: str) -> str:
    """A proposed text: what either changed is underlined, what clashes stands out with names."""
    return "".join(_together(piece, mine, theirs) for piece in merged.pieces)


def has_marks(fields: Iterable[Field]) -> bool:
    """Whether there is anything whose marks need a word of explanation."""
    return any(one.kind == "text" for one in fields)


def _changes_html(old: str, new: str) -> str:
    shown, before = [], Part.SAME
    for part, text in differences(old, new):
        # What is gone and what took its place must not run into one word.
        apart = before is Part.GONE and part is Part.ADDED and not text[:1].isspace()
        shown.append((" " if apart else "") + _piece(part, text))
        before = part
    return "".join(shown)


def _together(piece: Piece, mine: str, theirs: str) -> str:
    if piece.base == piece.mine == piece.theirs:
        return _escaped(piece.text)
    if not piece.is_clash:
        return _piece(Part.ADDED, piece.text)
    chosen = theme.colours()
    style = f"background-color:{chosen.notice}; color:{chosen.on_notice}"
    text = Merged((piece,)).text(mine, theirs)
    gap = " " if text[:1].isspace() else ""
    return f'{gap}<span style="{style}">{_escaped(text.strip())}</span>'


def _counts(side: Side) -> str:
    if side.is_mine:
        return _tr("Until somebody chooses, everybody sees your version.")
    said = _tr("Until somebody chooses, everybody sees the version of {name}.")
    return said.format(name=side.by) if side.by else _tr("Until then the server's version counts.")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _piece(part: Part, text: str) -> str:
    chosen = theme.colours()
    if part is Part.ADDED:
        style = f"background-color:{chosen.selection}; text-decoration:underline"
    elif part is Part.GONE:
        style = f"color:{chosen.muted}; text-decoration:line-through"
    else:
        return _escaped(text)
    words_ = text.lstrip()
    gap = _escaped(text[: len(text) - len(words_)])
    return f'{gap}<span style="{style}">{_escaped(words_)}</span>'


def _pale(inner: str) -> str:
    return f'<span style="color:{theme.colours().muted}">{inner}</span>'


def _escaped(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
