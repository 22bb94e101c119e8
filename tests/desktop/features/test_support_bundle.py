"""A support bundle: everything that helps, and not one word of anybody's work."""

import logging
import zipfile
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from sqlalchemy import Text, func, insert, select, update

from intact_core import clock, ids
from intact_core.errors import ServerFault
from intact_core.records.catalogue import TYPES
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.findings import NonConformity
from intact_desktop.features.sync_status import bundle
from intact_desktop.features.sync_status.page import SyncPage
from intact_desktop.store.logbook import drop_log, keep_log
from intact_desktop.store.tables import Blob, Outbox, SyncLog
from intact_desktop.sync import refused
from intact_desktop.sync.liveness import Live, State
from tests.desktop.features import clashes

CANARY = "canarybird"
_CODES = ("status", "state", "kind", "role", "scope", "type", "severity", "code")


def plant(laptop, bench) -> int:
    """The canary in every free text of every row here, in the outbox, conflicts, log, faults."""
    with bench.sessions.begin() as session:
        item = session.get(AuditChecklist, (laptop.tenant_id, laptop.items[0]))
        item.auditor_finding = f"{CANARY} in a note"
        session.add(
            NonConformity(
                id=ids.new_id(),
                audit_schedule_id=laptop.audit_id,
                nc_number="NC-01",
                severity="minor",
                description=f"{CANARY} in a statement",
            )
        )
        session.add(
            AuditEvidence(
                audit_schedule_id=laptop.audit_id,
                file_name=f"{CANARY}.jpg",
                content_type="image/jpeg",
                size=10,
                sha256="0" * 64,
            )
        )
    texts = {"auditor_finding": f"{CANARY} there"}
    clashes.conflict(laptop, base=texts, server=texts, incoming=texts)
    receipt = {"reason": "rule", "sentence": f"{CANARY} may not change"}
    with laptop.opened.engine.begin() as connection:
        connection.execute(update(Outbox).values(verdict="quarantined", receipt=receipt))
        lines = (
            ("failed", f"This cannot be used: {CANARY} is no date"),
            ("failed", f"{CANARY}, 3: x"),
            ("mismatch", f"Fetching again: {CANARY}"),
        )
        for outcome, words in lines:
            connection.execute(insert(SyncLog).values(at=clock.now(), outcome=outcome, words=words))
        blob = {"sha256": "0" * 64, "audit_id": laptop.audit_id, "size": 10, "state": "pending"}
        connection.execute(insert(Blob).values(**blob, sent=0, added_at=clock.now()))
        return _plant_everywhere(connection)


def _plant_everywhere(connection) -> int:
    planted = 0
    for spec in TYPES.values():
        free = [
            column
            for column in spec.table.columns
            if isinstance(column.type, Text)
            and not spec.fields[str(column.key)].choices
            and not str(column.key).endswith(_CODES)
        ]
        for column in free:
            said = update(spec.table).values({column: f"{CANARY} " + func.hex(spec.table.c.id)})
            planted += connection.execute(said).rowcount
    return planted


@pytest.fixture
def log(laptop):
    handler = keep_log(laptop.opened.profile.logs)
    yield handler
    drop_log(handler)


def test_no_word_of_anybodys_work_is_in_it(laptop, bench, log, tmp_path: Path) -> None:
    assert plant(laptop, bench) > 300
    try:
        raise ValueError(f"{CANARY} could not be read")
    except ValueError as fault:
        logging.getLogger("intact").error("unexpected", exc_info=fault)
    error = ServerFault(f"The server says {CANARY}.", details=CANARY)
    live = Live(State.WAITING, True, clock.now(), error, clock.now(), 3)
    with bench.readers() as session:
        parts = bundle.gather(session, live, laptop.opened.profile.logs)
        names = ("Anna", "Lindqvist", "Acme", "gauge", "anna@")
    path = tmp_path / "bundle.zip"
    bundle.write(path, parts)
    with zipfile.ZipFile(path) as archive:
        whole = "\n".join(archive.read(name).decode() for name in archive.namelist())
        assert set(archive.namelist()) == set(parts)
    for word in (CANARY, *names, str(tmp_path)):
        assert word.lower() not in whole.lower()
    for word in ('"quarantined"', '"reason": "rule"', '"auditor_finding"', "ServerFault"):
        assert word in whole
    assert "builtins.ValueError" in parts["log.txt"]
    assert "This cannot be used" in parts["rounds.json"]


def test_it_is_looked_through_before_it_is_kept(
    laptop, bench, opens, qtbot, pictured, tmp_path: Path
) -> None:
    page = opens(SyncPage(bench))
    page.bundle_button.click()
    qtbot.waitUntil(lambda: page.dialog is not None)
    dialog = page.dialog
    assert dialog.list.count() == 8
    dialog.list.setCurrentItem(dialog.list.findItems("state.json", Qt.MatchFlag.MatchExactly)[0])
    assert '"acknowledged_n": 0' in dialog.text.toPlainText()
    pictured(dialog, "sync-bundle")
    dialog.keep(tmp_path / "absent" / "x" / "bundle.zip")
    with zipfile.ZipFile(tmp_path / "absent" / "x" / "bundle.zip") as archive:
        assert archive.testzip() is None


def test_a_disk_that_does_not_take_it_is_told_in_the_dialog(
    laptop, bench, opens, qtbot, tmp_path: Path
) -> None:
    page = opens(SyncPage(bench))
    page.bundle_button.click()
    qtbot.waitUntil(lambda: page.dialog is not None)
    (tmp_path / "file").write_text("in the way")
    page.dialog.keep(tmp_path / "file" / "bundle.zip")
    assert page.dialog.notice.isVisible()
    assert page.dialog.isVisible()
    page.dialog.reject()


def test_what_was_refused_is_there_with_its_reason_alone(laptop, bench) -> None:
    plant(laptop, bench)
    with bench.readers() as session:
        assert CANARY in refused.refused(session)[0].sentence
        said = bundle.gather(session, None, laptop.opened.profile.logs)["operations.json"]
        assert session.scalar(select(func.count(Outbox.n))) == 3
    assert said.count('"reason": "rule"') == 3
