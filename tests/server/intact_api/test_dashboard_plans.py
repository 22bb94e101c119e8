"""The dashboard's figures are found by index: what does not count is not looked at."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import text

from sync_server.auth.callers import Caller
from sync_server.auth.rights import ALL
from sync_server.database.engine import Database, make_engine
from sync_server.database.migrate import migrate
from sync_server.ledger.feed import record_written
from sync_server.services import dashboard
from tests.server.test_plans import Plans

TENANT, ROWS = uuid4(), 10_000
pytestmark = pytest.mark.postgres
NEW = "gen_random_uuid(), now()"
FILL = (
    f"""
INSERT INTO standards (tenant_id, id, created_at, standard_code, version, is_active)
SELECT :tenant, {NEW}, 'ISO 9001', '2015', true
""",
    f"""
INSERT INTO clients (tenant_id, id, created_at, client_code, legal_name, status)
SELECT :tenant, {NEW}, 'C' || place, 'Client', 'active' FROM generate_series(1, :rows) AS place
""",
    f"""
INSERT INTO certificates (tenant_id, id, created_at, certificate_number, client_id, standard_id,
    scope, status, issue_date, expiry_date, revision, certification_body)
SELECT c.tenant_id, {NEW}, 'N' || c.client_code, c.id, s.id, 'Pumps', 'active', current_date,
    current_date - 5000 + (row_number() OVER ())::int, 1, 'Body'
FROM clients c CROSS JOIN standards s
""",
    f"""
INSERT INTO audit_schedules (tenant_id, id, created_at, audit_number, client_id, standard_id,
    audit_type, scheduled_start_date, status, workflow_status)
SELECT c.tenant_id, {NEW}, 'A' || c.client_code, c.id, s.id, 'initial',
    current_date - 5000 + (row_number() OVER ())::int, 'scheduled', 'draft'
FROM clients c CROSS JOIN standards s
""",
    f"""
INSERT INTO non_conformities (tenant_id, id, created_at, audit_schedule_id, nc_number, severity,
    description, status)
SELECT a.tenant_id, {NEW}, a.id, 'N' || a.audit_number, 'minor', 'Statement',
    CASE WHEN a.scheduled_start_date > current_date + 4900 THEN 'open' ELSE 'closed' END
FROM audit_schedules a
""",
    f"""
INSERT INTO invoices (tenant_id, id, created_at, client_id, invoice_number, amount, tax_amount,
    total_amount, currency, issue_date, due_date, status)
SELECT c.tenant_id, {NEW}, c.id, 'I' || c.client_code, 100, 16, 116, 'KES', current_date,
    current_date, CASE WHEN c.client_code LIKE 'C999%' THEN 'issued' ELSE 'paid' END
FROM clients c
""",
)


@pytest.fixture
def grown(postgres_database) -> Iterator[Database]:
    """A tenant with many rows, as the application sees it, and with statistics."""
    migrate(postgres_database.owner)
    database = Database(postgres_database.app, record_written)
    with database.write(TENANT) as session:
        for statement in FILL:
            names = {"tenant": TENANT, "rows": ROWS}
            given = {name: value for name, value in names.items() if f":{name}" in statement}
            session.connection().execute(text(statement), given)
    owner = make_engine(postgres_database.owner)
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    owner.dispose()
    yield database
    database.engine.dispose()


def test_the_figures_look_at_what_counts_alone(grown: Database) -> None:
    caller = Caller("a@b", uuid4(), TENANT, frozenset({"admin"}), "A", "B", rights=ALL)
    with grown.read(TENANT) as session:
        plans = Plans(grown.engine)
        found = dashboard.stats(session, caller)
        [figures, *money] = plans.largest.values()
        dashboard.upcoming_audits(session, caller, 1, 10)
        dashboard.expiring_certificates(session, caller, 90, 1, 10)
    assert (found.total_clients, found.active_certificates) == (ROWS, 5001)
    assert (found.upcoming_audits, found.expiring_certificates) == (31, 91)
    assert found.open_non_conformities == 100
    assert found.outstanding is not None
    assert (found.outstanding[0].amount, found.outstanding[0].invoices) == (11 * 116, 11)
    # To count the clients all of them are looked at, in an index; of the rest only what counts.
    assert figures == ROWS
    assert len(money) == 2
    assert max(money) <= 20
    audits, _, certificates, _ = list(plans.largest.values())[3:]
    assert max(audits, certificates) <= 11, "a page looks at its own rows, counting at more"
