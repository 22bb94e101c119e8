"""The server's signed leave to work without it, for some days, on this laptop.

A lease travels as `{"claims": {"device_id", "user_id", "key", "issued_at", "expires_at"},
"signature"}`: times in UTC, the signature base64 over the canonical JSON of the claims, by the key
that was pinned at enrolment (Ed25519, or ECDSA P-256 with SHA-256).
"""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any

import msgspec

from intact_core import canonical, clock
from intact_core.errors import BadInput, NotAllowed
from intact_desktop.settings import Profile, replace_file
from intact_desktop.vault import device_key, keys

LONGEST = timedelta(days=7)
CLOCK_TOLERANCE = timedelta(minutes=5)
_PURPOSE = b"intact/1/lease"


class LeaseRefused(NotAllowed):
    """Work without a network is not allowed just now. Connecting to the server mends it."""

    title = "Please connect once"


class Lease(msgspec.Struct, frozen=True):
    """Who may work offline, on which device, from when until when."""

    device_id: str
    user_id: str
    issued_at: datetime
    expires_at: datetime
    key: str = ""
    """SHA-256 of the device's public key."""


class SignedLease(msgspec.Struct, frozen=True):
    """A lease as the server sent it."""

    claims: dict[str, str]
    signature: str


class _Kept(msgspec.Struct, frozen=True):
    signed: SignedLease
    public_key: str
    latest_seen: datetime


def read_signed(sent: dict[str, Any]) -> SignedLease:
    """A lease as it came in an answer, not yet verified; raises BadInput."""
    try:
        return msgspec.convert(sent, SignedLease)
    except msgspec.ValidationError as fault:
        raise _not_ours(str(fault)) from fault


def verified(signed: SignedLease, public_key_pem: str) -> Lease:
    """The lease inside, when the signature is the server's; raises BadInput otherwise."""
    try:
        signature = base64.b64decode(signed.signature, validate=True)
        lease = msgspec.convert(signed.claims, Lease)
    except (binascii.Error, msgspec.ValidationError) as fault:
        raise _not_ours(str(fault)) from fault
    if not device_key.verify(public_key_pem, canonical.dumps(signed.claims), signature):
        raise _not_ours("the signature does not fit")
    if lease.expires_at.tzinfo is None or lease.issued_at.tzinfo is None:
        raise _not_ours("a time without zone")
    if not timedelta(0) < lease.expires_at - lease.issued_at <= LONGEST:
        raise _not_ours(f"the lease would last {lease.expires_at - lease.issued_at}")
    return lease


class LeaseBook:
    """Where the lease and the latest time seen are kept: sealed with a key of the vault."""

    def __init__(self, profile: Profile, database_key: bytes) -> None:
        self._file = profile.folder / "lease.bin"
        self._key = keys.derive(database_key, "lease")

    def accept(self, signed: SignedLease, public_key_pem: str, server_time: datetime) -> Lease:
        """Keep a lease that just came from the server; its time replaces the latest seen."""
        lease = verified(signed, public_key_pem)
        self._save(_Kept(signed, public_key_pem, server_time))
        return lease

    def renew(self, signed: SignedLease, server_time: datetime) -> Lease:
        """Keep a newer lease, signed by the same key as the one before."""
        return self.accept(signed, self._load().public_key, server_time)

    def shown(self) -> tuple[SignedLease, str]:
        """The lease to show to a colleague's laptop, and the server's key that signed it."""
        kept = self._load()
        return kept.signed, kept.public_key

    def check(self, device_id: str, user_id: str) -> Lease:
        """The valid lease for this device and user now; raises LeaseRefused with the reason."""
        kept, moment = self._load(), clock.now()
        lease = verified(kept.signed, kept.public_key)
        if (lease.device_id, lease.user_id) != (device_id, user_id):
            raise _refused("The permission to work offline is for another laptop or person.")
        if moment < max(kept.latest_seen, lease.issued_at) - CLOCK_TOLERANCE:
            raise _refused(
                f"This computer's clock says {_shown(moment)}, but it was "
                f"{_shown(kept.latest_seen)} when it was last used: the clock was turned back. "
                "Set it right."
            )
        if moment > lease.expires_at:
            raise _refused(
                f"The permission to work offline ended on {_shown(lease.expires_at)}, and this "
                f"computer's clock says {_shown(moment)}. If that is wrong, set the clock right."
            )
        self.observe()
        return lease

    def observe(self) -> None:
        """Note the present time as seen; called now and then while the application is open."""
        kept = self._load()
        # A time beyond the lease is no use to the user, and noting it would punish a wrong clock.
        expires = verified(kept.signed, kept.public_key).expires_at
        if kept.latest_seen < clock.now() <= expires:
            self._save(msgspec.structs.replace(kept, latest_seen=clock.now()))

    def _load(self) -> _Kept:
        try:
            content = keys.unseal(self._key, self._file.read_bytes(), _PURPOSE)
        except FileNotFoundError as fault:
            raise _refused("This laptop has no permission yet to work offline.") from fault
        if content is None:
            raise _refused("The permission to work offline is damaged.")
        return msgspec.json.decode(content, type=_Kept)

    def _save(self, kept: _Kept) -> None:
        replace_file(self._file, keys.seal(self._key, msgspec.json.encode(kept), _PURPOSE))


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _refused(reason: str) -> LeaseRefused:
    return LeaseRefused(
        f"{reason} Your work is safe on this laptop. Connect to the server once to go on."
    )


def _not_ours(details: str) -> BadInput:
    return BadInput(
        "What came as permission to work offline is not from your server, so it was not taken. "
        "Nothing was lost. Try again, or ask your certification body.",
        details=details,
    )
