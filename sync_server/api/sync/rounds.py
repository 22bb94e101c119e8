"""hello, push, pull and what a fork or a withdrawn laptop needs: decode, ledger, encode."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Annotated, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from intact_core.errors import BadInput, UpgradeNeeded
from intact_core.sync.protocol import (
    OLDEST_PROTOCOL,
    PROTOCOL_VERSION,
    Carry,
    Hello,
    HelloAnswer,
    Pull,
    Push,
    PushAnswer,
    Succession,
    Successor,
)
from sync_server.api.sync import bodies
from sync_server.api.sync.bodies import answer, body_up_to, streamed
from sync_server.auth.callers import Caller
from sync_server.auth.permissions import (
    database_of,
    depositing_caller,
    device_caller,
    device_session,
    keys_of,
)
from sync_server.ledger.carrying import take_carried
from sync_server.ledger.chains import ChainGap, device_row, succeed
from sync_server.ledger.giving import lines
from sync_server.ledger.rounds import (
    begin_epoch,
    greet,
    take_deposit,
    take_push,
    was_restored,
)
from sync_server.ledger.standing import stand_of
from sync_server.services.leases import sign_lease

router = APIRouter(prefix="/sync/v1", tags=["Sync of laptops"])
Message = TypeVar("Message")
DeviceCaller = Annotated[Caller, Depends(device_caller)]
Depositor = Annotated[Caller, Depends(depositing_caller)]
LARGEST_MESSAGE = 64 << 20
_LARGEST_GREETING = 64 << 10
AT_ONCE = 2
"""Pushes that a process takes in at the same time: one computes while the other waits for the
database. More would take the interpreter from the one whose locks all of them wait for."""
_TURNS = BoundedSemaphore(AT_ONCE)
RawBody = Annotated[bytes, Depends(body_up_to(LARGEST_MESSAGE))]
Greeting = Annotated[bytes, Depends(body_up_to(_LARGEST_GREETING))]


class _Versioned(msgspec.Struct):
    protocol: int


def decode(body: bytes, kind: type[Message]) -> Message:
    """A message of the protocol; raises BadInput for anything else, UpgradeNeeded."""
    version = _decoded(body, _Versioned).protocol
    if version < OLDEST_PROTOCOL:
        raise UpgradeNeeded(
            "This version of the application is too old to receive from the server. What it made "
            "is taken all the same. Install the newer version, then sync again."
        )
    if version > PROTOCOL_VERSION:
        raise BadInput(
            f"This server speaks sync protocol {PROTOCOL_VERSION}, the laptop speaks {version}. "
            "The server has to be brought to the newer version."
        )
    return _decoded(body, kind)


def _decoded(body: bytes, kind: type[Message]) -> Message:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise BadInput("This is not a message of the sync protocol.", details=str(error)) from error


def _json(request: Request, message: object) -> Response:
    return answer(request, msgspec.json.encode(message), "application/json")


@router.post("/hello")
def hello(request: Request, body: Greeting) -> Response:
    """Where both sides stand."""
    greeted, lost = _greeted(request, body)
    if lost is not None:
        with database_of(request).write(None) as session:
            begin_epoch(session.connection(), after=lost)
        greeted, _ = _greeted(request, body)
    return _json(request, greeted)


def _greeted(request: Request, body: bytes) -> tuple[HelloAnswer, str | None]:
    """The answer, and the epoch of which this server told the laptop more than it has now.

    In one transaction: a laptop with nothing to do asks this alone, every few minutes.
    """
    with device_session(request) as (session, caller):
        message, connection = decode(body, Hello), session.connection()
        greeted = greet(connection, caller.laptop, message)
        restored = was_restored(connection, caller.tenant, message, greeted)
        lease = sign_lease(session, keys_of(request), caller.laptop)
    return msgspec.structs.replace(greeted, lease=lease), message.epoch if restored else None


@router.post("/push")
def push(request: Request, caller: DeviceCaller, body: RawBody) -> Response:
    """Operations up, receipts down."""
    message = decode(body, Push)
    tenant_id, device_id = caller.device_keys

    def take(session: Session) -> PushAnswer:
        return take_push(session.connection(), tenant_id, device_id, caller.actor, message)

    return _taken(request, caller, take)


@router.post("/deposit")
def deposit(request: Request, caller: Depositor, body: RawBody) -> Response:
    """Operations of a withdrawn laptop, or of an old version: kept, each set aside."""
    message = _decoded(body, Push)
    tenant_id, device_id = caller.device_keys

    def take(session: Session) -> PushAnswer:
        return take_deposit(session.connection(), tenant_id, device_id, caller.actor, message)

    return _taken(request, caller, take)


@router.post("/carry")
def carry(request: Request, caller: Depositor, body: RawBody) -> Response:
    """A colleague's operations, brought by another laptop (team room, hand-over file)."""
    message = _decoded(body, Carry)

    def take(session: Session) -> PushAnswer:
        return take_carried(session.connection(), caller.tenant, message)

    return _taken(request, caller, take)


def _taken(request: Request, caller: Caller, take: Callable[[Session], PushAnswer]) -> Response:
    try:
        with turn() as waited, database_of(request).write(caller.tenant, caller.actor) as session:
            taken = take(session)
    except ChainGap as gap:
        return JSONResponse({"expected": gap.expected, "detail": gap.sentence}, status_code=409)
    answered = _json(request, taken)
    if waited:
        # Laptops keep their connection, so all may be one process's while the others have none:
        # a process that is free takes the next connection sooner than one at work.
        answered.headers["connection"] = "close"
    return answered


@contextmanager
def turn() -> Iterator[bool]:
    """Wait until fewer than `AT_ONCE` are at work; whether that took waiting.

    Raises StorageFault where it takes longer than a laptop waits for an answer.
    """
    waited = not _TURNS.acquire(blocking=False)
    if waited and not _TURNS.acquire(timeout=bodies.PATIENCE_SECONDS):
        raise bodies.busy()
    try:
        yield waited
    finally:
        _TURNS.release()


@router.post("/successor")
def successor(request: Request, caller: DeviceCaller, body: RawBody) -> Response:
    """Another name for a laptop that was copied or restored."""
    message = decode(body, Succession)
    tenant_id, device_id = caller.device_keys
    with database_of(request).write(tenant_id, caller.actor) as session:
        connection = session.connection()
        start = succeed(connection, tenant_id, device_id, message.device_id, message.chain)
        named = device_row(connection, tenant_id, message.device_id)
        lease = sign_lease(session, keys_of(request), named)
    return _json(request, Successor(message.device_id, start.last_n, start.chain_hash, lease))


@router.post("/pull")
async def pull(request: Request, caller: DeviceCaller, body: RawBody) -> Response:
    """Changes down, as lines; without the last one nothing is applied."""
    message = decode(body, Pull)
    tenant_id, _ = caller.device_keys
    database = database_of(request)

    def produce() -> Generator[bytes, None, None]:
        with database.read(tenant_id) as session:
            connection = session.connection()
            stand = stand_of(connection, tenant_id, caller.user_id)
            yield from _blocks(lines(connection, tenant_id, stand, message))

    return await streamed(request, request.app.state.pulls, produce(), "application/x-ndjson")


def _blocks(parts: Iterator[bytes], size: int = 1 << 18) -> Iterator[bytes]:
    """Lines gathered into blocks: one chunk for each line would cost more than the line."""
    block = bytearray()
    for part in parts:
        block += part
        if len(block) >= size:
            yield bytes(block)
            block.clear()
    yield bytes(block)
