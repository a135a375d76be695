"""Opens a database for the window: server, migration, and who acts. Everything runs on workers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from crm_desktop.db.profiles import (
    Kind,
    Profile,
    kind_of,
    load_profiles,
    save_profiles,
    without_password,
)
from crm_desktop.domain.errors import Unavailable
from crm_desktop.gui import routes
from crm_desktop.gui.startup import Ready, Source
from crm_desktop.gui.status_bar import Place

if TYPE_CHECKING:
    from crm_desktop.db.database import Database, WriteSession
    from crm_desktop.db.migrate import MigrationReport
    from crm_desktop.db.server import EmbeddedServer
    from crm_desktop.domain.access import Actor
    from crm_desktop.gui.dialogs.connect import ChosenConnection, SavedConnection
    from crm_desktop.gui.jobs import Progress

LOCAL_NAME, LOCAL_HOST = "workspace", "this computer"
TO_CONNECT = ("crm_desktop.db.liveness", "crm_desktop.db.migrate")  # most of it is SQLAlchemy
TO_READ = ("crm_desktop.services.auth", "crm_desktop.services.objects")


class DatabaseOpener:
    """The opener that `gui.startup` is given; it keeps the embedded server until `close`."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._server: EmbeddedServer | None = None
        self._may_preload, self._has_preloaded = threading.Event(), threading.Event()
        self._can_connect, self._can_read = threading.Event(), threading.Event()

    def preload(self, address: str) -> None:
        """Import what `open` needs, just before it does, and then the page at this address.

        `open` imports nothing meanwhile: two threads in one package's circular imports trip.
        """
        self._may_preload.wait()
        try:
            for names, done in ((TO_CONNECT, self._can_connect), (TO_READ, self._can_read)):
                for name in names:
                    import_module(name)
                done.set()
            import_module(routes.ROUTES[routes.kind_of(address)].module)
        finally:
            for event in (self._can_connect, self._can_read, self._has_preloaded):
                event.set()

    def open(self, source: Source, *, extend: bool, tell: Callable[[str], None]) -> Ready:
        """Return a database that answers and fits. Raises UserErrors.

        `extend`: make what this program adds to the contract, also in a foreign database.
        """
        from crm_desktop.db.server import EmbeddedServer

        self._server = self._server or EmbeddedServer(self._home)
        self._may_preload.set()
        url = source.url or self.local_url(tell)
        self._can_connect.wait()
        tell("Connecting to the database…")
        from crm_desktop.db.database import Database
        from crm_desktop.db.migrate import Extras, migrate

        wanted = Extras.YES if extend and not source.is_local else Extras.ASK
        report = migrate(url, extras=wanted)
        if not report.after.is_fit:
            raise Unavailable(_unfit(report))
        tell("Reading the workspace…")
        self._can_read.wait()
        ready = _ready(source, url, Database.at(url), report)
        self._has_preloaded.wait()
        return ready

    def sign_in(self, ready: Ready, email: str, password: str) -> Actor:
        from crm_desktop.services import auth

        with ready.database.write(auth.VISITOR) as session:
            return auth.sign_in(session, email, password)

    def create_first_user(self, ready: Ready, name: str, email: str, password: str) -> Actor:
        from pydantic import SecretStr

        from crm_desktop.services import auth, users

        draft = users.UserDraft(
            email=email, full_name=name, password=SecretStr(password), is_verified=True
        )
        with ready.database.write(auth.KEEPER) as session:
            return auth.create_first_user(session, draft)

    def load_sample(self, session: WriteSession, on_progress: Progress) -> object:
        from crm_desktop.services import sample

        return sample.load_sample(session, on_progress)

    def saved_connections(self) -> Sequence[SavedConnection]:
        from crm_desktop.gui.dialogs.connect import SavedConnection

        return [
            SavedConnection(each.name, each.url, each.kind.value)
            for each in load_profiles(self._home).profiles
        ]

    def keep_connection(self, chosen: ChosenConnection) -> None:
        """Put the connection before those that were kept, in place of its former self."""
        new = Profile(chosen.url, chosen.url, Kind(chosen.kind))
        others = [each for each in load_profiles(self._home).profiles if each.url != new.url]
        save_profiles(self._home, [new, *others])

    def with_password(self, url: str, password: str) -> str:
        """Return the URI with the password as a parameter; libpq takes it from there."""
        if not password:
            return url
        return f"{url}{'&' if '?' in url else '?'}password={quote(password, safe='')}"

    def bring_back(self) -> None:
        """Start the embedded server again if it has ended. Raises Unavailable."""
        if self._server is not None:
            self._server.ensure_running()

    def close(self) -> None:
        """Give up the embedded server; the last program stops it."""
        if self._server is not None:
            self._server.close()

    def local_url(self, tell: Callable[[str], None]) -> str:
        """Start the embedded server, or join the one that runs, and return its address."""
        server = self._server
        if server is None:
            raise RuntimeError("open comes first")
        is_new = not server.data_directory.exists()
        tell("Making a new workspace…" if is_new else "Starting the database…")
        server.ensure_running()
        return server.url


