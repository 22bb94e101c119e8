"""Indexes for the office's figures, on tables that laptops hold without them."""

import sqlalchemy as sa
from alembic import op

revision = "0007_business"
down_revision = "0007_access"

LIVING = sa.text("deleted_at IS NULL")
OFFICE = "office"
"""Marks an index that the server alone has: the record's class, which laptops share, has none."""


def upgrade() -> None:
    _living("clients")
    _living("certificates", "status", "expiry_date")
    _living("audit_schedules", "status", "scheduled_start_date")
    _living("non_conformities", "status", "severity")
    _living("non_conformities", "audit_schedule_id")
    _living("audit_teams", "audit_schedule_id")
    _living("client_contacts", "client_id")
    op.drop_index(op.f("ix_payments_tenant_id_invoice_id"), "payments")
    _index("ix_payments_tenant_id_invoice_id_amount", "payments", "invoice_id", "amount")
    _index("ix_payments_tenant_id_payment_date", "payments", "payment_date")
    _index("ix_invoices_tenant_id_issue_date", "invoices", "issue_date")


def _living(table: str, *columns: str) -> None:
    _index("_".join((OFFICE, table, *columns)), table, *columns)


def _index(name: str, table: str, *columns: str) -> None:
    op.create_index(
        op.f(name),
        table,
        ["tenant_id", *columns],
        sqlite_where=LIVING,
        postgresql_where=LIVING,
    )
