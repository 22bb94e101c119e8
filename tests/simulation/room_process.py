"""A member's laptop as a process of its own: joins a room, works, until somebody kills it."""

import sys
import time
from pathlib import Path
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from intact_core.records.checklist import AuditChecklist
from intact_desktop.evidence.files import EvidenceFiles
from intact_desktop.store import journal
from intact_desktop.store.engine import open_store
from intact_desktop.sync.cards import Card, Own, Trust
from intact_desktop.sync.room_finding import find
from intact_desktop.sync.room_member import Address, join
from tests.simulation.world import KEY


class Given(msgspec.Struct):
    """What the parent gives to the process."""

    key: str
    card: Card
    tenant_id: UUID
    authority: str
    lease_key: str
    item: UUID
    # Where the room is, or whose it is: then it is found by its announcement.
    address: str
    code: str


def main(folder: Path) -> None:
    """Join, then edit and exchange again and again."""
    given = msgspec.json.decode((folder / "given.json").read_bytes(), type=Given)
    key = load_pem_private_key(given.key.encode(), None)

    def sign(content: bytes) -> bytes:
        return key.sign(content, ec.ECDSA(hashes.SHA256()))

    own = Own(given.card, Trust(given.tenant_id, given.authority, given.lease_key), sign)
    engine = open_store(folder / "intact.db", KEY)
    files = EvidenceFiles(folder / "evidence", KEY)
    if ":" in given.address:
        address = Address.typed(given.address)
    else:
        address = next(room.address for room in find(10.0) if room.lead == given.address)
    membership = join(engine, files, own, address, given.code)
    sessions = journal.sessions(engine)
    for number in range(10_000):
        with sessions.begin() as session:
            item = session.get_one(AuditChecklist, (given.tenant_id, given.item))
            item.auditor_finding = f"{number} of {folder.name}"
        membership.round()
        time.sleep(0.05)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
