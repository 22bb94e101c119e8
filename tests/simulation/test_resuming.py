"""A first sync that broke off goes on where it was, whatever happened in between."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from intact_core import clock, ids
from intact_core.errors import IntactError, ServerFault
from intact_core.records.audits import AuditTeam
from intact_core.records.catalogue import spec_of
from intact_core.records.checklist import AuditChecklist
from intact_core.records.findings import FindingItem, NonConformity
from intact_core.sync.protocol import Begin, Change, Pull, decode_pull_line
from intact_desktop.store.tables import Outbox, Staging, SyncCursor
from sync_server.ledger.giving import rows_query
from sync_server.ledger.rounds import begin_epoch, epoch_of
from tests.fixtures.postgres import DatabaseUrls
from tests.simulation.checks import confirmed_rows, digest_of, server_rows
from tests.simulation.office import Office, make_office
from tests.simulation.world import Laptop, enrol

ITEMS = 30


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    address = f"sqlite:///{tmp_path / 'server.sqlite'}"
    made = make_office(address, address, items=ITEMS)
    yield made
    made.database.engine.dispose()


class Cutter:
    """Lets so many lines of each pull through, then breaks off; keeps what passed."""

    def __init__(self, laptop: Laptop) -> None:
        self.at: int | None = None
        self.asked: list[Pull] = []
        self.passed: list[list[bytes]] = []
        self._pull = laptop.gateway.pull
        laptop.gateway.pull = self.pull  # type: ignore[method-assign]

    @contextmanager
    def pull(self, message: Pull) -> Iterator[Iterator[bytes]]:
        self.asked.append(message)
        passed: list[bytes] = []
        self.passed.append(passed)
        with self._pull(message) as lines:
            yield self._some(lines, passed)

    def _some(self, lines: Iterator[bytes], passed: list[bytes]) -> Iterator[bytes]:
        for line in lines:
            if len(passed) == self.at:
                raise ServerFault("cut")
            passed.append(line)
            yield line

    @staticmethod
    def _is_cut(line: bytes) -> bool:
        try:
            decode_pull_line(line)
        except ValueError:
            return True
        return False

    def rows(self, which: int) -> list[tuple[str, str]]:
        found = [decode_pull_line(one) for one in self.passed[which] if not self._is_cut(one)]
        return [(o.type, str(o.id)) for o in found if isinstance(o, Change) and o.kind == "row"]


def staged(laptop: Laptop) -> int:
    with laptop.sessions() as session:
        return session.scalar(select(func.count()).select_from(Staging)) or 0


def note(office: Office, place: int, words: str) -> None:
    with office.write() as session:
        row = session.get_one(AuditChecklist, (office.tenant_id, office.items[place]))
        row.auditor_finding = words


def assert_level(laptop: Laptop, office: Office) -> None:
    """Rows, versions and digests are the server's, worked out again from its tables."""
    with office.read() as session:
        server = server_rows(session.connection())
    with laptop.sessions() as session:
        base = confirmed_rows(session.connection())
        cursors = list(session.scalars(select(SyncCursor)))
        items = {one.id: one.auditor_finding for one in session.scalars(select(AuditChecklist))}
    assert len(cursors) == 3
    for cursor in cursors:
        theirs = {ref: row for ref, row in server.items() if row[0] == cursor.scope}
        assert {ref: row for ref, row in base.items() if row[0] == cursor.scope} == theirs
        assert cursor.digest == digest_of(theirs.items())
    with office.read() as session:
        rows = session.scalars(select(AuditChecklist))
        assert items == {one.id: one.auditor_finding for one in rows}


def lines_of_a_first_pull(office: Office, tmp_path: Path) -> int:
    laptop = enrol(office, tmp_path / "measure", "auditor")
    cutter = Cutter(laptop)
    laptop.round()
    laptop.engine.dispose()
    return len(cutter.passed[0])


def test_broken_at_any_line_with_a_colleague_at_work_in_between(
    office: Office, tmp_path: Path
) -> None:
    whole = lines_of_a_first_pull(office, tmp_path)
    assert whole > ITEMS
    for at in range(0, whole, 4):
        laptop = enrol(office, tmp_path / str(at), "auditor")
        cutter = Cutter(laptop)
        cutter.at = at
        with pytest.raises(ServerFault, match="broke off|cut"):
            laptop.round()
        kept = cutter.rows(0)
        note(office, at % ITEMS, f"before {at}")
        note(office, (at + 7) % ITEMS, f"behind {at}")
        cutter.at = None
        laptop.round()
        assert len(cutter.asked) == 2, "what came did not add up and was fetched again"
        assert not set(cutter.rows(1)) & set(kept), "a row came twice"
        assert bool(kept) == (cutter.asked[1].resume is not None)
        assert staged(laptop) == 0
        assert_level(laptop, office)
        laptop.engine.dispose()


