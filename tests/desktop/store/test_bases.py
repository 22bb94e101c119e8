"""What the server confirmed, read back from working rows or from the text beside them."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import assume, given
from sqlalchemy import Connection, delete, insert

from intact_core import ids
from intact_core.records.catalogue import TYPES, TypeSpec
from intact_core.sync import digest
from intact_core.sync.operations import GENESIS
from intact_desktop.store import bases
from intact_desktop.store.bases import Ref
from intact_desktop.store.engine import open_store
from intact_desktop.store.tables import Device
from intact_desktop.store.upgrade import upgrade
from intact_desktop.store.working import working
from tests.desktop.store.wire_bodies import Body, wire_bodies

KEY = bytes(range(32))
TENANT, AUDIT = UUID(int=1), UUID(int=2)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    folder: Path = tmp_path_factory.mktemp("store")
    engine = open_store(folder / "intact.db", KEY, create=True)
    upgrade(engine, KEY, folder)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def of_tenant(connection: Connection, tenant_id: UUID) -> None:
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    device = {"id": ids.new_id(), "tenant_id": tenant_id, "user_id": ids.new_id()}
    connection.execute(delete(Device))
    connection.execute(insert(Device).values(**device, chain_hash=GENESIS))


def put(connection: Connection, spec: TypeSpec, body: Body, rev: int | None) -> Ref:
    working(spec.name).rows([body], [rev]).run(connection)
    return spec.name, body["id"]


def item(number: int, **values: object) -> Body:
    return {
        "tenant_id": str(TENANT),
        "id": str(UUID(int=number)),
        "created_at": "2026-01-01T00:00:00.000000Z",
        "audit_schedule_id": str(AUDIT),
        "clause_reference": "4.1",
        "requirement": "Is it so?",
        "position": 0,
        **values,
    }


def texts(connection: Connection) -> list[tuple[str, int]]:
    query = "SELECT type, rev FROM base_row ORDER BY id"
    return [tuple(row) for row in connection.exec_driver_sql(query)]


@given(wire_bodies())
def test_a_row_gives_back_what_the_server_said(
    connection: Connection, kind_and_body: tuple[TypeSpec, Body]
) -> None:
    spec, body = kind_and_body
    assume(working(spec.name).gives_back(body))
    with connection.begin() as attempt:
        of_tenant(connection, UUID(body["tenant_id"]))
        ref = put(connection, spec, body, 7)
        scope = spec.scope.key(body)
        said = bases.confirmed(ref, scope, 7, body)
        read = bases.load(connection, [ref])[ref]
        assert (read.scope, read.rev, read.hash) == (said.scope, said.rev, said.hash)
        assert read.body == digest.filled(said.body)
        assert read.in_row
        assert set(bases.held(connection, [scope, "audit:" + str(UUID(int=0))])) == {ref}
        bases.keep(connection, [ref])
        kept = bases.load(connection, [ref])[ref]
        assert (kept.scope, kept.rev, kept.hash) == (said.scope, said.rev, said.hash)
        assert not kept.in_row
        assert set(bases.held(connection, [scope])) == {ref}
        attempt.rollback()


@pytest.mark.parametrize("spec", TYPES.values(), ids=lambda spec: spec.name)
def test_a_body_with_more_or_less_than_columns_is_not_given_back(spec: TypeSpec) -> None:
    kind, body = working(spec.name), dict.fromkeys(spec.fields)
    assert not kind.gives_back(body | {"of_a_newer_version": 1})
    for name in spec.defaults:
        assert not kind.gives_back({key: None for key in body if key != name})


def test_numbers_with_a_fraction_are_kept_as_text() -> None:
    assert not working("clients").gives_back(dict.fromkeys(TYPES["clients"].fields))
    assert working("client_sites").gives_back(dict.fromkeys(TYPES["client_sites"].fields))


def test_own_records_and_changed_ones_are_not_confirmed(connection: Connection) -> None:
    spec = TYPES["audit_checklists"]
    with connection.begin() as attempt:
        of_tenant(connection, TENANT)
        own, theirs = put(connection, spec, item(11), None), put(connection, spec, item(12), 4)
        assert bases.load(connection, [own, theirs]).keys() == {theirs}
        bases.keep(connection, [own, theirs])
        assert texts(connection) == [("audit_checklists", 4)]
        assert bases.texts(connection) == {theirs}
        put(connection, spec, item(12, rating="minor"), None)
        assert "rating" not in bases.load(connection, [theirs])[theirs].body
        put(connection, spec, item(12, rating="major"), 5)
        bases.drop_texts(connection, [theirs])
        assert bases.load(connection, [theirs])[theirs].body["rating"] == "major"
        bases.forget(connection, [own, theirs])
        assert bases.load(connection, [own, theirs]) == {}
        assert list(bases.held(connection, [f"audit:{AUDIT}"])) == []
        attempt.rollback()


def test_a_kind_of_a_newer_version_is_held_as_text(connection: Connection) -> None:
    with connection.begin() as attempt:
        of_tenant(connection, TENANT)
        ref, scope = ("moods", str(UUID(int=5))), f"audit:{AUDIT}"
        bases.put(connection, {ref: bases.confirmed(ref, scope, 1, {"id": ref[1]})})
        assert bases.load(connection, [ref])[ref].body == {"id": ref[1]}
        assert list(bases.held(connection, [scope])) == [ref]
        bases.forget(connection, [ref])
        assert list(bases.held(connection, [scope])) == []
        attempt.rollback()
