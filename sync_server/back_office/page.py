"""Pages: templates, messages after a redirect, and forms that keep what was typed."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import select
from starlette.datastructures import UploadFile

from intact_core.errors import BadInput
from sync_server.auth import sessions
from sync_server.auth.callers import OFFICE, Caller
from sync_server.auth.permissions import database_of, settings_of, web_caller
from sync_server.back_office import words
from sync_server.services.files import Upload
from sync_server.tables.accounts import WebSession

_TEMPLATES = Path(__file__).parent / "templates"
_PAGES = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.globals.update(words=words.WORDS, marks=words.MARKS)
_PAGES.filters.update(day=words.day, moment=words.moment, size=words.size, label=words.label)

MOST_FILES = 10
MOST_BYTES = 40_000_001
"""Of one file; each use has a lower limit of its own and says so."""


@dataclass(frozen=True)
class Form:
    """What a form sent."""

    values: dict[str, str]
    lists: dict[str, list[str]] = field(default_factory=dict)
    files: list[Upload] = field(default_factory=list)

    def text(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def day(self, name: str) -> date:
        try:
            return date.fromisoformat(self.text(name))
        except ValueError as fault:
            raise BadInput(f"Fill in the date ({words.label(name)}).") from fault

    def id(self, name: str) -> UUID:
        try:
            return UUID(self.text(name))
        except ValueError as fault:
            raise BadInput(f"Choose from the list ({words.label(name)}).") from fault

    def number(self, name: str, default: int) -> int:
        given = self.text(name)
        try:
            return int(given) if given else default
        except ValueError as fault:
            raise BadInput(f"Write a number ({words.label(name)}).") from fault


@dataclass(frozen=True)
class Posted:
    """A form from one of our own pages, by somebody who is signed in."""

    caller: Caller
    form: Form


async def read_form(request: Request) -> Form:
    values: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    files: list[Upload] = []
    async with request.form(max_files=MOST_FILES, max_fields=500) as sent:
        for name, value in sent.multi_items():
            if isinstance(value, UploadFile):
                if value.filename:
                    files.append(Upload(value.filename, await value.read(MOST_BYTES)))
            else:
                values[name] = value
                lists.setdefault(name, []).append(value)
    return Form(values, lists, files)


FormData = Annotated[Form, Depends(read_form)]
Visitor = Annotated[Caller, Depends(web_caller)]


def posted(request: Request, caller: Visitor, form: FormData) -> Posted:
    sessions.check_origin(request, settings_of(request))
    sessions.check_form_token(request.state.web_session, form.values.get("form_token"))
    return Posted(caller, form)


OwnForm = Annotated[Posted, Depends(posted)]


def show(
    request: Request, template: str, *, caller: Caller | None = None, status: int = 200, **more: Any
) -> HTMLResponse:
    """A page; messages that wait for this person are shown once."""
    row: WebSession | None = getattr(request.state, "web_session", None)
    content = _PAGES.get_template(template).render(
        caller=caller,
        is_office=caller is not None and caller.has(*OFFICE),
        form_token=row.csrf_secret if row else "",
        messages=_take_messages(request, row),
        path=request.url.path,
        public_url=settings_of(request).public_url,
        **more,
    )
    return HTMLResponse(content, status, {"Cache-Control": "no-store"})


def go(request: Request, path: str, message: str = "", level: str = "success") -> Response:
    """Away to another page, with a message that shows there once."""
    row: WebSession | None = getattr(request.state, "web_session", None)
    if message and row is not None:
        with database_of(request).write(None) as session:
            query = select(WebSession).where(WebSession.session_key_hash == row.session_key_hash)
            mine = session.scalar(query)
            if mine is not None:
                mine.messages = [*mine.messages, f"{level}:{message}"]
    return RedirectResponse(path, 303)


def _take_messages(request: Request, row: WebSession | None) -> list[tuple[str, str]]:
    if row is None or not row.messages:
        return []
    with database_of(request).write(None) as session:
        query = select(WebSession).where(WebSession.session_key_hash == row.session_key_hash)
        mine = session.scalar(query)
        waiting = list(mine.messages) if mine else []
        if mine:
            mine.messages = []
    parts = (message.partition(":") for message in waiting)
    return [(level, text) for level, _, text in parts]


def attachment(content: bytes, name: str, content_type: str, *, inline: bool = False) -> Response:
    """A file to keep; what a browser would run is never shown in our pages."""
    plain = "".join(char if char.isascii() and char.isprintable() else "_" for char in name)
    kind = "inline" if inline else "attachment"
    quoted = plain.replace('"', "_").replace("\\", "_")
    headers = {
        "Content-Disposition": f'{kind}; filename="{quoted}"',
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type=content_type, headers=headers)
