"""The sync of one open profile, put together."""

from pathlib import Path
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import Engine

from intact_core import clock
from intact_core.errors import NotAllowed
from intact_core.sync.protocol import HelloAnswer, Successor
from intact_desktop.evidence.files import EvidenceFiles
from intact_desktop.settings import Account, Profile
from intact_desktop.store.engine import polite
from intact_desktop.store.upgrade import set_aside
from intact_desktop.sync.cards import Card, Own, Trust
from intact_desktop.sync.engine import Around, SyncEngine
from intact_desktop.sync.files import FileTransfer
from intact_desktop.sync.gateway import Gateway
from intact_desktop.sync.handing_over import Holder
from intact_desktop.sync.pacing import Pace, settings_of
from intact_desktop.vault import device_key
from intact_desktop.vault.lease import LeaseBook, read_signed
from intact_desktop.vault.outline import load_chain
from intact_desktop.vault.vault import Unlocked

_DEVICE_AND_AUTHORITY = 2


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
    calm = polite(engine)
    return SyncEngine(
        calm,
        gateway,
        lambda content: device_key.sign(unlocked.device_key, content),
        FileTransfer(calm, gateway, files, Pace(lambda: settings_of(profile).photo_bits)),
        Around(keep_lease, aside, renamed),
    )


def own_of(profile: Profile, unlocked: Unlocked, tenant_id: UUID) -> Own:
    """This laptop as it proves itself to colleagues; raises NotAllowed before enrolment."""
    chain = load_chain(profile)
    lease, lease_key = LeaseBook(profile, unlocked.database_key).shown()
    if len(chain) < _DEVICE_AND_AUTHORITY:
        raise NotAllowed(
            "This laptop has no certificate of your certification body, so it cannot prove to "
            "others whose it is. Enrol it again."
        )
    trust = Trust(tenant_id, chain[-1], lease_key)
    key = unlocked.device_key
    return Own(Card(chain[0], lease), trust, lambda content: device_key.sign(key, content))


def holder_of(profile: Profile, unlocked: Unlocked, engine: Engine, own: Own) -> Holder:
    """What handing over needs of this laptop."""

    def aside() -> Path:
        return set_aside(engine, unlocked.database_key, profile.set_aside)

    return Holder(engine, EvidenceFiles(profile.evidence, unlocked.evidence_key), own, aside)
