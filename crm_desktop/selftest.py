"""Tries an installation from resources to window, with a database of its own that is then gone."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from crm_desktop import __version__
from crm_desktop.domain.errors import UserError

if TYPE_CHECKING:
    from crm_desktop.db.database import Database
    from crm_desktop.domain.access import Actor

NAME, PEOPLE = "self_test", ("Ada Lovelace", "Grace Hopper", "Zoë Müller")
CSV = "name,city\n" + "".join(f"{name},Bern\n" for name in PEOPLE)
SEARCHED = "hopp"
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


class NotRight(Exception):
    """Something answered, but not what it must."""


def main() -> int:
    """Print a line for each step; return 0 when all of them work, for packaging and support.

    Nothing of the person's own data is touched. What is made lies in one temporary folder, which is
    removed at the end however that comes about.
    """
    sys.stdout.write(f"CRM Desktop {__version__}\n")
    try:
        _say("resources load", _try_resources())
        with _temporary_home() as home:
            _try_home(home)
    except (UserError, OSError, ImportError, NotRight) as problem:
        sys.stdout.write(f"FAILED  {problem}\n")
        return 1
    sys.stdout.write("All works.\n")
    return 0


def _try_home(home: Path) -> None:
    from crm_desktop.db.database import Database
    from crm_desktop.db.server import EmbeddedServer
    from crm_desktop.services import auth

    with EmbeddedServer.running(home) as server:
        _say("the server starts", f"PostgreSQL {server.version}")
        _say("migrations run", _try_migrations(server.url))
        database = Database.at(server.url)
        try:
            with database.write(auth.KEEPER) as session:
                actor = auth.owner(session)
            _say("a file is imported and exported", _try_file(database, actor, home))
            _say("a record is made, found and deleted", _try_record(database, actor))
        finally:
            database.close()
        _say("a window is shown", _try_window(home))


def _say(step: str, found: str) -> None:
    sys.stdout.write(f"ok      {step} ({found})\n")
    sys.stdout.flush()


def _check(is_right: bool, sentence: str) -> None:  # noqa: FBT001 - reads as assert does
    if not is_right:
        raise NotRight(sentence)


def _try_resources() -> str:
    """Look for each file, and use each library that is only loaded on demand."""
    from PySide6.QtCore import qVersion

    from crm_desktop.files import migrations_folder, resources_folder
    from crm_desktop.gui.glyphs import find_glyph
    from crm_desktop.services.passwords import fits, hash_password

    for path in (
        resources_folder() / "sample" / "workspace.json",
        resources_folder() / "icons" / "crm-desktop.svg",
        migrations_folder() / "core" / "env.py",
        migrations_folder() / "desktop" / "env.py",
    ):
        if not path.is_file():
            raise FileNotFoundError(path)
    _check(find_glyph("database") is not None, "The icons are missing.")
    _check(fits("self-test", hash_password("self-test")), "Passwords are not verified.")
    _try_layouts()
    return f"Qt {qVersion()}"


def _try_layouts() -> None:
    import fast_sugiyama
    import rustworkx

    edges = [(0, 1), (1, 2)]
    graph = rustworkx.PyDiGraph()
    graph.add_nodes_from(range(3))
    graph.add_edges_from_no_data(edges)
    _check(len(rustworkx.spring_layout(graph)) == 3, "Graphs cannot be laid out.")
    _check(len(list(fast_sugiyama.from_edges(edges))) == 1, "Graphs cannot be laid out in layers.")


def _try_migrations(url: str) -> str:
    from crm_desktop.db.migrate import migrate

    done = migrate(url).after
    _check(done.is_fit, f"The database lacks {', '.join(done.missing)}.")
    return f"{done.core_version} and {done.desktop_version}"


def _try_file(database: Database, actor: Actor, home: Path) -> str:
    """Import people into a new object, and export them again."""
    from crm_desktop.services import exporting, importing, objects
    from crm_desktop.services.import_plan import ImportRequest

    file = home.parent / "people.csv"
    file.write_text(CSV, encoding="utf-8")
    request = ImportRequest(object_name=NAME, creates=True)
    with database.long(actor) as session:
        result = importing.import_file(session, file, request)
    _check(result.created == len(PEOPLE), f"{result.created} of {len(PEOPLE)} rows were imported.")
    with database.read(actor) as session:
        object_id = objects.find_object(session, NAME).id
        text = "".join(exporting.export_records(session, object_id))
    _check(text.replace("\r\n", "\n") == CSV, f"The export reads {text!r}.")
    return f"{result.created} rows"


def _try_record(database: Database, actor: Actor) -> str:
    from crm_desktop.domain.filters import RecordQuery
    from crm_desktop.services import objects, record_query, records

    with database.read(actor) as session:
        object_id = objects.find_object(session, NAME).id
        name = records.fields_of(session, object_id)[0].id
        before = record_query.count_matching(session, RecordQuery(object_id, SEARCHED))
    with database.write(actor) as session:
        record_id = records.create_record(session, object_id, {name: "Hoppy"})
    with database.read(actor) as session:
        found = record_query.count_matching(session, RecordQuery(object_id, SEARCHED))
    _check(found == before + 1, f"{found} records were found instead of {before + 1}.")
    with database.write(actor) as session:
        deleted = records.delete_records(session, [record_id])
    _check(deleted == 1, f"{deleted} records were deleted instead of one.")
    return "1 record"


def _try_window(home: Path) -> str:
    """Open the program's own window on this database, and look at a picture of it."""
    from crm_desktop.app import main as open_window

    is_unseen = sys.platform.startswith("linux") and not any(map(os.environ.get, _DISPLAYS))
    changed = {"CRM_DESKTOP_HOME": str(home), "CRM_DESKTOP_DATABASE": ""}
    if is_unseen:
        changed["QT_QPA_PLATFORM"] = "offscreen"
    picture = home.parent / "window.png"
    with _environment(changed):
        status = open_window(["--screenshot", str(picture)])
    _check(status == 0, f"The window ended with status {status}.")
    from PySide6.QtGui import QGuiApplication, QImage

    image = QImage(str(picture))
    _check(not image.isNull(), "There is no picture of the window.")
    points = [(x, y) for x in range(0, image.width(), 9) for y in range(0, image.height(), 9)]
    _check(len({image.pixel(*point) for point in points}) > 3, "The window is empty.")
    return f"on {QGuiApplication.platformName()}, {image.width()} x {image.height()}"


@contextmanager
def _environment(changed: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _temporary_home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="crm-self-test-", dir=_short_folder()) as folder:
        Path(folder).chmod(0o711)  # as root the server runs under an account of its own
        yield Path(folder) / "home"


def _short_folder() -> str | None:
    """Return where sockets' paths stay short; None lets Python choose."""
    return "/tmp" if os.name == "posix" else None  # noqa: S108 - a random name below it


if __name__ == "__main__":
    sys.exit(main())
