"""Where the server's data lies and how it is reached: from options, else from INTACT_*."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_data_path

from intact_core.errors import StorageFault

DEFAULT_PORT = 8080
DATABASE_FILE = "intact-server.db"
SECRET_FILE = "secret.key"  # noqa: S105  the name of a file, not a secret
SECRET_BYTES = 32
S3_NAMES = (
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)


@dataclass(frozen=True)
class Settings:
    """Everything that differs between installations. `secret` wraps the tenants' keys."""

    data: Path
    database_url: str
    host: str
    port: int
    public_url: str
    secret: bytes
    blobs: Path | str
    """A folder, or `s3://BUCKET/PREFIX`."""
    s3: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Where S3 is and who we are there, under the names that its tools use (AWS_*)."""

    @property
    def is_https(self) -> bool:
        return urlsplit(self.public_url).scheme == "https"


@dataclass(frozen=True)
class Options:
    """What a command line may say; None leaves it to the environment, then to the default."""

    data: Path | None = None
    database_url: str | None = None
    host: str | None = None
    port: int | None = None
    public_url: str | None = None
    blobs: str | None = None


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
        blobs=_blobs(options.blobs or environment.get("INTACT_BLOBS"), data),
        s3={name: environment[name] for name in S3_NAMES if environment.get(name)},
    )


def _blobs(given: str | None, data: Path) -> Path | str:
    if given is None:
        return data / "blobs"
    if given.startswith("s3://"):
        return given.rstrip("/")
    if "://" in given:
        raise StorageFault("Files are kept in a folder or on S3: --blobs FOLDER or s3://BUCKET/…")
    return Path(given).absolute()


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