def find(office: Office, place: int) -> tuple[NonConformity, FindingItem]:
    """A finding, and what ties it to a question."""
    whose = {"tenant_id": office.tenant_id, "audit_schedule_id": office.audit_id}
    finding = NonConformity(
        id=ids.new_id(), nc_number="N1", severity="minor", description="Found", **whose
    )
    asked = office.items[place]
    tie = FindingItem(
        id=ids.new_id(), non_conformity_id=finding.id, audit_checklist_id=asked, **whose
    )
    return finding, tie


def test_rows_kept_from_a_history_that_a_restore_ended_are_fetched_anew(
    office: Office, tmp_path: Path
) -> None:
    """Nobody noticed the restore: what ties a finding to a question comes, the finding does not."""
    whole = lines_of_a_first_pull(office, tmp_path)
    laptop = enrol(office, tmp_path / "laptop", "auditor")
    file, copy = tmp_path / "server.sqlite", tmp_path / "backup"
    office.database.engine.dispose()
    shutil.copyfile(file, copy)
    for place in range(5):
        note(office, place, "forgotten")
    cutter = Cutter(laptop)
    cutter.at = whole - 1
    with pytest.raises(ServerFault):
        laptop.round()
    office.database.engine.dispose()
    shutil.copyfile(copy, file)
    finding, tie = find(office, 0)
    with office.write() as session:
        session.add(finding)
    for place in range(4):
        note(office, place, "in the other history")
    with office.write() as session:
        session.add(tie)
    cutter.at = None
    laptop.round()
    assert [one.resume is not None for one in cutter.asked] == [False, True, False]
    assert_level(laptop, office)


@pytest.fixture
def any_office(shaped_urls: DatabaseUrls) -> Iterator[Office]:
    made = make_office(shaped_urls.app, shaped_urls.owner, items=ITEMS)
    yield made
    made.database.engine.dispose()


def test_broken_at_any_byte_and_again_and_again(any_office: Office, tmp_path: Path) -> None:
    office = any_office
    laptop = enrol(office, tmp_path / "laptop", "auditor")
    cutter = Cutter(laptop)
    # Never more than 4 kB of an answer arrive; what came is not sent again, so it ends.
    for rounds in range(20):
        laptop.wire.cut_pull_at = 4_001 + rounds
        if rounds < 4:
            note(office, rounds, f"round {rounds}")
        try:
            laptop.round()
        except ServerFault:
            continue
        break
    assert 3 < len(cutter.passed) < 20
    assert_level(laptop, office)
    rows = [ref for which in range(len(cutter.passed)) for ref in cutter.rows(which)]
    assert len(rows) == len(set(rows)), "a row came twice"


def test_kept_rows_outlive_the_process_and_leave_the_outbox_alone(
    office: Office, tmp_path: Path
) -> None:
    from_the_start = enrol(office, tmp_path / "laptop", "auditor")
    from_the_start.round()
    with from_the_start.work() as session:
        session.get_one(AuditChecklist, (office.tenant_id, office.items[0])).rating = "minor"
    with office.write() as session:
        # Another history: all comes whole, while an operation waits here.
        begin_epoch(session.connection(), after=epoch_of(session.connection()))
    cutter = Cutter(from_the_start)
    cutter.at = 30
    with pytest.raises(ServerFault):
        from_the_start.round()
    assert staged(from_the_start) > 0
    with from_the_start.sessions() as session:
        before = [(one.n, one.hash) for one in session.scalars(select(Outbox))]
    from_the_start.sync = again(from_the_start, office)
    cutter.at = None
    from_the_start.round()
    assert cutter.asked[-1].resume is not None
    with from_the_start.sessions() as session:
        assert [(one.n, one.hash) for one in session.scalars(select(Outbox))] == before
        item = session.get_one(AuditChecklist, (office.tenant_id, office.items[0]))
        assert item.rating == "minor"
    assert_level(from_the_start, office)


