"""Working rows straight from the wire: what the ORM would store, and compared with what is here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from sqlalchemy import Connection, insert, null

from intact_core.errors import BadInput
from intact_core.records.catalogue import TypeSpec
from intact_core.records.sets import Many
from intact_desktop.store.engine import open_store
from intact_desktop.store.upgrade import upgrade
from intact_desktop.store.working import working
from tests.desktop.store.wire_bodies import Body, wire_bodies

KEY = bytes(range(32))
REVS = "SELECT base_rev FROM clients ORDER BY client_code"


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    folder: Path = tmp_path_factory.mktemp("store")
    engine = open_store(folder / "intact.db", KEY, create=True)
    upgrade(engine, KEY, folder)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def stored(connection: Connection, spec: TypeSpec) -> list[tuple[Any, ...]]:
    rows = connection.exec_driver_sql(f"SELECT * FROM {spec.table.name}")
    return [tuple(row) for row in rows]


def by_orm(spec: TypeSpec, body: Body) -> Body:
    """Nothing is NULL in a JSON column too; SQLAlchemy would take it for JSON's null."""
    values = {**spec.defaults, **spec.values(body)}
    return {name: null() if value is None else value for name, value in values.items()}


@given(wire_bodies())
def test_a_row_is_stored_as_the_orm_would(
    connection: Connection, kind_and_body: tuple[TypeSpec, Body]
) -> None:
    spec, body = kind_and_body
    with connection.begin() as attempt:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        connection.execute(insert(spec.table).values(by_orm(spec, body)))
        expected = stored(connection, spec)
        many, is_news = working(spec.name).news(connection, [body], [None])
        assert (many.rows, is_news) == ([], False)
        attempt.rollback()
    with connection.begin() as attempt:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        working(spec.name).rows([body | {"of_a_newer_version": 1}]).run(connection)
        assert stored(connection, spec) == expected
        attempt.rollback()


def client(number: int, **values: object) -> Body:
    return {
        "tenant_id": str(UUID(int=1)),
        "id": str(UUID(int=number)),
        "created_at": "2026-01-01T00:00:00.000000Z",
        "client_code": f"C{number}",
        "legal_name": f"Client {number}",
        "status": "active",
        **values,
    }


def names(connection: Connection) -> list[tuple[str, str | None]]:
    query = "SELECT legal_name, trading_name FROM clients ORDER BY client_code"
    return [tuple(row) for row in connection.exec_driver_sql(query)]


def columns_of(many: Many) -> tuple[str, ...]:
    """The columns that a statement fills, in the order of its rows."""
    return tuple(many.statement.partition("(")[2].partition(")")[0].split(", "))


def test_rows_are_made_or_changed_to_just_the_bodies(connection: Connection) -> None:
    kind = working("clients")
    with connection.begin() as attempt:
        kind.rows([client(1, trading_name="One"), client(2)]).run(connection)
        assert names(connection) == [("Client 1", "One"), ("Client 2", None)]
        kind.rows([client(1, legal_name="New"), client(3)]).run(connection)
        assert names(connection) == [("New", None), ("Client 2", None), ("Client 3", None)]
        attempt.rollback()


def test_what_is_here_just_so_is_no_news(connection: Connection) -> None:
    kind = working("clients")
    with connection.begin() as attempt:
        kind.rows([client(1), client(2, trading_name="Two"), client(3)]).run(connection)
        asked = [client(1), client(2), client(3, legal_name="New"), client(4)]
        many, is_news = kind.news(connection, asked, [None] * 4)
        assert (many.rows, is_news) == (kind.rows(asked[1:]).rows, True)
        attempt.rollback()


def test_rows_thought_to_be_new_change_those_that_are_here(connection: Connection) -> None:
    kind = working("clients")
    with connection.begin() as attempt:
        kind.rows([client(2, trading_name="Two"), client(3)]).run(connection)
        made = kind.rows([client(n, legal_name=f"New {n}") for n in (1, 2, 4)])
        kind.of_new(columns_of(made), made.rows).run(connection)
        expected = [("New 1", None), ("New 2", None), ("Client 3", None), ("New 4", None)]
        assert names(connection) == expected
        attempt.rollback()


def test_a_version_alone_is_written_and_is_no_news(connection: Connection) -> None:
    kind = working("clients")
    with connection.begin() as attempt:
        kind.rows([client(1), client(2)], [3, None]).run(connection)
        many, is_news = kind.news(connection, [client(1), client(2)], [3, 4])
        assert (many.rows, is_news) == (kind.rows([client(2)], [4]).rows, False)
        many.run(connection)
        assert connection.exec_driver_sql(REVS).scalars().all() == [3, 4]
        kind.rows([client(1, legal_name="Own")]).run(connection)
        assert connection.exec_driver_sql(REVS).scalars().all() == [None, 4]
        attempt.rollback()


ID = "64b2d2bc-815a-47c5-b0df-b4a5d8a064df"
OTHER = "01a20452-379d-7fe0-bb45-ecfe7557b8c2"
MOMENT = "2026-01-31T08:00:00.000001Z"
ODD_IDS = [
    *(ID.upper(), ID.replace("-", ""), f"{{{ID}}}", f"urn:uuid:{ID}", "", "x", " " + ID),
    *(ID[:-1] + "g", ID[:-1] + ",", ID[:-1] + "-", ID[:-2], ID + "0"),
    *(ID[:7] + "-b" + ID[9:], f"{ID},{ID}", f"{ID[:-1]},{ID[-1:]}{ID[1:]}"),
]
ODD_MOMENTS = [
    *(MOMENT.replace("T", " "), MOMENT.replace("Z", "+02:00"), MOMENT[:-8] + "Z", "", "x"),
    *(MOMENT.replace("-31", "-32"), MOMENT.replace("08:", "24:"), MOMENT[:-1], MOMENT + ","),
    *("2026-W05-6T08:00:00.00001Z", "20260131T080000.0000001Z  ", "\u0662" + MOMENT[1:]),
]


@pytest.mark.parametrize(
    ("name", "canonical", "odd"),
    [
        *(("id", [ID, OTHER], one) for one in ODD_IDS),
        *(("tenant_id", [ID, ID], one) for one in ODD_IDS),
        *(("created_at", [MOMENT, MOMENT], one) for one in ODD_MOMENTS),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_odd_form_among_canonical_ones_is_read_as_if_alone(
    name: str, canonical: list[str], odd: str, place: int
) -> None:
    kind, values = working("clients"), [*canonical[:place], odd, *canonical[place:]]

    def column(some: list[str]) -> list[object]:
        if not some:
            return []
        many = kind.rows([client(n, **{name: one}) for n, one in enumerate(some)])
        at = columns_of(many).index(name)
        return [row[at] for row in many.rows]

    def told(some: list[str]) -> list[object] | str:
        try:
            return column(some)
        except BadInput as refused:
            return refused.sentence

    alone = told([odd])
    expected = [*column(canonical[:place]), *alone, *column(canonical[place:])]
    assert told(values) == (alone if isinstance(alone, str) else expected)


@pytest.mark.parametrize("wrong", [{"created_at": "yesterday"}, {"tenant_id": "x"}, {"status": 3}])
def test_a_value_of_a_wrong_form_is_named(wrong: Body) -> None:
    with pytest.raises(BadInput, match=f"value of {next(iter(wrong))} has the wrong form"):
        working("clients").rows([client(1), client(2, **wrong)])
