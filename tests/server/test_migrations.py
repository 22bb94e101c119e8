"""The migrations make exactly the mapped tables, apart for each tenant, with history protected."""

import json
import uuid

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from intact_core.errors import StorageFault
from intact_core.records.base import Base, OfficeRecord
from sync_server.database import migrate as migrations
from sync_server.database.engine import make_engine
from sync_server.database.migrate import migrate, require_bound_by_policies, require_current
from sync_server.ledger.feed import load_heads
from sync_server.tables import accounts, blobs, ledger
from sync_server.tables.base import ServerRow

TABLES = (accounts, blobs, ledger)


@pytest.fixture
def migrated(database_url):
    migrate(database_url.owner)
    engine = make_engine(database_url.app)
    yield engine
    engine.dispose()


def test_migrations_make_exactly_what_is_mapped(migrated: Engine, database_url) -> None:
    owner = make_engine(database_url.owner)
    with owner.connect() as connection:
        options = {"compare_type": True, "include_object": _is_mapped}
        context = MigrationContext.configure(connection, opts=options)
        difference = compare_metadata(
            context, [Base.metadata, OfficeRecord.metadata, ServerRow.metadata]
        )
    owner.dispose()
    assert difference == []


def _is_mapped(_: object, name: str, kind: str, *__: object) -> bool:
    # Laptops share the classes of synced records and do without the server's indexes.
    return kind != "index" or not name.startswith("office_")


def test_migrating_twice_changes_nothing_and_is_current(migrated: Engine, database_url) -> None:
    migrate(database_url.owner)
    with migrated.connect() as connection:
        require_current(connection)


def test_an_empty_database_is_not_current(database_url) -> None:
    engine = make_engine(database_url.app)
    with engine.connect() as connection, pytest.raises(StorageFault, match="intact-server migrate"):
        require_current(connection)
    engine.dispose()


def test_a_database_of_a_newer_version_is_left_alone(migrated: Engine, database_url) -> None:
    owner = make_engine(database_url.owner)
    with owner.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    owner.dispose()
    with pytest.raises(StorageFault, match="newer version"):
        migrate(database_url.owner)
    with migrated.connect() as connection, pytest.raises(StorageFault, match="newer version"):
        require_current(connection)


AUDIT_LOG = (
    "INSERT INTO audit_logs (tenant_id, seq, action, resource_type, new_values, at, prev_hash,"
    " hash) VALUES (:tenant, 1, 'CREATE', 'x', '{}', '2026-01-01', '', 'h')"
)
RECEIPT = (
    "INSERT INTO op_receipt (tenant_id, device_id, n, op_id, raw, hash, verdict, receipt,"
    " received_at) VALUES (:tenant, :tenant, 1, :tenant, '', '', '', '', '2026-01-01')"
)


@pytest.mark.parametrize(("table", "insert"), [("audit_logs", AUDIT_LOG), ("op_receipt", RECEIPT)])
@pytest.mark.parametrize("verb", ["UPDATE {} SET hash = 'other'", "DELETE FROM {}"])
def test_history_can_only_grow(migrated: Engine, table: str, insert: str, verb: str) -> None:
    tenant = _parameter(migrated, uuid.uuid4())
    with migrated.connect() as connection:
        _limit(migrated, connection, tenant)
        connection.execute(text(insert), {"tenant": tenant})
        with pytest.raises(DBAPIError, match="insert-only|permission denied"):
            connection.execute(text(verb.format(table)))


@pytest.mark.postgres
def test_every_table_with_a_tenant_is_forced_under_its_policy(postgres_database) -> None:
    migrate(postgres_database.owner)
    engine = make_engine(postgres_database.owner)
    query = text(
        "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,"
        " (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid"
        "  AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL)"
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'"
        " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
    )
    with engine.connect() as connection:
        found = {name: (forced, policies) for name, forced, policies in connection.execute(query)}
    engine.dispose()
    mapped = {
        table.name
        for metadata in (Base.metadata, OfficeRecord.metadata, ServerRow.metadata)
        for table in metadata.tables.values()
        if "tenant_id" in table.columns
    }
    assert set(found) == mapped
    assert set(found.values()) == {(True, 1)}


