"""Migrations: copied first, all or nothing, and none by an older version."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, text

from intact_core.errors import StorageFault
from intact_desktop.store.engine import open_store
from intact_desktop.store.upgrade import MIGRATIONS, configuration, upgrade

KEY = bytes(range(32))
FIRST = """
revision = "0001"
down_revision = None

from alembic import op
import sqlalchemy as sa


def upgrade():
    op.create_table("audit", sa.Column("id", sa.Integer, primary_key=True))
    op.create_table(
        "item",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("audit_id", sa.Integer, sa.ForeignKey("audit.id", ondelete="CASCADE")),
        sa.Column("note", sa.String),
    )
"""
SECOND = """
revision = "0002"
down_revision = "0001"

from alembic import op
import sqlalchemy as sa


def upgrade():
    with op.batch_alter_table("audit", recreate="always") as audit:
        audit.add_column(sa.Column("title", sa.String(), nullable=False, server_default="untitled"))
    {then}
"""


def folder(at: Path, **steps: str) -> Path:
    (at / "versions").mkdir(parents=True)
    for name in ("env.py", "script.py.mako"):
        (at / name).write_bytes((MIGRATIONS / name).read_bytes())
    for name, content in steps.items():
        (at / "versions" / f"{name}.py").write_text(content)
    return at


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "intact.db"


@pytest.fixture
def engine(path: Path):
    engine = open_store(path, KEY, create=True)
    yield engine
    engine.dispose()


@pytest.fixture
def aside(tmp_path: Path) -> Path:
    return tmp_path / "set-aside"


@pytest.fixture
def old(engine: Engine, tmp_path: Path, aside: Path) -> Engine:
    assert upgrade(engine, KEY, aside, folder(tmp_path / "v1", first=FIRST)) is None
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO audit (id) VALUES (7)"))
        connection.execute(text("INSERT INTO item (audit_id, note) VALUES (7, 'kept')"))
    return engine


def notes(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT note FROM item")).scalars())


def revision(engine: Engine) -> str:
    with engine.connect() as connection:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()


def test_a_new_database_is_not_copied(old: Engine, aside: Path) -> None:
    assert revision(old) == "0001"
    assert not aside.exists()


def test_an_old_one_is_copied_under_the_same_key_and_migrated(
    old: Engine, tmp_path: Path, aside: Path
) -> None:
    both = folder(tmp_path / "v2", first=FIRST, second=SECOND.format(then=""))
    copy = upgrade(old, KEY, aside, both)
    assert copy is not None
    assert copy.parent == aside
    with old.connect() as connection:
        assert connection.execute(text("SELECT id, title FROM audit")).one() == (7, "untitled")
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert notes(old) == ["kept"]
    assert b"kept" not in copy.read_bytes()
    before = open_store(copy, KEY)
    assert (notes(before), revision(before)) == (["kept"], "0001")
    before.dispose()


def test_nothing_to_do_makes_no_copy(old: Engine, tmp_path: Path, aside: Path) -> None:
    assert upgrade(old, KEY, aside, tmp_path / "v1") is None
    assert not aside.exists()


@pytest.mark.parametrize(
    "then",
    [
        "op.execute('DROP TABLE no_such_table')",
        "op.execute('INSERT INTO item (audit_id) VALUES (99)')",
    ],
)
def test_a_step_that_fails_undoes_all(old: Engine, tmp_path: Path, aside: Path, then: str) -> None:
    broken = folder(tmp_path / "v2", first=FIRST, second=SECOND.format(then=then))
    with pytest.raises(StorageFault, match="nothing was lost"):
        upgrade(old, KEY, aside, broken)
    assert revision(old) == "0001"
    assert notes(old) == ["kept"]
    with old.connect() as connection:
        columns = connection.exec_driver_sql("PRAGMA table_info(audit)").fetchall()
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert [column[1] for column in columns] == ["id"]


def test_a_newer_database_is_refused_and_left_untouched(
    old: Engine, tmp_path: Path, aside: Path, path: Path
) -> None:
    both = folder(tmp_path / "v2", first=FIRST, second=SECOND.format(then=""))
    upgrade(old, KEY, tmp_path / "elsewhere", both)
    old.dispose()
    before = path.read_bytes()
    with pytest.raises(StorageFault, match="Install the newer version"):
        upgrade(old, KEY, aside, tmp_path / "v1")
    old.dispose()
    assert path.read_bytes() == before
    assert not aside.exists()


def test_without_room_for_the_copy_nothing_is_migrated(
    old: Engine, tmp_path: Path, aside: Path
) -> None:
    aside.write_text("a file where the folder should be")
    both = folder(tmp_path / "v2", first=FIRST, second=SECOND.format(then=""))
    with pytest.raises(StorageFault, match="could not be copied"):
        upgrade(old, KEY, aside, both)
    assert revision(old) == "0001"


def test_the_template_writes_a_migration_that_runs(
    engine: Engine, tmp_path: Path, aside: Path
) -> None:
    metadata = MetaData()
    Table("audit", metadata, Column("id", Integer, primary_key=True), Column("name", String(9)))
    migrations = folder(tmp_path / "made")
    config = configuration(migrations)
    with engine.connect() as connection:
        config.attributes.update(connection=connection, metadata=metadata)
        command.revision(config, "Audits", autogenerate=True, rev_id="0001")
    upgrade(engine, KEY, aside, migrations)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO audit (name) VALUES ('Acme')"))
