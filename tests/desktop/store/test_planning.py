"""What SQLite is told of the tables: a row is found by its key, however large or new its table."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from intact_core.records.catalogue import TYPES
from intact_desktop.store.engine import open_store
from intact_desktop.store.upgrade import upgrade

KEY = bytes(range(32))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Engine]:
    engine = open_store(tmp_path / "intact.db", KEY, create=True)
    upgrade(engine, KEY, tmp_path)
    yield engine
    engine.dispose()


def plan(engine: Engine, query: str) -> str:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", ("",)).fetchall()
    return " ".join(row[-1] for row in rows)


@pytest.mark.parametrize("name", [one.table.name for one in TYPES.values()])
def test_a_record_is_found_by_its_id(store: Engine, name: str) -> None:
    assert plan(store, f"SELECT * FROM {name} WHERE id = ?").startswith("SEARCH")
    assert plan(store, f"UPDATE {name} SET deleted_at = NULL WHERE id = ?").startswith("SEARCH")


@pytest.mark.parametrize("name", ["audit_checklists", "audit_evidence"])
def test_what_belongs_to_an_audit_is_found_by_the_audit(store: Engine, name: str) -> None:
    found = plan(store, f"SELECT * FROM {name} WHERE audit_schedule_id = ?")
    assert found.startswith("SEARCH")
    assert "audit_schedule_id=?" in found
