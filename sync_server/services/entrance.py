"""Coming in and going out, written into the tenant's log; passwords and second factors changed."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from intact_core.errors import BadInput, NotSignedIn, RuleBroken
from sync_server.auth import sessions, tokens
from sync_server.auth.callers import Caller
from sync_server.auth.endings import end_access
from sync_server.auth.passwords import require_strong
from sync_server.auth.second_factor import Start
from sync_server.auth.sign_in import Door, Proof, check_code, confirm_password
from sync_server.auth.tokens import Tokens
from sync_server.services.audit_log import note
from sync_server.tables.accounts import Account

T = TypeVar("T")
_WRONG = "The current password is wrong, or there were too many attempts. Nothing was changed."


def begin_with_token(session: Session, caller: Caller, given: Tokens) -> str:
    """A token for somebody who signed in; the log has it."""
    token = given.give(session, caller.email, caller.tenant_id, tokens.FOR_PEOPLE)
    _note(session, caller, "LOGIN", "token")
    return token


def begin_with_browser(session: Session, caller: Caller, old: str | None) -> str:
    """A browser session's cookie for somebody who signed in; ends the session of the old one."""
    sessions.end(session, old)
    value = sessions.begin(session, caller.email)
    _note(session, caller, "LOGIN", "browser")
    return value


def leave_with_token(session: Session, caller: Caller, jti: str) -> None:
    """End a token at once; the log has it."""
    tokens.revoke(session, jti)
    _note(session, caller, "LOGOUT", "token")


def leave_with_browser(session: Session, caller: Caller, value: str | None) -> None:
    """End a browser session at once; the log has it."""
    sessions.end(session, value)
    _note(session, caller, "LOGOUT", "browser")


def change_password(door: Door, caller: Caller, old: str, new: str, jti: str) -> None:
    """Change the own password: every other session and token ends, the token of `jti` goes on.

    Raises BadInput where the old one is wrong or the new one weak, or equal to the old.
    """
    require_strong(new, caller.email, caller.first_name, caller.last_name)
    if new == old:
        raise BadInput("The new password is the old one. Take another one.")
    known = _confirm(door, caller, old)
    hashed = door.passwords.hash(new)

    def change(session: Session, account: Account) -> None:
        if account.password_hash != known.password_hash:
            raise BadInput(_WRONG)
        account.password_hash = hashed
        session.flush()
        end_access(session, account.email, but=jti)
        _note(session, caller, "UPDATE", "password changed")

    _with_account(door, caller, change)


def begin_factor(door: Door, caller: Caller, password: str) -> Start:
    """A secret for the authenticator. Raises BadInput for a wrong password, RuleBroken."""
    _confirm(door, caller, password)
    return _with_account(door, caller, lambda _, account: door.factor.begin(account))


def confirm_factor(door: Door, caller: Caller, code: str) -> list[str]:
    """Put the second factor into use; its recovery codes. Raises BadInput, RuleBroken."""

    def confirm(session: Session, account: Account) -> list[str]:
        codes = door.factor.confirm(account, code)
        _note(session, caller, "UPDATE", "second factor set up")
        return codes

    return _with_account(door, caller, confirm)


def remove_factor(door: Door, caller: Caller, password: str, code: str) -> None:
    """Take the second factor away, with the password and a code again.

    Raises BadInput where one of them is wrong, RuleBroken (`totp_not_set_up`).
    """
    account = _confirm(door, caller, password)
    if account.totp_confirmed_at is None:
        raise RuleBroken("totp_not_set_up", "No second factor is set up.")
    try:
        check_code(door, account, Proof(caller.email, "", caller.address, code))
    except NotSignedIn as error:
        raise BadInput(error.sentence) from error

    def remove(session: Session, account: Account) -> None:
        door.factor.remove(account)
        _note(session, caller, "UPDATE", "second factor removed")

    _with_account(door, caller, remove)


def _confirm(door: Door, caller: Caller, password: str) -> Account:
    try:
        return confirm_password(door.database, door.passwords, caller, password, caller.address)
    except NotSignedIn as error:
        raise BadInput(_WRONG) from error


def _with_account(door: Door, caller: Caller, do: Callable[[Session, Account], T]) -> T:
    with door.database.write(caller.tenant_id, caller.actor) as session:
        return do(session, session.get_one(Account, caller.email, with_for_update=True))


def _note(session: Session, caller: Caller, action: str, what: str) -> None:
    # An operator of the platform belongs to no tenant, and so to no tenant's log.
    if caller.tenant_id is not None:
        session.flush()
        note(session, caller, action, "users", caller.user_id, {"what": what})
