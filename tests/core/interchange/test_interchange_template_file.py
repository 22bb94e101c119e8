"""Template files, and the one for ISO 9001:2015 that the product ships."""

import json
from collections import Counter
from typing import Any

import pytest

from intact_core.errors import BadInput
from intact_core.interchange.template_file import read_template, shipped_template, write_template


def test_the_shipped_template_covers_the_standard() -> None:
    catalog = shipped_template()
    assert (catalog.standard.code, catalog.standard.version) == ("ISO 9001", "2015")
    tops = [clause.number for clause in catalog.clauses if not clause.parent]
    assert tops == ["4", "5", "6", "7", "8", "9", "10"]
    assert 75 <= len(catalog.questions) <= 90


def test_every_clause_without_clauses_below_has_a_question() -> None:
    catalog = shipped_template()
    parents = {clause.parent for clause in catalog.clauses}
    asked = Counter(question.clause for question in catalog.questions)
    leaves = [clause.number for clause in catalog.clauses if clause.number not in parents]
    assert [number for number in leaves if not asked[number]] == []


def test_questions_are_questions_and_none_is_asked_twice() -> None:
    questions = shipped_template().questions
    assert [q.prompt for q in questions if not q.prompt.endswith("?")] == []
    assert max(Counter(q.prompt for q in questions).values()) == 1
    assert max(Counter(q.label for q in questions).values()) == 1
    assert not [q.prompt for q in questions if " shall " in q.prompt]


def test_it_carries_no_text_of_the_standard() -> None:
    assert {clause.text for clause in shipped_template().clauses} == {""}


def test_writing_and_reading_lose_nothing() -> None:
    catalog = shipped_template()
    assert read_template(write_template(catalog)) == catalog


def _template(**changes: Any) -> bytes:
    whole = {
        "standard": {"code": "S", "name": "Standard", "version": "1"},
        "clauses": [{"number": "1", "title": "One"}],
        "questions": [{"clause": "1", "label": "1 Q1", "prompt": "Is it?"}],
    }
    return json.dumps({**whole, **changes}).encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a checklist template"),
        (b"{}", "not a checklist template"),
        (b"\xff", "not a checklist template"),
        (_template(clauses=[{"number": "1", "title": "a"}] * 2), "twice"),
        (_template(clauses=[{"number": "1", "title": "a", "parent": "9"}]), "stands under 9"),
        (_template(questions=[{"clause": "7", "label": "q", "prompt": "?"}]), "not in the file"),
    ],
)
def test_what_is_no_template_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_template(data)
    assert words in refused.value.sentence


def test_the_smallest_template_is_read() -> None:
    assert read_template(_template()).questions[0].prompt == "Is it?"