def _ready(source: Source, url: str, database: Database, report: MigrationReport) -> Ready:
    place, problems = _place(source, url), _problems(report)
    if source.is_local:
        actor = _owner(database)
        return Ready(database, place, actor, _is_empty(database, actor), problems=problems)
    return Ready(
        database,
        place,
        None,
        is_empty=False,
        offered=_offers(report),
        problems=problems,
        has_users=_has_users(url),
        address=without_password(url),
    )


def _owner(database: Database) -> Actor:
    from crm_desktop.services import auth

    with database.write(auth.KEEPER) as session:
        return auth.owner(session)


def _has_users(url: str) -> bool:
    """Ask over a connection that is closed again: nobody may ever sign in."""
    from crm_desktop.db.database import Database
    from crm_desktop.services import auth

    with closing(Database.at(url)) as database, database.read(auth.VISITOR) as session:
        return auth.has_users(session)


def _is_empty(database: Database, actor: Actor) -> bool:
    from crm_desktop.services import objects

    with database.write(actor) as session:  # this connection is open already
        return not objects.list_objects(session)


def _place(source: Source, url: str) -> Place:
    from psycopg.conninfo import conninfo_to_dict

    if source.is_local:
        return Place("local", LOCAL_NAME, LOCAL_HOST)
    parameters = conninfo_to_dict(url)
    kind = Kind(source.kind) if source.kind else kind_of(url)
    host = str(parameters.get("host") or "localhost")
    name = str(parameters.get("dbname") or parameters.get("user") or "postgres")
    return Place(kind.value, name, "localhost" if host.startswith("/") else host)


def _unfit(report: MigrationReport) -> str:
    missing = report.after.missing
    shown = "\n".join(missing[:8])
    more = f"\nand {len(missing) - 8} more." if len(missing) > 8 else ""
    return (
        f"This database does not have what CRM Desktop needs, and was not changed.\n{shown}{more}"
    )


def _offers(report: MigrationReport) -> tuple[str, ...]:
    """Say what could be added to a foreign database, and what it is good for."""
    from crm_desktop.db.additions import ADDITIONS
    from crm_desktop.db.history_triggers import HISTORY, SERVES

    if not report.offered:
        return ()
    serves = [each.serves for each in ADDITIONS if each.name in report.offered]
    first = (
        "CRM Desktop works with it as it is. Its tables stay as they are; with your consent it "
        "also makes a schema of its own, crm_desktop, for what the tables cannot hold."
    )
    sentences = [first]
    if serves:
        sentences.append(f"Indexes would speed up {', '.join(dict.fromkeys(serves))}.")
    if HISTORY in report.offered:
        sentences.append(f"Triggers on records and links would keep a history, for {SERVES}.")
    sentences.append("`crm-desktop detach` takes all of it out again.")
    return tuple(sentences)


def _problems(report: MigrationReport) -> tuple[str, ...]:
    return tuple(
        f"{name} could not be added: {why}" for name, why in sorted(report.problems.items())
    )
