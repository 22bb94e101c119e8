"""A pull whose lines name records in a form that is none changes nothing."""

import json
from typing import Any

import pytest

from intact_core.errors import IntactError
from intact_desktop.sync.cuts import read_cut

ID = "64b2d2bc-815a-47c5-b0df-b4a5d8a064df"
BEGIN = {"line": "begin", "epoch": "e", "scopes": ["audit:x"], "whole": []}
END: dict[str, Any] = {"line": "end", "cursors": []}
CHANGE: dict[str, Any] = {
    "line": "change", "scope": "audit:x", "seq": 1, "type": "audit_checklists", "id": ID,
    "rev": 1, "kind": "put", "patch": {}, "op_id": None, "actor": None,
    "time": "2026-01-01T00:00:00Z",
}  # fmt: skip


def lines(**change: Any) -> list[bytes]:
    return [json.dumps(one).encode() for one in (BEGIN, CHANGE | change, END)]


def test_a_change_names_its_record() -> None:
    assert read_cut(lines()).changed == [("audit_checklists", ID)]


@pytest.mark.parametrize("id_", ["x", "", ID.upper(), ID.replace("-", ""), ID + "\n"])
@pytest.mark.parametrize("kind", ["put", "row", "leave"])
@pytest.mark.parametrize(
    ("type_", "has_body"),
    [("audit_checklists", False), ("of_a_newer_version", False), ("of_a_newer_version", True)],
)
def test_what_is_no_id_is_not_understood(id_: str, kind: str, type_: str, has_body: bool) -> None:
    body = {"id": id_} if has_body else {}
    with pytest.raises(IntactError, match="not understood") as caught:
        read_cut(lines(id=id_, kind=kind, type=type_, patch=body))
    assert "is no id" in caught.value.details


def test_a_body_whose_id_is_none_is_refused_before_anything_is_written() -> None:
    with pytest.raises(IntactError, match="id has the wrong form"):
        read_cut(lines(id="x", patch={"id": "x", "position": 0}))
