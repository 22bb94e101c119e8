"""Differences and merges of texts: nothing that anybody wrote is lost, at any place."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact_core.sync import texts
from intact_core.sync.texts import Part, differences, merge, undecided

BASE = "Two gauges were seen in the hall. Both had labels."
MINE = "Two gauges were seen in the hall. One had no label."
THEIRS = "Three gauges were seen in hall A. Both had labels."

WORDS = st.sampled_from(["gauge", "7.5.3", "G-17", "the", "a", ".", ",", "\n", " ", "’", "é", "⟦"])
TEXTS = st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=20)


def joined(merged, side: str) -> str:
    return "".join(getattr(piece, side) for piece in merged.pieces)


@given(TEXTS, TEXTS)
def test_differences_hold_both_texts(older: str, newer: str) -> None:
    found = list(differences(older, newer))
    assert "".join(text for part, text in found if part is not Part.GONE) == newer
    assert "".join(text for part, text in found if part is not Part.ADDED) == older
    assert (older == newer) == all(part is Part.SAME for part, _ in found)


@given(TEXTS, TEXTS, TEXTS)
def test_a_merge_holds_all_three_texts(base: str, mine: str, theirs: str) -> None:
    merged = merge(base, mine, theirs)
    assert joined(merged, "base") == base
    assert joined(merged, "mine") == mine
    assert joined(merged, "theirs") == theirs


@given(TEXTS, TEXTS, TEXTS)
def test_no_word_that_somebody_added_is_lost(base: str, mine: str, theirs: str) -> None:
    merged = counted(merge(base, mine, theirs).text("A", "B"))
    for side in (mine, theirs):
        assert not counted(side) - counted(base) - merged


def counted(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


@given(TEXTS, TEXTS)
def test_merging_with_what_did_not_change(base: str, mine: str) -> None:
    for merged in (merge(base, mine, base), merge(base, base, mine), merge(base, mine, mine)):
        assert merged.clashes == 0
        assert merged.text("A", "B").split() == mine.split()
    assert merge(base, base, base).text("A", "B") == base


@given(TEXTS, TEXTS, TEXTS)
def test_it_does_not_matter_who_came_first(base: str, mine: str, theirs: str) -> None:
    one, other = merge(base, mine, theirs), merge(base, theirs, mine)
    assert one.clashes == other.clashes
    if not one.clashes:
        assert one.text("A", "B").split() == other.text("A", "B").split()


def test_words_are_marked_and_not_letters() -> None:
    found = list(differences("Clause 7.5.3 at G-17.", "Clause 7.5.4 at G-17."))
    assert found == [
        (Part.SAME, "Clause"),
        (Part.GONE, " 7.5.3"),
        (Part.ADDED, " 7.5.4"),
        (Part.SAME, " at G-17."),
    ]


def test_a_text_that_goes_on_changes_no_word_before() -> None:
    assert list(differences("Two gauges", "Two gauges and a scale")) == [
        (Part.SAME, "Two gauges"),
        (Part.ADDED, " and a scale"),
    ]


def test_changes_of_different_places_come_together() -> None:
    merged = merge(BASE, MINE, THEIRS)
    assert merged.clashes == 0
    assert merged.text("A", "B") == "Three gauges were seen in hall A. One had no label."
    assert not undecided(merged.text("A", "B"), MINE, THEIRS)


def test_what_both_changed_is_marked_with_both_names() -> None:
    theirs = "Three gauges were seen here, no labels."
    merged = merge("Two gauges were seen here.", "Four gauges were seen here.", theirs)
    text = merged.text("Anna", "Tom")
    assert text == "⟦Anna: Four⟧ ⟦Tom: Three⟧ gauges were seen here, no labels."
    assert merged.clashes == 1
    assert undecided(text, "Four gauges here.")
    assert not undecided("⟦ stays", "⟦ was there before")


def test_a_clash_takes_in_what_stands_beside_it() -> None:
    base = "He did not know when they were calibrated."
    merged = merge(base, "He found a card: calibrated in March.", base.replace("when", "by whom"))
    text = merged.text("A", "B")
    assert text == (
        "He ⟦A: found a card: calibrated in March⟧ ⟦B: did not know by whom they were calibrated⟧."
    )


def test_a_removal_that_meets_a_change_is_shown_as_one() -> None:
    merged = merge("Keep the label here.", "Keep here.", "Keep the red label here.")
    assert "⟦A: –⟧" in merged.text("A", "B") or "red" in merged.text("A", "B")
    assert "red" in merged.text("A", "B")


@pytest.mark.parametrize("limit", [texts._MOST_PAIRS, 400])
def test_long_texts_lose_nothing(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(texts, "_MOST_PAIRS", limit)
    lines = [f"Line {n} of the note says what was seen at press {n}." for n in range(60)]
    base = "\n".join(lines)
    mine = base.replace("press 5.", "press 5, guard open.")
    theirs = base.replace("Line 50 of the note", "Line 50 of my note") + "\nEnd."
    merged = merge(base, mine, theirs)
    assert merged.clashes == 0
    text = merged.text("A", "B")
    assert "press 5, guard open." in text
    assert "Line 50 of my note" in text
    assert text.endswith("\nEnd.")
    found = list(differences(base, mine))
    assert sum(part is not Part.SAME for part, _ in found) <= 2
