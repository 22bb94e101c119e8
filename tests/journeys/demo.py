"""`make demo`: the whole line, from two laptops on site to a certificate that anyone can verify."""

import argparse
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from intact_desktop.qt import theme
from tests.journeys import closing, onsite
from tests.journeys.accounting import account, write_summary
from tests.journeys.pages import photograph_pages
from tests.journeys.pictures import draw_photos
from tests.journeys.processes import ServerProcess
from tests.journeys.stage import Stage, choose_audit

OUTPUT = Path("demo-output")
_SILENT = "propagateSizeHints"


def main(arguments: list[str]) -> int:
    """Play the line; 0 when everything happened as it should and nothing is lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalog", type=Path, help="an OSCAL catalog to audit against")
    parser.add_argument("--photos", type=Path, help="a folder of photos to attach")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    given = parser.parse_args(arguments)
    _quiet()
    app = QApplication.instance() or QApplication([])
    theme.apply(app, dark=False)
    with tempfile.TemporaryDirectory() as folder:
        sources = Sources(given.catalog, given.photos, shutil.which("chromium"))
        lost = play(app, Path(folder), given.output, sources)
    return 1 if lost else 0


@dataclass(frozen=True)
class Sources:
    """What to play with: an OSCAL catalog, a folder of photos, a browser to show pages in."""

    catalog: Path | None = None
    photos: Path | None = None
    browser: str | None = None


def play(app: QApplication, work: Path, out: Path, sources: Sources) -> int:
    """Play it all in a working folder; returns how many operations or files were lost."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    server = ServerProcess(work / "server")
    stage = Stage(app, work, out, server)
    try:
        server.start()
        stage.say(f"A server runs on {server.url}, with its demo data")
        return _line(stage, sources)
    finally:
        for laptop in stage.laptops:
            laptop.close()
        server.stop()


def _line(stage: Stage, sources: Sources) -> int:
    choose_audit(stage, sources.catalog)
    stage.lead, stage.auditor = stage.laptop("lead"), stage.laptop("auditor")
    onsite.enrol(stage)
    onsite.lose_the_network(stage)
    onsite.work(stage, _files(stage, sources.photos))
    onsite.come_back(stage)
    closing.sign_report(stage)
    closing.client_review(stage)
    closing.follow_up(stage)
    closing.decide(stage)
    closing.rival(stage)
    for desk in (stage.lead, stage.auditor):
        desk.sync()
        desk.place("sync")
        desk.shot("sync")
    photograph_pages(stage, sources.browser)
    closing.verify(stage)
    found = account(stage)
    write_summary(stage, found)
    stage.say(f"lost: {found['lost']}; everything is in {stage.out}")
    return int(found["lost"])


def _files(stage: Stage, photos: Path | None) -> list[Path]:
    if photos is None:
        return draw_photos(stage.work / "photos")
    return sorted(path for path in photos.iterdir() if path.is_file())


def _quiet() -> None:
    def keep(kind: QtMsgType, context: QMessageLogContext, words: str) -> None:
        del kind, context
        if _SILENT not in words:
            sys.stderr.write(words + "\n")

    qInstallMessageHandler(keep)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
