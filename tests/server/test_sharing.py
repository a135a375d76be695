"""One server for all copies of the program; it stops with the last and survives every kill."""

import signal
import subprocess
from pathlib import Path

import psutil
import psycopg
import pytest

from crm_desktop.db.account import run_as, server_account
from crm_desktop.db.server import EmbeddedServer
from crm_desktop.domain.errors import Unavailable
from tests.homes import processes_in, server_process, wait_until
from tests.server.program import Starter

ENDLESS = "SELECT count(*) FROM generate_series(1, 100000000000) AS n WHERE n % 7 = 8"


def note_something(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE IF EXISTS noted")
        connection.execute("CREATE TABLE noted AS SELECT 42 AS answer")


def what_was_noted(url: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT answer FROM noted").fetchone()
        assert row is not None
        return row[0]


def kill_server(home: Path) -> None:
    server = server_process(home)
    server.kill()
    wait_until(lambda: has_ended(server))


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_copies_share_one_server_and_it_stops_with_the_last(
    home: Path, start_program: Starter
) -> None:
    first, second = start_program(home), start_program(home)
    answers = [first.answer(), second.answer()]
    assert answers[0] == answers[1]

    first.close()
    assert server_process(home).is_running()
    note_something(answers[1]["url"])

    second.close()
    assert processes_in(home) == []
    assert not (home / "data" / "postmaster.pid").exists()


def test_two_shares_in_one_process_are_two(home: Path) -> None:
    with EmbeddedServer.running(home) as first:
        with EmbeddedServer.running(home) as second:
            assert first.url == second.url
        assert server_process(home).is_running()
    assert processes_in(home) == []


def test_two_copies_starting_at_the_same_moment_on_a_fresh_home_make_one_database(
    fresh_home: Path, start_program: Starter
) -> None:
    programs = [start_program(fresh_home) for _ in range(3)]
    answers = [program.answer() for program in programs]
    assert answers[0] == answers[1] == answers[2]
    note_something(answers[0]["url"])


def test_a_killed_programs_server_is_adopted_and_stopped_by_the_next(
    home: Path, start_program: Starter
) -> None:
    program = start_program(home)
    answer = program.answer()
    program.kill()
    assert server_process(home).is_running()

    with EmbeddedServer.running(home) as server:
        assert str(server_process(home).pid) == answer["pid"]
        note_something(server.url)
    assert processes_in(home) == []


def test_a_killed_program_does_not_keep_the_server_from_stopping(
    home: Path, start_program: Starter
) -> None:
    with EmbeddedServer.running(home):
        program = start_program(home)
        program.answer()
        program.kill()
    assert processes_in(home) == []


def test_a_killed_server_comes_back_for_the_program_that_asks(home: Path) -> None:
    with EmbeddedServer.running(home) as server:
        note_something(server.url)
        kill_server(home)
        server.ensure_running()
        assert what_was_noted(server.url) == 42


def test_a_killed_server_comes_back_for_the_copy_that_did_not_start_it(
    home: Path, start_program: Starter
) -> None:
    program = start_program(home)
    note_something(program.answer()["url"])
    with EmbeddedServer.running(home) as server:
        kill_server(home)  # its parent lives and has not reaped it
        server.ensure_running()
        program.close()
        assert what_was_noted(server.url) == 42


def test_a_server_killed_while_a_query_runs_comes_back(home: Path) -> None:
    with EmbeddedServer.running(home) as server:
        note_something(server.url)
        connection = psycopg.connect(server.url)
        connection.pgconn.send_query(ENDLESS.encode())
        backend = psutil.Process(connection.info.backend_pid)
        wait_until(lambda: backend.cpu_times().user > 0.1)
        kill_server(home)
        assert not has_ended(backend)  # it is busy and has not noticed

        server.ensure_running()
        assert has_ended(backend)
        connection.close()
        assert what_was_noted(server.url) == 42


def crash(home: Path, url: str) -> None:
    """Kill a backend, as a computer without memory does; return while the server recovers."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS much AS SELECT generate_series(1, 300000)")
        written = len((home / "server.log").read_bytes())
        psutil.Process(connection.info.backend_pid).kill()
    wait_until(lambda: b"reinitializing" in (home / "server.log").read_bytes()[written:])


def test_a_server_that_recovers_from_a_crash_stops_with_the_last_copy_and_comes_back(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_desktop.db.cluster.STOP_SECONDS", 2.0)  # where it just recovered
    with EmbeddedServer.running(home) as server:
        note_something(server.url)
        crash(home, server.url)
    assert processes_in(home) == []

    with EmbeddedServer.running(home) as server:
        assert what_was_noted(server.url) == 42


def test_a_server_that_hangs_while_it_stops_is_ended_by_the_next_start(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_desktop.db.cluster.STOP_SECONDS", 1.0)
    with EmbeddedServer.running(home) as server:
        note_something(server.url)
        crash(home, server.url)
        hanging = server_process(home)
        hanging.send_signal(signal.SIGINT)
        wait_until(lambda: "stopping" in (home / "data" / "postmaster.pid").read_text())

        server.ensure_running()
        assert has_ended(hanging)
        assert what_was_noted(server.url) == 42


def test_program_and_server_killed_together_come_back(home: Path, start_program: Starter) -> None:
    program = start_program(home)
    note_something(program.answer()["url"])
    program.kill()
    kill_server(home)

    with EmbeddedServer.running(home) as server:
        assert what_was_noted(server.url) == 42


def test_a_process_that_got_the_killed_servers_number_is_not_taken_for_it(home: Path) -> None:
    account = run_as(server_account(home / "data"))
    stranger = subprocess.Popen(["sleep", "60"], cwd="/", **account)
    try:
        with EmbeddedServer.running(home) as server:
            note_something(server.url)
            kill_server(home)
            for file in (home / "data/postmaster.pid", home / "socket/.s.PGSQL.5432.lock"):
                _, _, rest = file.read_text().partition("\n")
                file.write_text(f"{stranger.pid}\n{rest}")

            server.ensure_running()
            assert what_was_noted(server.url) == 42
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_whose_socket_was_removed_is_restarted(home: Path) -> None:
    with EmbeddedServer.running(home) as server:
        note_something(server.url)
        (home / "socket" / ".s.PGSQL.5432").unlink()
        server.ensure_running()
        assert what_was_noted(server.url) == 42


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(
    home: Path, start_program: Starter
) -> None:
    starter = start_program(home)
    pid = starter.answer()["pid"]
    with EmbeddedServer.running(home) as server:
        starter.interrupt()
        note_something(server.url)
        assert str(server_process(home).pid) == pid


def test_a_program_that_ends_stops_the_server_although_others_hold_connections(home: Path) -> None:
    server = EmbeddedServer(home)
    server.ensure_running()
    with psycopg.connect(server.url):
        server.close()
    assert processes_in(home) == []


def test_after_closing_nothing_starts_it_again(home: Path) -> None:
    with EmbeddedServer.running(home) as server:
        pass
    server.close()
    with pytest.raises(Unavailable, match="closed with the program"):
        server.ensure_running()
    with pytest.raises(Unavailable, match="not running"):
        assert server.url


def test_waiting_for_a_copy_that_hangs_while_starting_ends_with_a_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_desktop.db.server.BUSY_SECONDS", 0.2)
    with EmbeddedServer.running(home) as server:
        starting = server._start_lock()
        with starting, pytest.raises(Unavailable, match="starting or stopping"):
            server.ensure_running()


def test_a_server_that_needs_long_to_recover_is_left_to_it(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_desktop.db.cluster.READY_SECONDS", 1.0)
    with (own_home / "data" / "postgresql.conf").open("a") as file:
        file.write("wal_level = replica\nhot_standby = off\n")
    with EmbeddedServer.running(own_home):
        pass
    (own_home / "data" / "standby.signal").touch()  # such a server recovers for ever

    with pytest.raises(Unavailable, match="recovering"), EmbeddedServer.running(own_home):
        pass
    assert server_process(own_home).is_running()
    kill_server(own_home)
    wait_until(lambda: not processes_in(own_home))
