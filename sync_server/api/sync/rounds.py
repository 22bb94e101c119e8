"""hello, push and pull: decode, hand to the ledger, encode."""

from collections.abc import Iterator
from typing import Annotated, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from intact_core import clock
from intact_core.errors import BadInput
from intact_core.sync.protocol import (
    BATCH,
    CHUNK,
    PROTOCOL_VERSION,
    Hello,
    HelloAnswer,
    Pull,
    Push,
)
from sync_server.api.sync.bodies import answer, body_up_to, streamed
from sync_server.auth.callers import Caller
from sync_server.auth.permissions import device_caller
from sync_server.database.engine import Database
from sync_server.ledger.giving import lines
from sync_server.ledger.rounds import (
    ChainFork,
    ChainGap,
    chain_end,
    epoch_of,
    hash_at,
    take_push,
)
from sync_server.ledger.scopes import scopes_of
from sync_server.services.leases import sign_lease

router = APIRouter(prefix="/sync/v1", tags=["sync"])
Message = TypeVar("Message")
DeviceCaller = Annotated[Caller, Depends(device_caller)]
LARGEST_MESSAGE = 64 << 20
RawBody = Annotated[bytes, Depends(body_up_to(LARGEST_MESSAGE))]


def decode(body: bytes, kind: type[Message]) -> Message:
    """A message of the protocol; raises BadInput for anything else."""
    try:
        message = msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise BadInput("This is not a message of the sync protocol.", details=str(error)) from error
    version = getattr(message, "protocol", PROTOCOL_VERSION)
    if version not in (PROTOCOL_VERSION, PROTOCOL_VERSION - 1):
        raise BadInput(
            f"This server speaks sync protocol {PROTOCOL_VERSION}, the laptop speaks {version}."
        )
    return message


def _json(request: Request, message: object) -> Response:
    return answer(request, msgspec.json.encode(message), "application/json")


@router.post("/hello")
def hello(request: Request, caller: DeviceCaller, body: RawBody) -> Response:
    """Where both sides stand."""
    message = decode(body, Hello)
    database: Database = request.app.state.database
    tenant_id, device_id = caller.device_keys
    with database.read(tenant_id) as session:
        connection = session.connection()
        end = chain_end(connection, tenant_id, device_id)
        at_device = hash_at(connection, tenant_id, device_id, message.last_n)
        if at_device is not None and at_device != message.chain_hash:
            raise ChainFork("This laptop's history differs from the one on the server.")
        said = HelloAnswer(
            protocol=PROTOCOL_VERSION,
            epoch=epoch_of(connection),
            server_time=clock.now(),
            last_n=end.last_n,
            chain_hash=end.chain_hash,
            scopes=tuple(scopes_of(connection, tenant_id, caller.user_id)),
            batch=BATCH,
            chunk=CHUNK,
            lease=sign_lease(session, request.app.state.keys, tenant_id, device_id, caller.user_id),
        )
    return _json(request, said)


@router.post("/push")
def push(request: Request, caller: DeviceCaller, body: RawBody) -> Response:
    """Operations up, receipts down."""
    message = decode(body, Push)
    database: Database = request.app.state.database
    tenant_id, device_id = caller.device_keys
    try:
        with database.write(tenant_id, caller.actor) as session:
            connection = session.connection()
            taken = take_push(connection, tenant_id, device_id, caller.actor, message)
    except ChainGap as gap:
        return JSONResponse({"expected": gap.expected, "detail": gap.sentence}, status_code=409)
    return _json(request, taken)


@router.post("/pull")
def pull(request: Request, caller: DeviceCaller, body: RawBody) -> Response:
    """Changes down, as lines; without the last one nothing is applied."""
    message = decode(body, Pull)
    tenant_id, _ = caller.device_keys
    database: Database = request.app.state.database

    def produce() -> Iterator[bytes]:
        with database.read(tenant_id) as session:
            connection = session.connection()
            scopes = scopes_of(connection, tenant_id, caller.user_id)
            yield from _blocks(lines(connection, tenant_id, scopes, message, epoch_of(connection)))

    return streamed(request, produce(), "application/x-ndjson")


def _blocks(parts: Iterator[bytes], size: int = 1 << 16) -> Iterator[bytes]:
    """Lines gathered into blocks: one chunk for each line would cost more than the line."""
    block = bytearray()
    for part in parts:
        block += part
        if len(block) >= size:
            yield bytes(block)
            block.clear()
    yield bytes(block)
