"""Verification of a report or certificate without a network: each step in words, then a verdict.

Every byte counts. The last signature covers all but its own hole; the hole holds one canonical
envelope and zeros; the fields that must be signed are named inside what is signed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509

from intact_core.canonical import sha256_hex
from intact_core.documents import words
from intact_core.documents.attached import About, read_about
from intact_core.documents.manifest import SignedManifest, read_manifest
from intact_core.documents.pades import Judgement, judge
from intact_core.documents.seal import Seal, read_seals
from intact_core.documents.verification_data import SignerSeen, Step, Verdict, Verification
from intact_core.documents.x509_certificates import (
    SIGNS_CERTIFICATES,
    SIGNS_REPORTS,
    common_name,
    fingerprint,
    may_sign,
)
from intact_core.errors import BadInput, Damaged

_KINDS = {"report": "audit report", "certificate": "certificate"}
_ROLES = {"lead": "the lead auditor", "client": "the client", "body": "the certification body"}


def verify_pdf(
    data: bytes, *, trusted: Sequence[x509.Certificate] = (), manifest: bytes | None = None
) -> Verification:
    """Check a PDF of ours; `trusted` are the authorities that this computer knows.

    Never raises for bad input: what is wrong is a step. Call it from a worker thread, not from
    inside a running event loop.
    """
    check = _Check(data)
    signed = _check_manifest(check, manifest)
    about = _check_kind(check)
    if about is None:
        return check.result()
    _compare_manifest(check, about, signed)
    seals = _check_coverage(check)
    if seals:
        judgement = _check_signatures(check, seals)
        _check_expected(check, about, judgement)
        _check_right(check, about, seals)
        _check_time(check, seals)
        _check_authority(check, seals, signed, {fingerprint(c) for c in trusted})
    _say_status(check, about)
    return check.result()


@dataclass
class _Check:
    data: bytes
    steps: list[Step] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    kind: str = ""
    number: str = ""
    signers: tuple[SignerSeen, ...] = ()

    def say(self, name: str, ok: bool | None, sentence: str) -> None:
        self.steps.append(Step(name, ok, sentence))

    def fail(self, name: str, verdict: Verdict, sentence: str) -> None:
        self.say(name, False, sentence)
        self.verdicts.append(verdict)

    def result(self) -> Verification:
        verdict = min(self.verdicts, key=_GRAVITY.index, default=Verdict.GENUINE)
        return Verification(tuple(self.steps), verdict, self.kind, self.number, self.signers)


_GRAVITY = (
    Verdict.UNREADABLE,
    Verdict.NOT_OURS,
    Verdict.ALTERED,
    Verdict.UNSIGNED,
    Verdict.INCOMPLETE,
    Verdict.WRONG_SIGNER,
    Verdict.NOT_VALID_THEN,
    Verdict.UNKNOWN_SIGNER,
)


def _check_manifest(check: _Check, manifest: bytes | None) -> SignedManifest | None:
    digest = sha256_hex(check.data)
    if manifest is None:
        check.say("file", None, f"SHA-256 of the file: {digest}. No manifest to compare it with.")
        return None
    try:
        signed = read_manifest(manifest)
    except (BadInput, Damaged) as error:
        check.say("file", None, f"SHA-256 of the file: {digest}.")
        check.fail("manifest", Verdict.ALTERED, error.sentence)
        return None
    if (digest, len(check.data)) != (signed.manifest.file_sha256, signed.manifest.length):
        sentence = "The file is not the one of the manifest: its SHA-256 differs."
        check.fail("file", Verdict.ALTERED, sentence)
    else:
        check.say("file", True, f"The file is the one of the manifest, SHA-256 {digest}.")
    who = common_name(signed.certificates[0])
    when = words.moment(signed.manifest.signed_at)
    check.say("manifest", True, f"The manifest was signed by {who} on {when}.")
    return signed


def _check_kind(check: _Check) -> About | None:
    check.say("log", None, "No log proof accompanies this file; ask the server for one.")
    try:
        about = read_about(check.data)
    except BadInput as error:
        is_pdf = check.data[:1024].lstrip().startswith(b"%PDF-")
        sentence = error.sentence if is_pdf else "This file is not a PDF."
        check.fail("document", Verdict.UNREADABLE, sentence)
        return None
    if about is None:
        sentence = "This PDF was not made by Intact: no machine-readable audit is attached to it."
        check.fail("document", Verdict.NOT_OURS, sentence)
        return None
    check.kind, check.number = about.kind, about.number
    sentence = f"This is {_KINDS[about.kind]} {about.number} of {about.body}."
    check.say("document", True, sentence)
    return about


def _compare_manifest(check: _Check, about: About, signed: SignedManifest | None) -> None:
    if signed is None:
        return
    said = signed.manifest
    if (said.kind, said.number, said.snapshot_sha256, said.signers) != (
        about.kind, about.number, about.snapshot_sha256, about.expected,
    ):  # fmt: skip
        sentence = "The manifest speaks of another document than this one."
        check.fail("manifest", Verdict.ALTERED, sentence)


def _check_coverage(check: _Check) -> tuple[Seal, ...]:
    try:
        seals = read_seals(check.data)
    except Damaged as error:
        check.fail("coverage", Verdict.ALTERED, error.sentence)
        return ()
    if not seals:
        check.fail("coverage", Verdict.UNSIGNED, "The file carries no signature at all.")
        return ()
    sentence = (
        f"{words.plural(len(seals), 'signature')}, the last over every one of the "
        f"{len(check.data):,} bytes; nothing was appended."
    )
    check.say("coverage", True, sentence)
    return seals


def _check_signatures(check: _Check, seals: tuple[Seal, ...]) -> Judgement:
    try:
        judgement = judge(check.data, seals)
    except Damaged as error:
        check.fail("signatures", Verdict.ALTERED, error.sentence)
        return Judgement((), (), error.sentence)
    check.signers = judgement.signers
    if judgement.fault:
        check.fail("signatures", Verdict.ALTERED, judgement.fault)
    else:
        said = "; ".join(
            f"{s.name} ({_ROLES.get(s.field, s.field)}), {words.moment(s.at)}"
            for s in judgement.signers
        )
        check.say("signatures", True, f"Every signature holds (PAdES B-B): {said}.")
    return judgement


def _check_expected(check: _Check, about: About, judgement: Judgement) -> None:
    present = {signer.field for signer in judgement.signers}
    missing = [name for name in about.expected if name not in present]
    if missing:
        names = " and ".join(_ROLES.get(name, name) for name in missing)
        sentence = f"A signature of {names} belongs to this document and is not in it."
        check.fail("signers", Verdict.INCOMPLETE, sentence)
    elif judgement.empty_fields or present - set(about.expected):
        sentence = "The signatures are not the ones this document was made for."
        check.fail("signers", Verdict.ALTERED, sentence)
    else:
        check.say("signers", True, "Every signature that belongs to this document is in it.")


def _check_right(check: _Check, about: About, seals: tuple[Seal, ...]) -> None:
    purpose = SIGNS_REPORTS if about.kind == "report" else SIGNS_CERTIFICATES
    for seal in seals:
        own = seal.envelope.certificates[0]
        if not may_sign(own, purpose):
            sentence = f"The certificate of {common_name(own)} was not issued to sign this."
            check.fail("right", Verdict.WRONG_SIGNER, sentence)
            return
    for signer in check.signers:
        if signer.field == "lead" and signer.name[:64] != signer.certificate_name:
            sentence = (
                f"The lead's signature names {signer.name}, but was made with the certificate of "
                f"{signer.certificate_name}."
            )
            check.fail("right", Verdict.WRONG_SIGNER, sentence)
            return
    check.say("right", True, f"The certificates were issued to sign {about.kind}s.")


def _check_time(check: _Check, seals: tuple[Seal, ...]) -> None:
    for signer, seal in zip(check.signers, seals, strict=False):
        for certificate in seal.envelope.certificates:
            first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
            if signer.at is None or not first <= signer.at <= last:
                sentence = (
                    f"The signature of {signer.name} says {words.moment(signer.at) or 'no time'}, "
                    f"but the certificate of {common_name(certificate)} is valid from "
                    f"{words.moment(first)} to {words.moment(last)}. The computer's clock may "
                    "have been wrong."
                )
                check.fail("time", Verdict.NOT_VALID_THEN, sentence)
                return
    if check.signers:
        check.say("time", True, "The certificates were valid at the times the signatures give.")


def _check_authority(
    check: _Check, seals: tuple[Seal, ...], signed: SignedManifest | None, trusted: set[str]
) -> None:
    chains = [seal.envelope.certificates for seal in seals]
    if signed is not None:
        chains.append(signed.certificates)
    authorities = {fingerprint(chain[-1]): common_name(chain[-1]) for chain in chains}
    unknown = {print_: name for print_, name in authorities.items() if print_ not in trusted}
    if not unknown:
        names = ", ".join(authorities.values())
        check.say("signer", True, f"The signers were certified by {names}, which is known here.")
        return
    print_, name = next(iter(unknown.items()))
    sentence = (
        f"Signed with a certificate of {name}, which this computer does not know. Compare its "
        f"fingerprint with the certification body: {words.grouped(print_)}."
    )
    check.fail("signer", Verdict.UNKNOWN_SIGNER, sentence)


def _say_status(check: _Check, about: About) -> None:
    where = f" at {about.verify_address}" if about.verify_address else ""
    if about.kind == "certificate":
        sentence = f"Whether the certificate is valid today is not in the file: look it up{where}."
    else:
        sentence = f"What became of the audit since is not in the file: ask{where or ' the body'}."
    check.say("status", None, sentence)
