"""Enrol a laptop, and unlock it again."""

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Engine, insert, select

from intact_core import clock
from intact_core.errors import (
    IntactError,
    Offline,
    Revoked,
    ServerFault,
    StorageFault,
    UnknownLaptop,
)
from intact_core.records.base import SCHEMA_VERSION
from intact_core.sync.operations import GENESIS
from intact_core.sync.protocol import PROTOCOL_VERSION, Hello
from intact_desktop.evidence.files import EvidenceFiles
from intact_desktop.features.sign_in.ways import EnrolForm, Say
from intact_desktop.settings import Account, Profile
from intact_desktop.store.engine import open_store, reading
from intact_desktop.store.journal import APP_VERSION
from intact_desktop.store.tables import Device
from intact_desktop.store.upgrade import upgrade
from intact_desktop.sync.assembly import sync_of
from intact_desktop.sync.deriving import derive_again
from intact_desktop.sync.gateway import Gateway, Identity
from intact_desktop.vault import device_key, keys, vault
from intact_desktop.vault.keyring_secret import SecretStore
from intact_desktop.vault.keys import Kdf
from intact_desktop.vault.lease import LeaseBook, SignedLease, read_signed
from intact_desktop.vault.outline import load_chain
from intact_desktop.vault.vault import Opening, Unlocked

Connect = Callable[[str], Gateway]


@dataclass(frozen=True)
class Door:
    """What opening needs of the surroundings: profile, keyring, server, cost of the passphrase."""

    profile: Profile
    secrets: SecretStore | None
    connect: Connect
    kdf: Kdf = keys.STANDARD

    def enrol(self, form: EnrolForm, say: Say) -> "Entered":
        return enrol(self, form, say)

    def unlock(self, passphrase: str, recovery_code: str | None, say: Say) -> "Entered":
        return unlock(self, passphrase, recovery_code, say)


@dataclass(frozen=True)
class Entered:
    """An open profile; `recovery_code` is to be shown once where there is no keyring."""

    unlocked: Unlocked = field(repr=False)
    engine: Engine
    account: Account
    device_id: UUID
    tenant_id: UUID
    user_id: UUID
    lease_until: datetime
    recovery_code: str | None = field(default=None, repr=False)


def enrol(door: Door, form: EnrolForm, say: Say) -> Entered:
    """Sign in, make the keys, have them certified, make the database.

    Raises Offline, NotSignedIn, ServerFault, BadInput (passphrase too short), StorageFault. What
    was half made is taken away again, so that the person can simply try once more.
    """
    keys.check_strength(form.passphrase)
    say("Talking to the server")
    gateway = door.connect(server_address(form.server))
    gateway.health()
    token = str(gateway.sign_in(form.email, form.password, form.code)["token"])
    say("Making the keys of this laptop")
    created = vault.create(door.profile, form.passphrase, door.secrets, door.kdf)
    try:
        return _certified(door, form, gateway, token, created, say)
    except IntactError:
        vault.destroy(door.profile, door.secrets)
        raise
    finally:
        gateway.close()


def server_address(typed: str) -> str:
    """The address with its scheme and without a slash at the end."""
    address = typed.strip().rstrip("/")
    return address if "://" in address else f"https://{address}"


def _certified(
    door: Door,
    form: EnrolForm,
    gateway: Gateway,
    token: str,
    created: vault.Created,
    say: Say,
) -> Entered:
    say("Enrolling this laptop")
    key = created.unlocked.device_key
    name = socket.gethostname() or "Laptop"
    answer = gateway.enrol(token, device_key.signing_request(key, name, form.email), name)
    given = _understood(answer)
    device_key.store_chain(door.profile, key, given.certificates)
    book = LeaseBook(door.profile, created.unlocked.database_key)
    lease = book.accept(given.lease, given.lease_public_key, clock.now())
    say("Making the local database")
    engine = _new_store(door.profile, created.unlocked, given)
    account = Account(
        server=server_address(form.server),
        email=form.email,
        user_id=str(given.user_id),
        device_id=str(given.device_id),
        tenant_id=str(given.tenant_id),
        audience=given.audience,
    )
    door.profile.save("account", account)
    return Entered(
        created.unlocked,
        engine,
        account,
        given.device_id,
        given.tenant_id,
        given.user_id,
        lease.expires_at,
        created.recovery_code,
    )


class _Given(msgspec.Struct, frozen=True):
    device_id: UUID
    tenant_id: UUID
    user_id: UUID
    certificates: list[str]
    lease: SignedLease
    lease_public_key: str
    audience: str


