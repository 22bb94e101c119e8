"""Where the server's data lies and how it is reached: from options, else from INTACT_*."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_data_path

from intact_core.errors import StorageFault

DEFAULT_PORT = 8080
DATABASE_FILE = "intact-server.db"
SECRET_FILE = "secret.key"  # noqa: S105  the name of a file, not a secret
SECRET_BYTES = 32


@dataclass(frozen=True)
class Settings:
    """Everything that differs between installations. `secret` wraps the tenants' keys."""

    data: Path
    database_url: str
    host: str
    port: int
    public_url: str
    secret: bytes

    @property
    def is_https(self) -> bool:
        return urlsplit(self.public_url).scheme == "https"

    @property
    def blobs(self) -> Path:
        return self.data / "blobs"


@dataclass(frozen=True)
class Options:
    """What a command line may say; None leaves it to the environment, then to the default."""

    data: Path | None = None
    database_url: str | None = None
    host: str | None = None
    port: int | None = None
    public_url: str | None = None


def load(options: Options, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings; makes the data folder and the secret's file where they are missing."""
    data = (options.data or default_data(environment)).absolute()
    _make_folder(data)
    port = options.port or int(environment.get("INTACT_PORT") or DEFAULT_PORT)
    host = options.host or environment.get("INTACT_HOST") or "127.0.0.1"
    public_url = options.public_url or environment.get("INTACT_PUBLIC_URL")
    return Settings(
        data=data,
        database_url=database_url(options, data, environment),
        host=host,
        port=port,
        public_url=(public_url or f"http://{host}:{port}").rstrip("/"),
        secret=_secret(data, environment),
    )


def default_data(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the data lies when no option says so."""
    return Path(environment.get("INTACT_DATA") or user_data_path("intact-server"))


def database_url(options: Options, data: Path, environment: Mapping[str, str] = os.environ) -> str:
    """The database's address: as given, else a file in the data folder."""
    given = options.database_url or environment.get("INTACT_DATABASE_URL")
    return given or f"sqlite:///{data / DATABASE_FILE}"


def _make_folder(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise StorageFault(
            f"The data folder {data} cannot be made: {fault.strerror}. Choose another with --data."
        ) from fault


def _secret(data: Path, environment: Mapping[str, str]) -> bytes:
    given = environment.get("INTACT_SECRET")
    text = given if given is not None else _secret_file(data / SECRET_FILE)
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise StorageFault(
            "The server's secret must be 64 hexadecimal digits. Without the right one the tenants' "
            f"keys cannot be opened. Restore {SECRET_FILE}, or set INTACT_SECRET."
        )
    return secret


def _secret_file(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii", errors="replace").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(SECRET_BYTES))
        file.flush()
        os.fsync(file.fileno())
    return path.read_text(encoding="ascii").strip()
