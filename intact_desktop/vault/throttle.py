"""Each wrong passphrase doubles the wait before the next try. Nothing destroys itself."""

from datetime import UTC, datetime, timedelta

import msgspec

from intact_core import clock
from intact_core.errors import WrongPassphrase
from intact_desktop.settings import Profile, replace_file

_FIRST_WAIT = timedelta(seconds=1)
_LONGEST_WAIT = timedelta(minutes=15)


class _Attempts(msgspec.Struct, frozen=True):
    wrong: int = 0
    last: datetime = datetime(1970, 1, 1, tzinfo=UTC)


class WrongOrTooSoon(WrongPassphrase):
    """A passphrase that was wrong, or came before `wait` was over."""

    def __init__(self, sentence: str, wait: timedelta) -> None:
        super().__init__(sentence)
        self.wait = wait


class Throttle:
    """The count of wrong passphrases of one profile; it survives a restart and a crash."""

    def __init__(self, profile: Profile) -> None:
        self._file = profile.folder / "attempts.json"

    def check(self) -> None:
        """Raise WrongOrTooSoon while the wait of the last wrong try is not over."""
        left = self._wait_left()
        if left > timedelta(0):
            raise WrongOrTooSoon(
                f"After the last wrong passphrase please wait {_words(left)} more, then try "
                "again. Nothing was lost.",
                left,
            )

    def count(self) -> None:
        """Count a try as wrong before it is made, so that killing the program gains nothing."""
        self._save(self._load().wrong + 1, clock.now())

    def forget(self) -> None:
        """The passphrase was right."""
        self._file.unlink(missing_ok=True)

    def refusal(self) -> WrongOrTooSoon:
        """What to raise after a try that was counted and turned out wrong."""
        wait = self._wait_left()
        return WrongOrTooSoon(
            "The passphrase is not right, so nothing was opened, and nothing was lost. Check "
            f"Caps Lock and the keyboard's language; you can try again in {_words(wait)}.",
            wait,
        )

    def _wait_left(self) -> timedelta:
        attempts, moment = self._load(), clock.now()
        if not attempts.wrong:
            return timedelta(0)
        if attempts.last > moment:
            # The clock was set back: the wait starts anew, or it could last for years.
            attempts = self._save(attempts.wrong, moment)
        doubled: int = 2 ** min(attempts.wrong - 1, 20)
        wait = min(_FIRST_WAIT * doubled, _LONGEST_WAIT)
        return max(wait - (moment - attempts.last), timedelta(0))

    def _save(self, wrong: int, last: datetime) -> _Attempts:
        attempts = _Attempts(wrong, last)
        replace_file(self._file, msgspec.json.encode(attempts))
        return attempts

    def _load(self) -> _Attempts:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=_Attempts)
        except (OSError, msgspec.MsgspecError):
            return _Attempts()


def _words(wait: timedelta) -> str:
    seconds = max(1, round(wait.total_seconds()))
    if seconds < 120:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    return f"{round(seconds / 60)} minutes"
