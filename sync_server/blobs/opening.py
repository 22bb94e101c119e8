"""The content store of an installation, as its settings say."""

from sync_server.blobs.disk import DiskStore
from sync_server.blobs.objects import ObjectStore
from sync_server.blobs.spool import sweep
from sync_server.blobs.store import BlobStore
from sync_server.settings import Settings


def open_store(settings: Settings) -> BlobStore:
    """On S3 where an address says so, else on disk. Raises StorageFault where it is silent."""
    store: BlobStore
    if isinstance(settings.blobs, str):
        store = ObjectStore(settings.data / "incoming", settings.blobs, settings.s3)
        store.check()
    else:
        store = DiskStore(settings.blobs)
    sweep(store.incoming)
    return store
