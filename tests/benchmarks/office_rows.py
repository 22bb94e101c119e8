"""A hundred thousand rows of each kind that the dashboard counts, written by the database."""

from uuid import UUID

import psycopg

_NEW = "gen_random_uuid(), now()"
_STATEMENTS = (
    "INSERT INTO certificates (tenant_id, id, created_at, certificate_number, client_id,"
    " standard_id, scope, status, issue_date, expiry_date, revision, certification_body)"
    f" SELECT c.tenant_id, {_NEW}, 'N' || c.client_code, c.id, s.id, 'Pumps',"
    " CASE WHEN c.employee_count %% 5 = 0 THEN 'withdrawn' ELSE 'active' END,"
    " current_date - 900, current_date - 500 + c.employee_count %% 1500, 1, 'Body'"
    " FROM clients c JOIN standards s ON s.tenant_id = c.tenant_id"
    " WHERE c.tenant_id = %(tenant)s AND c.client_code LIKE 'B%%'",
    "INSERT INTO audit_schedules (tenant_id, id, created_at, audit_number, client_id, standard_id,"
    " audit_type, scheduled_start_date, total_audit_days, status, workflow_status)"
    f" SELECT tenant_id, {_NEW}, 'A' || certificate_number, client_id, standard_id,"
    " 'surveillance', expiry_date - 400, 3,"
    " CASE WHEN expiry_date - 400 < current_date THEN 'completed' ELSE 'scheduled' END, 'draft'"
    " FROM certificates WHERE tenant_id = %(tenant)s AND certificate_number LIKE 'NB%%'",
    "INSERT INTO non_conformities (tenant_id, id, created_at, audit_schedule_id, nc_number,"
    " severity, clause, description, status)"
    f" SELECT tenant_id, {_NEW}, id, 'F' || audit_number, 'minor', '8.5.1', 'Statement',"
    " CASE WHEN audit_number LIKE '%%7' THEN 'open' ELSE 'closed' END"
    " FROM audit_schedules WHERE tenant_id = %(tenant)s AND audit_number LIKE 'ANB%%'",
    "INSERT INTO invoices (tenant_id, id, created_at, client_id, invoice_number, amount,"
    " tax_amount, total_amount, paid_amount, currency, issue_date, due_date, status)"
    f" SELECT tenant_id, {_NEW}, id, 'I' || client_code, 100, 16, 116,"
    " CASE WHEN client_code LIKE '%%3' THEN 50 ELSE 116 END, 'KES',"
    " current_date - employee_count %% 900, current_date - employee_count %% 900 + 30,"
    " CASE WHEN client_code LIKE '%%3' THEN 'issued' ELSE 'paid' END"
    " FROM clients WHERE tenant_id = %(tenant)s AND client_code LIKE 'B%%'",
    "INSERT INTO payments (tenant_id, id, created_at, invoice_id, payment_number, amount,"
    " payment_method, payment_date)"
    f" SELECT tenant_id, {_NEW}, id, 'P' || invoice_number,"
    " paid_amount, 'bank_transfer', due_date"
    " FROM invoices WHERE tenant_id = %(tenant)s AND invoice_number LIKE 'IB%%'",
)


def fill(database: str, tenant: UUID) -> None:
    """For each client of the benchmark a certificate, audit, finding, invoice and payment."""
    with psycopg.connect(database, autocommit=True) as connection:
        for statement in _STATEMENTS:
            connection.execute(statement, {"tenant": tenant})
        connection.execute("VACUUM ANALYZE")
