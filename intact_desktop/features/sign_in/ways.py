"""What the pages at the door ask for. The libraries behind it come later: none is needed here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from intact_desktop.settings import Profile

Say = Callable[[str], None]


@dataclass(frozen=True)
class EnrolForm:
    """What a person types to set up a laptop."""

    server: str
    email: str
    password: str = field(repr=False)
    passphrase: str = field(repr=False)
    code: str = field(default="", repr=False)
    """Of the account's second factor, where the server asks for it."""


class Inside(Protocol):
    """An open profile; `recovery_code` is to be shown once where there is no keyring."""

    @property
    def recovery_code(self) -> str | None: ...


class Ways(Protocol):
    """The ways into a profile. Both take long and belong on a lane; errors: IntactError."""

    @property
    def profile(self) -> Profile: ...
    def enrol(self, form: EnrolForm, say: Say) -> Inside: ...
    def unlock(self, passphrase: str, recovery_code: str | None, say: Say) -> Inside: ...
