"""Every list is found by an index: PostgreSQL's plan of each page, with and without filters."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event

from tests.server.conftest import Server
from tests.server.intact_api.routes import api_routes
from tests.server.intact_api.samples import OFFICE, make_all

ONLY_POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)
ELSEWHERE = {"/api/v1/tenants"}
"""One row for each tenant, each read in its own limits."""


class Pages:
    """The plans of pages of lists, as PostgreSQL makes them where a table is worth an index."""

    def __init__(self, server: Server) -> None:
        self.read_whole: dict[str, list[str]] = {}
        self.seen = 0
        event.listen(server.database.engine, "before_cursor_execute", self._explain)

    def _explain(self, connection: Any, cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if not statement.startswith("SELECT") or " LIMIT " not in statement:
            return
        with cursor.connection.cursor() as other:
            # The tables of a test are so small that reading them whole is always the cheapest.
            other.execute("SET LOCAL enable_seqscan = off")
            other.execute(f"EXPLAIN (FORMAT JSON) {statement}", given)
            plan = other.fetchone()[0][0]["Plan"]
            other.execute("SET LOCAL enable_seqscan = on")
        self.seen += 1
        found = [step["Relation Name"] for step in _steps(plan) if step["Node Type"] == "Seq Scan"]
        if found:
            self.read_whole[statement] = found


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _steps(inner)


@pytest.mark.parametrize("fresh", [ONLY_POSTGRES], indirect=True)
def test_every_list_is_found_by_an_index(server: Server) -> None:
    ids, document = make_all(server), server.app.openapi()
    client, pages = server.bearer(OFFICE), Pages(server)
    lists = 0
    for route in api_routes(server.app):
        asked = {
            one["name"]
            for one in document["paths"][route.path][route.verb.lower()].get("parameters", ())
            if one["in"] == "query"
        }
        if not {"page", "limit"} <= asked or "{" in route.path or route.path in ELSEWHERE:
            continue
        before, lists = pages.seen, lists + 1
        for name in (None, *(one for one in asked if one.endswith("_id"))):
            answer = client.get(route.path, params={name: ids["clients"]} if name else {})
            assert answer.status_code == 200 or name == "tenant_id", answer.text
        assert pages.seen > before, route.path
    assert lists > 25
    assert pages.read_whole == {}
