"""Garbage under a signature that holds: verification answers, it never raises or hangs."""

import hashlib
import random

from sample_signers import Tenant

from intact_core.documents import cms_profile
from intact_core.documents.seal import Seal, read_seals
from intact_core.documents.signer import sign_bytes
from intact_core.documents.verification import verify_pdf
from intact_core.documents.verification_data import Verdict

TOKENS = (
    b"/Type", b"/Kids", b" R", b"obj", b"<<", b">>", b"[", b"]", b"9999999999", b"-1", b"null",
    b"/Parent", b"stream", b"(", b")", b"/Prev", b"xref", b"/Names",
)  # fmt: skip


def _resign(data: bytes, seal: Seal, tenant: Tenant) -> bytes:
    """The changed bytes with a signature that is true for them."""
    left, right = seal.hole
    digest = hashlib.sha256(data[:left] + data[right:]).digest()
    certificates = seal.envelope.certificates
    bare = cms_profile.Envelope(certificates, digest, b"")
    signature = sign_bytes(tenant.server.key, cms_profile.signed_bytes(bare))
    der = cms_profile.build(cms_profile.Envelope(certificates, digest, signature))
    digits = der.hex().upper().encode().ljust(right - left - 2, b"0")
    return data[: left + 1] + digits + data[right - 1 :]


def _garbled(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 6)):
        token = chance.choice(TOKENS)
        place = chance.randrange(len(data) - 20)
        changed[place : place + len(token)] = token
    return bytes(changed)


def test_the_new_signature_is_a_true_one(signed_certificate: bytes, tenant: Tenant) -> None:
    again = _resign(signed_certificate, read_seals(signed_certificate)[0], tenant)
    assert again != signed_certificate
    assert verify_pdf(again, trusted=[tenant.authority.certificate]).ok


def test_garbage_never_raises(signed_certificate: bytes, tenant: Tenant) -> None:
    seal = read_seals(signed_certificate)[0]
    chance = random.Random(11)
    seen = set()
    for _ in range(250):
        mutant = _resign(_garbled(signed_certificate, chance), seal, tenant)
        seen.add(verify_pdf(mutant, trusted=[tenant.authority.certificate]).verdict)
    assert Verdict.ALTERED in seen
