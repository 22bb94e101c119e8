"""The migrations make the shape that the mapped classes say, and the version of each record."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from intact_core.records.catalogue import CLASSES, TYPES
from intact_desktop.store.engine import open_store
from intact_desktop.store.tables import Local
from intact_desktop.store.upgrade import upgrade

KEY = bytes(32)


def test_migrations_and_mapped_classes_agree(tmp_path: Path) -> None:
    engine = open_store(tmp_path / "intact.db", KEY, create=True)
    upgrade(engine, KEY, tmp_path / "set-aside")
    metadata = [CLASSES[0].metadata, Local.metadata]
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        found = compare_metadata(context, metadata)
    only_here = [(kind, table, column.name) for kind, _, table, column in found]
    assert sorted(only_here) == [("remove_column", name, "base_rev") for name in sorted(TYPES)]
    engine.dispose()
