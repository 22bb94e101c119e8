"""Tenants, users and roles: reference data that every laptop of a tenant holds."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from intact_core.records.base import Record, Scope, field, fixed, reference, to

ROLE_CODES = ("admin", "cb_admin", "lead_auditor", "auditor", "reviewer", "client_user")
"""Canonical role codes; `reviewer` may decide without being an administrator."""


class Tenant(Record):
    """A certification body. Its id equals its tenant_id."""

    __tablename__ = "tenants"
    __scope__ = Scope("reference", "tenant_id")

    name: Mapped[str] = field()
    legal_name: Mapped[str | None] = field()
    tax_id: Mapped[str | None] = field()
    website: Mapped[str | None] = field()
    address: Mapped[str | None] = field()
    country: Mapped[str | None] = field()
    timezone: Mapped[str] = field(default="UTC")
    subscription_tier: Mapped[str] = field(default="professional")
    status: Mapped[str] = field(choices=("active", "suspended", "trial"), default="active")
    settings: Mapped[dict[str, Any]] = field(default=dict)
    """Deadlines and other choices of the tenant; missing keys mean the field's defaults."""


class User(Record):
    """A person with an account. Secrets live in a table of the server alone."""

    __tablename__ = "users"
    __scope__ = reference()

    email: Mapped[str] = field()
    username: Mapped[str] = field()
    first_name: Mapped[str | None] = field()
    last_name: Mapped[str | None] = field()
    job_title: Mapped[str | None] = field()
    phone: Mapped[str | None] = field()
    is_active: Mapped[bool] = field(default=True)
    primary_role_id: Mapped[UUID | None] = field()
    client_id: Mapped[UUID | None] = field()
    """The organisation of a client's representative; empty for staff. No foreign key: a laptop
    holds every user but only some clients."""

    @property
    def full_name(self) -> str:
        """First and last name, or the address where none is known."""
        return " ".join(part for part in (self.first_name, self.last_name) if part) or self.email


class Role(Record):
    """A role; `code` is what the rules use."""

    __tablename__ = "roles"
    __scope__ = reference()
    __table_args__ = (UniqueConstraint("tenant_id", "code"), UniqueConstraint("tenant_id", "name"))

    code: Mapped[str] = field()
    name: Mapped[str] = field()
    description: Mapped[str | None] = field()
    is_system_role: Mapped[bool] = field(default=False)


class UserRole(Record):
    """A role held by a user; taken away by its tombstone."""

    __tablename__ = "user_roles"
    __scope__ = reference()
    __table_args__ = (to("users", "user_id"), to("roles", "role_id"))

    user_id: Mapped[UUID] = fixed()
    role_id: Mapped[UUID] = fixed()


class AuditorCompetency(Record):
    """What a person may audit or decide (ISO/IEC 17021-1, 7.1)."""

    __tablename__ = "auditor_competencies"
    __scope__ = reference()
    __table_args__ = (to("users", "user_id"), to("standards", "standard_id"))

    user_id: Mapped[UUID] = fixed()
    standard_id: Mapped[UUID] = fixed()
    competency_level: Mapped[str] = field(
        choices=("trainee", "auditor", "lead", "technical_expert", "decider")
    )
    assessment_date: Mapped[datetime | None] = field()
    expiry_date: Mapped[datetime | None] = field()
    notes: Mapped[str | None] = field()
