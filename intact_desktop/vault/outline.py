"""What is known of a vault before it is opened, without the libraries that open it."""

import msgspec

from intact_core.errors import StorageFault
from intact_desktop.settings import Profile

SECTION, CHAIN_SECTION = "vault", "device"
SHORTEST_PASSPHRASE = 12


class _Outline(msgspec.Struct, frozen=True):
    by_recovery_code: bool


class Chain(msgspec.Struct, frozen=True):
    """The device's certificate first, then its issuers, each as PEM."""

    certificates: list[str]


def exists(profile: Profile) -> bool:
    """Whether this profile was set up."""
    return profile.load(SECTION, _Outline) is not None


def needs_recovery_code(profile: Profile) -> bool:
    """Whether unlocking asks for the recovery code, because there is no keyring here."""
    found = profile.load(SECTION, _Outline)
    if found is None:
        raise nothing_there()
    return found.by_recovery_code


def nothing_there() -> StorageFault:
    """What to raise for a profile that was not set up."""
    return StorageFault(
        "This profile was not set up on this computer yet. Sign in to set it up.",
        title="Nothing to unlock",
    )


def load_chain(profile: Profile) -> list[str]:
    """The stored certificates, the device's first; empty before enrolment."""
    chain = profile.load(CHAIN_SECTION, Chain)
    return chain.certificates if chain else []
