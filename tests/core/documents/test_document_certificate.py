"""The certificate shows what 8.2.2 asks for, the same bytes each time, and its claims hold."""

import random
from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pypdf import PdfReader
from sample_certificate import SCOPE, certificate

from intact_core.documents import compact_claims
from intact_core.documents.certificate import render_certificate, verification_text
from intact_core.documents.certificate_data import CertifiedSite, from_json, to_json
from intact_core.errors import BadInput, Damaged

CLAIMS = compact_claims.CompactClaims(
    "CERT-2026-00017", "Lindqvist & Søn Gearworks A/S", "ISO 9001:2015",
    compact_claims.scope_hash(SCOPE), date(2026, 3, 20), date(2029, 3, 19),
    "Meridian Certification",
)  # fmt: skip


def _text(pdf: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages]


def test_it_shows_what_8_2_2_asks_for() -> None:
    first, annex = _text(render_certificate(certificate()))
    for words in (
        "Lindqvist & Søn Gearworks A/S", "ISO 9001:2015", "CERT-2026-00017", "20 March 2026",
        "19 March 2029", "First certified: 20 March 2020", "Meridian Certification", SCOPE,
        "Accreditation: 1234", "Revision 1", "Verify at https://audits.meridian.example/verify/",
        "2 sites, listed in the annex",
    ):  # fmt: skip
        assert words in first, words
    assert "Hall B Mill Road 11, 8000 Aarhus Assembly and test" in annex
    assert "certificate CERT-2026-00017, revision 1" in annex


def test_one_site_needs_no_annex() -> None:
    assert len(_text(render_certificate(certificate(sites=())))) == 1


def test_a_lapsed_cycle_is_shown_when_it_is_stated() -> None:
    restored = certificate(
        cycle_started_on=date(2026, 3, 20),
        last_cycle_expired_on=date(2026, 1, 1),
        recertification_audited_on=date(2026, 2, 2),
    )
    first = _text(render_certificate(restored))[0]
    assert "Last cycle expired: 1 January 2026" in first
    assert "Recertification audit: 2 February 2026" in first


def test_a_long_scope_and_many_sites_go_on_over_pages() -> None:
    sites = tuple(CertifiedSite(f"Site {n}", "Road\n1000 Town", "Everything") for n in range(90))
    pages = _text(render_certificate(certificate(scope=SCOPE * 40, sites=sites)))
    assert len(pages) > 3
    assert "Site 89" in pages[-1]
    assert f"Page {len(pages)} of {len(pages)}" in pages[-1]


def test_same_data_same_bytes_and_json_without_loss() -> None:
    assert render_certificate(certificate()) == render_certificate(certificate())
    assert from_json(to_json(certificate())) == certificate()
    with pytest.raises(BadInput):
        from_json(b"{}")


def test_names_are_never_read_as_markup() -> None:
    pdf = render_certificate(certificate(client_name="A <b>& Co</para>", scope="</para>\x00"))
    assert "A <b>& Co</para>" in _text(pdf)[0]


@pytest.fixture(scope="module")
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def test_claims_are_short_and_come_back_whole(key: Ed25519PrivateKey) -> None:
    text = compact_claims.make(CLAIMS, key)
    keys = {compact_claims.key_id(key.public_key()): key.public_key()}
    assert compact_claims.read_and_verify(text, keys) == CLAIMS
    assert len(text) * 3 // 4 < 220
    data = certificate(claims=text)
    assert verification_text(data) == f"{data.verify_address}#{text}"


def test_no_character_of_the_claims_can_be_changed(key: Ed25519PrivateKey) -> None:
    text = compact_claims.make(CLAIMS, key)
    keys = {compact_claims.key_id(key.public_key()): key.public_key()}
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ \n\u00e9"
    chance = random.Random(6)
    for place in range(len(text)):
        other = chance.choice([c for c in letters if c != text[place]])
        with pytest.raises((BadInput, Damaged)):
            compact_claims.read_and_verify(text[:place] + other + text[place + 1 :], keys)
    for added in ("A", "=", "==", "\n"):
        with pytest.raises((BadInput, Damaged)):
            compact_claims.read_and_verify(text + added, keys)


def test_claims_of_an_unknown_key_name_the_key(key: Ed25519PrivateKey) -> None:
    text = compact_claims.make(CLAIMS, key)
    with pytest.raises(BadInput) as refused:
        compact_claims.read_and_verify(text, {})
    assert compact_claims.key_id(key.public_key()) in refused.value.sentence


@pytest.mark.parametrize("text", ["", "A", "hello", "A" * 400, "é" * 90])
def test_what_holds_no_claims_is_said_in_words(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        compact_claims.read_and_verify(text, {})
    assert "not the code of a certificate" in refused.value.sentence


def test_the_scope_hash_folds_white_space_only() -> None:
    assert compact_claims.scope_hash("a  b\n c") == compact_claims.scope_hash("a b c")
    assert compact_claims.scope_hash("a b") != compact_claims.scope_hash("a c")


def test_long_names_are_cut_in_the_claims_only(key: Ed25519PrivateKey) -> None:
    long = replace(CLAIMS, client="Ł" * 200)
    keys = {compact_claims.key_id(key.public_key()): key.public_key()}
    read = compact_claims.read_and_verify(compact_claims.make(long, key), keys)
    assert read.client == "Ł" * 60
