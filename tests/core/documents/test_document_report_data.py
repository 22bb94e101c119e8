"""The snapshot survives its JSON without loss, and its hash follows every field."""

from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest
from sample_report import snapshot

from intact_core.documents.report_data import from_json, snapshot_sha256, to_json
from intact_core.errors import BadInput


def test_json_gives_back_the_same_snapshot() -> None:
    before = snapshot(prepared_at=datetime(2026, 3, 5, 14, 30, 7, 123456, tzinfo=UTC))
    after = from_json(to_json(before))
    assert after == before
    assert to_json(after) == to_json(before)
    assert after.prepared_at.tzinfo is not None


@pytest.mark.parametrize("text", ["", "a\nb", "Søn & <Co>", "日本", "\u202eevil", '"\\'])
def test_any_text_survives(text: str) -> None:
    assert from_json(to_json(snapshot(scope=text))).scope == text


def test_the_hash_changes_with_every_text_field() -> None:
    report = snapshot(2, 1)
    digest = snapshot_sha256(report)
    texts = [f.name for f in fields(report) if isinstance(getattr(report, f.name), str)]
    assert len(texts) > 20
    for name in texts:
        assert snapshot_sha256(replace(report, **{name: "changed"})) != digest, name


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff\xfe", b'{"report_id": 1}'])
def test_what_is_no_snapshot_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        from_json(data)
    assert "cannot be read" in refused.value.sentence
