"""OSCAL catalogs: the real ones counted, small ones understood, everything else refused."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from intact_core.errors import BadInput
from intact_core.interchange import oscal
from intact_core.interchange.oscal import read_catalog
from intact_core.interchange.template_file import ImportedCatalog

SHARED = Path(os.environ.get("INTACT_SHARED") or Path(__file__).parents[4] / "shared")
CATALOGS = SHARED / "data" / "catalogs"
real = pytest.mark.skipif(not CATALOGS.is_dir(), reason="the real catalogs are not on this machine")


def _read(name: str) -> ImportedCatalog:
    return read_catalog((CATALOGS / name).read_bytes())


@real
@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "controls", "objectives"), [("moderate", 287, 1795), ("low", 149, 1346)]
)
def test_the_real_baselines(name: str, controls: int, objectives: int) -> None:
    catalog = _read(f"nist-sp800-53-rev5-{name}.json")
    groups = [clause for clause in catalog.clauses if not clause.parent]
    assert len(groups) == 18
    assert len(catalog.clauses) - len(groups) == controls
    assert len(catalog.questions) == objectives
    assert catalog.standard.code == "NIST Special Publication 800-53"
    assert catalog.standard.version == "5.1.1+u4"


@real
@pytest.mark.shared_data
def test_real_prose_has_its_parameters_filled_in() -> None:
    catalog = _read("nist-sp800-53-rev5-moderate.json")
    texts = [q.prompt for q in catalog.questions] + [c.text for c in catalog.clauses]
    assert not [text for text in texts if "{{" in text or "insert:" in text]
    assert all(q.prompt for q in catalog.questions)
    prompts = {q.label: q.prompt for q in catalog.questions}
    assert prompts["AC-01a.[02]"] == (
        "the access control policy is disseminated to [personnel or roles];"
    )
    enhancement = next(c for c in catalog.clauses if c.number == "AC-2(1)")
    assert enhancement.parent == "AC-2"


@real
@pytest.mark.shared_data
def test_assessment_results_are_named_for_what_they_are() -> None:
    with pytest.raises(BadInput) as refused:
        _read("oscal-assessment-results-example.json")
    assert "holds assessment results, not a catalog" in refused.value.sentence


def _control(identifier: str, **more: Any) -> dict[str, Any]:
    return {"id": identifier, "title": f"Title of {identifier}", **more}


def _catalog(*controls: dict[str, Any], **more: Any) -> bytes:
    group = {"id": "g", "title": "Group", "controls": list(controls)}
    metadata = {"title": "House rules", "version": "3"}
    return json.dumps({"catalog": {"metadata": metadata, "groups": [group], **more}}).encode()


def test_every_objective_counts_nested_or_not() -> None:
    leaf = {"id": "o.a", "name": "assessment-objective", "prose": "doors are shut;"}
    objective = {"id": "o", "name": "assessment-objective", "parts": [leaf]}
    statement = {"id": "s", "name": "statement", "prose": "Shut the doors."}
    catalog = read_catalog(_catalog(_control("c-1", parts=[statement, objective])))
    assert [(q.clause, q.label) for q in catalog.questions] == [("c-1", "o"), ("c-1", "o.a")]
    assert catalog.questions[0].prompt == "Title of c-1: all determinations under o taken together"
    assert [(c.number, c.parent, c.text) for c in catalog.clauses] == [
        ("G", "", ""),
        ("c-1", "G", "Shut the doors."),
    ]


def test_a_control_without_objectives_becomes_one_question() -> None:
    statement = {"id": "s", "name": "statement", "prose": "Shut the doors."}
    catalog = read_catalog(_catalog(_control("c-1", parts=[statement]), _control("c-2")))
    assert [q.prompt for q in catalog.questions] == [
        "Shut the doors.",
        "Title of c-2: is this control in place and effective?",
    ]


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        ({"label": "a period"}, "Every [a period]."),
        ({"values": ["30 days"], "label": "a period"}, "Every 30 days."),
        ({"select": {"choice": ["day", "week"]}}, "Every [one of: day; week]."),
        (
            {"select": {"how-many": "one-or-more", "choice": ["{{ insert: param, q }}"]}},
            "Every [one or more of: [inner]].",
        ),
        ({"values": ["{{ insert: param, p }}"]}, "Every [p]."),
        ({}, "Every [p]."),
    ],
)
def test_parameters_become_readable_text(parameter: dict[str, Any], text: str) -> None:
    parameters = [{"id": "p", **parameter}, {"id": "q", "label": "inner"}]
    statement = {"id": "s", "name": "statement", "prose": "Every {{ insert: param, p }} ."}
    catalog = read_catalog(_catalog(_control("c", params=parameters, parts=[statement])))
    assert catalog.clauses[1].text == text


def test_an_unknown_parameter_shows_its_name() -> None:
    statement = {"id": "s", "name": "statement", "prose": "Every {{ insert: param, none }}."}
    catalog = read_catalog(_catalog(_control("c", parts=[statement])))
    assert catalog.clauses[1].text == "Every [none]."


def test_withdrawn_controls_are_left_out() -> None:
    withdrawn = _control("c-2", props=[{"name": "status", "value": "withdrawn"}])
    catalog = read_catalog(_catalog(_control("c-1"), withdrawn))
    assert [clause.number for clause in catalog.clauses] == ["G", "c-1"]


def _nested(depth: int, key: str, item: dict[str, Any]) -> dict[str, Any]:
    for _ in range(depth):
        item = {**item, "id": f"{item['id']}x", key: [item]}
    return item


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not JSON"),
        (b"<catalog/>", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not OSCAL"),
        (b'"catalog"', "not OSCAL"),
        (b'{"catalog": 3}', "not OSCAL"),
        (b'{"catalog": {}}', "not OSCAL"),
        (b'{"profile": {}}', "holds a profile"),
        (b'{"system-security-plan": {}}', "holds a system security plan"),
        (b'{"catalog": {"metadata": {}}}', "no controls"),
        (b'{"catalog": {"metadata": {}, "groups": "many"}}', "no controls"),
        (_catalog(_control("c"), _control("c")), "twice"),
        (_catalog({"title": "no id"}), "no id"),
        (
            _catalog(_nested(60, "controls", _control("c"))),
            "controls of this catalog are nested too deeply",
        ),
        (
            _catalog(_control("c", parts=[_nested(60, "parts", {"id": "o", "name": "objective"})])),
            "objectives of this catalog are nested too deeply",
        ),
    ],
)
def test_what_is_no_catalog_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_catalog(data)
    assert words in refused.value.sentence


def test_a_file_that_is_too_large_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oscal, "LARGEST", 10)
    with pytest.raises(BadInput) as refused:
        read_catalog(b"x" * 11)
    assert "larger than" in refused.value.sentence
