"""Requests that come twice under one key are answered twice and done once."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput, RuleBroken
from sync_server.auth.callers import Caller
from sync_server.tables.accounts import IdempotencyKey

KEPT = timedelta(hours=24)
LONGEST = 100


@dataclass(frozen=True)
class Told:
    """An answer that was given: its HTTP status and its body, JSON."""

    status: int
    body: str


def hash_of(method: str, path: str, body: bytes) -> str:
    """What a key stands for: SHA-256 of method, path and body, hexadecimal."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).hexdigest()


def told(session: Session, caller: Caller, key: str, request_hash: str) -> Told | None:
    """The answer that this key got before, if any.

    Raises BadInput for a key that is too long, RuleBroken (`idempotency_key`) where it came with
    another request.
    """
    if not 1 <= len(key) <= LONGEST:
        raise BadInput(f"Idempotency-Key has 1 to {LONGEST} characters.")
    row = session.get(IdempotencyKey, (caller.tenant, caller.user_id, key))
    if row is None or row.at < clock.now() - KEPT:
        return None
    if row.request_hash != request_hash:
        raise RuleBroken(
            "idempotency_key",
            "This Idempotency-Key was used for another request. Nothing was done. "
            "Use a new key for each new request.",
        )
    return Told(row.status, row.answer)


def remember(session: Session, caller: Caller, key: str, request_hash: str, answer: Told) -> None:
    """Keep an answer for a day; joins the transaction that did the work."""
    old = IdempotencyKey.at < clock.now() - KEPT
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.tenant_id == caller.tenant, old))
    session.add(
        IdempotencyKey(
            tenant_id=caller.tenant,
            user_id=caller.user_id,
            key=key,
            request_hash=request_hash,
            status=answer.status,
            answer=answer.body,
            at=clock.now(),
        )
    )
    session.flush()
