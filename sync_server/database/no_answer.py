"""Why the database did not do what it was asked, in words: a full or failing disk, or much work."""

from intact_core.errors import StorageFault

_FULL = ("SQLITE_FULL", "53100")
_FAILING = ("SQLITE_IOERR", "58030")


def no_answer(fault: BaseException) -> StorageFault:
    """The error for whoever asked, from that of the driver (SQLite's name, PostgreSQL's state)."""
    code = str(getattr(fault, "sqlite_errorname", None) or getattr(fault, "sqlstate", None) or "")
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
    return StorageFault(
        "The server is busy and did nothing. Try again in a moment.", title="The server is busy"
    )
