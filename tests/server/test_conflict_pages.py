"""The back office's conflicts: everywhere and by audit, in words, settled by who may."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from uuid import UUID

import pytest

from intact_core import clock, ids
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import NonConformity
from tests.server.conftest import Server
from tests.server.site_work import CLIENT, LEAD, Work, do_site_work, make_conflict

STATIC = Path(__file__).parents[2] / "sync_server" / "back_office" / "static"
BEFORE = (
    "Gauges PG-07 and PG-11 were in use at the presses, labels expired in March. The release "
    "records 4411 to 4418 were made with them. The foreman did not know when they were calibrated."
)
THEIRS = BEFORE.replace("in March", "in April").replace("at the presses", "at presses 4 and 6")
MINE = BEFORE.replace("4411 to 4418", "4411 to 4421").replace("did not know when", "was told that")


@pytest.fixture
def work(server: Server) -> Work:
    return do_site_work(server)


def add(place: Server, work: Work, **values) -> UUID:
    lead, auditor = (place.account(one).user_id for one in (LEAD, "auditor@demo.example"))
    made = {
        "id": ids.new_id(),
        "scope": f"audit:{work.audit_id}",
        "record_type": "non_conformities",
        "record_id": work.major_id,
        "kind": "edit",
        "field_group": "evidence",
        "base": {"evidence": BEFORE},
        "server": {"evidence": THEIRS},
        "server_by": lead,
        "server_at": clock.now(),
        "incoming": {"evidence": MINE},
        "incoming_by": auditor,
        "incoming_at": clock.now(),
    } | values
    with place.database.write(place.tenant_of(LEAD)) as session:
        session.add(Conflict(**made))
    return made["id"]


def removed(server: Server, work: Work) -> UUID:
    gone = {"deleted_at": clock.now().isoformat(), "deleted_reason": "The same as NC-A-01"}
    return add(
        server,
        work,
        record_id=work.minor_id,
        kind="delete_edit",
        field_group="deleted",
        base=dict.fromkeys(gone),
        server=gone,
        incoming={"evidence": "Procedure WI-22, rev. 2"},
    )


def same_number(server: Server, work: Work) -> UUID:
    return add(
        server,
        work,
        record_id=work.minor_id,
        kind="possible_duplicate",
        field_group="nc_number",
        base={"nc_number": None},
        server={"nc_number": "NC-A-01", "id": str(work.major_id)},
        incoming={"nc_number": "NC-A-01"},
    )


def finding(server: Server, id_: UUID) -> NonConformity:
    tenant_id = server.tenant_of(LEAD)
    with server.database.read(tenant_id) as session:
        return session.get_one(NonConformity, (tenant_id, id_))


def test_all_kinds_stand_on_one_page_in_their_own_words(server: Server, work: Work) -> None:
    add(server, work)
    removed(server, work)
    same_number(server, work)
    page = server.person("cbadmin@demo.example").get("/conflicts")
    assert "3 conflicts wait for a choice" in page
    assert "changed this without seeing each other" in page
    assert "Daniel Otieno removed this while Amina Hassan changed it" in page
    assert "Two records have the same number, NC-A-01" in page
    assert "<del>March</del> <ins>April</ins>" in page
    assert "labels expired in April. The release records 4411 to 4421" in page
    keep_pictures(page)


def test_who_settles_and_who_only_sees(server: Server, work: Work) -> None:
    conflict_id = make_conflict(server, work)
    chosen = {"resolution": "server", "reason": "x"}
    reviewer = server.person("reviewer@demo.example")
    page = reviewer.get("/conflicts")
    assert (
        "The audit&#39;s team and the office settle this" in page or "team and the office" in page
    )
    assert "Settle</button>" not in page
    assert reviewer.post(f"/conflicts/{conflict_id}", chosen).status_code == 403
    client = server.person(CLIENT)
    client.get("/conflicts", 403)
    assert "/conflicts" not in client.get("/audits")
    assert "1 conflict waits" not in server.person("cbadmin@rival.example").get("/conflicts")
    office = server.person("cbadmin@demo.example")
    page = office.done(f"/conflicts/{conflict_id}", chosen | {"list": "all"})
    assert "The conflict is settled" in page
    assert "Nothing waits for a choice" in page


def test_a_place_that_is_not_decided_is_not_taken(server: Server, work: Work) -> None:
    conflict_id = add(server, work, incoming={"evidence": THEIRS.replace("April", "May")})
    lead = server.person(LEAD)
    text = re.search(r'rows="6">([^<]*)</textarea>', lead.get("/conflicts"))[1]
    assert "⟦" in text
    sent = {"resolution": "edited", "reason": "Asked the foreman", "value:evidence": text}
    refused = lead.post(f"/conflicts/{conflict_id}", sent)
    assert "Decide the places marked" in refused.text
    assert "Asked the foreman" in refused.text
    decided = re.sub(r"⟦[^⟧]*: ([^⟧]*)⟧ ⟦[^⟧]*⟧", r"\1", text)
    lead.done(f"/conflicts/{conflict_id}", sent | {"value:evidence": decided})
    assert finding(server, work.major_id).evidence == decided


def test_a_removal_is_kept_or_done(server: Server, work: Work) -> None:
    conflict_id = removed(server, work)
    lead = server.person(LEAD)
    lead.done(f"/conflicts/{conflict_id}", {"resolution": "server", "reason": "It was twice"})
    assert finding(server, work.minor_id).deleted_reason == "The same as NC-A-01"


def test_the_second_of_a_number_gets_another(server: Server, work: Work) -> None:
    conflict_id = same_number(server, work)
    lead = server.person(LEAD)
    page = lead.get(f"/audits/{work.audit_id}/conflicts")
    assert 'value="NC-A-03"' in page
    sent = {"resolution": "edited", "reason": "Came later", "value:nc_number": "NC-A-03"}
    lead.done(f"/conflicts/{conflict_id}", sent)
    assert finding(server, work.minor_id).nc_number == "NC-A-03"


def keep_pictures(page: str) -> None:
    """At laptop and phone width where INTACT_PICTURES names a folder and a Chromium is here."""
    folder, browser = os.environ.get("INTACT_PICTURES"), shutil.which("chromium")
    if not folder or browser is None:
        return
    source = Path(folder) / "office-conflicts.html"
    style = f'href="{(STATIC / "intact.css").as_uri()}"'
    source.write_text(page.replace('href="/static/intact.css"', style), encoding="utf-8")
    for name, size in (("wide", "1280,2000"), ("phone", "500,3600")):
        target = Path(folder) / f"office-conflicts-{name}.png"
        quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
        command = [browser, *quiet, f"--window-size={size}", f"--screenshot={target}"]
        subprocess.run([*command, source.as_uri()], check=False, capture_output=True, timeout=60)
