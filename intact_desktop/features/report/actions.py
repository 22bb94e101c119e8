"""Keeping a signed report: its rows, its file and what waits to be sent, all or nothing."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from intact_core import canonical
from intact_core.documents.report_data import (
    ExpectedSigner,
    ReportSnapshot,
    snapshot_sha256,
)
from intact_core.documents.signer import Signer
from intact_core.documents.verification_data import Verification
from intact_core.errors import Place, RuleBroken
from intact_core.records.conclusions import AuditReport, ReportAmendment, Signature
from intact_desktop.features.report import contents, queries
from intact_desktop.features.report.contents import Terms
from intact_desktop.store.journal import actor_of, this_device
from intact_desktop.store.rows import row_of
from intact_desktop.sync.files import add_pending

LEAD, CLIENT = "lead", "client"
_KINDS = {LEAD: "pades", CLIENT: "drawn"}


@dataclass(frozen=True)
class Frozen:
    """An audit as it was when its report was asked for."""

    audit_id: UUID
    terms: Terms
    snapshot: ReportSnapshot


@dataclass(frozen=True)
class Built:
    """A report that nobody has signed yet; `unseen` names photos that could not be shown."""

    frozen: Frozen
    pdf: bytes
    unseen: tuple[str, ...] = ()

    def signer(self, field: str) -> ExpectedSigner | None:
        """Who is to sign in that field, or None."""
        signers = self.frozen.snapshot.expected_signers
        return next((one for one in signers if one.field == field), None)


@dataclass(frozen=True)
class HalfSigned:
    """A report with the lead's signature, in memory only until the rest is done."""

    built: Built
    pdf: bytes
    at: datetime
    signer: Signer = field(repr=False)


@dataclass(frozen=True)
class Sealed:
    """A report with all its signatures, checked; `signed_at` maps each field to its moment."""

    frozen: Frozen
    pdf: bytes
    sha256: str
    manifest: bytes
    verification: Verification
    signed_at: dict[str, datetime]


def freeze(session: Session, audit_id: UUID, signers: tuple[ExpectedSigner, ...]) -> Frozen:
    """The audit as it is now, with the terms of its next report."""
    terms = queries.next_terms(session, audit_id, signers)
    return Frozen(audit_id, terms, queries.snapshot(session, audit_id, terms))


def record(session: Session, sealed: Sealed) -> UUID:
    """Keep a report whose file is in the evidence store; returns its id.

    Raises RuleBroken where it may not be signed, or the audit is another than when it was built.
    """
    frozen = sealed.frozen
    audit_id, snapshot = frozen.audit_id, frozen.snapshot
    problem = queries.refusal(session, audit_id)
    if problem is not None:
        raise problem
    if contents.snapshot(session, audit_id, frozen.terms) != snapshot:
        raise RuleBroken(
            "changed",
            "The audit was changed after this report was built, so the report would not show what "
            "is there now. Nothing was signed. Build it again, then sign it.",
            place=Place("audit_schedules", audit_id),
        )
    device = this_device(session.connection())
    report = AuditReport(
        id=frozen.terms.report_id,
        audit_schedule_id=audit_id,
        version=frozen.terms.version,
        sha256=sealed.sha256,
        size=len(sealed.pdf),
        snapshot_sha256=snapshot_sha256(snapshot),
        manifest=canonical.loads(sealed.manifest),
        built_by=device.user_id,
        amends=frozen.terms.amends.report_id if frozen.terms.amends else None,
    )
    session.add(report)
    for signer in snapshot.expected_signers:
        session.add(
            Signature(
                audit_schedule_id=audit_id,
                report_id=report.id,
                kind=_KINDS[signer.field],
                signer_id=device.user_id if signer.field == LEAD else None,
                signer_name=signer.name,
                signer_role=signer.role,
                meaning=signer.meaning,
                signed_at=sealed.signed_at[signer.field],
                snapshot_sha256=report.snapshot_sha256,
                document_sha256=sealed.sha256,
                device_id=device.id,
                clock_offset_seconds=device.clock_offset_seconds,
            )
        )
    session.flush()
    add_pending(session.connection(), audit_id, sealed.sha256, len(sealed.pdf))
    return report.id


def amend(session: Session, report_id: UUID, reason: str) -> None:
    """Begin the correction of a signed report; raises RuleBroken."""
    report = row_of(session, AuditReport, report_id)
    session.add(
        ReportAmendment(
            audit_schedule_id=report.audit_schedule_id,
            report_id=report_id,
            reason=reason.strip(),
            begun_by=actor_of(session).user_id,
        )
    )


def manifest_bytes(manifest: dict[str, Any]) -> bytes:
    """The manifest of a stored report as it was signed: the same bytes again."""
    return canonical.dumps(manifest)
