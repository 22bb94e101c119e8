"""Slows guessing down: per account, per network address, and per both together."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from intact_core import clock
from sync_server.tables.accounts import SignInAttempt

FIRST_LOCK = timedelta(seconds=2)
LONGEST_LOCK = timedelta(minutes=15)
FORGET_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class Bucket:
    """Counts failures under a key; the first `free` ones cost nothing."""

    key: str
    free: int


def buckets(email: str, address: str) -> tuple[Bucket, ...]:
    """What one attempt counts against. A stranger's guesses do not lock the owner out soon."""
    return (
        Bucket(f"pair {email} {address}", 5),
        Bucket(f"account {email}", 50),
        Bucket(f"address {address}", 200),
    )


def take(session: Session, wanted: tuple[Bucket, ...]) -> bool:
    """Count one attempt as failed before it is tried; False while a bucket is locked.

    Counting first leaves no gap for many guesses at once.
    """
    now = clock.now()
    rows = [_row(session, bucket, now) for bucket in wanted]
    if any(row.locked_until is not None and row.locked_until > now for row in rows):
        return False
    for row, bucket in zip(rows, wanted, strict=True):
        row.failures += 1
        row.last_at = now
        over = row.failures - bucket.free
        row.locked_until = now + _lock(over) if over > 0 else None
    return True


def forgive(session: Session, wanted: tuple[Bucket, ...]) -> None:
    """The attempt was right: its failures are forgotten, but for those of the whole address."""
    keys = [bucket.key for bucket in wanted if not bucket.key.startswith("address ")]
    session.execute(delete(SignInAttempt).where(SignInAttempt.bucket.in_(keys)))
    for bucket in wanted:
        row = session.get(SignInAttempt, bucket.key)
        if row is not None:
            row.failures = max(row.failures - 1, 0)
            row.locked_until = None


def _row(session: Session, bucket: Bucket, now: datetime) -> SignInAttempt:
    row = session.get(SignInAttempt, bucket.key, with_for_update=True)
    while row is None:
        # Two first attempts may come at once, and a right one takes the row away again.
        _start(session, bucket, now)
        row = session.get(SignInAttempt, bucket.key, with_for_update=True)
    if now - row.last_at > FORGET_AFTER:
        row.failures = 0
    return row


def _start(session: Session, bucket: Bucket, now: datetime) -> None:
    is_postgres = session.get_bind().dialect.name == "postgresql"
    make = (postgresql if is_postgres else sqlite).insert(SignInAttempt)
    row = {"bucket": bucket.key, "failures": 0, "last_at": now}
    session.execute(make.values(**row).on_conflict_do_nothing())


def _lock(over: int) -> timedelta:
    doubled = FIRST_LOCK * 2 ** min(over - 1, 20)
    return doubled if doubled < LONGEST_LOCK else LONGEST_LOCK
