"""Serving: in this process, or in several that share one listening socket and one database.

What must hold for all of them stands in the database: tokens, nonces, sign-in attempts, device
locks, counters. Each process has its own connections (20 at most) and its own threads for pulls,
and counts by itself the public questions of an address, and how many password checks and thumbnails
are under way.
"""

import ctypes
import gc
import multiprocessing
import os
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.supervisors import Multiprocess

from sync_server.database.engine import Database
from sync_server.services.opening import open_database
from sync_server.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

MOST_BY_DEFAULT = 4
_COLLECT = (100_000, 20, 100)
"""More than a push of 500 operations makes: what it makes goes without the collector."""
_KEPT = ((-1, 32 << 20), (-2, 16 << 20), (-3, 1 << 20))
"""What mallopt(3) is told: give back above so much, take at least, map what is larger alone."""
_HUNG_SECONDS = 60
_ORPHANED = 3


def fitting(database_url: str) -> int:
    """How many processes suit this machine: SQLite has one writer, so one for it.

    Otherwise one more than it has processors: while one waits for the database, all are in use.
    """
    if database_url.startswith("sqlite"):
        return 1
    return min((os.cpu_count() or 1) + 1, MOST_BY_DEFAULT)


def serve_here(settings: Settings, database: Database) -> None:
    """Serve until a signal ends it."""
    app = _app(settings, database)
    uvicorn.run(
        app, host=settings.host, port=settings.port, log_level="warning", server_header=False
    )


def serve_many(settings: Settings, workers: int) -> None:
    """Serve in so many processes; one that dies is replaced, all end with this one."""
    config = uvicorn.Config(
        partial(_worker, settings),
        factory=True,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        server_header=False,
        workers=workers,
        timeout_worker_healthcheck=_HUNG_SECONDS,
    )
    Multiprocess(config, [config.bind_socket()]).run()


def _worker(settings: Settings) -> "FastAPI":
    Thread(target=_end_with_parent, name="parent", daemon=True).start()
    return _app(settings, open_database(settings))


def _keep_freed_memory() -> None:
    """What a piece of a file took is kept for the next one, up to 32 MiB; no more than a hint.

    The C library gives it back to the system each time, and to get a page again costs three
    microseconds on a virtual machine: a quarter of a server's work for a file.
    """
    with suppress(AttributeError, OSError):
        adjust = ctypes.CDLL(None).mallopt
        for what, size in _KEPT:
            adjust(what, size)


def _app(settings: Settings, database: Database) -> "FastAPI":
    # All routes take seconds to load: neither a command nor who only watches the others needs them.
    from sync_server.app import make_app  # noqa: PLC0415

    _keep_freed_memory()
    app = make_app(settings, database)
    _keep_what_is_here()
    return app


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        # Whoever starts the server again wants the port; what was under way comes again.
        os._exit(_ORPHANED)


def _keep_what_is_here() -> None:
    """The collector need not look at it at every push, nor at the rows of one while it is taken."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT)
