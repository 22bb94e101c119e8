"""Command line of the desktop."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from intact_core.documents.checking import check_file
from intact_core.errors import IntactError
from intact_desktop.settings import DEFAULT_PROFILE, Profile, profiles
from intact_desktop.vault.outline import load_chain

if TYPE_CHECKING:
    from intact_desktop.entrance import Behind, Entrance


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the application, or verify a PDF; the exit code is 0 where all is well."""
    given = _parser().parse_args(arguments)
    try:
        if given.command == "verify":
            return verify(given.file, given.data)
        return run(Profile.at(given.data, given.profile), given.server)
    except IntactError as error:
        print(f"{error.title}. {error.sentence}", file=sys.stderr)  # noqa: T201 - a command's words
        return 1


def run(profile: Profile, server: str = "") -> int:
    """Show the window until it is closed."""
    profile.prepare()
    # Verifying needs no Qt, which takes a tenth of a second to load.
    from intact_desktop import entrance  # noqa: PLC0415

    return entrance.run(profile, server, _behind)


def _behind(entrance: "Entrance") -> "Behind":
    # Databases, cryptography and all pages take a second: time to type a passphrase in.
    from intact_desktop import application  # noqa: PLC0415

    return application.behind(entrance)


def verify(file: Path, root: Path | None = None) -> int:
    """Check a report or certificate without a network, each step named."""
    try:
        content = file.read_bytes()
    except OSError as fault:
        print(f"{file} cannot be read: {fault.strerror}.", file=sys.stderr)  # noqa: T201 - a command's words
        return 1
    beside = file.with_name(f"{file.name}.manifest.json")
    manifest = beside.read_bytes() if beside.is_file() else None
    found = check_file(content, _known_authorities(root), manifest)
    print("\n".join(found.lines()))  # noqa: T201 - a command's words
    return 0 if found.ok else 1


def _known_authorities(root: Path | None) -> list[str]:
    """The authorities that stand behind the laptop's own profiles."""
    chains = [load_chain(profile) for profile in profiles(root)]
    return [chain[-1] for chain in chains if chain]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="intact", description="Audits of management systems, complete without a network."
    )
    parser.add_argument("--profile", default=DEFAULT_PROFILE, help="name of the profile to open")
    parser.add_argument("--data", type=Path, help="folder of the profiles")
    parser.add_argument("--server", default="", help="server to suggest when a laptop is set up")
    commands = parser.add_subparsers(dest="command")
    checking = commands.add_parser("verify", help="check a report or certificate without a network")
    checking.add_argument("file", type=Path)
    return parser
