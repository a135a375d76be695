"""Backups: written whole, read wholly, restored beside what is there, and never half."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from crm_desktop.cli import main
from crm_desktop.db import backups, restoring
from crm_desktop.db.backups import back_up, check, count_rows, describe, refuse_newer
from crm_desktop.db.database import Database
from crm_desktop.db.fingerprint import DESKTOP_VERSIONS
from crm_desktop.db.migrate import migrate
from crm_desktop.db.server import EmbeddedServer
from crm_desktop.domain.errors import Cancelled, Conflict, Invalid
from crm_desktop.gui.startup import Ready, Source
from crm_desktop.opening import IN_PLACE, DatabaseOpener
from crm_desktop.services import auth, fields, layouts, objects, records
from tests import homes

LATEST = DESKTOP_VERSIONS[-1]
NAMES = ("Orion", "Lyra")


def on(_done: int, _total: int) -> bool:
    return True


def fill(url: str, label: str = "Deal") -> None:
    """Make an object with two records."""
    migrate(url)
    database = Database.at(url)
    try:
        with database.write(auth.KEEPER) as session:
            actor = auth.owner(session)
        with database.write(actor) as session:
            object_id = objects.create_object(session, objects.ObjectDraft(label=label))
            draft = fields.FieldDraft(label=f"{label} name", type="text")
            field_id = fields.create_field(session, draft)
            layouts.attach_field(session, object_id, field_id)
            for name in NAMES:
                records.create_record(session, object_id, {field_id: name})
    finally:
        database.close()


def labels(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [label for (label,) in connection.execute("SELECT label FROM objects ORDER BY 1")]


@pytest.fixture(scope="module")
def filled_home(used_home: Path) -> Iterator[Path]:
    with homes.temporary_home() as home:
        homes.copy_home(used_home, home)
        with EmbeddedServer.running(home) as server:
            fill(server.url)
        yield home


@pytest.fixture(scope="module")
def server(filled_home: Path) -> Iterator[EmbeddedServer]:
    with EmbeddedServer.running(filled_home) as server:
        yield server


@pytest.fixture(scope="module")
def saved(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("backups") / "deals.crmdump"
    back_up(server.url, file, on)
    return file


def test_a_backup_says_what_it_is_and_is_readable_for_its_owner_only(saved: Path) -> None:
    info = describe(saved)
    assert info.database == "crm"
    assert (info.core_version, info.desktop_version) == ("crm_desktop_core_0001", LATEST)
    assert {"objects", "records", "relationship_records"} <= set(info.tables)
    assert info.size == saved.stat().st_size
    assert saved.stat().st_mode & 0o777 == 0o600
    assert check(saved) == info


def test_a_stopped_backup_leaves_no_file(server: EmbeddedServer, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        back_up(server.url, tmp_path / "a.crmdump", lambda _done, _total: False)
    assert list(tmp_path.iterdir()) == []


def test_a_backup_that_cannot_be_written_is_refused_in_words(server: EmbeddedServer) -> None:
    with pytest.raises(Invalid, match="cannot be written"):
        back_up(server.url, Path("/nowhere/a.crmdump"), on)


def test_the_progress_of_a_backup_is_that_of_its_own_connection(
    server: EmbeddedServer, tmp_path: Path
) -> None:
    names = set[str]()
    query = "SELECT application_name FROM pg_stat_activity WHERE backend_type = 'client backend'"
    with psycopg.connect(server.url, autocommit=True) as connection:

        def look(_done: int, _total: int) -> bool:
            names.update(name for (name,) in connection.execute(query))
            return True

        back_up(server.url, tmp_path / "a.crmdump", look)
    assert any(name.startswith("crm-desktop backup ") for name in names)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_backup_onto_a_full_disk_says_so_and_leaves_nothing(
    server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "_make_private", lambda part: part.symlink_to("/dev/full"))
    with pytest.raises(Invalid) as refusal:
        back_up(server.url, tmp_path / "a.crmdump", on)
    assert f"The disk that {tmp_path} is on has no room" in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("spoil", ["cut", "bit", "other", "none"])
def test_what_is_no_whole_backup_is_refused_in_words(
    saved: Path, tmp_path: Path, spoil: str
) -> None:
    file = tmp_path / "spoiled.crmdump"
    whole = saved.read_bytes()
    middle = whole.index(b"x\x9c") + 12 if b"x\x9c" in whole else len(whole) // 2
    spoiled = {
        "cut": whole[: len(whole) // 2],
        "bit": whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :],
        "other": b"name,city\nAda,Bern\n",
    }
    if spoil in spoiled:
        file.write_bytes(spoiled[spoil])
    with pytest.raises(Invalid) as refusal:
        check(file)
    assert "spoiled.crmdump" in str(refusal.value)


def test_a_backup_of_a_newer_version_is_refused(
    server: EmbeddedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "newer.crmdump"
    version = "UPDATE crm_desktop.alembic_version SET version_num = %s"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(version, ["crm_desktop_9999"])
        try:
            back_up(server.url, file, on)
        finally:
            connection.execute(version, [LATEST])
    with pytest.raises(Invalid, match="newer CRM Desktop"):
        refuse_newer(describe(file))
    with pytest.raises(Invalid, match="newer CRM Desktop"):
        restoring.restore_beside(server, file, on)
    assert main(["restore", str(file), "--verify-only"]) == 1
    said = capsys.readouterr()
    assert "Whole:" in said.out
    assert "newer CRM Desktop" in said.err


def test_a_workspace_that_holds_data_does_not_make_way_unasked(server: EmbeddedServer) -> None:
    with pytest.raises(Conflict, match="1 object, 1 field, 2 records"):
        restoring.refuse_unless_empty(server.url)


def test_a_restored_workspace_holds_the_same_rows_and_the_former_one_is_kept(
    server: EmbeddedServer, saved: Path
) -> None:
    fill(server.url, "Later")
    before = labels(server.url)
    restored = restoring.restore_beside(server, saved, on)
    assert labels(server.url) == before
    with psycopg.connect(server.url), pytest.raises(Conflict, match="Close them"):
        restoring.put_in_place(server, restored)
    kept = restoring.put_in_place(server, restored)
    assert labels(server.url) == ["Deal"]
    assert restored.rows == count_rows(server.url)
    assert labels(server.url_for(kept)) == before == ["Deal", "Later"]
    fill(server.url, "Again")  # it works as any workspace


def test_a_stopped_restore_leaves_nothing(server: EmbeddedServer, saved: Path) -> None:
    before = labels(server.url)
    with pytest.raises(Cancelled):
        restoring.restore_beside(server, saved, lambda done, _total: done < 5)
    assert labels(server.url) == before
    assert begun(server) == []


def begun(server: EmbeddedServer) -> list[str]:
    query = "SELECT datname FROM pg_database WHERE starts_with(datname, 'crm_restoring_')"
    with psycopg.connect(server.url_for("postgres")) as connection:
        return [name for (name,) in connection.execute(query)]


def test_a_restore_that_is_killed_half_way_leaves_the_old_workspace_whole(
    server: EmbeddedServer, filled_home: Path, saved: Path
) -> None:
    before = count_rows(server.url)
    command = [
        sys.executable,
        "-c",
        "import sys; from crm_desktop.cli import main; sys.exit(main())",
    ]
    environment = os.environ | {"CRM_DESKTOP_HOME": str(filled_home)}
    with subprocess.Popen(
        [*command, "restore", str(saved), "--replace"], env=environment, start_new_session=True
    ) as child:
        homes.wait_until(lambda: begun(server))
        os.killpg(child.pid, signal.SIGKILL)
    assert count_rows(server.url) == before
    assert begun(server) != []
    restored = restoring.restore_beside(server, saved, on)  # takes away what was left
    assert begun(server) == [restored.database]


def test_the_terminal_saves_and_restores_into_a_new_workspace(
    server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = tmp_path / "a.crmdump"
    expected = labels(server.url)
    assert main(["backup", str(file), "--database", server.url]) == 0
    assert main(["backup", str(file), "--database", server.url]) == 2  # there is one
    assert main(["restore", str(file), "--database", server.url]) == 1
    assert "empty database only" in capsys.readouterr().err
    with homes.temporary_home() as home:
        monkeypatch.setenv("CRM_DESKTOP_HOME", str(home))
        assert main(["restore", str(file)]) == 0
        with EmbeddedServer.running(home) as other:
            assert labels(other.url) == expected
        assert main(["restore", str(file)]) == 1
        assert "not empty" in capsys.readouterr().err


def test_former_workspaces_are_listed_brought_back_and_deleted(
    server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = tmp_path / "deals.crmdump"
    back_up(server.url, file, on)
    expected = labels(server.url)
    with homes.temporary_home() as home, EmbeddedServer.running(home) as other:
        monkeypatch.setenv("CRM_DESKTOP_HOME", str(home))
        assert main(["kept"]) == 0
        assert capsys.readouterr().out == "No former workspace is kept.\n"
        fill(other.url, "Old")
        assert main(["restore", str(file), "--replace"]) == 0
        capsys.readouterr()
        assert main(["kept", "--json"]) == 0
        (kept,) = json.loads(capsys.readouterr().out)
        assert kept["rows"] == {"objects": 1, "fields": 1, "records": 2}

        with psycopg.connect(other.url):
            assert main(["kept", "--back", kept["database"]]) == 1
            assert "use this workspace" in capsys.readouterr().err
            assert labels(other.url) == expected
        assert main(["kept", "--back", kept["database"]]) == 0
        assert "is the workspace again. What was there before is kept" in capsys.readouterr().out
        assert labels(other.url) == ["Old"]

        assert main(["kept", "--json"]) == 0
        (kept,) = json.loads(capsys.readouterr().out)
        assert main(["kept", "--drop", kept["database"]]) == 1
        assert "records" in capsys.readouterr().out
        assert main(["kept", "--drop", "crm"]) == 1
        assert "No former workspace" in capsys.readouterr().err
        assert main(["kept", "--drop", kept["database"], "--yes"]) == 0
        assert main(["kept"]) == 0
        assert "No former workspace is kept." in capsys.readouterr().out
        assert labels(other.url) == ["Old"]


def test_a_workspace_that_does_not_fit_is_not_taken_for_an_empty_one(
    server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = tmp_path / "deals.crmdump"
    back_up(server.url, file, on)
    with homes.temporary_home() as home:
        monkeypatch.setenv("CRM_DESKTOP_HOME", str(home))
        with EmbeddedServer.running(home) as other:
            fill(other.url, "Old")
            with psycopg.connect(other.url) as connection:
                connection.execute("ALTER TABLE objects DROP COLUMN icon")
        assert main(["restore", str(file)]) == 1
        assert "not empty" in capsys.readouterr().err
        assert main(["restore", str(file), "--replace", "--json"]) == 0
        name = json.loads(capsys.readouterr().out)["kept"]
        assert main(["kept"]) == 0
        assert capsys.readouterr().out.startswith(f"{name}: 1 object, 1 field, 2 records, ")


def open_workspace(home: Path) -> tuple[DatabaseOpener, Ready]:
    """Open it as a window does, and let go of its connections."""
    opener = DatabaseOpener(home)
    with ThreadPoolExecutor(1) as other:
        other.submit(opener.preload, "objects")  # what the program does meanwhile
        ready = opener.open(Source(), extend=True, may_upgrade=False, tell=lambda _words: None)
    ready.database.close()
    return opener, ready


def test_what_the_window_restores_takes_its_place_when_the_window_is_closed(
    filled_home: Path, server: EmbeddedServer, saved: Path
) -> None:
    fill(server.url, "Late")
    server.close()  # whoever restores has the workspace alone
    opener, _ = open_workspace(filled_home)
    started = threading.Event()
    opener.at_end = started.set
    assert opener.examine_backup(saved).in_the_way.endswith("records")
    opener.restore(saved, on)
    with EmbeddedServer.running(filled_home) as other, psycopg.connect(other.url):
        opener.close()
    assert started.is_set()

    opener, ready = open_workspace(filled_home)
    (problem,) = ready.problems
    assert problem.startswith(f"“{saved.name}” did not take its place. Other windows")
    opener.restore(saved, on)
    opener.close()

    opener, ready = open_workspace(filled_home)
    opener.close()
    assert ready.problems == ()
    assert ready.news[0].startswith(f"“{saved.name}” is restored. What was there before is kept in")
    assert not (filled_home / IN_PLACE).exists()  # it is said once
    with EmbeddedServer.running(filled_home) as again:
        assert labels(again.url) == ["Deal"]
