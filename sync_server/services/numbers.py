"""Human numbers, unique per tenant: AUD-2026-001."""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from intact_core import clock
from sync_server.tables.accounts import NumberSequence


def next_value(session: Session, tenant_id: UUID, prefix: str, year: int) -> int:
    """The next number of a kind and year, from 1; its row stays locked until the commit."""
    return _raise(session, tenant_id, prefix, year, 1) - 1


def hold(session: Session, tenant_id: UUID, prefix: str) -> None:
    """Lock the numbers of a kind until the commit, while one that somebody gave is compared."""
    _raise(session, tenant_id, prefix, clock.today().year, 0)


def _raise(session: Session, tenant_id: UUID, prefix: str, year: int, by: int) -> int:
    connection = session.connection()
    postgres = connection.dialect.name == "postgresql"
    start = (postgresql if postgres else sqlite).insert(NumberSequence)
    first = {"tenant_id": tenant_id, "prefix": prefix, "year": year, "next_value": 1}
    connection.execute(start.values(**first).on_conflict_do_nothing())
    raised = (
        update(NumberSequence)
        .where(
            NumberSequence.tenant_id == tenant_id,
            NumberSequence.prefix == prefix,
            NumberSequence.year == year,
        )
        .values(next_value=NumberSequence.next_value + by)
        .returning(NumberSequence.next_value)
    )
    return int(connection.scalars(raised).one())


def next_number(session: Session, tenant_id: UUID, prefix: str) -> str:
    """The next number of this year, such as AUD-2026-001."""
    year = clock.today().year
    return f"{prefix}-{year}-{next_value(session, tenant_id, prefix, year):03d}"
