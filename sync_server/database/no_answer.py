"""Why the database did not do what it was asked, in words: a disk, no way to it, or much work."""

from intact_core.errors import StorageFault

_FULL = ("SQLITE_FULL", "53100")
_FAILING = ("SQLITE_IOERR", "58030")
_GONE = ("57P",)
"""PostgreSQL ends, or is only starting. Where it was not there at all its driver has no state."""


def no_answer(fault: BaseException) -> StorageFault:
    """The error for whoever asked, from that of the driver (SQLite's name, PostgreSQL's state)."""
    code = _code(fault)
    if code.startswith(_FULL):
        return StorageFault(
            "The server's disk is full, so it did nothing. What it took before is safe. Whoever "
            "runs the server has to make room; then try again.",
            title="The server's disk is full",
        )
    if code.startswith(_FAILING):
        return StorageFault(
            "The server's disk reported an error, so it did nothing. What it took before is safe. "
            "Whoever runs the server should check the disk; then try again.",
            title="The server's disk has a problem",
        )
    if code.startswith(_GONE) or (hasattr(fault, "sqlstate") and not code):
        return StorageFault(
            "The server cannot reach its database, so it did nothing. What it took before is safe. "
            "Try again in a moment; if this stays, whoever runs the server should start PostgreSQL "
            "or check its address.",
            title="The server cannot reach its database",
        )
    return StorageFault(
        "The server is busy and did nothing. Try again in a moment.", title="The server is busy"
    )


def for_the_log(fault: BaseException) -> str:
    """The same for whoever runs the server, without the statement: it may hold somebody's data."""
    return f"{no_answer(fault).title} ({_code(fault) or type(fault).__name__})"


def _code(fault: BaseException) -> str:
    return str(getattr(fault, "sqlite_errorname", None) or getattr(fault, "sqlstate", None) or "")