def again(laptop: Laptop, office: Office) -> Any:
    """The sync of a new process over the same database; the wire is the same."""
    old = laptop.sync
    return type(old)(laptop.engine, laptop.gateway, old._sign, old._transfer, old._around)


def break_off(laptop: Laptop, at: int) -> Cutter:
    cutter = Cutter(laptop)
    cutter.at = at
    with pytest.raises(IntactError):
        laptop.round()
    assert staged(laptop) > 0
    cutter.at = None
    return cutter


def test_another_history_of_the_server_drops_what_was_kept(office: Office, tmp_path: Path) -> None:
    laptop = enrol(office, tmp_path / "laptop", "auditor")
    cutter = break_off(laptop, 30)
    with office.write() as session:
        begin_epoch(session.connection(), after=epoch_of(session.connection()))
    laptop.round()
    begin = decode_pull_line(cutter.passed[1][0])
    assert isinstance(begin, Begin)
    assert not begin.resumed
    assert set(cutter.rows(0)) < set(cutter.rows(1))
    assert_level(laptop, office)
    assert staged(laptop) == 0


def test_a_scope_that_was_revoked_in_between_does_not_come(office: Office, tmp_path: Path) -> None:
    laptop = enrol(office, tmp_path / "laptop", "auditor")
    break_off(laptop, 30)
    with office.write() as session:
        query = select(AuditTeam).where(AuditTeam.user_id == laptop.user_id)
        session.scalars(query).one().deleted_at = clock.now()
    laptop.round()
    with laptop.sessions() as session:
        assert list(session.scalars(select(AuditChecklist))) == []
        assert [one.scope for one in session.scalars(select(SyncCursor))] == [
            f"reference:{office.tenant_id}"
        ]
    assert staged(laptop) == 0


def test_rows_that_do_not_add_up_are_fetched_again_from_the_start(
    office: Office, tmp_path: Path
) -> None:
    laptop = enrol(office, tmp_path / "laptop", "auditor")
    cutter = break_off(laptop, 30)
    # A server restored from a backup, in the same epoch, to the very same seq: nobody can tell.
    (type_, id_) = cutter.rows(0)[-1]
    assert type_ == "audit_checklists"
    with office.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE audit_checklists SET requirement = 'another' WHERE id = ?",
            (id_.replace("-", ""),),
        )
        rows = server_rows(session.connection())
        scope = f"audit:{office.audit_id}"
        value = digest_of((ref, row) for ref, row in rows.items() if row[0] == scope)
        session.connection().exec_driver_sql(
            "UPDATE scope_head SET digest = ? WHERE scope = ?", (value, scope)
        )
    laptop.round()
    assert [one.resume is not None for one in cutter.asked] == [False, True, False]
    assert_level(laptop, office)
    assert staged(laptop) == 0


def test_small_pulls_keep_nothing(office: Office, tmp_path: Path) -> None:
    laptop = enrol(office, tmp_path / "laptop", "auditor")
    laptop.round()
    note(office, 0, "news")
    cutter = Cutter(laptop)
    cutter.at = 1
    with pytest.raises(ServerFault):
        laptop.round()
    assert staged(laptop) == 0
    cutter.at = None
    laptop.round()
    assert cutter.asked[1].resume is None
    assert_level(laptop, office)


def test_the_person_sees_how_far_it_is(office: Office, tmp_path: Path) -> None:
    laptop = enrol(office, tmp_path / "laptop", "auditor")
    cutter = break_off(laptop, 30)
    kept, said = len(cutter.rows(0)), []
    laptop.sync.round(lambda words, done, whole: said.append((words, done, whole)))
    of = [one for one in said if one[0].startswith("Receiving changes ")]
    whole = kept + len(cutter.rows(1))
    assert of[0] == (f"Receiving changes {kept} of {whole}", kept, whole)


def test_rows_in_order_are_found_by_their_scope_on_sqlite(office: Office) -> None:
    """In the order of ids alone it would read all heads of the tenant, for the few of one scope."""
    query = rows_query("sqlite", office.tenant_id, ["audit:x"], spec_of("audit_checklists"), None)
    with office.read() as session:
        connection = session.connection()
        asked = str(query.compile(connection.engine, compile_kwargs={"literal_binds": True}))
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")]
    assert "ix_record_head_tenant_id_scope_type" in plan[0]
