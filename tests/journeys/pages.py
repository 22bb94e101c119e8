"""Pictures of the back office, where a Chromium is installed."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.journeys.stage import Stage

_SIZES = {"wide": "1280,900", "phone": "390,844"}
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)


def photograph_pages(stage: Stage) -> None:
    """The pages that anyone may see, wide and as on a phone."""
    browser = shutil.which("chromium")
    if browser is None:
        stage.say("no Chromium here: the pages of the back office are not photographed")
        return
    paths = {"verify": f"/verify/{stage.facts['certificate']}", "sign-in": "/sign-in"}
    for name, path in paths.items():
        for size, window in _SIZES.items():
            _shoot(browser, stage.server.url + path, window, stage.out / f"page-{name}-{size}.png")


def _shoot(browser: str, url: str, window: str, target: Path) -> None:
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, *_QUIET, f"--user-data-dir={profile}", f"--window-size={window}"]
        subprocess.run(
            [*command, f"--screenshot={target.absolute()}", url],
            check=False,
            capture_output=True,
            timeout=60,
        )
