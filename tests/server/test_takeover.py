"""A workspace that an older PostgreSQL made is taken over whole, or stays as it was."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from crm_desktop.db import binaries, takeover
from crm_desktop.db.account import give_to, open_home, server_account
from crm_desktop.db.cluster import Cluster, address_of
from crm_desktop.db.locks import wait_for_lock
from crm_desktop.db.migrate import migrate
from crm_desktop.db.private_files import write_private
from crm_desktop.db.server import EmbeddedServer
from crm_desktop.domain.errors import Unavailable
from tests import homes, postgres

OLD = postgres.binaries(16)


@pytest.fixture(scope="module")
def old_home() -> Iterator[Path]:
    """Give a home whose server was PostgreSQL 16, with a user in its table."""
    with homes.temporary_home() as home:
        account = server_account(home / "data")
        open_home(home, account)
        cluster = Cluster(home, account, OLD)
        with wait_for_lock(home / "server.lock", 10, "busy") as held:
            secret = home / "socket-secret"
            cluster._write(secret, "secret")
            (home / "data").mkdir(mode=0o700)
            give_to(account, home / "data")
            cluster._run(
                ["initdb", "-D", str(home / "data"), "-U", "crm", "-A", "scram-sha-256",
                 f"--pwfile={secret}", "-E", "UTF8", "--locale=C"],
                "make a database", held=held,
            )  # fmt: skip
            secret.unlink()
            cluster._single_user(home / "data", "CREATE DATABASE crm", held)
        write_private(home / "password", "secret")
        url = address_of(cluster.bring_up(), "secret")
        migrate(url)
        with psycopg.connect(url) as connection:
            connection.execute(
                "INSERT INTO users VALUES (gen_random_uuid(), 'ada@example.com', 'x', 'Ada',"
                " true, true, now(), now())"
            )
        cluster.stop()
        yield home


@pytest.fixture
def home(old_home: Path) -> Iterator[Path]:
    with homes.temporary_home() as home:
        homes.copy_home(old_home, home)
        yield home


def emails(home: Path) -> list[str]:
    with EmbeddedServer.running(home) as server, psycopg.connect(server.url) as connection:
        return [email for (email,) in connection.execute("SELECT email FROM users")]


def version_of(data: Path) -> str:
    return (data / "PG_VERSION").read_text().strip()


def test_data_of_postgresql_16_are_taken_over_once_they_are_proven_and_the_old_ones_kept(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(takeover.VARIABLE, str(OLD))
    beside = home / takeover.FOLDER
    beside.mkdir()
    (beside / takeover.DUMP).write_bytes(b"PGDMP")  # somebody was killed before
    counts = iter([{"records": 3}, {"records": 2}])
    with monkeypatch.context() as patched:
        patched.setattr(takeover, "count_rows", lambda _url: next(counts))
        with pytest.raises(Unavailable, match="the table records has 3 rows there and 2"):
            emails(home)
    assert version_of(home / "data") == EmbeddedServer(home).version_to_take_over == "16"
    assert not beside.exists()

    (beside / "data").mkdir(parents=True)  # killed after the proof, before the renames
    (beside / takeover.PROVEN).touch()
    assert emails(home) == ["ada@example.com"]
    assert version_of(home / "data") == binaries.major_version()
    assert version_of(home / "data-postgresql-16") == "16"
    assert EmbeddedServer(home).version_to_take_over == ""
    assert not beside.exists()

    beside.mkdir()  # killed between the two renames
    (home / "data").rename(beside / "data")
    (beside / takeover.PROVEN).touch()
    assert emails(home) == ["ada@example.com"]
    assert not beside.exists()


def test_where_no_such_server_is_found_the_sentence_says_what_can_open_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "USUAL", ())
    monkeypatch.setenv("PATH", str(home))
    with pytest.raises(Unavailable) as refusal:
        emails(home)
    assert "made by PostgreSQL 16" in str(refusal.value)
    assert "install postgresql-16" in str(refusal.value)
    assert takeover.VARIABLE in str(refusal.value)
    assert version_of(home / "data") == "16"
