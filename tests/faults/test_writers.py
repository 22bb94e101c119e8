"""Eight laptops at once: no change skipped, no counter with a hole, digests true."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from intact_core.records.catalogue import spec_of
from intact_core.records.checklist import AuditChecklist
from intact_core.sync import digest
from intact_desktop.store.tables import Outbox, SyncCursor
from sync_server.tables.ledger import AuditLog, FeedChange, OpReceipt, RecordHead, ScopeHead
from tests.fixtures.postgres import DatabaseUrls
from tests.simulation.office import Office, make_office
from tests.simulation.world import Laptop, enrol

WRITERS = 8
EDITS = 40


@pytest.fixture
def office(shaped_urls: DatabaseUrls) -> Iterator[Office]:
    office = make_office(shaped_urls.app, shaped_urls.owner, items=30)
    yield office
    office.database.engine.dispose()


def _work(laptop: Laptop, office: Office, seed: int, failures: list[BaseException]) -> None:
    chance = random.Random(seed)
    try:
        laptop.round()
        for edit in range(EDITS):
            with laptop.work() as session:
                key = (office.tenant_id, chance.choice(office.items))
                item = session.get(AuditChecklist, key)
                assert item is not None
                item.auditor_finding = f"{seed}: {edit}"
            if edit % 4 == 0:
                laptop.round()
        laptop.round()
    except BaseException as error:
        failures.append(error)
        raise


def test_eight_concurrent_writers(office: Office, tmp_path: Path) -> None:
    roles = ("lead_auditor", "auditor")
    laptops = [enrol(office, tmp_path / str(n), roles[n % 2]) for n in range(WRITERS)]
    failures: list[BaseException] = []
    threads = [
        threading.Thread(target=_work, args=(laptop, office, n, failures))
        for n, laptop in enumerate(laptops)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for laptop in laptops:
        laptop.round()
    _every_operation_has_its_verdict(office, laptops)
    _feed_is_gapless(office)
    _digests_are_true(office, laptops)
    _log_is_chained(office)
    for laptop in laptops:
        laptop.engine.dispose()


def _every_operation_has_its_verdict(office: Office, laptops: list[Laptop]) -> None:
    made = 0
    for laptop in laptops:
        with laptop.sessions() as session:
            assert session.scalars(select(Outbox.n).where(Outbox.verdict.is_(None))).all() == []
            made += session.scalar(select(func.count()).select_from(Outbox)) or 0
    with office.read() as session:
        assert session.scalar(select(func.count()).select_from(OpReceipt)) == made
    assert made == WRITERS * EDITS


def _feed_is_gapless(office: Office) -> None:
    with office.read() as session:
        for head in session.scalars(select(ScopeHead).where(ScopeHead.scope != "log")):
            of_scope = FeedChange.scope == head.scope
            seqs = session.scalars(select(FeedChange.seq).where(of_scope).order_by(FeedChange.seq))
            assert list(seqs) == list(range(1, head.seq + 1))


def _digests_are_true(office: Office, laptops: list[Laptop]) -> None:
    scope = f"audit:{office.audit_id}"
    with office.read() as session:
        known = session.scalars(select(ScopeHead.digest).where(ScopeHead.scope == scope)).one()
        hashes = []
        for head in session.scalars(select(RecordHead).where(RecordHead.scope == scope)):
            spec = spec_of(head.type)
            row = session.get(spec.record, (office.tenant_id, head.id))
            hashes.append(digest.row_hash(head.type, head.id, head.rev, spec.body(row)))
    assert digest.moved(digest.EMPTY, into=hashes) == known
    for laptop in laptops:
        with laptop.sessions() as session:
            mine = select(SyncCursor.digest).where(SyncCursor.scope == scope)
            assert session.scalars(mine).one() == known


def _log_is_chained(office: Office) -> None:
    with office.read() as session:
        entries = session.execute(
            select(AuditLog.seq, AuditLog.prev_hash, AuditLog.hash).order_by(AuditLog.seq)
        ).all()
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.prev_hash for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]
