"""Signing somebody out everywhere at once."""

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from intact_core import clock
from sync_server.tables.accounts import Account, AuthToken, WebSession


def end_access(session: Session, email: str, *, but: str | None = None) -> None:
    """End the account's sessions and tokens; the token whose `jti` is `but` goes on.

    A sign-in under way ends, too: it began with what was true before (`tokens_valid_from`). A
    laptop proves itself anew with its own key, and is told there what still holds for it.
    """
    now = clock.now()
    session.execute(delete(WebSession).where(WebSession.email == email))
    tokens = update(AuthToken).where(AuthToken.email == email, AuthToken.revoked_at.is_(None))
    others = tokens if but is None else tokens.where(AuthToken.jti != but)
    session.execute(others.values(revoked_at=now))
    session.execute(update(Account).where(Account.email == email).values(tokens_valid_from=now))
