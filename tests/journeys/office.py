"""The back office as a person in a browser uses it: pages, forms, their hidden token."""

import html
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from tests.journeys.processes import PASSWORD

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_OPTION = re.compile(r'<option value="([^"]*)"[^>]*>([^<]*)<')
_CHOICE = re.compile(r'<input type="checkbox" name="team" value="([^"]*)"[^>]*>([^<]*)<')


class Office:
    """One signed-in person."""

    def __init__(self, server: str, email: str) -> None:
        self.server = server
        self._client = httpx.Client(
            base_url=server, follow_redirects=True, headers={"origin": server}, timeout=60
        )
        page = self._client.get("/sign-in")
        data = self._hidden(page.text) | {"email": email, "password": PASSWORD}
        answer = self._client.post("/sign-in", data=data)
        if "/sign-in" in str(answer.url):
            raise RuntimeError(f"{email} could not sign in")

    def page(self, path: str) -> httpx.Response:
        """A page as it comes, whatever its status."""
        return self._client.get(path)

    def submit(
        self, page: str, action: str, data: dict[str, Any], files: list[Path] | None = None
    ) -> httpx.Response:
        """Fill in the form of a page and send it to its action."""
        token = {"form_token": self._token(page)}
        parts = [("files", (one.name, one.read_bytes())) for one in files or []]
        return self._client.post(action, data=token | data, files=parts or None)

    def import_catalog(self, file: Path) -> httpx.Response:
        """Upload an OSCAL catalog."""
        token = {"form_token": self._token("/standards")}
        parts = {"file": (file.name, file.read_bytes(), "application/json")}
        return self._client.post("/standards/import", data=token, files=parts)

    def choices(self, path: str) -> dict[str, str]:
        """Everything that a page offers to choose: words to value."""
        text = self.page(path).text
        found = _OPTION.findall(text) + _CHOICE.findall(text)
        return {html.unescape(words).strip(): value for value, words in found if value}

    def audit_ids(self) -> dict[str, UUID]:
        """The audits that this person sees, by number."""
        text = self.page("/audits").text
        found = re.findall(r'href="/audits/([0-9a-f-]{36})"[^>]*>\s*([^<]*AUD[^<]*)<', text)
        return {number.strip(): UUID(id_) for id_, number in found}

    def findings(self, audit_id: UUID) -> dict[str, UUID]:
        """The findings of an audit, by number."""
        text = self.page(f"/audits/{audit_id}").text
        found = re.findall(r'href="/findings/([0-9a-f-]{36})"[^>]*>(?:<[^>]*>|\s)*([^<]+)', text)
        return {html.unescape(number).strip(): UUID(id_) for id_, number in found}

    def close(self) -> None:
        """Leave."""
        self._client.close()

    def _hidden(self, text: str) -> dict[str, str]:
        return {name: html.unescape(value) for name, value in _HIDDEN.findall(text)}

    def _token(self, page: str) -> str:
        return self._hidden(self.page(page).text).get("form_token", "")


def plain(text: str) -> str:
    """The words of a page."""
    text = re.sub(r"<(script|style).*?</\1>", " ", text, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text))).strip()
