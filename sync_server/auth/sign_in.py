"""Signing in with address and password: throttled, and the same answer for every failure."""

from sqlalchemy import select

from intact_core import clock
from intact_core.errors import NotSignedIn
from sync_server.auth import throttle
from sync_server.auth.callers import Caller, caller_of
from sync_server.auth.passwords import Passwords
from sync_server.database.engine import Database
from sync_server.tables.accounts import Account


def normal_email(email: str) -> str:
    return email.strip().lower()


def sign_in(
    database: Database, passwords: Passwords, email: str, password: str, address: str
) -> Caller:
    """Who that is. Raises NotSignedIn: wrong, locked for a while, or access ended.

    Opens its own short transactions, because a failure must be counted although it is refused,
    and because hashing must hold no lock.
    """
    email = normal_email(email)
    account = _checked(database, passwords, email, password, address)
    caller = caller_of(database, account)
    with database.write(None) as session:
        row = session.get_one(Account, email)
        row.last_login_at = clock.now()
    return caller


def confirm_password(
    database: Database, passwords: Passwords, caller: Caller, password: str, address: str
) -> None:
    """Ask for the password again before something weighty; raises NotSignedIn when wrong."""
    _checked(database, passwords, caller.email, password, address)


def _checked(
    database: Database, passwords: Passwords, email: str, password: str, address: str
) -> Account:
    wanted = throttle.buckets(email, address)
    with database.write(None) as session:
        allowed = throttle.take(session, wanted)
    with database.read(None) as session:
        account = session.scalar(select(Account).where(Account.email == email))
    fits = passwords.verify(password, account.password_hash if account else None)
    if not fits or not allowed or account is None:
        raise NotSignedIn(
            "Address or password is wrong, or there were too many attempts. "
            "Wait a little and try again.",
            title="That did not work",
        )
    with database.write(None) as session:
        throttle.forgive(session, wanted)
    return account
