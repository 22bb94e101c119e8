"""What a database that did not answer is told as: full, failing, or at work."""

import psycopg
import pytest
import sqlcipher3.dbapi2 as sqlcipher

from sync_server.database.no_answer import no_answer


def sqlite(name: str) -> sqlcipher.OperationalError:
    fault = sqlcipher.OperationalError("as SQLite says it")
    fault.sqlite_errorname = name
    return fault


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (sqlite("SQLITE_FULL"), "disk is full"),
        (psycopg.errors.DiskFull(), "disk is full"),
        (sqlite("SQLITE_IOERR_WRITE"), "disk reported an error"),
        (psycopg.errors.IoError(), "disk reported an error"),
        (sqlite("SQLITE_BUSY"), "is busy"),
        (psycopg.errors.LockNotAvailable(), "is busy"),
        (TimeoutError(), "is busy"),
    ],
)
def test_its_reason_in_words(fault: Exception, words: str) -> None:
    said = no_answer(fault).sentence
    assert words in said
    assert "try again" in said.lower()
