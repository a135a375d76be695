"""Opens a database for the window: server, migration, and who acts. Everything runs on workers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
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
from crm_desktop.domain.errors import Conflict, Unavailable, UserError
from crm_desktop.domain.saved_backup import Saved
from crm_desktop.gui import routes
from crm_desktop.gui.startup import Ready, Source
from crm_desktop.gui.status_bar import Place

if TYPE_CHECKING:
    from crm_desktop.db.database import Database, WriteSession
    from crm_desktop.db.migrate import MigrationReport
    from crm_desktop.db.restoring import Restored
    from crm_desktop.db.server import EmbeddedServer
    from crm_desktop.domain.access import Actor
    from crm_desktop.gui.dialogs.connect import ChosenConnection, SavedConnection
    from crm_desktop.gui.jobs import Progress

_log = logging.getLogger(__name__)

IN_PLACE, NOT_IN_PLACE = "restored", "not-restored"  # files: what is to be said of it
LOCAL_NAME, LOCAL_HOST = "workspace", "this computer"
TO_CONNECT = ("crm_desktop.db.liveness", "crm_desktop.db.migrate")  # most of it is SQLAlchemy
TO_READ = ("crm_desktop.services.auth", "crm_desktop.services.objects")


class DatabaseOpener:
    """The opener that `gui.startup` is given; it keeps the embedded server until `close`."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._server: EmbeddedServer | None = None
        self._restored: Restored | None = None
        self.at_end: Callable[[], None] | None = None  # called when the server was given up
        self._may_preload, self._has_preloaded = threading.Event(), threading.Event()
        self._can_connect, self._can_read = threading.Event(), threading.Event()

    def preload(self, address: str) -> None:
        """Import what `open` needs, just before it does, and then what the page here needs.

        `open` imports nothing meanwhile: two threads in one package's circular imports trip. The
        page itself is left to the GUI thread, see `routes`.
        """
        self._may_preload.wait()
        try:
            for names, done in ((TO_CONNECT, self._can_connect), (TO_READ, self._can_read)):
                for name in names:
                    import_module(name)
                done.set()
            routes.import_services(address)
        finally:
            for event in (self._can_connect, self._can_read, self._has_preloaded):
                event.set()

    def open(
        self, source: Source, *, extend: bool, may_upgrade: bool, tell: Callable[[str], None]
    ) -> Ready:
        """Return a database that answers and fits. Raises UserErrors.

        `extend`: make what this program adds to the contract, also in a foreign database. Unless
        it `may_upgrade`, what an older version made is not touched: UpgradeNeeded is raised.
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
        report = migrate(url, extras=wanted, may_upgrade=may_upgrade)
        if not report.after.is_fit:
            raise Unavailable(_unfit(report))
        tell("Reading the workspace…")
        self._can_read.wait()
        ready = _ready(source, url, Database.at(url), report)
        self._has_preloaded.wait()
        return self._with_news(ready) if source.is_local else ready

    def back_up_before_update(self, source: Source, on_progress: Progress) -> Path:
        """Save the database beside the workspace's data; return the file."""
        from crm_desktop.db.backups import SUFFIX, back_up

        folder = self._home / "backups"
        folder.mkdir(mode=0o700, exist_ok=True)
        file = folder / f"before-update-{datetime.now().astimezone():%Y%m%d-%H%M%S}{SUFFIX}"
        back_up(source.url or self._own_server().url, file, on_progress)
        return file

    def back_up(self, source: Source, file: Path, on_progress: Progress) -> Saved:
        from crm_desktop.db.backups import back_up

        info = back_up(source.url or self._own_server().url, file, on_progress)
        return Saved(file, info.size, info.made_at, "")

    def examine_backup(self, file: Path) -> Saved:
        """Say what a backup is, and what would make way for it. Raises Invalid for no backup."""
        from crm_desktop.db.backups import describe, refuse_newer
        from crm_desktop.db.restoring import contents, in_words

        info = describe(file)
        refuse_newer(info)
        in_the_way = in_words(contents(self._own_server().url))
        return Saved(file, info.size, info.made_at, in_the_way)

    def restore(self, file: Path, on_progress: Progress) -> None:
        """Load a backup beside the workspace; `close` lets them change places."""
        from crm_desktop.db.restoring import restore_beside

        server = self._own_server()
        if server.is_shared():
            raise Conflict(
                "Other windows or commands of CRM Desktop use this workspace. Close them, then "
                "restore again. Nothing was changed."
            )
        self._restored = restore_beside(server, file, on_progress)

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

    def _own_server(self) -> EmbeddedServer:
        if self._server is None:
            raise RuntimeError("open comes first")
        return self._server

    def bring_back(self) -> None:
        """Start the embedded server again if it has ended. Raises Unavailable."""
        if self._server is not None:
            self._server.ensure_running()

    def close(self) -> None:
        """Give up the embedded server, what was restored in its place; the last one stops it."""
        if self._server is None:
            return
        try:
            if self._restored is not None:
                self._put_in_place(self._server, self._restored)
        finally:
            self._server.close()
        if self.at_end is not None:
            self.at_end()

    def _put_in_place(self, server: EmbeddedServer, restored: Restored) -> None:
        from crm_desktop.db.restoring import put_in_place

        name = restored.info.file.name
        try:
            kept = put_in_place(server, restored)
        except UserError as refusal:  # what was restored goes when the next restore begins
            _log.warning("The restored backup is not in place: %s", refusal)
            self._leave_word(NOT_IN_PLACE, f"“{name}” did not take its place. {refusal}")
        else:
            _log.info("The backup is in place; the former workspace: %s.", kept or "empty")
            beside = f" What was there before is kept in the database {kept}." if kept else ""
            self._leave_word(IN_PLACE, f"“{name}” is restored.{beside}")

    def _leave_word(self, file: str, sentence: str) -> None:
        """Write down what the next start says: this one's window is closed."""
        from crm_desktop.db.private_files import write_private

        write_private(self._home / file, sentence)

    def _with_news(self, ready: Ready) -> Ready:
        """Add what an earlier end of the program left to be said, once."""
        news, problems = self._word(IN_PLACE), self._word(NOT_IN_PLACE)
        return replace(ready, news=news, problems=(*ready.problems, *problems))

    def _word(self, file: str) -> tuple[str, ...]:
        path = self._home / file
        if not path.exists():
            return ()
        sentence = path.read_text(encoding="utf-8")
        path.unlink()
        return (sentence,)

    def local_url(self, tell: Callable[[str], None]) -> str:
        """Start the embedded server, or join the one that runs, and return its address."""
        server = self._own_server()
        is_new = not server.data_directory.exists()
        older = server.version_to_take_over
        if older:
            tell(f"Taking over the data of PostgreSQL {older}…")
        else:
            tell("Making a new workspace…" if is_new else "Starting the database…")
        server.ensure_running()
        if older:
            said = f"The data of PostgreSQL {older} were taken over."
            self._leave_word(IN_PLACE, f"{said} The old ones are kept beside them in {self._home}.")
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

    with database.read(actor) as session:  # the window's next read finds this connection open
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
