"""The error tree: an expected error carries a title and a sentence fit to show."""

from dataclasses import dataclass
from uuid import UUID


class IntactError(Exception):
    """An expected error. `title` names it, `sentence` says what happened and what to do."""

    title = "Something did not work"

    def __init__(self, sentence: str, *, title: str | None = None, details: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.title = title or self.title
        self.details = details


@dataclass(frozen=True)
class Place:
    """Where a broken rule can be mended: a record and, where known, its field."""

    type: str
    id: UUID
    field: str | None = None


class RuleBroken(IntactError):
    """A rule of the field is broken.

    `code` is stable and machine-readable, `clause` cites the document with its edition (empty
    for our own rules), `place` is the record and field to jump to.
    """

    title = "This is not allowed"

    def __init__(
        self, code: str, sentence: str, *, clause: str = "", place: Place | None = None
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.clause = clause
        self.place = place


class BadInput(IntactError):
    """What came in cannot be used: a file of the wrong kind, an impossible value."""

    title = "This cannot be used"


class NotFound(IntactError):
    """No such thing, or not for this caller: the two are never told apart."""

    title = "Not found"


class NotAllowed(IntactError):
    """The caller is known but may not do this."""

    title = "You may not do this"


class Revoked(NotAllowed):
    """The office withdrew this laptop: it may hand in what it has, and nothing else."""

    title = "This laptop was withdrawn"
    code = "revoked"


class UpgradeNeeded(IntactError):
    """The application is too old to receive; what was made with it is still taken."""

    title = "A newer version is needed"
    code = "upgrade"


class NotSignedIn(IntactError):
    """Nobody is signed in, or the session has ended."""

    title = "Please sign in"


class CodeNeeded(NotSignedIn):
    """The password is right, and the account has a second factor: its code is missing."""

    title = "One more step"
    code = "totp_required"


class UnknownLaptop(NotSignedIn):
    """The server has no such laptop: it was restored from a backup that is older."""

    title = "The server does not know this laptop"
    code = "unknown_laptop"


class Offline(IntactError):
    """The network could not be reached: the only error that means offline."""

    title = "Offline"


class ServerFault(IntactError):
    """Our server, or something in front of it, answered with what it should not."""

    title = "The server has a problem"


class Busy(ServerFault):
    """The server can not do it just now; it asks to be left alone for `after_seconds` (0: any)."""

    def __init__(self, sentence: str, *, after_seconds: float = 0.0) -> None:
        super().__init__(sentence)
        self.after_seconds = after_seconds


class StorageFault(IntactError):
    """A local file or disk cannot be used: damaged, foreign, from a newer version, full."""

    title = "The data on this computer cannot be used"


class WrongPassphrase(IntactError):
    """The passphrase does not open the vault."""

    title = "That passphrase does not open it"


class Damaged(IntactError):
    """Bytes are not what their hash or seal says."""

    title = "This file is damaged"
