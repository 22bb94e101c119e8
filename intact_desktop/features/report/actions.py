"""Building, signing and keeping the report."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from cryptography import x509
from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import canonical, clock, ids
from intact_core.documents.audit_report import render_report
from intact_core.documents.manifest import make_manifest
from intact_core.documents.report_data import ReportSnapshot, snapshot_sha256
from intact_core.documents.signer import Signer
from intact_core.documents.signing import seal_drawn_signature, sign_report
from intact_core.documents.stamps import DrawnSignature, Stamp
from intact_core.errors import NotAllowed, RuleBroken
from intact_core.records.conclusions import AuditReport, Signature
from intact_core.records.unit_of_work import SessionWorld
from intact_core.rules.signing import is_signed, open_conflicts
from intact_desktop.evidence.capture import report_preview
from intact_desktop.evidence.files import EvidenceFiles
from intact_desktop.features.report.queries import Frozen
from intact_desktop.settings import Profile, replace_file
from intact_desktop.store.gaps import gaps
from intact_desktop.store.journal import this_device
from intact_desktop.sync.files import add_pending
from intact_desktop.vault import device_key
from intact_desktop.vault.vault import Opening, Unlocked, confirm


@dataclass(frozen=True)
class Signed:
    """One signature that the file carries."""

    kind: str
    name: str
    role: str
    meaning: str
    at: datetime
    user_id: UUID | None


@dataclass(frozen=True)
class Draft:
    """A report on its way: its bytes, what it was made from, and who has signed."""

    audit_id: UUID
    snapshot: ReportSnapshot
    pdf: bytes = field(repr=False)
    signed: tuple[Signed, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether everybody who is named as a signer has signed."""
        return len(self.signed) == len(self.snapshot.expected_signers)


def build(
    files: EvidenceFiles,
    audit_id: UUID,
    read: Frozen,
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> Draft:
    """Render the report; raises ReportCancelled."""

    def photo(evidence_id: str) -> bytes | None:
        found = read.photos.get(evidence_id)
        if found is None or not files.has(audit_id, found.sha256):
            return None
        return report_preview(files, audit_id, found.sha256, found.content_type)

    return Draft(audit_id, read.snapshot, render_report(read.snapshot, photo, progress, cancelled))


def check_ready(session: Session, tenant_id: UUID, audit_id: UUID) -> None:
    """Raise RuleBroken where the audit may not be signed now, with the first place to mend."""
    world = SessionWorld(session, tenant_id)
    if is_signed(world, audit_id):
        raise RuleBroken(
            "signed",
            "The report of this audit is signed. A correction needs an amendment of the report.",
        )
    blocking = [gap for gap in gaps(session, tenant_id, audit_id) if gap.blocks]
    if blocking or open_conflicts(world, audit_id):
        raise RuleBroken(
            "report_incomplete",
            f"Before the report can be signed: {blocking[0].words}.",
            place=blocking[0].place,
        )


def opened_again(profile: Profile, opening: Opening) -> Unlocked:
    """The passphrase is asked again for each signature; raises WrongOrTooSoon."""
    return confirm(profile, opening)


def signer_of(profile: Profile, unlocked: Unlocked) -> Signer:
    """The laptop's key with its certificate and issuers."""
    chain = [x509.load_pem_x509_certificate(one.encode()) for one in device_key.load_chain(profile)]
    if not chain:
        raise NotAllowed(
            "This laptop has no certificate to sign with. Nothing was signed. Connect to the "
            "server and enrol it again."
        )
    return Signer(unlocked.device_key, chain[0], tuple(chain[1:]))


def sign_as_lead(draft: Draft, signer: Signer, user_id: UUID) -> Draft:
    """The lead's signature with the device's key, saying what the snapshot says it means."""
    expected = draft.snapshot.expected_signers[0]
    at = clock.now()
    stamp = Stamp(expected.name, expected.role, expected.meaning, at)
    made = Signed("pades", expected.name, expected.role, expected.meaning, at, user_id)
    return replace(draft, pdf=sign_report(draft.pdf, signer, stamp), signed=(made,))


def sign_as_client(draft: Draft, signer: Signer, image_png: bytes) -> Draft:
    """The client's drawn signature, sealed into the file with the device's key."""
    expected = draft.snapshot.expected_signers[1]
    at = clock.now()
    drawn = DrawnSignature(expected.name, expected.role, expected.meaning, image_png, at)
    made = Signed("drawn", expected.name, expected.role, expected.meaning, at, None)
    pdf = seal_drawn_signature(draft.pdf, signer, drawn)
    return replace(draft, pdf=pdf, signed=(*draft.signed, made))


def manifest_of(draft: Draft, signer: Signer, tenant_id: UUID) -> bytes:
    """The signed manifest of the finished file."""
    return make_manifest(draft.pdf, signer, str(tenant_id))


def keep(session: Session, draft: Draft, sha256: str, manifest: bytes) -> UUID:
    """Record the report with its signatures, and that its file waits to be sent.

    The file is in the evidence store before. Raises RuleBroken (conflict open, signed already).
    """
    connection = session.connection()
    device = this_device(connection)
    check_ready(session, device.tenant_id, draft.audit_id)
    digest = snapshot_sha256(draft.snapshot)
    report = AuditReport(
        id=UUID(draft.snapshot.report_id),
        audit_schedule_id=draft.audit_id,
        version=draft.snapshot.report_version,
        sha256=sha256,
        size=len(draft.pdf),
        snapshot_sha256=digest,
        manifest=canonical.loads(manifest),
        built_by=device.user_id,
    )
    session.add(report)
    for one in draft.signed:
        session.add(
            Signature(
                id=ids.new_id(),
                audit_schedule_id=draft.audit_id,
                report_id=report.id,
                kind=one.kind,
                signer_id=one.user_id,
                signer_name=one.name,
                signer_role=one.role,
                meaning=one.meaning,
                signed_at=one.at,
                snapshot_sha256=digest,
                document_sha256=sha256,
                device_id=device.id,
                clock_offset_seconds=device.clock_offset_seconds,
            )
        )
    session.flush()
    add_pending(connection, draft.audit_id, sha256, len(draft.pdf))
    return report.id


def manifest_bytes(session: Session, report_id: UUID) -> bytes:
    """The manifest of a kept report, byte for byte as it was signed."""
    row = session.scalar(select(AuditReport.manifest).where(AuditReport.id == report_id))
    return canonical.dumps(row or {})


@dataclass(frozen=True)
class Copy:
    """A report to be written beside its manifest, for people without Intact."""

    pdf: bytes = field(repr=False)
    manifest: bytes = field(repr=False)


def write_copy(copy: Copy, target: Path) -> None:
    """Write the PDF, and its manifest beside it; raises StorageFault."""
    replace_file(target, copy.pdf)
    replace_file(target.with_name(f"{target.name}.manifest.json"), copy.manifest)
