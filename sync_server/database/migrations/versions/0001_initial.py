"""The first shape: every record, the ledger, accounts; tenants kept apart by the database."""

import sqlalchemy as sa
from alembic import op

from intact_core.records import first_shape
from sync_server.database.migrations import tenancy

revision = "0001"
down_revision = None

WITH_TENANT = (
    "tenant_keys",
    "number_sequences",
    "scope_head",
    "record_head",
    "serial_counter",
    "change",
    "op_receipt",
    "device",
    "audit_logs",
    "blob",
    "upload",
)
"""Tables of the server alone that hold a tenant's rows."""

ABOVE_TENANTS = (
    "accounts",
    "sessions",
    "auth_tokens",
    "sign_in_attempts",
    "used_nonces",
    "tenant_directory",
    "public_numbers",
    "settings",
    "server_epoch",
)
"""What is looked up before anybody knows the tenant."""

INSERT_ONLY = ("audit_logs", "op_receipt")
"""History: the application may add to it and read it, nothing else."""


def upgrade() -> None:
    first_shape.create(op.get_bind())
    _accounts()
    _ledger()
    if tenancy.is_postgresql():
        _separate_tenants()
    else:
        _protect_history()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("home_tenant_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_accounts")),
        sa.UniqueConstraint("user_id", name=op.f("uq_accounts_user_id")),
    )
    op.create_table(
        "sessions",
        sa.Column("session_key_hash", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("csrf_secret", sa.Text(), nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("session_key_hash", name=op.f("pk_sessions")),
    )
    op.create_table(
        "auth_tokens",
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("home_tenant_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("jti", name=op.f("pk_auth_tokens")),
    )
    op.create_table(
        "sign_in_attempts",
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_sign_in_attempts")),
    )
    op.create_table(
        "used_nonces",
        sa.Column("nonce_hash", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("nonce_hash", name=op.f("pk_used_nonces")),
    )
    op.create_table(
        "tenant_directory",
        sa.Column("home_tenant_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("home_tenant_id", name=op.f("pk_tenant_directory")),
    )
    op.create_table(
        "tenant_keys",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.Text(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "kind", name=op.f("pk_tenant_keys")),
    )
    op.create_table(
        "number_sequences",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("next_value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "prefix", "year", name=op.f("pk_number_sequences")),
    )
    op.create_table(
        "public_numbers",
        sa.Column("certificate_number", sa.Text(), nullable=False),
        sa.Column("home_tenant_id", sa.Uuid(), nullable=False),
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("certificate_number", name=op.f("pk_public_numbers")),
    )
    op.create_table(
        "settings",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_settings")),
    )


def _ledger() -> None:
    op.create_table(
        "scope_head",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "scope", name=op.f("pk_scope_head")),
    )
    op.create_table(
        "record_head",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("field_rev", sa.JSON(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "type", "id", name=op.f("pk_record_head")),
        sa.UniqueConstraint(
            "tenant_id", "serial", "type", name=op.f("uq_record_head_tenant_id_serial_type")
        ),
    )
    op.create_index(
        op.f("ix_record_head_tenant_id_scope"), "record_head", ["tenant_id", "scope"], unique=False
    )
    op.create_table(
        "serial_counter",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "type", name=op.f("pk_serial_counter")),
    )
    op.create_table(
        "change",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("patch", sa.Text(), nullable=False),
        sa.Column("op_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "scope", "seq", name=op.f("pk_change")),
    )
    op.create_index(
        op.f("ix_change_tenant_id_record_id"), "change", ["tenant_id", "record_id"], unique=False
    )
    op.create_table(
        "op_receipt",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("op_id", sa.Uuid(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "device_id", "n", name=op.f("pk_op_receipt")),
    )
    op.create_index(
        op.f("ix_op_receipt_tenant_id_op_id"), "op_receipt", ["tenant_id", "op_id"], unique=False
    )
    op.create_table(
        "device",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("last_n", sa.BigInteger(), nullable=False),
        sa.Column("chain_hash", sa.Text(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_device")),
    )
    op.create_table(
        "audit_logs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("new_values", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seq", name=op.f("pk_audit_logs")),
    )
    op.create_index(
        op.f("ix_audit_logs_tenant_id_resource_type_resource_id"),
        "audit_logs",
        ["tenant_id", "resource_type", "resource_id"],
        unique=False,
    )
    op.create_table(
        "server_epoch",
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_server_epoch")),
    )
    op.create_table(
        "blob",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "sha256", name=op.f("pk_blob")),
    )
    op.create_table(
        "upload",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "sha256", name=op.f("pk_upload")),
    )


def _separate_tenants() -> None:
    tenancy.grant("USAGE", "ON SCHEMA public")
    tenancy.grant("SELECT", "ON alembic_version")
    for table in first_shape.TABLES:
        tenancy.separate(table.name)
    for name in WITH_TENANT:
        tenancy.separate(name, _rights(name))
    for name in ABOVE_TENANTS:
        tenancy.grant(_rights(name), f"ON {name}")


def _rights(table: str) -> str:
    return "SELECT, INSERT" + ("" if table in INSERT_ONLY else ", UPDATE, DELETE")


def _protect_history() -> None:
    for table in INSERT_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"
            )
