"""Whether a round has anything to do, asked of a real store: whatever waits is seen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, update

from intact_core import clock, ids
from intact_core.sync.operations import GENESIS
from intact_core.sync.protocol import Cursor, HelloAnswer
from intact_desktop.store.journal import this_device
from intact_desktop.store.tables import (
    Blob,
    Carried,
    CarriedChain,
    Device,
    Staging,
    SyncCursor,
    table_of,
)
from intact_desktop.sync.at_rest import at_rest
from intact_desktop.sync.proof import files_by_state
from tests.fixtures.databases import new_store

LEVEL = {"last_n": 7, "acknowledged_n": 7, "settled_n": 7, "epoch": "first"}
HEADS = (Cursor("reference", 40, "aa"), Cursor("audit:1", 12, "bb"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Engine]:
    engine = new_store(tmp_path / "intact.db", bytes(32))
    name = {"id": ids.new_id(), "tenant_id": ids.new_id(), "user_id": ids.new_id()}
    with engine.begin() as connection:
        connection.execute(insert(Device).values(chain_hash=GENESIS, **name, **LEVEL))
        for one in HEADS:
            row = {"scope": one.scope, "seq": one.seq, "digest": one.digest}
            connection.execute(insert(SyncCursor).values(row))
    keep_file(engine, "here")
    keep_file(engine, "sent")
    yield engine
    engine.dispose()


def keep_file(store: Engine, state: str) -> None:
    row = {"sha256": state, "audit_id": ids.new_id(), "size": 5, "state": state}
    with store.begin() as connection:
        connection.execute(insert(Blob).values(added_at=clock.now(), **row))


def carry(store: Engine) -> None:
    names = ("op_id", "txn_id", "record_id")
    device_id = ids.new_id()
    row = {"device_id": device_id, "n": 1, "type": "audit_checklists", "raw": "{}", "own_n": 7}
    row |= {"prev_hash": GENESIS, "hash": GENESIS, "via": "room", "received_at": clock.now()}
    chain = {"device_id": device_id, "user_id": ids.new_id(), "name": "Tom Okafor", "card": {}}
    chain |= {"last_n": 1, "last_hash": GENESIS, "met_at": clock.now()}
    with store.begin() as connection:
        connection.execute(insert(CarriedChain).values(chain))
        connection.execute(insert(Carried).values({name: ids.new_id() for name in names} | row))


def rests(store: Engine, last_n: int = 7, heads: tuple[Cursor, ...] = HEADS) -> bool:
    now = clock.now()
    answer = HelloAnswer(3, "first", now, last_n, GENESIS, heads, batch=500, chunk=1, lease={})
    with store.connect() as connection:
        device, files = this_device(connection), files_by_state(connection)
        return at_rest(connection, device, files, answer)


def test_a_laptop_that_is_level_with_the_server_rests_whatever_the_order(store: Engine) -> None:
    assert rests(store)
    assert rests(store, heads=HEADS[::-1])


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"last_n": 8}, id="an operation was not sent"),
        pytest.param({"acknowledged_n": 6, "settled_n": 6}, id="a receipt was lost"),
        pytest.param({"settled_n": 6}, id="what came of an operation was not pulled"),
        pytest.param({"epoch": "other"}, id="the server began another history"),
    ],
)
def test_a_device_that_stands_elsewhere_does_not_rest(store: Engine, other: dict) -> None:
    with store.begin() as connection:
        connection.execute(update(table_of(Device)), other)
    assert not rests(store)


def test_operations_that_the_server_lost_or_has_more_of_leave_no_rest(store: Engine) -> None:
    assert not rests(store, last_n=6)
    assert not rests(store, last_n=8)


@pytest.mark.parametrize(
    "heads",
    [
        pytest.param((HEADS[0], Cursor("audit:1", 13, "cc")), id="somebody wrote"),
        pytest.param((HEADS[0], Cursor("audit:1", 12, "cc")), id="the digest differs"),
        pytest.param(HEADS[:1], id="a scope was taken away"),
        pytest.param((*HEADS, Cursor("audit:2", 1, "dd")), id="a scope was granted"),
    ],
)
def test_scopes_that_stand_elsewhere_leave_no_rest(
    store: Engine, heads: tuple[Cursor, ...]
) -> None:
    assert not rests(store, heads=heads)


@pytest.mark.parametrize("state", ["pending", "wanted"])
def test_a_file_that_waits_leaves_no_rest(store: Engine, state: str) -> None:
    keep_file(store, state)
    assert not rests(store)


def test_what_is_carried_for_a_colleague_leaves_no_rest(store: Engine) -> None:
    carry(store)
    assert not rests(store)


def test_what_is_kept_of_an_answer_that_broke_off_leaves_no_rest(store: Engine) -> None:
    with store.begin() as connection:
        connection.execute(insert(Staging).values(n=0, lines=b""))
    assert not rests(store)
