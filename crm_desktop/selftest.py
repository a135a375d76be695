"""Tries an installation: resources load, a database starts, one object is made and read back."""

import os
import sys
import tempfile
from pathlib import Path

from crm_desktop import __version__
from crm_desktop.domain.errors import UserError


def main() -> int:
    """Print what was tried; return 0 when all of it works, for packaging and support."""
    sys.stdout.write(f"CRM Desktop {__version__}\n")
    try:
        _try_resources()
        _try_database()
    except (UserError, OSError, ImportError) as problem:
        sys.stdout.write(f"failed: {problem}\n")
        return 1
    sys.stdout.write("All works.\n")
    return 0


def _try_resources() -> None:
    from crm_desktop.files import migrations_folder, resources_folder

    wanted = [
        resources_folder() / "sample" / "workspace.json",
        migrations_folder() / "core" / "env.py",
        migrations_folder() / "desktop" / "env.py",
    ]
    for path in wanted:
        if not path.is_file():
            raise FileNotFoundError(path)
    import PySide6.QtCore

    sys.stdout.write(f"resources load, Qt {PySide6.QtCore.qVersion()}\n")


def _try_database() -> None:
    from crm_desktop.db.database import Database
    from crm_desktop.db.migrate import migrate
    from crm_desktop.db.server import EmbeddedServer
    from crm_desktop.services import auth, objects

    with tempfile.TemporaryDirectory(prefix="crm-self-test-", dir=_short_folder()) as folder:
        Path(folder).chmod(0o711)  # as root the server runs under an account of its own
        with EmbeddedServer.running(Path(folder)) as server:
            migrate(server.url)
            database = Database.at(server.url)
            try:
                with database.write(auth.KEEPER) as session:
                    actor = auth.owner(session)
                with database.write(actor) as session:
                    objects.create_object(session, objects.ObjectDraft(label="Self-test"))
                with database.read(actor) as session:
                    labels = [row.label for row in objects.list_objects(session)]
            finally:
                database.close()
            if labels != ["Self-test"]:
                raise OSError(f"the database gave back {labels}")
            sys.stdout.write(f"a database starts, PostgreSQL {server.version}\n")


def _short_folder() -> str | None:
    """Return where sockets' paths stay short; None lets Python choose."""
    return "/tmp" if os.name == "posix" else None  # noqa: S108 - a random name below it


if __name__ == "__main__":
    sys.exit(main())
