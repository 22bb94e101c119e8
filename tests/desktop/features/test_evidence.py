"""Evidence: taken with its hash, recorded with what waits to be sent, shown or replaced."""

import hashlib
import resource

import pytest
from PIL import Image
from sqlalchemy import select

from intact_core.records.checklist import AuditEvidence
from intact_desktop.features.evidence.actions import Where
from intact_desktop.features.evidence.importing import Importer
from intact_desktop.features.evidence.model import EvidenceModel
from intact_desktop.features.evidence.page import EvidencePage
from intact_desktop.features.evidence.panel import EvidencePanel
from intact_desktop.store.tables import Blob


def no_camera() -> None:
    return None


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "card"
    folder.mkdir()
    for number, colour in enumerate(("#204060", "#806030")):
        picture = Image.linear_gradient("L").resize((640, 480)).convert("RGB")
        picture.paste(colour, (80, 80, 320, 240))
        picture.save(folder / f"IMG_{number}.jpg")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff" + b"no picture" * 20)
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "tool.sh").write_bytes(b"#!/bin/sh\n")
    return folder


def rows(bench, record=AuditEvidence):
    with bench.readers() as session:
        return session.scalars(select(record)).all()


def test_files_are_recorded_with_what_waits_to_be_sent(
    laptop, bench, opens, qtbot, photos, pictured
) -> None:
    page = opens(EvidencePage(bench, no_camera))
    names = ("IMG_0.jpg", "IMG_1.jpg", "broken.jpg", "empty.jpg", "tool.sh")
    with qtbot.waitSignal(page.intake.imported) as caught:
        page.intake.take([photos / name for name in names])
    outcome = caught.args[0]
    assert (outcome.taken, len(outcome.warnings), len(outcome.refused)) == (4, 2, 1)
    assert "program" in outcome.refused[0]
    assert "tool.sh" in page.intake.notice.text.text()
    by_name = {row.file_name: row for row in rows(bench)}
    assert set(by_name) == {"IMG_0.jpg", "IMG_1.jpg", "broken.jpg", "empty.jpg"}
    assert by_name["IMG_0.jpg"].decodable
    assert not by_name["broken.jpg"].decodable
    expected = hashlib.sha256((photos / "IMG_1.jpg").read_bytes()).hexdigest()
    assert by_name["IMG_1.jpg"].sha256 == expected
    assert {row.sha256 for row in rows(bench, Blob)} == {row.sha256 for row in by_name.values()}
    assert {row.state for row in rows(bench, Blob)} == {"pending"}
    qtbot.waitUntil(lambda: page.model.rowCount() == 4)
    page.show_piece(by_name["IMG_1.jpg"].id)
    assert expected in page.sha256.text()
    qtbot.wait(200)
    pictured(page, "evidence")


def test_a_full_disk_in_mid_import_loses_nothing(laptop, bench, opens, qtbot, photos) -> None:
    large = photos / "walk.mov"
    large.write_bytes(b"\0\0\0\x18ftypqt  " + b"x" * 30_000_000)
    page = opens(EvidencePage(bench, no_camera))
    sources = [photos / "IMG_0.jpg", large, photos / "IMG_1.jpg"]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000_000, hard))
    try:
        with qtbot.waitSignal(page.intake.imported) as caught:
            page.intake.take(sources)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    outcome = caught.args[0]
    assert (outcome.taken, len(outcome.refused)) == (2, 1)
    assert "walk.mov" in outcome.refused[0]
    assert "Make room" in page.intake.notice.text.text()
    assert large.stat().st_size == 30_000_012
    assert {row.file_name for row in rows(bench)} == {"IMG_0.jpg", "IMG_1.jpg"}
    assert not list(laptop.opened.profile.folder.rglob("*.part"))
    with qtbot.waitSignal(page.intake.imported) as caught:
        page.intake.take([large])
    assert caught.args[0].taken == 1
    assert bench.files.has(laptop.audit_id, {row.sha256 for row in rows(bench)}.pop())


def test_caption_and_links_are_kept(laptop, bench, opens, qtbot, photos) -> None:
    page = opens(EvidencePage(bench, no_camera))
    with qtbot.waitSignal(page.intake.imported):
        page.intake.take([photos / "IMG_0.jpg"])
    qtbot.waitUntil(lambda: page.current is not None)
    page.caption.setFocus()
    qtbot.keyClicks(page.caption, "Gauge G-12")
    with qtbot.waitSignal(bench.changed):
        page.caption.flush()
    page.item_link.setCurrentIndex(2)
    with qtbot.waitSignal(bench.changed):
        page.item_link.activated.emit(2)
    (row,) = rows(bench)
    assert row.description == "Gauge G-12"
    assert row.audit_checklist_id == laptop.items[1]


def test_the_panel_takes_for_its_item(laptop, bench, opens, qtbot, photos) -> None:
    panel = EvidencePanel(bench, no_camera)
    panel.show_item(laptop.items[5])
    opens(panel)
    with qtbot.waitSignals([panel.intake.imported, panel.ready]):
        panel.intake.take([photos / "IMG_0.jpg"])
    (row,) = rows(bench)
    assert row.audit_checklist_id == laptop.items[5]
    qtbot.waitUntil(lambda: panel.model.rowCount() == 1)


def test_cancel_keeps_what_was_taken(laptop, bench, qtbot, photos) -> None:
    importer = Importer(bench, Where(laptop.audit_id), [photos / "IMG_0.jpg"] * 30)
    importer.taken.connect(lambda _: importer.task.cancel())
    with qtbot.waitSignal(importer.finished):
        importer.start()
    assert importer.outcome.cancelled
    assert 1 <= importer.outcome.taken < 30
    assert len(rows(bench)) == importer.outcome.taken


def test_the_model_keeps_qts_contract(bench, laptop, qtmodeltester) -> None:
    model = EvidenceModel(bench)
    qtmodeltester.check(model)
    model.show_pieces(laptop.audit_id, [])
    qtmodeltester.check(model)
