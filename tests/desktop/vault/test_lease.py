"""The leave to work without the server."""

from datetime import timedelta

import pytest

from intact_core import clock
from intact_core.errors import BadInput
from intact_desktop.vault.lease import LeaseBook, LeaseRefused, SignedLease

KEY = bytes(32)


@pytest.fixture
def book(profile, lease_server, hand_clock) -> LeaseBook:
    profile.prepare()
    book = LeaseBook(profile, KEY)
    book.accept(lease_server.issue(), lease_server.public_pem, clock.now())
    return book


def test_it_holds_for_its_hours_and_no_longer(book, hand_clock) -> None:
    hand_clock.move(timedelta(hours=72))
    assert book.check("d1", "u1").user_id == "u1"
    hand_clock.move(timedelta(seconds=1))
    with pytest.raises(LeaseRefused, match="ended on 2026-11-24 09:00 UTC"):
        book.check("d1", "u1")


def test_it_is_for_one_device_and_one_person(book) -> None:
    for device, user in (("d2", "u1"), ("d1", "u2"), ("", "")):
        with pytest.raises(LeaseRefused, match="another laptop or person"):
            book.check(device, user)


def test_turning_the_clock_back_gains_nothing_even_after_a_restart(
    book, profile, hand_clock
) -> None:
    hand_clock.move(timedelta(hours=60))
    book.check("d1", "u1")
    hand_clock.move(timedelta(hours=-30))
    with pytest.raises(LeaseRefused, match="turned back"):
        LeaseBook(profile, KEY).check("d1", "u1")
    hand_clock.move(timedelta(hours=30, minutes=-4))
    LeaseBook(profile, KEY).check("d1", "u1")


def test_a_clock_a_year_ahead_is_told_and_does_no_lasting_harm(book, hand_clock) -> None:
    hand_clock.move(timedelta(days=365))
    book.observe()
    with pytest.raises(LeaseRefused, match="clock says 2027-11-21 09:00 UTC. If that is wrong"):
        book.check("d1", "u1")
    hand_clock.move(timedelta(days=-365))
    book.check("d1", "u1")


def test_a_clock_a_year_behind_is_told(book, hand_clock) -> None:
    hand_clock.move(timedelta(days=-365))
    with pytest.raises(LeaseRefused, match="turned back"):
        book.check("d1", "u1")


def test_the_servers_time_mends_a_latest_time_that_was_wrong(
    book, lease_server, hand_clock
) -> None:
    hand_clock.move(timedelta(hours=70))
    book.check("d1", "u1")
    hand_clock.move(timedelta(hours=-70))
    book.accept(lease_server.issue(), lease_server.public_pem, clock.now())
    book.check("d1", "u1")


def test_no_lease_is_no_leave(profile, hand_clock) -> None:
    profile.prepare()
    with pytest.raises(LeaseRefused, match="no permission yet"):
        LeaseBook(profile, KEY).check("d1", "u1")


def test_a_lease_cannot_be_edited_on_the_disk(book, profile) -> None:
    path = profile.folder / "lease.bin"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(LeaseRefused, match="damaged"):
        book.check("d1", "u1")


@pytest.mark.parametrize("hours", [0, -1, 24 * 7 + 1])
def test_a_lease_of_impossible_length_is_not_taken(book, lease_server, hours) -> None:
    with pytest.raises(BadInput, match="not from your server"):
        book.accept(
            lease_server.issue(timedelta(hours=hours)), lease_server.public_pem, clock.now()
        )


def test_another_servers_lease_is_not_taken(book, lease_server) -> None:
    other = type(lease_server)()
    with pytest.raises(BadInput, match="not from your server"):
        book.accept(other.issue(), lease_server.public_pem, clock.now())


def test_changed_claims_are_not_taken(book, lease_server) -> None:
    issued = lease_server.issue()
    forged = SignedLease({**issued.claims, "user_id": "u2"}, issued.signature)
    with pytest.raises(BadInput, match="not from your server"):
        book.accept(forged, lease_server.public_pem, clock.now())
    with pytest.raises(BadInput):
        book.accept(SignedLease({}, "???"), lease_server.public_pem, clock.now())
