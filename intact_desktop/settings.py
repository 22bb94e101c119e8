"""Where the laptop's data lies and what the user chose."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec
import platformdirs

from intact_core import canonical
from intact_core.errors import BadInput, StorageFault

HOME_VARIABLE = "INTACT_HOME"
DEFAULT_PROFILE = "default"
_PROFILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")

S = TypeVar("S", bound=msgspec.Struct)


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Who works with this profile, against which server. Nothing in here is secret."""

    server: str
    email: str
    user_id: str = ""
    device_id: str = ""
    tenant_id: str = ""
    audience: str = ""
    """The server's lasting name, pinned at enrolment: what this laptop signs is for it alone."""


@dataclass(frozen=True)
class Profile:
    """One folder holds all that one person keeps on this computer for one server."""

    folder: Path

    @classmethod
    def at(cls, root: Path | None = None, name: str = DEFAULT_PROFILE) -> "Profile":
        """The named profile below `root` (else $INTACT_HOME, else the system's data folder)."""
        if not _PROFILE_NAME.fullmatch(name):
            raise BadInput(
                f"“{name}” cannot be the name of a profile. Use letters, digits, dots, dashes "
                "and underscores, 64 at most."
            )
        return cls((root or default_root()) / name)

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def settings_file(self) -> Path:
        return self.folder / "profile.json"

    @property
    def database(self) -> Path:
        return self.folder / "intact.db"

    @property
    def evidence(self) -> Path:
        return self.folder / "evidence"

    @property
    def set_aside(self) -> Path:
        return self.folder / "set-aside"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    def prepare(self) -> None:
        """Make the folders, readable by their owner alone."""
        try:
            for folder in (self.folder, self.evidence, self.set_aside, self.logs):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as fault:
            raise StorageFault(
                f"The folder {self.folder} cannot be made, so there is no place for your work. "
                "Check that the disk has room and that you may write there.",
                details=str(fault),
            ) from fault

    def load(self, section: str, shape: type[S]) -> S | None:
        """One section of profile.json, or None where it was never written."""
        found = self._sections().get(section)
        if found is None:
            return None
        try:
            return msgspec.convert(found, shape)
        except msgspec.ValidationError as fault:
            raise self._damaged(str(fault)) from fault

    def save(self, section: str, value: msgspec.Struct | None) -> None:
        """Write one section and leave the others; None removes it."""
        sections = self._sections()
        sections.pop(section, None)
        if value is not None:
            sections[section] = msgspec.to_builtins(value)
        seal = canonical.sha256_hex(canonical.dumps(sections))
        content = msgspec.json.encode({"sections": sections, "sha256": seal})
        replace_file(self.settings_file, msgspec.json.format(content, indent=2))

    def _sections(self) -> dict[str, object]:
        try:
            content = self.settings_file.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as fault:
            raise self._damaged(str(fault)) from fault
        try:
            document = msgspec.json.decode(content, type=_ProfileFile)
        except msgspec.MsgspecError as fault:
            raise self._damaged(str(fault)) from fault
        if canonical.sha256_hex(canonical.dumps(document.sections)) != document.sha256:
            raise self._damaged("the checksum differs")
        return document.sections

    def _damaged(self, details: str) -> StorageFault:
        return StorageFault(
            f"The file {self.settings_file} is damaged, so this profile cannot be opened. Nothing "
            "was changed. Put back the file from a backup, or sign in under a new profile.",
            details=details,
        )


class _ProfileFile(msgspec.Struct):
    sections: dict[str, object]
    sha256: str


def default_root() -> Path:
    """$INTACT_HOME, else the data folder that the system gives to applications."""
    chosen = os.environ.get(HOME_VARIABLE)
    return Path(chosen) if chosen else platformdirs.user_data_path("Intact", appauthor=False)


def profiles(root: Path | None = None) -> list[Profile]:
    """The profiles that exist below the root, by name."""
    found = (root or default_root()).glob("*/profile.json")
    return [Profile(path.parent) for path in sorted(found)]


@dataclass(frozen=True)
class NewFile:
    """A file that appears whole or not at all, under a name that may be chosen at the end."""

    file: BinaryIO
    temporary: Path
    durable: bool

    def keep_as(self, target: Path) -> None:
        """Flush it to the disk and give it its name, in place of what had that name before."""
        self.file.flush()
        if self.durable:
            os.fsync(self.file.fileno())
        self.file.close()
        self.temporary.replace(target)
        if self.durable:
            sync_folder(target.parent)


@contextmanager
def new_file(folder: Path, *, durable: bool = True) -> Iterator[NewFile]:
    """A new file inside the folder; unless it is kept nothing stays. Raises StorageFault."""
    temporary = folder / f".{secrets.token_hex(8)}.part"
    try:
        _make_folder(folder)
        with temporary.open("wb") as file:
            yield NewFile(file, temporary, durable)
    except OSError as fault:
        raise StorageFault(
            "The disk did not take what was to be written: it may be full or read-only. Nothing "
            "that was stored before is lost. Make room, then try again.",
            title="The disk did not take it",
            details=str(fault),
        ) from fault
    finally:
        with suppress(OSError):
            temporary.unlink()


def _make_folder(folder: Path) -> None:
    """Durable with those above it: a file is gone with the folder that it lies in."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


def replace_file(path: Path, content: bytes) -> None:
    """Replace a small file, whole or not at all."""
    with new_file(path.parent) as new:
        new.file.write(content)
        new.keep_as(path)


def sync_file(path: Path) -> None:
    """Make a file that another library wrote durable, and its name too."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename inside the folder durable (Windows keeps it in the file's own flush)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
