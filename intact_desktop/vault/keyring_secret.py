"""The second secret, kept by the operating system's own vault and nowhere else."""

import base64
import binascii
from typing import Protocol

from keyring.backend import KeyringBackend
from keyring.backends import SecretService, Windows, kwallet, macOS
from keyring.errors import KeyringError, PasswordDeleteError

from intact_core.errors import StorageFault

_SERVICE = "Intact"
_ALLOWED: tuple[type[KeyringBackend], ...] = (
    Windows.WinVaultKeyring,
    macOS.Keyring,
    SecretService.Keyring,
    kwallet.DBusKeyring,
)


class SecretStore(Protocol):
    """Keeps one 32-byte secret per vault. Errors: StorageFault."""

    def read(self, vault_id: str) -> bytes | None: ...
    def write(self, vault_id: str, secret: bytes) -> None: ...
    def delete(self, vault_id: str) -> None: ...


class KeyringSecrets:
    """A secret store over one back end of the keyring library."""

    def __init__(self, backend: KeyringBackend) -> None:
        self._backend = backend

    def read(self, vault_id: str) -> bytes | None:
        try:
            kept = self._backend.get_password(_SERVICE, vault_id)
            return None if kept is None else base64.b64decode(kept, validate=True)
        except (KeyringError, binascii.Error) as fault:
            raise _closed(fault) from fault

    def write(self, vault_id: str, secret: bytes) -> None:
        try:
            self._backend.set_password(_SERVICE, vault_id, base64.b64encode(secret).decode())
        except KeyringError as fault:
            raise _closed(fault) from fault

    def delete(self, vault_id: str) -> None:
        """Remove the secret; that it is gone already is as good."""
        try:
            self._backend.delete_password(_SERVICE, vault_id)
        except PasswordDeleteError:
            return
        except KeyringError as fault:
            raise _closed(fault) from fault


def system_secrets() -> SecretStore | None:
    """The operating system's vault where it is one of those we trust, else None.

    The library's own choice is not asked: any installed plug-in could make itself the first.
    """
    working = (backend for backend in _ALLOWED if backend.viable and backend.priority > 0)
    chosen = max(working, key=lambda backend: float(backend.priority), default=None)
    return KeyringSecrets(chosen()) if chosen else None


def _closed(fault: Exception) -> StorageFault:
    return StorageFault(
        "The keyring of this computer did not answer or is locked, and half of the key is kept "
        "there. Nothing was lost. Unlock the keyring, then try again.",
        title="The keyring is closed",
        details=str(fault),
    )
