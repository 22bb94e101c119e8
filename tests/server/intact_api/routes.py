"""The routes of the API that name a right, read off the application."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from sync_server.api.intact.asking import Need


@dataclass(frozen=True)
class Route:
    """One verb of one path, and the right that it needs."""

    verb: str
    path: str
    need: Need


def api_routes(app: FastAPI) -> list[Route]:
    return [
        Route(verb, route.path, need)
        for route in _all(app.routes)
        for need in _needs(route.dependant)
        for verb in sorted(route.methods)
    ]


def all_routes(app: FastAPI) -> list[APIRoute]:
    return list(_all(app.routes))


def _all(routes: Any) -> Iterator[APIRoute]:
    for one in routes:
        inner = getattr(getattr(one, "original_router", None), "routes", None)
        if inner is not None:
            yield from _all(inner)
        elif isinstance(one, APIRoute):
            yield one


def _needs(dependant: Any) -> Iterator[Need]:
    for one in dependant.dependencies:
        if isinstance(one.call, Need):
            yield one.call
