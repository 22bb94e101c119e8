"""What anybody may ask about a certificate by its number."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from intact_core import clock, ids
from intact_core.errors import NotFound
from intact_core.records.certificates import Certificate
from intact_core.records.clients import Client
from intact_core.records.standards import Standard
from intact_core.rules.certificates import status_on
from sync_server.database.engine import Database
from sync_server.services.clients import sites_of
from sync_server.tables.accounts import PublicNumber

_LONGEST_NUMBER = 60


@dataclass(frozen=True)
class PublicAnswer:
    """What anybody may know of a certificate whose number they have."""

    number: str
    client_name: str
    client_place: str
    standard: str
    scope: str
    issue_date: date
    expiry_date: date
    status: str
    certification_body: str
    as_of: datetime

    @property
    def is_valid(self) -> bool:
        """True only for an active certificate in its dates."""
        return self.status == "active"


def verify_number(database: Database, number: str) -> PublicAnswer:
    """The status of a certificate today; raises NotFound, after the same work, where unknown."""
    number = number.strip().upper()[:_LONGEST_NUMBER]
    with database.read(None) as session:
        entry = session.get(PublicNumber, number)
    tenant_id = entry.home_tenant_id if entry else ids.new_id()
    certificate_id = entry.certificate_id if entry else ids.new_id()
    with database.read(tenant_id) as session:
        query = (
            select(Certificate, Client, Standard)
            .join(Client, Client.id == Certificate.client_id)
            .join(Standard, Standard.id == Certificate.standard_id)
            .where(Certificate.id == certificate_id, Certificate.deleted_at.is_(None))
        )
        found = session.execute(query).first()
        sites = sites_of(session, found[1].id if found else certificate_id)
    if found is None:
        raise NotFound("No certificate with this number is known here. Check the number.")
    certificate, client, standard = found
    place = ", ".join(part for part in (sites[0].city, sites[0].country) if part) if sites else ""
    return PublicAnswer(
        number=certificate.certificate_number,
        client_name=client.legal_name,
        client_place=place,
        standard=standard.title,
        scope=certificate.scope,
        issue_date=certificate.issue_date,
        expiry_date=certificate.expiry_date,
        status=status_on(certificate, clock.today()),
        certification_body=certificate.certification_body,
        as_of=clock.now(),
    )