def _understood(answer: dict[str, Any]) -> _Given:
    try:
        return msgspec.convert(answer, _Given)
    except msgspec.ValidationError as fault:
        raise ServerFault(
            "The server's answer to the enrolment is not understood, so nothing was kept. Ask "
            "your certification body whether server and application have the same version.",
            details=str(fault),
        ) from fault


def _new_store(profile: Profile, unlocked: Unlocked, given: _Given) -> Engine:
    engine = open_store(profile.database, unlocked.database_key, create=True)
    upgrade(engine, unlocked.database_key, profile.set_aside)
    with engine.begin() as connection:
        connection.execute(
            insert(Device).values(
                id=given.device_id,
                tenant_id=given.tenant_id,
                user_id=given.user_id,
                chain_hash=GENESIS,
            )
        )
    derive_again(engine)
    return engine


def unlock(door: Door, passphrase: str, recovery_code: str | None, say: Say) -> Entered:
    """Open the profile, without a network while its lease lasts.

    Raises WrongOrTooSoon, LeaseRefused, BadInput (recovery code mistyped), StorageFault; Revoked
    once all work was handed in and the profile is destroyed.
    """
    say("Opening")
    opening = Opening(passphrase, door.secrets, recovery_code)
    account = door.profile.load("account", Account) or Account(server="", email="")

    def renew(unlocked: Unlocked, book: LeaseBook) -> None:
        say("Asking the server for leave to work offline")
        try:
            _renew(door, account, unlocked, book)
        except Offline:
            # Why the lease does not hold (ended, clock wrong) says more than that nobody answers.
            book.check(account.device_id, account.user_id)
        except Revoked:
            say("Handing in what was not sent yet")
            _hand_in(door, account, unlocked)
            raise

    unlocked = vault.unlock(door.profile, opening, renew)
    say("Opening the local database")
    # A damaged file shows itself when it is read; checking all of it would take seconds here.
    engine = open_store(door.profile.database, unlocked.database_key, check=False)
    if upgrade(engine, unlocked.database_key, door.profile.set_aside):
        say("Bringing the local data to this version")
    book = LeaseBook(door.profile, unlocked.database_key)
    lease = book.check(account.device_id, account.user_id)
    book.observe()
    device = _device(engine)
    derive_again(engine)
    EvidenceFiles(door.profile.evidence, unlocked.evidence_key).sweep()
    return Entered(
        unlocked,
        engine,
        account,
        device.id,
        device.tenant_id,
        device.user_id,
        lease.expires_at,
    )


def _renew(door: Door, account: Account, unlocked: Unlocked, book: LeaseBook) -> None:
    gateway = door.connect(account.server)
    try:
        speak_as(gateway, door.profile, account, unlocked)
        message = Hello(
            protocol=PROTOCOL_VERSION,
            app_version=APP_VERSION,
            schema_version=SCHEMA_VERSION,
            epoch="",
            last_n=0,
            chain_hash=GENESIS,
            wall_time=clock.now(),
        )
        try:
            answer = gateway.hello(message)
        except UnknownLaptop:
            # Without a lease nothing opens, so the chain cannot be told: the server begins at 0.
            gateway.recognise(())
            answer = gateway.hello(message)
        book.renew(read_signed(answer.lease), answer.server_time)
    finally:
        gateway.close()


def _hand_in(door: Door, account: Account, unlocked: Unlocked) -> None:
    """The office withdrew this laptop: all work goes there first, then keys and data."""
    profile = door.profile
    engine = open_store(profile.database, unlocked.database_key, check=False)
    gateway = door.connect(account.server)
    try:
        upgrade(engine, unlocked.database_key, profile.set_aside)
        speak_as(gateway, door.profile, account, unlocked)
        with suppress(Revoked):
            sync_of(profile, account, unlocked, engine, gateway).round()
            return
    finally:
        gateway.close()
        engine.dispose()
    vault.destroy(profile, door.secrets)


def speak_as(gateway: Gateway, profile: Profile, account: Account, unlocked: Unlocked) -> None:
    """Let the gateway speak as this enrolled laptop."""
    certificate = next(iter(load_chain(profile)), "")
    identity = Identity(
        UUID(account.device_id), UUID(account.tenant_id), account.audience, certificate
    )
    gateway.use_device(identity, lambda content: device_key.sign(unlocked.device_key, content))


def _device(engine: Engine) -> Device:
    with reading(engine).connect() as connection:
        row = connection.execute(select(Device.__table__)).one_or_none()
    if row is None:
        raise StorageFault(
            "The local database has no owner: setting up this laptop was interrupted. Nothing was "
            "lost on the server. Sign in again under a new profile."
        )
    return Device(**row._mapping)
