"""What the office works with: contracts, invoices, library, training, permissions."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from sync_server.database.migrations import tenancy

revision = "0005"
down_revision = "0004"

TEXT, UUID, INT, BOOL, DATE = sa.Text(), sa.Uuid(), sa.Integer(), sa.Boolean(), sa.Date()
MOMENT, NUMBER, JSON = sa.DateTime(timezone=True), sa.Numeric(16, 2), sa.JSON()
LIVING = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    _access()
    _contracts()
    _library()
    _after_audits()
    _finance()
    _people()
    _accounts()


def _record(table: str, *parts: Any) -> None:
    op.create_table(
        table,
        *parts,
        sa.Column("tenant_id", UUID, nullable=False),
        sa.Column("id", UUID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.Column("deleted_reason", TEXT),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    )
    tenancy.separate(table)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=op.f(f"fk_{table}_tenant_id_{column}"),
    )


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    name = op.f(f"uq_{table}_tenant_id_{'_'.join(columns)}")
    return sa.UniqueConstraint("tenant_id", *columns, name=name)


def _index(table: str, *columns: str, unique: bool = False) -> None:
    living: dict[str, Any] = {"sqlite_where": LIVING, "postgresql_where": LIVING} if unique else {}
    name = op.f(f"ix_{table}_tenant_id_{'_'.join(columns)}")
    op.create_index(name, table, ["tenant_id", *columns], unique=unique, **living)


def _access() -> None:
    _record(
        "permissions",
        sa.Column("resource", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("description", TEXT),
    )
    _index("permissions", "resource", "action")
    _record(
        "role_permissions",
        sa.Column("role_id", UUID, nullable=False),
        sa.Column("permission_id", UUID, nullable=False),
        _to("role_permissions", "permission_id", "permissions"),
        _to("role_permissions", "role_id", "roles"),
    )
    _index("role_permissions", "role_id")
    _record(
        "role_parents",
        sa.Column("role_id", UUID, nullable=False),
        sa.Column("parent_id", UUID, nullable=False),
        _to("role_parents", "parent_id", "roles"),
        _to("role_parents", "role_id", "roles"),
        _unique("role_parents", "role_id"),
    )
    _record(
        "user_permissions",
        sa.Column("user_id", UUID, nullable=False),
        sa.Column("permission_id", UUID, nullable=False),
        sa.Column("effect", TEXT, nullable=False),
        _to("user_permissions", "permission_id", "permissions"),
        _to("user_permissions", "user_id", "users"),
    )
    _index("user_permissions", "user_id")


def _contracts() -> None:
    _record(
        "applications",
        sa.Column("client_id", UUID, nullable=False),
        sa.Column("application_number", TEXT, nullable=False),
        sa.Column("scheme_type", TEXT),
        sa.Column("standard_id", UUID, nullable=False),
        sa.Column("scope_description", TEXT),
        sa.Column("employee_count", INT),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("submitted_at", MOMENT),
        sa.Column("decided_at", MOMENT),
        sa.Column("rejection_reason", TEXT),
        sa.Column("audit_time", JSON),
        _to("applications", "client_id", "clients"),
        _to("applications", "standard_id", "standards"),
        _unique("applications", "application_number"),
    )
    _index("applications", "client_id")
    _record(
        "quotations",
        sa.Column("application_id", UUID, nullable=False),
        sa.Column("quotation_number", TEXT, nullable=False),
        sa.Column("total_amount", NUMBER, nullable=False),
        sa.Column("currency", TEXT),
        sa.Column("audit_days", NUMBER),
        sa.Column("daily_rate", NUMBER),
        sa.Column("travel_cost", NUMBER),
        sa.Column("valid_until", DATE),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("accepted_at", MOMENT),
        sa.Column("rejection_reason", TEXT),
        _to("quotations", "application_id", "applications"),
        _unique("quotations", "quotation_number"),
    )
    _index("quotations", "application_id")
    _record(
        "contracts",
        sa.Column("client_id", UUID, nullable=False),
        sa.Column("quotation_id", UUID),
        sa.Column("contract_number", TEXT, nullable=False),
        sa.Column("start_date", DATE, nullable=False),
        sa.Column("end_date", DATE, nullable=False),
        sa.Column("auto_renew", BOOL, nullable=False),
        sa.Column("terms_and_conditions", TEXT),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("signature_data", TEXT),
        sa.Column("signed_at", MOMENT),
        sa.Column("termination_reason", TEXT),
        _to("contracts", "client_id", "clients"),
        _to("contracts", "quotation_id", "quotations"),
        _unique("contracts", "contract_number"),
    )
    _index("contracts", "client_id")


def _library() -> None:
    _record(
        "documents",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("is_folder", BOOL, nullable=False),
        sa.Column("parent_id", UUID),
        sa.Column("description", TEXT),
        sa.Column("owner_id", UUID),
        sa.Column("current_version_id", UUID),
        _to("documents", "parent_id", "documents"),
    )
    _index("documents", "parent_id")
    _record(
        "document_versions",
        sa.Column("document_id", UUID, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("file_name", TEXT, nullable=False),
        sa.Column("content_type", TEXT, nullable=False),
        sa.Column("size", INT, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("change_note", TEXT),
        sa.Column("created_by", UUID),
        _to("document_versions", "document_id", "documents"),
        _unique("document_versions", "document_id", "version"),
    )
    _record(
        "evidence_documents",
        sa.Column("evidence_id", UUID, nullable=False),
        sa.Column("document_id", UUID, nullable=False),
        _to("evidence_documents", "document_id", "documents"),
        _to("evidence_documents", "evidence_id", "audit_evidence"),
        _unique("evidence_documents", "evidence_id"),
    )


def _after_audits() -> None:
    _record(
        "corrective_actions",
        sa.Column("non_conformity_id", UUID),
        sa.Column("capa_number", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("action_plan", TEXT, nullable=False),
        sa.Column("responsible_person", TEXT),
        sa.Column("assigned_to", UUID),
        sa.Column("due_date", DATE),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("approved_by", UUID),
        sa.Column("approved_at", MOMENT),
        sa.Column("verification_notes", TEXT),
        sa.Column("evidence_document_id", UUID),
        sa.Column("verified_by", UUID),
        sa.Column("verified_at", MOMENT),
        _to("corrective_actions", "evidence_document_id", "documents"),
        _to("corrective_actions", "non_conformity_id", "non_conformities"),
        _unique("corrective_actions", "capa_number"),
    )
    _index("corrective_actions", "non_conformity_id")
    _record(
        "certificate_sites",
        sa.Column("certificate_id", UUID, nullable=False),
        sa.Column("site_id", UUID, nullable=False),
        _to("certificate_sites", "certificate_id", "certificates"),
        _to("certificate_sites", "site_id", "client_sites"),
    )
    _index("certificate_sites", "certificate_id")
    _record(
        "certificate_scopes",
        sa.Column("certificate_id", UUID, nullable=False),
        sa.Column("scope_description", TEXT, nullable=False),
        sa.Column("effective_date", DATE),
        sa.Column("audit_schedule_id", UUID),
        sa.Column("notes", TEXT),
        sa.Column("is_active", BOOL, nullable=False),
        sa.Column("added_by", UUID),
        _to("certificate_scopes", "certificate_id", "certificates"),
    )
    _index("certificate_scopes", "certificate_id")
    _record(
        "complaints",
        sa.Column("client_id", UUID),
        sa.Column("complaint_number", TEXT, nullable=False),
        sa.Column("complaint_type", TEXT),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("received_date", DATE, nullable=False),
        sa.Column("acknowledged_at", MOMENT),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("resolution", TEXT),
        sa.Column("investigation_summary", TEXT),
        sa.Column("resolved_at", MOMENT),
        sa.Column("resolved_by", UUID),
        _to("complaints", "client_id", "clients"),
        _unique("complaints", "complaint_number"),
    )
    _index("complaints", "client_id")


def _finance() -> None:
    _record(
        "invoices",
        sa.Column("client_id", UUID, nullable=False),
        sa.Column("contract_id", UUID),
        sa.Column("invoice_number", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("tax_amount", NUMBER, nullable=False),
        sa.Column("total_amount", NUMBER, nullable=False),
        sa.Column("currency", TEXT),
        sa.Column("issue_date", DATE, nullable=False),
        sa.Column("due_date", DATE, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("paid_at", MOMENT),
        sa.Column("cancellation_reason", TEXT),
        _to("invoices", "client_id", "clients"),
        _to("invoices", "contract_id", "contracts"),
        _unique("invoices", "invoice_number"),
    )
    _index("invoices", "client_id")
    _index("invoices", "status", "due_date")
    _record(
        "invoice_items",
        sa.Column("invoice_id", UUID, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("quantity", NUMBER, nullable=False),
        sa.Column("unit_price", NUMBER, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        _to("invoice_items", "invoice_id", "invoices"),
    )
    _index("invoice_items", "invoice_id")
    _record(
        "payments",
        sa.Column("invoice_id", UUID, nullable=False),
        sa.Column("payment_number", TEXT, nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        sa.Column("payment_method", TEXT, nullable=False),
        sa.Column("transaction_id", TEXT),
        sa.Column("payment_date", DATE, nullable=False),
        sa.Column("notes", TEXT),
        _to("payments", "invoice_id", "invoices"),
        _unique("payments", "payment_number"),
    )
    _index("payments", "invoice_id")
    _index("payments", "transaction_id", unique=True)


def _people() -> None:
    _record(
        "training_records",
        sa.Column("user_id", UUID, nullable=False),
        sa.Column("course_name", TEXT, nullable=False),
        sa.Column("provider", TEXT),
        sa.Column("completion_date", DATE),
        sa.Column("expiry_date", DATE),
        sa.Column("score", NUMBER),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("certificate_url", TEXT),
        _to("training_records", "user_id", "users"),
    )
    _index("training_records", "user_id")
    _record(
        "declared_interests",
        sa.Column("user_id", UUID, nullable=False),
        sa.Column("client_id", UUID, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("ended_on", DATE),
        sa.Column("notes", TEXT),
    )
    _index("declared_interests", "user_id", "client_id")
    _record(
        "notifications",
        sa.Column("user_id", UUID, nullable=False),
        sa.Column("event", TEXT, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("body", TEXT),
        sa.Column("priority", TEXT, nullable=False),
        sa.Column("resource_type", TEXT),
        sa.Column("resource_id", UUID),
        sa.Column("read_at", MOMENT),
        _to("notifications", "user_id", "users"),
    )
    _index("notifications", "user_id")


def _accounts() -> None:
    op.add_column("accounts", sa.Column("tokens_valid_from", MOMENT))
    op.add_column("accounts", sa.Column("totp_secret", TEXT))
    op.add_column("accounts", sa.Column("totp_confirmed_at", MOMENT))
    op.add_column("accounts", sa.Column("totp_last_step", INT))
    op.add_column("audit_logs", sa.Column("old_values", TEXT))
    op.add_column("audit_logs", sa.Column("ip_address", TEXT))
    _index("audit_logs", "at")
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant_id", UUID, nullable=False),
        sa.Column("user_id", UUID, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("request_hash", TEXT, nullable=False),
        sa.Column("status", INT, nullable=False),
        sa.Column("answer", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "key", name=op.f("pk_idempotency_keys")),
    )
    tenancy.separate("idempotency_keys", "SELECT, INSERT, DELETE")
