"""One side of a team room: what is here, what the other lacks, what came."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine, select
from sqlalchemy.engine import Connection

from intact_core.errors import IntactError, NotAllowed, NotFound
from intact_core.records.audits import AuditSchedule, AuditTeam
from intact_core.records.clients import Client
from intact_desktop.evidence.crypto import SealedFile
from intact_desktop.evidence.files import EvidenceFiles
from intact_desktop.store.engine import reading
from intact_desktop.store.tables import Blob, table_of
from intact_desktop.sync import carrying
from intact_desktop.sync.cards import Bearer, Own
from intact_desktop.sync.carrying import Part
from intact_desktop.sync.files import add_received
from intact_desktop.sync.showing import show_carried

_BLOBS = table_of(Blob)


@dataclass(frozen=True)
class Came:
    """New operations that were taken, and what was not, in words."""

    operations: int
    refused: Sequence[str]


@dataclass(frozen=True)
class Side:
    """A laptop in a room about one audit."""

    engine: Engine
    files: EvidenceFiles
    own: Own
    audit_id: UUID

    def title(self) -> str:
        """The audit in words; raises NotFound where it is not on this laptop."""
        query = (
            select(AuditSchedule.audit_number, Client.legal_name)
            .join(Client, Client.id == AuditSchedule.client_id)
            .where(AuditSchedule.id == self.audit_id, AuditSchedule.deleted_at.is_(None))
        )
        with reading(self.engine).connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound(
                "This room's audit is not on this computer. Sync with the server once to get it, "
                "then join again."
            )
        return f"{row.legal_name}, {row.audit_number}"

    def check_team(self, bearer: Bearer) -> None:
        """Raises NotAllowed unless the laptop's person is on the audit's team, with a lease."""
        bearer.check_present()
        member = select(AuditTeam.id).where(
            AuditTeam.audit_schedule_id == self.audit_id,
            AuditTeam.user_id == bearer.user_id,
            AuditTeam.deleted_at.is_(None),
        )
        with reading(self.engine).connect() as connection:
            if connection.scalar(member) is None:
                raise NotAllowed(
                    f"{bearer.name} is not on the team of this audit, as far as this laptop knows. "
                    "Nothing was exchanged. Ask the office to change the team, then sync."
                )

    def have(self) -> dict[UUID, int]:
        with reading(self.engine).connect() as connection:
            return carrying.have(connection)

    def lacking(self, theirs: Mapping[UUID, int], asker: UUID) -> list[Part]:
        """What the other side lacks of what is here."""
        with reading(self.engine).connect() as connection:
            return carrying.parts_for(connection, self.own, theirs, asker)

    def take(self, parts: Iterable[Part]) -> Came:
        """Keep and show what came; a part that cannot be taken does not stop the others."""
        new, refused = 0, []
        for part in parts:
            try:
                checked = carrying.check(part, self.own.trust)
                with self.engine.begin() as connection:
                    new += carrying.accept(connection, [checked], "room").operations
            except IntactError as error:
                refused.append(error.sentence)
        if new:
            with self.engine.begin() as connection:
                show_carried(connection)
        return Came(new, refused)

    def wanted(self) -> list[str]:
        """Hashes of the audit's files that are not here."""
        mine = (_BLOBS.c.audit_id == self.audit_id) & (_BLOBS.c.state == "wanted")
        with reading(self.engine).connect() as connection:
            return list(connection.scalars(select(_BLOBS.c.sha256).where(mine)))

    def file(self, sha256: str) -> SealedFile:
        """A file of the audit, for whoever lacks it; raises NotFound."""
        with reading(self.engine).connect() as connection:
            self._row(connection, sha256)
        return self.files.open(self.audit_id, sha256)

    def keep_file(self, sha256: str, pieces: Iterator[bytes]) -> None:
        """Store a file that was wanted; raises NotFound (it was not), Damaged, StorageFault."""
        with reading(self.engine).connect() as connection:
            self._row(connection, sha256)
        written = self.files.write_verified(self.audit_id, sha256, pieces)
        with self.engine.begin() as connection:
            add_received(connection, self.audit_id, sha256, written.size)

    def _row(self, connection: Connection, sha256: str) -> None:
        mine = (_BLOBS.c.audit_id == self.audit_id) & (_BLOBS.c.sha256 == sha256)
        if connection.scalar(select(_BLOBS.c.sha256).where(mine)) is None:
            raise NotFound("This file is not of the room's audit.")
