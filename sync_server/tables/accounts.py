"""Accounts, web sessions and access tokens: what only the server knows of a user."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.tables.base import ServerRow


class Account(ServerRow):
    """How a person signs in. Above tenants, because an address is unique over all of them.

    `home_tenant_id` is empty for an operator of the platform.
    """

    __tablename__ = "accounts"

    email: Mapped[str] = mapped_column(primary_key=True)
    home_tenant_id: Mapped[UUID | None]
    user_id: Mapped[UUID] = mapped_column(unique=True)
    password_hash: Mapped[str]
    last_login_at: Mapped[datetime | None]
    tokens_valid_from: Mapped[datetime | None]
    """Sessions and tokens that began earlier have ended (the password was changed)."""
    totp_secret: Mapped[str | None]
    """Sealed secret of the second factor (RFC 6238); empty without one."""
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None]
    """The last time step that was used: a code counts once."""
    recovery_codes: Mapped[list[str] | None] = mapped_column(JSON)
    """Keyed hashes of the codes that are left for the loss of the second factor."""


class WebSession(ServerRow):
    """A browser's session; the cookie's value is known only as its hash."""

    __tablename__ = "sessions"

    session_key_hash: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str]
    csrf_secret: Mapped[str]
    messages: Mapped[list[str]] = mapped_column(default=list)
    expires_at: Mapped[datetime]


class AuthToken(ServerRow):
    """An access token that was given out; looked up on each call, so revoking is immediate."""

    __tablename__ = "auth_tokens"

    jti: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str]
    home_tenant_id: Mapped[UUID | None]
    device_id: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SignInAttempt(ServerRow):
    """Failed sign-ins per bucket: an account, a network address, or both together."""

    __tablename__ = "sign_in_attempts"

    bucket: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    last_at: Mapped[datetime]


class UsedNonce(ServerRow):
    """A nonce that a laptop's assertion has used up, kept until it would have ended anyway."""

    __tablename__ = "used_nonces"

    nonce_hash: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]


class TenantEntry(ServerRow):
    """The list of tenants for the platform's operator; what a tenant holds stays its own."""

    __tablename__ = "tenant_directory"

    home_tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    since: Mapped[datetime]


class TenantKey(ServerRow):
    """A tenant's signing key, wrapped by the server's secret.

    Kinds: `authority`, `document`, `claims`, `lease`.
    """

    __tablename__ = "tenant_keys"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    wrapped_key: Mapped[str]
    certificate: Mapped[str]
    """PEM; empty for a key without one (Ed25519 claims: its public key, hexadecimal)."""
    made_at: Mapped[datetime]


class NumberSequence(ServerRow):
    """Next number per kind and year."""

    __tablename__ = "number_sequences"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    prefix: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    next_value: Mapped[int]


class IdempotencyKey(ServerRow):
    """A request that was answered: the same key gets the same answer, and nothing twice."""

    __tablename__ = "idempotency_keys"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    """SHA-256 of method, path and body, hexadecimal."""
    status: Mapped[int]
    answer: Mapped[str]
    at: Mapped[datetime]


class PublicNumber(ServerRow):
    """Which tenant a public certificate number belongs to; no other way leads to it."""

    __tablename__ = "public_numbers"

    certificate_number: Mapped[str] = mapped_column(primary_key=True)
    home_tenant_id: Mapped[UUID]
    certificate_id: Mapped[UUID]


class Setting(ServerRow):
    """Values of the server itself, such as which demo data was loaded."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
