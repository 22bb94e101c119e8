"""The window at work: My audits, an audit of 1,795 items, rating while it syncs."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from sqlalchemy import select

from intact_core import ids
from intact_core.records.audits import AuditSchedule
from intact_core.records.checklist import RATINGS as RATING_CODES
from intact_core.records.checklist import AuditChecklist
from intact_desktop.features.sign_in import actions
from intact_desktop.qt import theme
from intact_desktop.settings import Profile
from intact_desktop.sync.gateway import Gateway
from tests.benchmarks import office
from tests.benchmarks.measuring import Figure, Goal, Stopwatch, percentile, seconds_of
from tests.benchmarks.served import Laptop, Server, enrol, serving
from tests.benchmarks.windows import Moment, painted, rest
from tests.journeys.desk import PASSPHRASE
from tests.journeys.desk import Laptop as Desk

RATINGS = 300
PAUSE_MS = 50
"""Between two keys; the quickest person needs twice that."""
OPERATIONS = 10_000
PER_ACTION = 500
PERCENTILE = 0.99


def measure() -> list[Figure]:
    app = QApplication([])
    theme.apply(app, dark=False)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(folder / "server") as server:
            numbers = office.fill(server)
            desk = Desk(folder, "lead", server.url, folder)
            desk.enrol("lead@demo.example")
            found = [*_audits(desk, folder), *_opening(desk, numbers.large)]
            found += _rating(desk, server, numbers, folder)
            desk.close()
            return found


def _audits(desk: Desk, folder: Path) -> list[Figure]:
    """From the moment the profile is open until My audits is painted."""
    times = []
    for _ in range(3):
        desk.application.lock()
        page = desk.application.door
        door = actions.Door(Profile.at(folder, desk.name), desk.secrets, Gateway)
        entered = actions.unlock(door, PASSPHRASE, None, lambda _: None)
        moment, watch = Moment(), Stopwatch()
        desk.application.opened.connect(partial(moment.happened, "opened"))
        with watch():
            moment.wait(partial(page.entered.emit, entered), "opened")
            page = desk.desk.audits
            with painted(page.table.viewport(), moment):
                if not page.is_ready:
                    page.ready.connect(lambda moment=moment: moment.happened("ready"))
                    moment.wait(lambda: None, "ready")
                moment.wait(page.table.viewport().update, "painted")
        times.append(watch.seconds * 1000)
        desk.synced()
    rows = len(page.model.rows)
    return [
        Figure(
            "unlocked to My audits with 50 audits", min(times), "ms", Goal(300),
            detail=f"{rows} audits; key derivation apart; best of {len(times)}",
        )
    ]  # fmt: skip


def _opening(desk: Desk, number: str) -> list[Figure]:
    """From the click on the audit until its checklist is painted: page built, then again."""
    audit_id = _audit_id(desk, number)
    other = _other_id(desk, audit_id)
    desk.application.open_audit(other)
    desk.tab("overview")
    first = _open_checklist(desk, audit_id)
    again = []
    for _ in range(5):
        desk.application.open_audit(other)
        desk.tab("checklist")
        again.append(_open_checklist(desk, audit_id))
    bare = seconds_of(lambda: _read(desk, audit_id)) * 1000
    return [
        Figure(
            "open the audit of 1,795 items", min(again), "ms", Goal(150), bare,
            "its rows by one query of the columns", f"the first time {first:.0f} ms",
        )
    ]  # fmt: skip


def _open_checklist(desk: Desk, audit_id: UUID) -> float:
    moment, watch = Moment(), Stopwatch()
    with watch():
        desk.application.open_audit(audit_id)
        page = desk.desk.workspace.checklist
        desk.desk.workspace.tabs.setCurrentWidget(page)
        page.ready.connect(lambda: moment.happened("ready"))
        if not page.is_ready:
            moment.wait(lambda: None, "ready")
        with painted(page.tree.viewport(), moment):
            moment.wait(page.tree.viewport().update, "painted")
    if page.model.total != office.ITEMS:
        raise RuntimeError(f"{page.model.total} items are shown")
    desk.settle()
    return watch.seconds * 1000


def _read(desk: Desk, audit_id: UUID) -> None:
    row = AuditChecklist
    columns = (row.id, row.clause_reference, row.requirement, row.rating, row.auditor_finding)
    with desk.bench.readers() as session:
        session.execute(select(*columns).where(row.audit_schedule_id == audit_id)).all()


def _audit_id(desk: Desk, number: str) -> UUID:
    with desk.bench.readers() as session:
        query = select(AuditSchedule.id).where(AuditSchedule.audit_number == number)
        return session.scalars(query).one()


def _other_id(desk: Desk, audit_id: UUID) -> UUID:
    with desk.bench.readers() as session:
        return session.scalars(select(AuditSchedule.id).where(AuditSchedule.id != audit_id)).first()


def _rating(desk: Desk, server: Server, numbers: office.Numbers, folder: Path) -> list[Figure]:
    page = desk.tab("checklist")
    page.show_item(page.model.shown[0].id)
    desk.press(page.tree, "1")
    driver = desk.desk.driver
    desk.synced()
    alone = _rate(desk, lambda: False)
    desk.synced()
    other = _audit_id(desk, numbers.other)
    _write(desk.bench.sessions, other)
    driver.sync_now()
    sending = _rate(desk, lambda: not driver.is_running)
    desk.synced()
    colleague = enrol(server, folder / "colleague", "auditor@demo.example")
    _send(colleague, other)
    driver.sync_now()
    receiving = _rate(desk, lambda: not driver.is_running)
    desk.synced()
    return [
        _figure("rate an item: key to durable and painted", alone),
        _figure("… while it sends 10,000 operations", sending),
        _figure("… while it receives 10,000 operations", receiving),
    ]


def _figure(what: str, times: list[float]) -> Figure:
    words = f"{len(times)} ratings: median {percentile(times, 0.5):.1f} ms, "
    words += f"95 % {percentile(times, 0.95):.1f} ms, longest {max(times):.0f} ms"
    return Figure(what, percentile(times, PERCENTILE), "ms", Goal(10), detail=words)


def _rate(desk: Desk, ended: Callable[[], bool]) -> list[float]:
    """Milliseconds from each key press until the rating is committed and repainted."""
    page = desk.desk.workspace.checklist
    page.tree.setFocus()
    moment, times = Moment(), []

    def kept(*_: object) -> None:
        moment.happened("kept")

    page.rating_kept.connect(kept)
    with painted(page.tree.viewport(), moment):
        for count in range(RATINGS):
            page.show_item(page.model.shown[(count * 7) % office.ITEMS].id)
            rest(PAUSE_MS)
            watch, key = Stopwatch(), _another(page.current.rating, count)
            with watch():
                moment.wait(lambda key=key: QTest.keyClick(page.tree, key), "kept", "painted")
            times.append(watch.seconds * 1000)
            if ended():
                break
    page.rating_kept.disconnect(kept)
    return times


def _another(rating: str | None, count: int) -> Qt.Key:
    """A key whose rating is not the present one."""
    place = count % len(RATING_CODES)
    if RATING_CODES[place] == rating:
        place = (place + 1) % len(RATING_CODES)
    return Qt.Key(ord("1") + place)


def _write(sessions, audit_id: UUID) -> None:
    for start in range(0, OPERATIONS, PER_ACTION):
        with sessions.begin() as session:
            session.add_all(_item(audit_id, start + place) for place in range(PER_ACTION))


def _item(audit_id: UUID, place: int) -> AuditChecklist:
    return AuditChecklist(
        id=ids.new_id(),
        audit_schedule_id=audit_id,
        clause_reference=f"8.{place % 40}",
        requirement=f"Question {place}: how is it shown that this is done as planned?",
        position=1000 + place,
    )


def _send(laptop: Laptop, audit_id: UUID) -> None:
    laptop.sync.round()
    _write(laptop.sessions, audit_id)
    laptop.sync.round()
