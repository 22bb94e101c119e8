"""The server with the demo in this process, reached through all of its HTTP: made in a moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient

from sync_server import settings as configuration
from sync_server.app import make_app
from sync_server.auth.keys import TenantKeys
from sync_server.auth.passwords import Passwords
from sync_server.auth.sealing import Sealing
from sync_server.database.migrate import migrate
from sync_server.services.demo import DemoTools, load_demo
from sync_server.services.opening import open_database
from sync_server.settings import Options

URL = "http://testserver"


class InProcess(httpx.BaseTransport):
    """Carries a laptop's messages to the application."""

    def __init__(self, app: FastAPI) -> None:
        self._client = TestClient(app, URL, raise_server_exceptions=False, follow_redirects=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = dict(request.headers.items()) | {"accept-encoding": "identity"}
        path = request.url.raw_path.decode()
        answer = self._client.request(request.method, path, content=request.read(), headers=headers)
        return httpx.Response(
            answer.status_code, headers=dict(answer.headers), content=answer.content
        )


@contextmanager
def demo_server(data: Path) -> Iterator[FastAPI]:
    """The application over a new data folder; its database is closed afterwards."""
    settings = configuration.load(Options(data=data))
    migrate(settings.database_url)
    database = open_database(settings)
    passwords = Passwords(cheap=True)
    load_demo(DemoTools(database, TenantKeys(Sealing(settings.secret)), passwords))
    try:
        yield make_app(settings, database, passwords=passwords)
    finally:
        database.engine.dispose()
