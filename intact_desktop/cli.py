"""Command line of the desktop: the application, or the check of one file."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509

from intact_core.documents.verification import verify_pdf
from intact_desktop.settings import DEFAULT_PROFILE, profiles
from intact_desktop.vault import device_key


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """The command line, understood."""
    parser = argparse.ArgumentParser(prog="intact", description="Audits, with or without network.")
    parser.add_argument("--profile", default=DEFAULT_PROFILE, help="which profile to open")
    parser.add_argument("--data", type=Path, help="where profiles lie (default: the system's)")
    parser.add_argument("--server", default="", help="address to suggest when enrolling")
    commands = parser.add_subparsers(dest="command")
    check = commands.add_parser("verify", help="check a report or certificate, offline")
    check.add_argument("file", type=Path)
    check.add_argument("--manifest", type=Path, help="the manifest that came with the file")
    check.add_argument("--trust", type=Path, action="append", default=[], help="PEM certificate")
    return parser.parse_args(given)


def verify(file: Path, manifest: Path | None, trusted: Sequence[Path], root: Path | None) -> int:
    """Print each step of the check; 0 when the file is genuine, 1 when not, 2 when unreadable.

    The certification bodies that the profiles on this computer belong to are trusted.
    """
    try:
        content, beside = file.read_bytes(), manifest.read_bytes() if manifest else None
        known = [x509.load_pem_x509_certificate(path.read_bytes()) for path in trusted]
    except (OSError, ValueError) as error:
        sys.stderr.write(f"A file cannot be read: {error}.\n")
        return 2
    found = verify_pdf(content, trusted=[*known, *_authorities(root)], manifest=beside)
    sys.stdout.write("\n".join(found.lines()) + "\n")
    return 0 if found.ok else 1


def _authorities(root: Path | None) -> list[x509.Certificate]:
    chains = [device_key.load_chain(profile) for profile in profiles(root)]
    return [x509.load_pem_x509_certificate(chain[-1].encode()) for chain in chains if chain]
