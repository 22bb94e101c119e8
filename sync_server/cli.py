"""Command line of the server."""

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from cryptography import x509
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from intact_core import ids
from intact_core.documents.verification import verify_pdf
from intact_core.errors import BadInput, IntactError
from sync_server import settings as configuration
from sync_server.auth.keys import TenantKeys
from sync_server.auth.passwords import Passwords
from sync_server.auth.sealing import Sealing
from sync_server.database.engine import Database
from sync_server.database.migrate import APP_ROLE, migrate
from sync_server.services.demo import DemoTools, load_demo
from sync_server.services.document_check import authorities
from sync_server.services.opening import open_database
from sync_server.services.tenants import TenantData, create_tenant, list_tenants
from sync_server.services.users import NewUser, create_operator, create_user
from sync_server.settings import Options, Settings
from sync_server.workers import fitting, serve_here, serve_many

FAILED, REFUSED = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 when it worked, 1 when a document is not genuine, 2 when refused."""
    given = _parser().parse_args(arguments)
    try:
        result: int = given.run(given)
    except IntactError as error:
        return _refuse(f"{error.title}: {error.sentence}")
    except OperationalError as fault:
        return _refuse(f"The database cannot be opened or used: {fault.orig}")
    return result


def _refuse(words: str) -> int:
    print(words, file=sys.stderr)  # noqa: T201
    return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="intact-server", description="Intact's server.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = _command(commands, "serve", _serve, "serve laptops, APIs and pages")
    serve.add_argument("--host", help="address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to listen on (8080)")
    serve.add_argument("--public-url", help="address that laptops and certificates know")
    serve.add_argument("--workers", type=int, help="processes (cores + 1, at most 4; SQLite: one)")
    serve.add_argument(
        "--blobs", help="folder of files, or s3://BUCKET/PREFIX (AWS_* in the environment)"
    )
    serve.add_argument("--demo", action="store_true", help="load the demo first")
    move = _command(commands, "migrate", _migrate, "bring the database to this version")
    move.add_argument("--app-role", default=APP_ROLE, help="role of the application (PostgreSQL)")
    tenant = _command(commands, "create-tenant", _create_tenant, "add a certification body")
    tenant.add_argument("name")
    tenant.add_argument("--legal-name")
    tenant.add_argument("--address")
    tenant.add_argument("--country")
    user = _command(commands, "create-user", _create_user, "add a person; asks for the password")
    user.add_argument("email")
    user.add_argument("--tenant", help="its id or name; left out for an operator of the platform")
    user.add_argument("--first-name", default="")
    user.add_argument("--last-name", default="")
    user.add_argument("--role", action="append", default=[], help="may be given several times")
    verify = _command(commands, "verify", _verify, "check a report or certificate")
    verify.add_argument("file", type=Path)
    verify.add_argument("--trust", type=Path, action="append", default=[], help="authority (PEM)")
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    words: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=words, description=words)
    parser.set_defaults(run=run)
    parser.add_argument("--data", type=Path, help="folder of the server's data")
    parser.add_argument("--database-url", help="database (an SQLite file in the data folder)")
    return parser


def _settings(given: argparse.Namespace) -> Settings:
    return configuration.load(
        Options(
            data=given.data,
            database_url=given.database_url,
            host=getattr(given, "host", None),
            port=getattr(given, "port", None),
            public_url=getattr(given, "public_url", None),
            blobs=getattr(given, "blobs", None),
        )
    )


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    """The database, closed afterwards; SQLite is brought to this version by itself."""
    if make_url(settings.database_url).get_backend_name() == "sqlite":
        migrate(settings.database_url)
    database = open_database(settings)
    try:
        yield database
    finally:
        database.engine.dispose()


def _serve(given: argparse.Namespace) -> int:
    settings = _settings(given)
    workers = given.workers or fitting(settings.database_url)
    with _opened(settings) as database:
        if given.demo:
            load_demo(DemoTools(database, _keys(settings), Passwords()))
        print(f"Intact serves {settings.public_url}", flush=True)  # noqa: T201
        if workers == 1:
            serve_here(settings, database)
    if workers > 1:
        serve_many(settings, workers)
    return 0


def _migrate(given: argparse.Namespace) -> int:
    settings = _settings(given)
    migrate(settings.database_url, given.app_role)
    print("The database is of this version.")  # noqa: T201
    return 0


def _create_tenant(given: argparse.Namespace) -> int:
    settings = _settings(given)
    tenant_id = ids.new_id()
    data = TenantData(given.name, given.legal_name, given.address, given.country)
    with _opened(settings) as database, database.write(tenant_id) as session:
        create_tenant(session, _keys(settings), tenant_id, data)
    print(tenant_id)  # noqa: T201
    return 0


def _create_user(given: argparse.Namespace) -> int:
    settings = _settings(given)
    hashed = Passwords().hash(_password())
    person = NewUser(given.email, given.first_name, given.last_name, tuple(given.role))
    with _opened(settings) as database:
        tenant_id = _tenant(database, given.tenant) if given.tenant else None
        with database.write(tenant_id) as session:
            if tenant_id is None:
                create_operator(session, given.email, hashed)
            else:
                create_user(session, person, hashed)
    return 0


def _password() -> str:
    """From INTACT_PASSWORD, else asked for; never an argument, which others could see."""
    return os.environ.get("INTACT_PASSWORD") or getpass.getpass("Password: ")


def _tenant(database: Database, wanted: str) -> UUID:
    for one in list_tenants(database):
        if wanted in (str(one.id), one.name):
            return one.id
    raise BadInput(f"There is no tenant '{wanted}'.")


def _keys(settings: Settings) -> TenantKeys:
    return TenantKeys(Sealing(settings.secret))


def _verify(given: argparse.Namespace) -> int:
    try:
        content = given.file.read_bytes()
        trusted = [x509.load_pem_x509_certificate(path.read_bytes()) for path in given.trust]
    except (OSError, ValueError) as fault:
        raise BadInput(f"The file cannot be read: {fault}") from fault
    trusted += _own_authorities(given)
    found = verify_pdf(content, trusted=trusted)
    print("\n".join(found.lines()))  # noqa: T201
    return 0 if found.ok else FAILED


def _own_authorities(given: argparse.Namespace) -> list[x509.Certificate]:
    """The authorities of this server's tenants, where it has a database already."""
    data = given.data or configuration.default_data()
    url = configuration.database_url(Options(given.data, given.database_url), data)
    address = make_url(url)
    is_sqlite = address.get_backend_name() == "sqlite"
    if is_sqlite and not (address.database and Path(address.database).is_file()):
        return []
    settings = _settings(given)
    with _opened(settings) as database:
        return authorities(database, _keys(settings))
