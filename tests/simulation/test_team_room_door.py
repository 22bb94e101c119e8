"""Who comes into a team room, and who does not."""

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func

from intact_core import clock
from intact_core.errors import BadInput, NotAllowed, NotFound, NotSignedIn
from intact_core.records.audits import AuditTeam
from intact_desktop.sync.exchanging import Side
from intact_desktop.sync.relay import Relay
from intact_desktop.sync.room import Room
from intact_desktop.sync.room_code import TRIES, RoomCode
from tests.simulation.site import LOOPBACK, Site, open_site
from tests.simulation.team import Body


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    yield from open_site(tmp_path)


def test_a_wrong_code_is_refused_and_five_make_a_new_one(site: Site) -> None:
    relay = site.open_room()
    right = relay.room.code.now()[0]
    for _ in range(TRIES):
        with pytest.raises(BadInput, match="not the code") as refused:
            site.join("ada", relay, "2222-2222")
        assert refused.value.title == "That is not the code"
    with pytest.raises(BadInput, match="not the code"):
        site.join("ada", relay, right)
    site.join("ada", relay, relay.room.code.now()[0].lower().replace("-", " ")).close()


@pytest.mark.parametrize("moved", [timedelta(minutes=16), timedelta(days=-1)])
def test_a_code_ends_by_time_and_by_a_clock_turned_back(moved: timedelta) -> None:
    code = RoomCode()
    shown, _ = code.now()
    assert code.fits(shown)
    there = clock.now() + moved
    clock.use(lambda: there)
    try:
        assert not code.fits(shown)
    finally:
        clock.use(None)


def test_a_laptop_of_another_body_neither_comes_in_nor_learns_the_code(site: Site) -> None:
    relay = site.open_room()
    right = relay.room.code.now()[0]
    site.owns["ada"] = Body(site.office).enrolled(site.laptops["ada"], "Eve")
    with pytest.raises(NotAllowed, match="does not belong"):
        site.join("ada", relay)
    assert relay.room.seats()[1:] == []
    foreign = Body(site.office)
    lead = site.laptops["lead"]
    false = Side(lead.engine, lead.files, foreign.enrolled(lead, "Lea Lead"), site.office.audit_id)
    site.owns["ada"] = site.body.enrolled(site.laptops["ada"], "Ada Auditor")
    trap = Relay(Room(false), LOOPBACK)
    site.relays.append(trap)
    with pytest.raises(NotAllowed, match="does not belong"):
        site.join("ada", trap, right)
    assert trap.room.code.now()[0] != right


def test_a_lead_whose_answers_are_relayed_by_somebody_else_is_refused(site: Site) -> None:
    """Somebody in between has another TLS certificate than the one that the lead signs."""
    relay = site.open_room()
    lead = site.side("lead")

    class Between(Room):
        def knock(self, message):
            return relay.room.knock(message)

    trap = Relay(Between(lead), LOOPBACK)
    site.relays.append(trap)
    with pytest.raises(BadInput, match="not signed"):
        site.join("ada", trap)


def test_who_is_not_on_the_team_stays_outside(site: Site) -> None:
    relay = site.open_room()
    with site.laptops["lead"].engine.begin() as connection:
        user_id = site.laptops["tom"].user_id
        connection.execute(
            AuditTeam.__table__.update()
            .where(AuditTeam.user_id == user_id)
            .values(deleted_at=func.now())
        )
    with pytest.raises(NotAllowed, match="Tom Third is not on the team"):
        site.join("tom", relay)


def test_a_lease_that_is_over_stays_outside(site: Site) -> None:
    relay = site.open_room()
    ada = site.laptops["ada"]
    card = site.owns["ada"].card
    past = {"issued_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-04T00:00:00Z"}
    key = card.lease.claims["key"]
    old = msgspec.structs.replace(card, lease=site.body.lease(ada, key=key, **past))
    site.owns["ada"] = replace(site.owns["ada"], card=old)
    with pytest.raises(NotAllowed, match="ended on"):
        site.join("ada", relay)


def test_a_stranger_gets_nothing_without_a_token(site: Site) -> None:
    relay = site.open_room()
    ada = site.join("ada", relay)
    ada._headers["authorization"] = "Bearer guessed"
    site.rate("lead", 0, "secret")
    with pytest.raises(NotSignedIn):
        ada.round()
    for path in ("exchange", "files/" + "0" * 64, "else"):
        assert ada._client.post(path, content=b"{}").status_code in (401, 404)
    assert ada._client.get("files/" + "0" * 64).status_code == 401
    assert ada._client.post("knock", content=b"[]").status_code == 400
    ada.close()


def test_an_audit_that_is_not_here_cannot_be_joined(site: Site) -> None:
    relay = site.open_room()
    with site.laptops["ada"].engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_schedules SET deleted_at = created_at")
    with pytest.raises(NotFound, match="not on this computer"):
        site.join("ada", relay)


def test_somebody_who_connects_and_says_nothing_keeps_no_room_open(site: Site) -> None:
    relay = site.open_room()
    with socket.create_connection((LOOPBACK, relay.port)):
        site.join("ada", relay).close()
        site.relays.clear()
        begun = time.monotonic()
        relay.close()
        assert time.monotonic() - begun < 5