@pytest.mark.postgres
def test_the_application_sees_one_tenant_and_cannot_truncate(postgres_database) -> None:
    migrate(postgres_database.owner)
    engine = make_engine(postgres_database.app)
    one, other = str(uuid.uuid4()), str(uuid.uuid4())
    with engine.begin() as connection:
        _limit(engine, connection, one)
        connection.execute(text(AUDIT_LOG), {"tenant": one})
    for tenant, expected in ((one, 1), (other, 0), ("", 0)):
        with engine.begin() as connection:
            _limit(engine, connection, tenant)
            assert connection.scalar(text("SELECT count(*) FROM audit_logs")) == expected
    for statement in (AUDIT_LOG, "TRUNCATE audit_logs", "DELETE FROM users"):
        with engine.connect() as connection:
            _limit(engine, connection, other)
            with pytest.raises(DBAPIError, match="row-level security|permission denied"):
                connection.execute(text(statement), {"tenant": one})
    engine.dispose()


@pytest.mark.postgres
def test_a_role_above_the_policies_is_refused(postgres_server, postgres_database) -> None:
    database = postgres_database.app.rsplit("?", 1)[0].rsplit("/", 1)[1]
    engine = make_engine(postgres_server.url(database, "postgres"))
    with engine.connect() as connection, pytest.raises(StorageFault, match="row-level security"):
        require_bound_by_policies(connection)
    engine.dispose()


@pytest.mark.postgres
def test_a_missing_application_role_is_named(postgres_database) -> None:
    with pytest.raises(StorageFault, match="CREATE ROLE nobody_here"):
        migrate(postgres_database.owner, app_role="nobody_here")
    engine = make_engine(postgres_database.owner)
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() is None
    engine.dispose()


HEAD = (
    "INSERT INTO record_head (tenant_id, type, id, scope, rev, field_rev, hash, serial, updated_at)"
    " VALUES (:tenant, 'clients', :tenant, 'client:1', 3, :revs, '', 1, '2026-01-01')"
)
HEADS_BEFORE = (
    '{"status": [3, "laptop"], "content": [1, ""], "place": [1, ""], "note": [1, "laptop"]}',
    "{}",
)


def test_who_changed_a_group_last_stays_known(database_url) -> None:
    """Step 10 keeps it by change; a record of each tenant, none of which the owner may see."""
    owner = make_engine(database_url.owner)
    tenants = [uuid.uuid4() for _ in HEADS_BEFORE]
    with owner.connect() as connection, connection.begin():
        config = migrations.configuration()
        config.attributes.update(connection=connection, app_role=migrations.APP_ROLE)
        command.upgrade(config, "0009")
        for tenant, revs in zip(tenants, HEADS_BEFORE, strict=True):
            one = _parameter(owner, tenant)
            _limit(owner, connection, one)
            connection.execute(text(HEAD), {"tenant": one, "revs": revs})
    owner.dispose()
    migrate(database_url.owner)
    engine = make_engine(database_url.app)
    for tenant, revs in zip(tenants, HEADS_BEFORE, strict=True):
        with engine.connect() as connection:
            _limit(engine, connection, str(tenant))
            found = load_heads(connection, tenant, [("clients", tenant)])
        kept = found["clients", tenant].field_rev
        assert kept == {group: tuple(change) for group, change in json.loads(revs).items()}
    engine.dispose()


def test_the_migrations_are_where_the_package_says() -> None:
    assert (migrations.MIGRATIONS / "versions" / "0001_initial.py").is_file()


def _parameter(engine: Engine, value: uuid.UUID) -> str:
    return str(value) if engine.dialect.name == "postgresql" else value.hex


def _limit(engine: Engine, connection, tenant: str) -> None:
    if engine.dialect.name == "postgresql":
        connection.execute(text("SELECT set_config('app.tenant', :t, true)"), {"t": tenant})
