"""Make, open, re-key and destroy the vault of one profile."""

import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from intact_core.errors import BadInput, StorageFault
from intact_desktop.settings import Account, Profile
from intact_desktop.vault import device_key, keys, recovery_code
from intact_desktop.vault.device_key import DeviceKey
from intact_desktop.vault.keyring_secret import SecretStore
from intact_desktop.vault.keys import Kdf
from intact_desktop.vault.lease import LeaseBook, LeaseRefused
from intact_desktop.vault.outline import SECTION, exists, nothing_there
from intact_desktop.vault.throttle import Throttle

_SALT_BYTES = 16


class _VaultFile(msgspec.Struct, frozen=True):
    vault_id: str
    salt: bytes
    kdf: Kdf
    by_recovery_code: bool
    database_key: bytes
    evidence_key: bytes
    device_key: bytes


@dataclass(frozen=True)
class Unlocked:
    """The open vault. Locking means to drop it, together with all that was opened with it."""

    database_key: bytes = field(repr=False)
    evidence_key: bytes = field(repr=False)
    device_key: DeviceKey = field(repr=False)


@dataclass(frozen=True)
class Created:
    """A new vault, open; `recovery_code` is to be shown once where there is no keyring."""

    unlocked: Unlocked
    recovery_code: str | None = field(repr=False)


Renew = Callable[[Unlocked, LeaseBook], None]


def create(
    profile: Profile, passphrase: str, store: SecretStore | None, kdf: Kdf = keys.STANDARD
) -> Created:
    """Make the keys of a new profile. Without a keyring the caller must show the code."""
    if exists(profile):
        raise BadInput("This profile is set up already. Unlock it, or choose another name.")
    keys.check_strength(passphrase)
    profile.prepare()
    unlocked = Unlocked(keys.new_key(), keys.new_key(), device_key.make())
    vault_id = secrets.token_hex(16)
    code = recovery_code.new_code() if store is None else None
    second = recovery_code.secret_of(code) if code else keys.new_key()
    if store is not None:
        store.write(vault_id, second)
    wrapped = _wrap(unlocked, vault_id, _Factors(passphrase, second), keys.fitting(kdf), bool(code))
    profile.save(SECTION, wrapped)
    return Created(unlocked, code)


@dataclass(frozen=True, repr=False)
class Opening:
    """What a person and their computer bring to open a vault."""

    passphrase: str
    store: SecretStore | None = None
    recovery_code: str | None = None


def unlock(profile: Profile, opening: Opening, renew: Renew | None = None) -> Unlocked:
    """Open the vault under a valid lease; `renew` may fetch one where it is needed.

    Raises WrongOrTooSoon, LeaseRefused, BadInput (recovery code mistyped), StorageFault.
    """
    unlocked = _open(profile, opening)
    account = profile.load("account", Account) or Account(server="", email="")
    book = LeaseBook(profile, unlocked.database_key)
    try:
        book.check(account.device_id, account.user_id)
    except LeaseRefused:
        if renew is None:
            raise
        renew(unlocked, book)
        account = profile.load("account", Account) or account
        book.check(account.device_id, account.user_id)
    return unlocked


def confirm(profile: Profile, opening: Opening) -> Unlocked:
    """The keys once more for one act, such as signing: the passphrase is asked again."""
    return _open(profile, opening)


def change_passphrase(profile: Profile, opening: Opening, new: str, kdf: Kdf | None = None) -> None:
    """Wrap the same keys under a new passphrase; nothing else is written again."""
    keys.check_strength(new)
    unlocked, old = _open(profile, opening), _load(profile)
    factors = _Factors(new, _second_secret(old, opening))
    cost = keys.fitting(kdf or keys.STANDARD)
    profile.save(SECTION, _wrap(unlocked, old.vault_id, factors, cost, old.by_recovery_code))


def destroy(profile: Profile, store: SecretStore | None) -> None:
    """After revocation, once all is deposited: the keyring's secret first, then the files."""
    vault = profile.load(SECTION, _VaultFile)
    if vault is not None and store is not None:
        store.delete(vault.vault_id)
    profile.save(SECTION, None)
    try:
        shutil.rmtree(profile.folder)
    except OSError as fault:
        raise StorageFault(
            "The keys are destroyed, so nobody can read the data; some of its files could not be "
            f"removed. Delete the folder {profile.folder} yourself.",
            details=str(fault),
        ) from fault


@dataclass(frozen=True, repr=False)
class _Factors:
    passphrase: str
    second: bytes


def _open(profile: Profile, opening: Opening) -> Unlocked:
    vault, throttle = _load(profile), Throttle(profile)
    throttle.check()
    factors = _Factors(opening.passphrase, _second_secret(vault, opening))
    throttle.count()
    unlocked = _unwrap(vault, factors)
    if unlocked is None:
        raise throttle.refusal()
    throttle.forget()
    return unlocked


def _load(profile: Profile) -> _VaultFile:
    vault = profile.load(SECTION, _VaultFile)
    if vault is None:
        raise nothing_there()
    return vault


def _second_secret(vault: _VaultFile, opening: Opening) -> bytes:
    if vault.by_recovery_code:
        if not opening.recovery_code:
            raise BadInput(
                "This computer has no keyring, so the recovery code is needed with the passphrase.",
                title="The recovery code, please",
            )
        return recovery_code.secret_of(opening.recovery_code)
    kept = opening.store.read(vault.vault_id) if opening.store else None
    if kept is None:
        raise StorageFault(
            "Half of the key is kept in this computer's keyring, and it is not there. Nothing was "
            "lost. Sign in to the computer as the same user as before, with its keyring, and try "
            "again.",
            title="The keyring has no key",
        )
    return kept


def _wrapping_key(salt: bytes, kdf: Kdf, factors: _Factors) -> bytes:
    stretched = keys.stretch(factors.passphrase, salt, kdf)
    return keys.derive(stretched + factors.second, "wrapping", salt)


def _wrap(
    unlocked: Unlocked, vault_id: str, factors: _Factors, kdf: Kdf, by_code: bool
) -> _VaultFile:
    salt = secrets.token_bytes(_SALT_BYTES)
    key = _wrapping_key(salt, kdf, factors)
    device = device_key.to_bytes(unlocked.device_key)
    return _VaultFile(
        vault_id=vault_id,
        salt=salt,
        kdf=kdf,
        by_recovery_code=by_code,
        database_key=keys.seal(key, unlocked.database_key, _purpose(vault_id, "database")),
        evidence_key=keys.seal(key, unlocked.evidence_key, _purpose(vault_id, "evidence")),
        device_key=keys.seal(key, device, _purpose(vault_id, "device")),
    )


def _unwrap(vault: _VaultFile, factors: _Factors) -> Unlocked | None:
    key = _wrapping_key(vault.salt, vault.kdf, factors)
    database = keys.unseal(key, vault.database_key, _purpose(vault.vault_id, "database"))
    evidence = keys.unseal(key, vault.evidence_key, _purpose(vault.vault_id, "evidence"))
    device = keys.unseal(key, vault.device_key, _purpose(vault.vault_id, "device"))
    if database is None or evidence is None or device is None:
        return None
    return Unlocked(database, evidence, device_key.from_bytes(device))


def _purpose(vault_id: str, name: str) -> bytes:
    return f"intact/1/{vault_id}/{name}".encode()
