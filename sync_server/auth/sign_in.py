"""Signing in: throttled, the same answer for every failure, a second factor where there is one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import CodeNeeded, NotSignedIn
from sync_server.auth import throttle
from sync_server.auth.callers import Caller, caller_of
from sync_server.auth.passwords import Passwords
from sync_server.auth.second_factor import SecondFactor
from sync_server.auth.throttle import Bucket
from sync_server.auth.tokens import ended
from sync_server.database.engine import Database
from sync_server.tables.accounts import Account

T = TypeVar("T")
_FREE_CODES = 5


@dataclass(frozen=True)
class Door:
    """What signing in needs of the server."""

    database: Database
    passwords: Passwords
    factor: SecondFactor


@dataclass(frozen=True)
class Proof:
    """What somebody gave, and the network address that it came from."""

    email: str
    password: str
    address: str
    code: str | None = None


def normal_email(email: str) -> str:
    return email.strip().lower()


def sign_in(door: Door, proof: Proof, begin: Callable[[Session, Caller], T]) -> tuple[Caller, T]:
    """Who that is, and what `begin` makes for them: a token, a session.

    Raises NotSignedIn: wrong, locked for a while, or access ended; CodeNeeded where the password
    is right and a code is missing. Opens its own short transactions, because a failure must be
    counted although it is refused, and because hashing must hold no lock.
    """
    account = check_password(door, proof)
    return enter(door, account, proof, begin)


def enter(
    door: Door, account: Account, proof: Proof, begin: Callable[[Session, Caller], T]
) -> tuple[Caller, T]:
    """The rest of signing in, once the password was right."""
    if account.totp_confirmed_at is not None:
        if not proof.code:
            raise CodeNeeded("Enter the code that your authenticator shows, or a recovery code.")
        check_code(door, account, proof)
    forget = (*throttle.buckets(account.email, proof.address), _codes_of(account.email))
    caller = replace(caller_of(door.database, account), address=proof.address)
    with door.database.write(caller.tenant_id, caller.actor) as session:
        row = session.get_one(Account, account.email, with_for_update=True)
        _require_unchanged(account, row)
        row.last_login_at = clock.now()
        throttle.forgive(session, forget)
        return caller, begin(session, caller)


def _require_unchanged(before: Account, now: Account) -> None:
    # Whoever changed the password meanwhile wanted all that began before to end.
    if (before.password_hash, before.tokens_valid_from) != (
        now.password_hash,
        now.tokens_valid_from,
    ):
        raise ended()


def confirm_password(
    database: Database, passwords: Passwords, caller: Caller, password: str, address: str
) -> Account:
    """Ask for the password again before something weighty; raises NotSignedIn when wrong."""
    proof = Proof(caller.email, password, address)
    account = _checked(database, passwords, proof)
    with database.write(None) as session:
        throttle.forgive(session, throttle.buckets(account.email, address))
    return account


def check_password(door: Door, proof: Proof) -> Account:
    """The account whose password that is; raises NotSignedIn. The attempt stays counted."""
    return _checked(door.database, door.passwords, proof)


def _checked(database: Database, passwords: Passwords, proof: Proof) -> Account:
    email = normal_email(proof.email)
    allowed = _take(database, throttle.buckets(email, proof.address))
    with database.read(None) as session:
        account = session.get(Account, email)
    fits = passwords.verify(proof.password, account.password_hash if account else None)
    if not fits or not allowed or account is None:
        raise NotSignedIn(
            "Address or password is wrong, or there were too many attempts. "
            "Wait a little and try again.",
            title="That did not work",
        )
    return account


def check_code(door: Door, account: Account, proof: Proof) -> None:
    """Use up the code of the second factor; raises NotSignedIn. Throttled by itself."""
    allowed = _take(door.database, (_codes_of(account.email),))
    with door.database.write(None) as session:
        row = session.get_one(Account, account.email, with_for_update=True)
        # Not tried while it is locked: a code for recovery counts once, and would be lost.
        in_use = allowed and row.totp_confirmed_at is not None
        fits = in_use and door.factor.use(row, proof.code or "")
    if not fits:
        raise NotSignedIn(
            "The code is wrong or was used already, or there were too many attempts. "
            "Wait for the next code and try again.",
            title="That did not work",
        )


def _codes_of(email: str) -> Bucket:
    # Whoever knows the password must not try codes from many addresses either.
    return Bucket(f"code {email}", _FREE_CODES)


def _take(database: Database, wanted: tuple[Bucket, ...]) -> bool:
    with database.write(None) as session:
        return throttle.take(session, wanted)
