"""A ticket for the second step of signing in: the password was right a moment ago."""

import binascii
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from intact_core import canonical, clock
from intact_core.errors import NotSignedIn, StorageFault
from sync_server.auth.sealing import Sealing
from sync_server.tables.accounts import Account

_LABEL = "second step"
LIFETIME = timedelta(minutes=5)


def write(sealing: Sealing, account: Account) -> str:
    """A sealed ticket, good for five minutes and for the password of now."""
    until = clock.now() + LIFETIME
    told = {"email": account.email, "until": until, "password": account.password_hash}
    return sealing.wrap(canonical.dumps(told), _LABEL)


def read(session: Session, sealing: Sealing, ticket: str) -> Account:
    """The account of a ticket; raises NotSignedIn for one that is none, or too old."""
    try:
        told = canonical.loads(sealing.unwrap(ticket, _LABEL))
    except (StorageFault, binascii.Error, ValueError) as fault:
        raise _over() from fault
    account = session.get(Account, told["email"])
    late = datetime.fromisoformat(told["until"]) < clock.now()
    if late or account is None or account.password_hash != told["password"]:
        raise _over()
    return account


def _over() -> NotSignedIn:
    return NotSignedIn("This took too long. Sign in again.", title="Start again")
