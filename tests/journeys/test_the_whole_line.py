"""The line that `make demo` plays, as a test: an offline audit becomes a verified certificate."""

import json
from pathlib import Path

from tests.journeys.demo import Sources, play


def test_an_offline_audit_becomes_a_verified_certificate(qapp, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert play(qapp, tmp_path / "work", out, Sources()) == 0
    told = json.loads((out / "summary.json").read_text())
    assert told["lost"] == 0
    assert told["conflicts"] == 1
    assert {one["what"] for one in told["refusals"]} == {
        "team member as decider",
        "rival tenant",
        "tampered report",
    }
    assert len(set(told["digests"].values())) == 1
    for laptop in told["laptops"].values():
        assert laptop["operations"] == laptop["held_by_server"]
        assert laptop["digests_agree"]
        assert "None" not in laptop["receipts"]
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF")
    assert (out / "certificate.pdf").read_bytes().startswith(b"%PDF")
