"""The sync of one open profile, put together."""

from msgspec.structs import replace
from sqlalchemy import Engine

from intact_core import clock
from intact_core.sync.protocol import HelloAnswer, Successor
from intact_desktop.evidence.files import EvidenceFiles
from intact_desktop.settings import Account, Profile
from intact_desktop.store.upgrade import set_aside
from intact_desktop.sync.engine import Around, SyncEngine
from intact_desktop.sync.files import FileTransfer
from intact_desktop.sync.gateway import Gateway
from intact_desktop.vault import device_key
from intact_desktop.vault.lease import LeaseBook, read_signed
from intact_desktop.vault.vault import Unlocked


def sync_of(
    profile: Profile, account: Account, unlocked: Unlocked, engine: Engine, gateway: Gateway
) -> SyncEngine:
    """The engine of a profile; the gateway speaks as its device already."""
    book = LeaseBook(profile, unlocked.database_key)

    def keep_lease(answer: HelloAnswer) -> None:
        book.renew(read_signed(answer.lease), answer.server_time)

    def renamed(given: Successor) -> None:
        book.renew(read_signed(given.lease), clock.now())
        profile.save("account", replace(account, device_id=str(given.device_id)))

    def aside() -> None:
        set_aside(engine, unlocked.database_key, profile.set_aside)

    files = EvidenceFiles(profile.evidence, unlocked.evidence_key)
    return SyncEngine(
        engine,
        gateway,
        lambda content: device_key.sign(unlocked.device_key, content),
        FileTransfer(engine, gateway, files),
        Around(keep_lease, aside, renamed),
    )
