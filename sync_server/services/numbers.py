"""Human numbers, unique per tenant: AUD-2026-001."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import clock
from sync_server.tables.accounts import NumberSequence


def next_value(session: Session, tenant_id: UUID, prefix: str, year: int) -> int:
    """The next number of a kind and year, from 1; its row stays locked until the commit."""
    query = select(NumberSequence).where(
        NumberSequence.tenant_id == tenant_id,
        NumberSequence.prefix == prefix,
        NumberSequence.year == year,
    )
    row = session.scalar(query.with_for_update())
    if row is None:
        row = NumberSequence(tenant_id=tenant_id, prefix=prefix, year=year, next_value=1)
        session.add(row)
    value = row.next_value
    row.next_value = value + 1
    session.flush()
    return value


def next_number(session: Session, tenant_id: UUID, prefix: str) -> str:
    """The next number of this year, such as AUD-2026-001."""
    year = clock.today().year
    return f"{prefix}-{year}-{next_value(session, tenant_id, prefix, year):03d}"
