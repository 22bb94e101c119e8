"""Certificates: issued with a number, a history and a signed PDF; which ones a caller sees."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.documents import compact_claims
from intact_core.documents.certificate import render_certificate
from intact_core.documents.certificate_data import CertificateData, CertifiedSite
from intact_core.documents.signing import sign_certificate
from intact_core.documents.stamps import Stamp
from intact_core.errors import NotFound, Place, RuleBroken
from intact_core.records.audits import AuditSchedule
from intact_core.records.certificates import Certificate, CertificateHistory
from intact_core.records.clients import Client
from intact_core.records.people import Tenant
from intact_core.records.standards import Accreditation, Standard
from sync_server.auth.callers import Caller
from sync_server.auth.keys import TenantKeys
from sync_server.blobs.store import BlobStore
from sync_server.services import blobs
from sync_server.services.clients import address_of, sites_of
from sync_server.services.numbers import next_value
from sync_server.tables.accounts import PublicNumber

_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_UNGUESSABLE = 6


@dataclass(frozen=True)
class Issuer:
    """What issuing needs of the server: content store, keys, its public address."""

    store: BlobStore
    keys: TenantKeys
    public_url: str


@dataclass(frozen=True)
class Grant:
    """What a decision grants: a certificate with this number from the first to the last day."""

    certificate_id: UUID
    number: str
    starts_on: date
    expires_on: date
    conditions: str | None = None
    scope: str | None = None
    """As the audit has it, unless it says another."""


def take_number(session: Session, tenant: Tenant, certificate_id: UUID, day: date) -> str:
    """A number that only the server gives: body, year, count, and letters nobody can guess."""
    words = re.findall(r"[A-Za-z0-9]+", tenant.name)
    initials = "".join(word[0] for word in words[:4]).upper() or "C"
    prefix = str(tenant.settings.get("certificate_prefix") or initials)
    count = next_value(session, tenant.id, "CERT", day.year)
    tail = "".join(secrets.choice(_LETTERS) for _ in range(_UNGUESSABLE))
    number = f"{prefix[:20]}-{day.year}-{count:03d}-{tail}"
    claim_number(session, tenant.id, number, certificate_id)
    return number


def claim_number(session: Session, tenant_id: UUID, number: str, certificate_id: UUID) -> None:
    """Make a number lead to a certificate for everybody; raises RuleBroken (`duplicate`)."""
    public = number.upper()
    if session.get(PublicNumber, public) is not None:
        raise RuleBroken(
            "duplicate", f"certificate_number '{number}' is taken already. Use another one."
        )
    session.add(
        PublicNumber(
            certificate_number=public, home_tenant_id=tenant_id, certificate_id=certificate_id
        )
    )


def issue(
    session: Session, issuer: Issuer, caller: Caller, audit: AuditSchedule, grant: Grant
) -> Certificate:
    """Make the certificate with its history and its signed PDF (17021-1:2015, 8.2.2).

    Raises RuleBroken where the audit has no scope or the dates are not allowed.
    """
    scope = (grant.scope or audit.scope or "").strip()
    if not scope:
        raise RuleBroken(
            "no_scope",
            "A certificate states its scope, and this audit has none. Fill it in first.",
            place=Place("audit_schedules", audit.id, "scope"),
        )
    tenant = session.get_one(Tenant, (caller.tenant, caller.tenant))
    accreditation = _accreditation(session, caller.tenant, audit.standard_id, grant.starts_on)
    certificate = Certificate(
        id=grant.certificate_id,
        certificate_number=grant.number,
        client_id=audit.client_id,
        site_id=audit.site_id,
        audit_schedule_id=audit.id,
        standard_id=audit.standard_id,
        scope=scope,
        status="active",
        issue_date=grant.starts_on,
        expiry_date=grant.expires_on,
        valid_from=grant.starts_on,
        valid_until=grant.expires_on,
        revision=1,
        certification_body=tenant.legal_name or tenant.name,
        accreditation_body=accreditation.accreditation_body if accreditation else None,
        accreditation_number=accreditation.accreditation_number if accreditation else None,
        special_conditions=grant.conditions,
    )
    sign(session, issuer, caller, certificate)
    session.add(certificate)
    session.flush()
    values = {"status": "active", "certificate_number": certificate.certificate_number}
    happened = Event("issued", certificate.valid_from, audit.id, new_values=values)
    record(session, caller, certificate, happened)
    return certificate


def sign(session: Session, issuer: Issuer, caller: Caller, certificate: Certificate) -> None:
    """Give a certificate the signed PDF of its present revision."""
    tenant = session.get_one(Tenant, (caller.tenant, caller.tenant))
    pdf = _signed_pdf(session, issuer, caller, tenant, certificate)
    certificate.document_sha256 = blobs.keep(session, issuer.store, issuer.keys, caller.tenant, pdf)


@dataclass(frozen=True)
class Event:
    """Something that happens to a certificate: an action of its history, and from when it counts.

    `old_values` and `new_values` are what changed.
    """

    action: str
    effective: date | None = None
    audit_id: UUID | None = None
    reason: str | None = None
    new_values: Mapping[str, Any] = field(default_factory=dict)
    old_values: Mapping[str, Any] = field(default_factory=dict)


def record(session: Session, caller: Caller, certificate: Certificate, event: Event) -> None:
    """Write a line of a certificate's history, and with it what changed in the certificate."""
    values = dict(event.new_values) | (
        {"before": dict(event.old_values)} if event.old_values else {}
    )
    session.add(
        CertificateHistory(
            id=ids.new_id(),
            client_id=certificate.client_id,
            certificate_id=certificate.id,
            action=event.action,
            reason=event.reason,
            effective_date=event.effective,
            audit_schedule_id=event.audit_id,
            new_values=values or None,
            performed_by=caller.user_id,
        )
    )
    session.flush()


