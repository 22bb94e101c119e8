"""The same software one version later, in a process of its own.

It has one field more on a checklist item, and one kind of record more.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from intact_core.errors import IntactError
from intact_core.records import base, checklist

VERSION = base.SCHEMA_VERSION + 1
_PATIENCE_SECONDS = 60


class Newer:
    """The other process, as this one sees it."""

    def __init__(self, orders: Connection, server: Connection) -> None:
        self._orders, self._server = orders, server

    def do(self, what: str, *given: object, serve: Any = None) -> Any:
        """Have a function of `tests.versions.plans` called there; `serve` is the server for it."""
        self._orders.send((what, given))
        while True:
            for ready in wait([self._orders, self._server], _PATIENCE_SECONDS):
                if ready is self._orders:
                    return _result(self._orders)
                answer(self._server, serve)


def _result(pipe: Connection) -> Any:
    worked, value = pipe.recv()
    if not worked:
        raise value
    return value


def answer(pipe: Connection, served: Any) -> None:
    """Answer one call on what is served; its error goes back as an error."""
    name, given = pipe.recv()
    try:
        pipe.send((True, getattr(served, name)(*given)))
    except (IntactError, SQLAlchemyError, LookupError, AssertionError) as error:
        pipe.send((False, error))


@contextmanager
def newer_process() -> Iterator[Newer]:
    """Starts it, and ends it."""
    context = get_context("spawn")
    (here, there), (server, client) = context.Pipe(), context.Pipe()
    process = context.Process(target=live, args=(there, client), daemon=True)
    process.start()
    there.close()
    client.close()
    try:
        yield Newer(here, server)
    finally:
        here.close()
        process.join(_PATIENCE_SECONDS)


def live(orders: Connection, server: Connection) -> None:
    """In that process: become newer before anything else is imported, then do as told."""
    become_newer()
    plans = import_module("tests.versions.plans")
    plans.hold(server)
    while True:
        try:
            answer(orders, plans)
        except EOFError:
            return


def become_newer() -> None:
    """What the next version's source would say."""
    base.SCHEMA_VERSION = VERSION
    checklist.AuditChecklist.weather = base.field(type_=base.Text, nullable=True)
    mood = type(
        "SiteMood",
        (base.Record,),
        {
            "__tablename__": "site_moods",
            "__scope__": base.audit_scope(),
            "__annotations__": {
                "audit_schedule_id": base.Mapped[base.UUID],
                "words": base.Mapped[str],
            },
            "audit_schedule_id": base.fixed(),
            "words": base.field(),
        },
    )
    catalogue = import_module("intact_core.records.catalogue")
    catalogue.TYPES[mood.__tablename__] = catalogue._type_spec(mood)
    catalogue.ORDER[mood.__tablename__] = len(catalogue.ORDER)
    checklist.SiteMood = mood
