"""Rendering, signing and checking the report: slow work, for the cpu lane alone.

Importing this takes a good part of a second, so it is loaded when a report is first asked for.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from cryptography import x509

from intact_core import clock
from intact_core.documents.audit_report import render_report
from intact_core.documents.manifest import make_manifest
from intact_core.documents.report_data import ExpectedSigner
from intact_core.documents.signer import Signer
from intact_core.documents.signing import seal_drawn_signature, sign_report
from intact_core.documents.stamps import DrawnSignature, Stamp
from intact_core.documents.verification import verify_pdf
from intact_core.documents.verification_data import Verification
from intact_core.errors import BadInput, Damaged, IntactError, StorageFault
from intact_desktop.evidence.capture import report_preview
from intact_desktop.evidence.files import EvidenceFiles
from intact_desktop.features.report.actions import CLIENT, LEAD, Built, Frozen, HalfSigned, Sealed
from intact_desktop.settings import Profile, replace_file
from intact_desktop.vault import vault
from intact_desktop.vault.device_key import DeviceKey
from intact_desktop.vault.outline import load_chain
from intact_desktop.vault.vault import Opening

Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]


def build(files: EvidenceFiles, frozen: Frozen, progress: Progress, cancelled: Cancelled) -> Built:
    """Render the report; raises ReportCancelled once `cancelled()` is true."""
    shelf = _Shelf(files, frozen)
    pdf = render_report(frozen.snapshot, shelf.photo, progress, cancelled)
    return Built(frozen, pdf, tuple(shelf.unseen))


class _Shelf:
    """Previews for the report; a photo that cannot be had is named, and stays a placeholder."""

    def __init__(self, files: EvidenceFiles, frozen: Frozen) -> None:
        self._files = files
        self._audit_id = frozen.audit_id
        self._known = {one.id: one for one in frozen.snapshot.evidence}
        self.unseen: list[str] = []

    def photo(self, evidence_id: str) -> bytes | None:
        one = self._known[evidence_id]
        try:
            jpeg = report_preview(self._files, self._audit_id, one.sha256, one.content_type)
        except IntactError:
            jpeg = None
        if jpeg is None and one.content_type.startswith("image/"):
            self.unseen.append(one.file_name)
        return jpeg


def lead_signs(profile: Profile, opening: Opening, built: Built) -> HalfSigned:
    """The lead's signature, after the passphrase was asked once more.

    Raises WrongPassphrase and its like; RuleBroken for another person's or an expired certificate.
    """
    unlocked = vault.confirm(profile, opening)
    signer = _signer(profile, unlocked.device_key)
    who = _expected(built, LEAD)
    at = _now()
    pdf = sign_report(built.pdf, signer, Stamp(who.name, who.role, who.meaning, at))
    return HalfSigned(built, pdf, at, signer)


def finish(
    profile: Profile, files: EvidenceFiles, half: HalfSigned, drawn: bytes | None, tenant: UUID
) -> Sealed:
    """Seal the client's signature where one belongs, check the whole, and store the file.

    `drawn` is a PNG. Raises Damaged where the check does not say "genuine": then nothing is kept.
    """
    built, pdf, moments = half.built, half.pdf, {LEAD: half.at}
    client = built.signer(CLIENT)
    if client is not None:
        if not drawn:
            raise BadInput("The client's representative has not signed yet. Nothing was kept.")
        moments[CLIENT] = _now()
        seal = DrawnSignature(client.name, client.role, client.meaning, drawn, moments[CLIENT])
        pdf = seal_drawn_signature(pdf, half.signer, seal)
    manifest = make_manifest(pdf, half.signer, str(tenant))
    verification = verify(profile, pdf, manifest)
    if not verification.ok:
        raise Damaged(
            "The signed report did not stand its own check, so it was not kept. Nothing was "
            "changed. Build and sign it again.",
            details=verification.verdict.sentence,
        )
    written = files.write(built.frozen.audit_id, [pdf])
    return Sealed(built.frozen, pdf, written.sha256, manifest, verification, moments)


def verify(profile: Profile, pdf: bytes, manifest: bytes | None) -> Verification:
    """Check a report against the authority that this laptop was enrolled with."""
    return verify_pdf(pdf, trusted=_certificates(profile)[-1:], manifest=manifest)


def save(path: str, pdf: bytes, manifest: bytes) -> None:
    """Write a copy, and its manifest beside it, where the user wants it; raises StorageFault."""
    target = Path(path)
    replace_file(target, pdf)
    if manifest:
        replace_file(target.with_name(f"{target.name}.manifest.json"), manifest)


def _expected(built: Built, field_name: str) -> ExpectedSigner:
    who = built.signer(field_name)
    if who is None:
        raise BadInput("This report was built without a place to sign. Build it again.")
    return who


def _signer(profile: Profile, key: DeviceKey) -> Signer:
    certificates = _certificates(profile)
    if not certificates:
        raise StorageFault(
            "This laptop has no certificate to sign with. Nothing was signed. Connect to the "
            "server, or enrol the laptop again."
        )
    return Signer(key, certificates[0], tuple(certificates[1:]))


def _certificates(profile: Profile) -> list[x509.Certificate]:
    return [x509.load_pem_x509_certificate(pem.encode()) for pem in load_chain(profile)]


def _now() -> datetime:
    # A PDF tells time in whole seconds.
    return clock.now().replace(microsecond=0)