def _accreditation(
    session: Session, tenant_id: UUID, standard_id: UUID, day: date
) -> Accreditation | None:
    standard = session.get_one(Standard, (tenant_id, standard_id))
    if standard.accreditation_id is None:
        return None
    found = session.get(Accreditation, (tenant_id, standard.accreditation_id))
    if found is None or found.status != "active" or found.deleted_at is not None:
        return None
    begins, ends = found.issue_date or date.min, found.expiry_date or date.max
    return found if begins <= day <= ends else None


def _signed_pdf(
    session: Session, issuer: Issuer, caller: Caller, tenant: Tenant, certificate: Certificate
) -> bytes:
    data = _data(session, issuer, caller, tenant, certificate)
    signer = issuer.keys.document(session, caller.tenant)
    meaning = "Issued by decision of the certification body"
    stamp = Stamp(caller.name, data.signer_role, meaning, data.prepared_at)
    return sign_certificate(render_certificate(data), signer, stamp)


def _data(
    session: Session, issuer: Issuer, caller: Caller, tenant: Tenant, certificate: Certificate
) -> CertificateData:
    client = session.get_one(Client, (caller.tenant, certificate.client_id))
    standard = session.get_one(Standard, (caller.tenant, certificate.standard_id))
    sites = sites_of(session, client.id)
    number = certificate.certificate_number
    return CertificateData(
        certificate_id=str(certificate.id),
        number=number,
        revision=certificate.revision,
        prepared_at=clock.now(),
        client_name=client.legal_name,
        client_address=address_of(sites[0] if sites else None),
        scope=certificate.scope,
        standard_code=standard.standard_code,
        standard_name=standard.standard_name or "",
        standard_version=standard.version or "",
        effective_from=certificate.valid_from or certificate.issue_date,
        expires_on=certificate.expiry_date,
        body_name=certificate.certification_body,
        body_address=tenant.address or "",
        sites=tuple(CertifiedSite(one.site_name, address_of(one)) for one in sites[1:]),
        accreditation_body=certificate.accreditation_body or "",
        accreditation_number=certificate.accreditation_number or "",
        signer_name=caller.name,
        signer_role="for the certification body",
        verify_address=f"{issuer.public_url}/verify/{number}",
        claims=_claims(session, issuer.keys, caller.tenant, certificate, client, standard),
    )


def _claims(
    session: Session,
    keys: TenantKeys,
    tenant_id: UUID,
    certificate: Certificate,
    client: Client,
    standard: Standard,
) -> str:
    claims = compact_claims.CompactClaims(
        number=certificate.certificate_number,
        client=client.legal_name,
        standard=standard.title,
        scope_hash=compact_claims.scope_hash(certificate.scope),
        issued_on=certificate.issue_date,
        expires_on=certificate.expiry_date,
        body=certificate.certification_body,
    )
    return compact_claims.make(claims, keys.claims(session, tenant_id))


def visible_certificates(session: Session, caller: Caller) -> Sequence[Certificate]:
    """Certificates that the caller may see, newest first; a client's are its own."""
    query = select(Certificate).where(
        Certificate.tenant_id == caller.tenant, Certificate.deleted_at.is_(None)
    )
    if caller.client_id is not None:
        query = query.where(Certificate.client_id == caller.client_id)
    return session.scalars(query.order_by(Certificate.issue_date.desc())).all()


def certificate_of(session: Session, caller: Caller, certificate_id: UUID) -> Certificate:
    """One of them; raises NotFound."""
    for row in visible_certificates(session, caller):
        if row.id == certificate_id:
            return row
    raise NotFound("There is no such certificate.")


def history_of(session: Session, certificate_id: UUID) -> Sequence[CertificateHistory]:
    """What happened to a certificate, oldest first."""
    query = select(CertificateHistory).where(CertificateHistory.certificate_id == certificate_id)
    return session.scalars(query.order_by(CertificateHistory.created_at)).all()
