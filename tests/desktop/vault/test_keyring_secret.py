"""The operating system's vault: only those we trust, and its errors in words."""

import pytest
from keyring.backend import KeyringBackend
from keyring.compat import properties
from keyring.errors import KeyringLocked, PasswordDeleteError

from intact_core.errors import StorageFault
from intact_desktop.vault import keyring_secret
from intact_desktop.vault.keyring_secret import KeyringSecrets


class Memory(KeyringBackend):
    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("not there")


class Locked(Memory):
    priority = 1

    def get_password(self, service, username):
        raise KeyringLocked("locked")

    def set_password(self, service, username, password):
        raise KeyringLocked("locked")

    def delete_password(self, service, username):
        raise KeyringLocked("locked")


class Absent(Memory):
    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805
        raise RuntimeError("no such service here")


def test_a_secret_comes_back_and_goes_for_good() -> None:
    store = KeyringSecrets(Memory())
    assert store.read("v") is None
    store.write("v", bytes(range(32)))
    assert store.read("v") == bytes(range(32))
    store.delete("v")
    store.delete("v")
    assert store.read("v") is None


def test_a_locked_keyring_says_so() -> None:
    store = KeyringSecrets(Locked())
    for act in (
        lambda: store.read("v"),
        lambda: store.write("v", b"x"),
        lambda: store.delete("v"),
    ):
        with pytest.raises(StorageFault, match="Unlock the keyring"):
            act()


def test_only_back_ends_of_the_list_are_used(monkeypatch) -> None:
    monkeypatch.setattr(keyring_secret, "_ALLOWED", (Absent,))
    assert keyring_secret.system_secrets() is None
    monkeypatch.setattr(keyring_secret, "_ALLOWED", (Absent, Memory))
    assert isinstance(keyring_secret.system_secrets(), KeyringSecrets)


def test_the_list_holds_no_file_and_no_plug_in() -> None:
    modules = {backend.__module__ for backend in keyring_secret._ALLOWED}
    assert modules == {
        "keyring.backends.Windows",
        "keyring.backends.macOS",
        "keyring.backends.SecretService",
        "keyring.backends.kwallet",
    }
