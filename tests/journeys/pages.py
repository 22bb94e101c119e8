"""Pictures of the back office, where a Chromium is installed."""

import base64
import re
import subprocess
import tempfile
from pathlib import Path

from tests.journeys.office import Office
from tests.journeys.stage import Stage

_SIZES = {"wide": "1280,1100", "phone": "390,844"}
_PICTURE = re.compile(r'src="(/evidence/[^"]+/small)"')
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


def photograph_pages(stage: Stage, browser: str | None) -> None:
    """What each person sees: kept as they got it, then shown by the browser (a Chromium)."""
    if browser is None:
        stage.say("no Chromium here: the pages of the back office are not photographed")
        return
    shown = {
        ("verify", "wide"): _public(stage, f"/verify/{stage.facts['certificate']}"),
        ("verify", "phone"): _public(stage, f"/verify/{stage.facts['certificate']}"),
        ("sign-in", "wide"): _public(stage, "/sign-in"),
    }
    shown |= _seen_by(stage, "cbadmin@demo.example", _office_pages(stage))
    shown |= _seen_by(stage, "client@demo.example", _client_pages(stage))
    for (name, size), page in shown.items():
        _shoot(browser, page, _SIZES[size], stage.out / f"page-{name}-{size}.png")
    stage.say(f"{len(shown)} pages of the back office are photographed")


def _public(stage: Stage, path: str) -> str:
    return stage.server.url + path


def _office_pages(stage: Stage) -> dict[tuple[str, str], str]:
    audit = f"/audits/{stage.audit_id}"
    return {
        ("audits", "wide"): "/audits",
        ("audit", "wide"): audit,
        ("audit", "phone"): audit,
        ("decision", "wide"): f"{audit}/decision",
        ("certificates", "wide"): "/certificates",
        ("competences", "wide"): "/competences",
    }


def _client_pages(stage: Stage) -> dict[tuple[str, str], str]:
    client = stage.office("client@demo.example")
    findings = client.findings(stage.audit_id)
    client.close()
    return {("finding", "wide"): f"/findings/{next(iter(findings.values()))}"}


def _seen_by(
    stage: Stage, email: str, paths: dict[tuple[str, str], str]
) -> dict[tuple[str, str], str]:
    person = stage.office(email)
    kept = {}
    for name, path in paths.items():
        page = stage.work / f"{name[0]}-{name[1]}.html"
        page.write_text(_alone(person, person.page(path).text), encoding="utf-8")
        kept[name] = page.as_uri()
    person.close()
    return kept


def _alone(person: Office, text: str) -> str:
    """A page that shows the same without a session: photos inside, styles from the server."""

    def inside(found: re.Match[str]) -> str:
        content = base64.b64encode(person.page(found[1]).content).decode()
        return f'src="data:image/jpeg;base64,{content}"'

    return _PICTURE.sub(inside, text).replace("<head>", f'<head><base href="{person.server}/">', 1)


def _shoot(browser: str, url: str, window: str, target: Path) -> None:
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, *_QUIET, f"--user-data-dir={profile}", f"--window-size={window}"]
        subprocess.run(
            [*command, f"--screenshot={target.absolute()}", url],
            check=False,
            capture_output=True,
            timeout=60,
        )
