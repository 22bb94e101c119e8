"""Work that people did for clients: it bars them from audits there (ISO/IEC 17021-1, 5.2)."""

from datetime import timedelta

from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput
from intact_core.records.clients import Client
from intact_core.records.people import User
from intact_core.records.training import DeclaredInterest
from sync_server.services.records import Kind


def _checked(session: Session, row: DeclaredInterest) -> None:
    for name, record, id_ in (("user_id", User, row.user_id), ("client_id", Client, row.client_id)):
        found = session.get(record, (row.tenant_id, id_))
        if found is None or found.deleted_at is not None:
            raise BadInput(f"{name}: there is no such record. Check the id.")
    if row.ended_on is not None and row.ended_on > clock.today() + timedelta(days=1):
        raise BadInput("ended_on: leave it empty while the work goes on.")


INTERESTS = Kind(DeclaredInterest, "declared interest", search=("notes",), check=_checked)
