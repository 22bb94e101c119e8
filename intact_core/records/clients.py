"""Client organisations, their contacts and sites."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from intact_core.records.base import Merge, Record, client_scope, field, fixed, to


class Client(Record):
    """An organisation that is or wants to be certified."""

    __tablename__ = "clients"
    __scope__ = client_scope("id")
    __table_args__ = (UniqueConstraint("tenant_id", "client_code"),)

    client_code: Mapped[str] = field(merge=Merge.NUMBER)
    legal_name: Mapped[str] = field()
    trading_name: Mapped[str | None] = field()
    registration_number: Mapped[str | None] = field()
    tax_id: Mapped[str | None] = field()
    website: Mapped[str | None] = field()
    industry_sector: Mapped[str | None] = field()
    employee_count: Mapped[int | None] = field()
    annual_revenue: Mapped[Decimal | None] = field()
    currency: Mapped[str | None] = field()
    status: Mapped[str] = field(choices=("active", "inactive"), default="active")


class ClientContact(Record):
    """A person at the client; `user_id` where the person may sign in."""

    __tablename__ = "client_contacts"
    __scope__ = client_scope()
    __table_args__ = (to("clients", "client_id"), to("users", "user_id"))

    client_id: Mapped[UUID] = fixed()
    first_name: Mapped[str] = field()
    last_name: Mapped[str] = field()
    job_title: Mapped[str | None] = field()
    email: Mapped[str | None] = field()
    phone: Mapped[str | None] = field()
    mobile: Mapped[str | None] = field()
    is_primary: Mapped[bool] = field(default=False)
    is_billing: Mapped[bool] = field(default=False)
    is_technical: Mapped[bool] = field(default=False)
    user_id: Mapped[UUID | None] = field()


class ClientSite(Record):
    """A place where the client works."""

    __tablename__ = "client_sites"
    __scope__ = client_scope()
    __table_args__ = (
        to("clients", "client_id"),
        UniqueConstraint("tenant_id", "client_id", "site_code"),
    )

    client_id: Mapped[UUID] = fixed()
    site_name: Mapped[str] = field()
    site_code: Mapped[str | None] = field()
    address_line1: Mapped[str | None] = field()
    city: Mapped[str | None] = field()
    country: Mapped[str | None] = field()
    is_headquarters: Mapped[bool] = field(default=False)
    is_active: Mapped[bool] = field(default=True)
