"""The application's log: what went wrong and where, never what it was about.

The words of an exception can repeat what somebody wrote, so only its kind and its way through
the code are kept.
"""

import logging
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path

NAME = "intact.log"
_BYTES, _KEPT = 500_000, 2


class Discreet(logging.Formatter):
    """Time, level, the constant part of the message, and the way of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{self.formatTime(record)} {record.levelname} {record.name}: {record.msg}"
        fault = record.exc_info[1] if record.exc_info else None
        return "\n".join([line, *_way(fault)])


def keep_log(folder: Path) -> logging.Handler:
    """Write what the application logs into the folder; the caller removes the handler."""
    handler = RotatingFileHandler(
        folder / NAME, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8", delay=True
    )
    handler.setFormatter(Discreet())
    logging.getLogger("intact").addHandler(handler)
    return handler


def drop_log(handler: logging.Handler) -> None:
    """Write no more."""
    logging.getLogger("intact").removeHandler(handler)
    handler.close()


def _way(fault: BaseException | None) -> list[str]:
    lines: list[str] = []
    while fault is not None:
        lines.append(f"  {type(fault).__module__}.{type(fault).__qualname__}")
        for frame in traceback.extract_tb(fault.__traceback__):
            lines.append(f"    {Path(frame.filename).name}:{frame.lineno} {frame.name}")
        fault = fault.__cause__ or fault.__context__
    return lines
