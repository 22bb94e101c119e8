"""Making, opening, re-keying and destroying a vault."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from intact_core import clock
from intact_core.errors import BadInput, Offline, StorageFault, WrongPassphrase
from intact_desktop.settings import Account, Profile
from intact_desktop.vault import device_key, keys, outline, vault
from intact_desktop.vault.keys import CHEAPEST
from intact_desktop.vault.lease import LeaseBook, LeaseRefused
from intact_desktop.vault.throttle import WrongOrTooSoon
from intact_desktop.vault.vault import Opening, Unlocked

WORDS = "copper violin seventeen"
ACCOUNT = Account(server="https://audit.example", email="a@b.example", user_id="u1", device_id="d1")


@pytest.fixture
def enrolled(profile, secrets_store, lease_server, hand_clock) -> Unlocked:
    unlocked = vault.create(profile, WORDS, secrets_store, CHEAPEST).unlocked
    profile.save("account", ACCOUNT)
    book = LeaseBook(profile, unlocked.database_key)
    book.accept(lease_server.issue(), lease_server.public_pem, clock.now())
    return unlocked


def same(one: Unlocked, other: Unlocked) -> bool:
    public = device_key.public_pem(one.device_key) == device_key.public_pem(other.device_key)
    return (one.database_key, one.evidence_key) == (other.database_key, other.evidence_key) and (
        public
    )


def test_the_right_passphrase_gives_the_same_keys(enrolled, profile, secrets_store) -> None:
    assert same(vault.unlock(profile, Opening(WORDS, secrets_store)), enrolled)
    assert len(enrolled.database_key) == len(enrolled.evidence_key) == 32
    assert enrolled.database_key != enrolled.evidence_key


def test_a_passphrase_typed_with_other_code_points_is_the_same(profile, secrets_store) -> None:
    vault.create(profile, "caf\u00e9 caf\u00e9 caf\u00e9", secrets_store, CHEAPEST)
    assert vault.confirm(profile, Opening("cafe\u0301 " * 2 + "cafe\u0301", secrets_store))


def test_a_wrong_passphrase_doubles_the_wait(enrolled, profile, secrets_store, hand_clock) -> None:
    waits = []
    for _ in range(5):
        with pytest.raises(WrongOrTooSoon) as caught:
            vault.unlock(profile, Opening("something else", secrets_store))
        waits.append(caught.value.wait.total_seconds())
        hand_clock.move(caught.value.wait)
    assert waits == [1, 2, 4, 8, 16]
    assert "16 seconds" in caught.value.sentence
    assert same(vault.unlock(profile, Opening(WORDS, secrets_store)), enrolled)
    with pytest.raises(WrongPassphrase, match="in 1 second"):
        vault.unlock(profile, Opening("something else", secrets_store))


def test_even_the_right_passphrase_waits(enrolled, profile, secrets_store, hand_clock) -> None:
    with pytest.raises(WrongPassphrase):
        vault.unlock(profile, Opening("something else", secrets_store))
    with pytest.raises(WrongPassphrase, match="please wait 1 second"):
        vault.unlock(profile, Opening(WORDS, secrets_store))
    hand_clock.move(timedelta(seconds=1))
    vault.unlock(profile, Opening(WORDS, secrets_store))


def test_a_wait_made_under_a_wrong_clock_does_not_last_for_years(
    enrolled, profile, secrets_store, hand_clock
) -> None:
    hand_clock.move(timedelta(days=365))
    with pytest.raises(WrongPassphrase):
        vault.unlock(profile, Opening("something else", secrets_store))
    hand_clock.move(timedelta(days=-365))
    with pytest.raises(WrongPassphrase):
        vault.unlock(profile, Opening(WORDS, secrets_store))
    hand_clock.move(timedelta(seconds=1))
    vault.unlock(profile, Opening(WORDS, secrets_store))


def test_a_hundred_wrong_passphrases_destroy_nothing(
    enrolled, profile, secrets_store, hand_clock
) -> None:
    for _ in range(100):
        with pytest.raises(WrongPassphrase) as caught:
            vault.confirm(profile, Opening("something else", secrets_store))
        assert caught.value.wait <= timedelta(minutes=15)
        hand_clock.move(caught.value.wait)
    assert same(vault.confirm(profile, Opening(WORDS, secrets_store)), enrolled)


def test_without_a_keyring_the_code_is_needed_with_the_passphrase(profile) -> None:
    created = vault.create(profile, WORDS, None, CHEAPEST)
    assert outline.needs_recovery_code(profile)
    assert created.recovery_code is not None
    with pytest.raises(BadInput, match="recovery code is needed"):
        vault.confirm(profile, Opening(WORDS))
    with pytest.raises(BadInput, match="typing mistake"):
        vault.confirm(profile, Opening(WORDS, recovery_code=created.recovery_code[:-1]))
    typed = created.recovery_code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    opened = vault.confirm(profile, Opening(WORDS, recovery_code=typed))
    assert same(opened, created.unlocked)


def test_the_code_of_another_laptop_does_not_open_it(profile, tmp_path: Path) -> None:
    vault.create(profile, WORDS, None, CHEAPEST)
    other = vault.create(Profile.at(tmp_path, "ben"), WORDS, None, CHEAPEST)
    with pytest.raises(WrongPassphrase):
        vault.confirm(profile, Opening(WORDS, recovery_code=other.recovery_code))


def test_each_mistyped_sign_of_the_code_is_found(profile) -> None:
    code = vault.create(profile, WORDS, None, CHEAPEST).recovery_code
    assert code is not None
    for place, sign in enumerate(code):
        if sign == "-":
            continue
        wrong = code[:place] + ("A" if sign != "A" else "B") + code[place + 1 :]
        with pytest.raises(BadInput):
            vault.confirm(profile, Opening(WORDS, recovery_code=wrong))


def test_a_lost_keyring_is_said_and_costs_no_wait(enrolled, profile, secrets_store) -> None:
    kept = dict(secrets_store.kept)
    secrets_store.kept.clear()
    for _ in range(3):
        with pytest.raises(StorageFault, match="not there"):
            vault.unlock(profile, Opening(WORDS, secrets_store))
    secrets_store.kept.update(kept)
    assert same(vault.unlock(profile, Opening(WORDS, secrets_store)), enrolled)


def test_a_new_passphrase_opens_the_same_keys_and_the_old_one_no_more(
    enrolled, profile, secrets_store, hand_clock
) -> None:
    fresh = "granite umbrella forty"
    vault.change_passphrase(profile, Opening(WORDS, secrets_store), fresh, CHEAPEST)
    assert same(vault.unlock(profile, Opening(fresh, secrets_store)), enrolled)
    with pytest.raises(WrongPassphrase):
        vault.unlock(profile, Opening(WORDS, secrets_store))


def test_a_short_passphrase_is_refused_before_anything_is_written(profile, secrets_store) -> None:
    with pytest.raises(BadInput, match="12 characters"):
        vault.create(profile, "short", secrets_store, CHEAPEST)
    assert not vault.exists(profile)
    assert not secrets_store.kept


def test_a_vault_is_never_made_over_another(enrolled, profile, secrets_store) -> None:
    before = profile.settings_file.read_bytes()
    with pytest.raises(BadInput, match="set up already"):
        vault.create(profile, WORDS, secrets_store, CHEAPEST)
    assert profile.settings_file.read_bytes() == before


def test_nothing_secret_lies_in_the_folder(enrolled, profile, secrets_store) -> None:
    secrets = [
        enrolled.database_key,
        enrolled.evidence_key,
        device_key.to_bytes(enrolled.device_key)[-32:],
        *secrets_store.kept.values(),
        WORDS.encode(),
    ]
    for path in profile.folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for secret in secrets:
            assert secret not in content
            assert secret.hex().encode() not in content
    for secret in secrets:
        assert repr(secret) not in repr(enrolled)


def test_a_swapped_key_is_not_taken_for_another(enrolled, profile, secrets_store) -> None:
    shape = vault._VaultFile
    stored = profile.load("vault", shape)
    swapped = shape(
        stored.vault_id,
        stored.salt,
        stored.kdf,
        stored.by_recovery_code,
        stored.evidence_key,
        stored.database_key,
        stored.device_key,
    )
    profile.save("vault", swapped)
    with pytest.raises(WrongPassphrase):
        vault.confirm(profile, Opening(WORDS, secrets_store))


def test_revocation_destroys_the_keyring_secret_and_the_files(
    enrolled, profile, secrets_store
) -> None:
    profile.database.write_bytes(b"x")
    vault.destroy(profile, secrets_store)
    assert not secrets_store.kept
    assert not profile.folder.exists()


def test_an_ended_lease_is_renewed_where_the_server_can_be_reached(
    enrolled, profile, secrets_store, lease_server, hand_clock
) -> None:
    hand_clock.move(timedelta(hours=73))

    def renew(_: Unlocked, book: LeaseBook) -> None:
        book.accept(lease_server.issue(), lease_server.public_pem, clock.now())

    assert same(vault.unlock(profile, Opening(WORDS, secrets_store), renew), enrolled)


def test_an_ended_lease_without_a_network_keeps_the_vault_closed(
    enrolled, profile, secrets_store, hand_clock
) -> None:
    hand_clock.move(timedelta(hours=73))

    def unreachable(unlocked: Unlocked, book: LeaseBook) -> None:
        raise Offline("The server cannot be reached.")

    with pytest.raises(Offline):
        vault.unlock(profile, Opening(WORDS, secrets_store), unreachable)
    with pytest.raises(LeaseRefused, match="ended on 2026-11-24"):
        vault.unlock(profile, Opening(WORDS, secrets_store))


def test_the_cost_is_stored_and_used_again(profile, secrets_store) -> None:
    vault.create(profile, WORDS, secrets_store, keys.Kdf(passes=2, memory_kib=64, lanes=1))
    stored = json.loads(profile.settings_file.read_text())["sections"]["vault"]["kdf"]
    assert stored == {"passes": 2, "memory_kib": 64, "lanes": 1}
    assert vault.confirm(profile, Opening(WORDS, secrets_store))


def test_short_memory_lowers_the_cost_to_the_floor_and_no_further(monkeypatch) -> None:
    monkeypatch.setattr(keys, "_free_memory_kib", lambda: 300 * 1024)
    assert keys.fitting(keys.STANDARD).memory_kib == 128 * 1024
    monkeypatch.setattr(keys, "_free_memory_kib", lambda: 1024)
    assert keys.fitting(keys.STANDARD).memory_kib == 64 * 1024


def test_the_device_proves_its_key_and_keeps_only_its_own_certificate(profile) -> None:
    profile.prepare()
    key, other = device_key.make(), device_key.make()
    request = x509.load_pem_x509_csr(
        device_key.signing_request(key, "d1", "anna@example.org").encode()
    )
    assert request.is_signature_valid
    assert request.public_key() == key.public_key()
    with pytest.raises(BadInput, match="not a certificate"):
        device_key.store_chain(profile, key, ["<html>welcome to the hotel</html>"])
    with pytest.raises(BadInput, match="another laptop"):
        device_key.store_chain(profile, key, [self_signed(other)])
    assert outline.load_chain(profile) == []
    own = self_signed(key)
    device_key.store_chain(profile, key, [own])
    assert outline.load_chain(profile) == [own]


def self_signed(key: device_key.DeviceKey) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "d1")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.now())
        .not_valid_after(clock.now() + timedelta(days=1))
    )
    certificate = builder.sign(key, device_key.hashes.SHA256())
    return certificate.public_bytes(device_key.Encoding.PEM).decode()


def test_a_signature_is_by_one_key_over_one_content() -> None:
    key, other = device_key.make(), device_key.make()
    signature = device_key.sign(key, b"operation 1")
    assert device_key.verify(device_key.public_pem(key), b"operation 1", signature)
    assert not device_key.verify(device_key.public_pem(key), b"operation 2", signature)
    assert not device_key.verify(device_key.public_pem(other), b"operation 1", signature)
    assert not device_key.verify("no key", b"operation 1", signature)


def test_a_key_serves_one_purpose_in_one_context() -> None:
    root = bytes(32)
    derived = {keys.derive(root, p, c) for p in ("a", "b") for c in (b"", b"1", b"2")}
    assert len(derived) == 6
    # What was sealed by an earlier version must still open: these bytes never change.
    assert (
        keys.derive(root, "lease").hex()
        == "adbce26d7ad703043d2d840d54167238e3104bf2ffb17e2f255dc57cc87a80b2"
    )
