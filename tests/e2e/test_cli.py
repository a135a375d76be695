"""The command line as people and scripts meet it: answers, refusals, exit statuses."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm_desktop import __version__
from crm_desktop.cli import main

COMMANDS = (
    *("import", "export", "backup", "restore", "kept", "migrate"),
    *("detach", "doctor", "sample", "self-test"),
)


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture
def run(database_url: str, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command on the test's database, in this process."""

    def run_(*arguments: str | Path) -> Said:
        status = main([*map(str, arguments), "--database", database_url])
        sys.stdout.flush()
        said = capfd.readouterr()
        assert "Traceback" not in said.err
        return Said(status, said.out, said.err)

    return run_


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    file.write_text("name,city\nAda,Bern\nBob,Graz\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*filter(None, [command]), "--help"]) == 0
    assert "Usage:" in capsys.readouterr().out


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"CRM Desktop {__version__}\n"


def test_misuse_ends_with_status_2_and_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["import"], ["nonsense"], ["export"], ["import", "x", "--date-order", "yd"]):
        assert main(arguments) == 2
        assert "Usage:" in capsys.readouterr().err


def test_an_import_answers_with_counts_in_json(run: Run, people: Path) -> None:
    arguments = ["import", people, "--object", "person", "--create", "--key", "name", "--json"]
    first, again = run(*arguments), run(*arguments)
    assert (first.status, again.status) == (0, 0)
    assert first.json == {
        "created": 2, "updated": 0, "unchanged": 0, "rejected": 0, "links": 0, "unmatched": 0,
    }  # fmt: skip
    assert again.json == first.json | {"created": 0, "unchanged": 2}


def test_a_person_reads_what_was_refused_and_where_the_rest_is(
    run: Run, tmp_path: Path, people: Path
) -> None:
    run("import", people, "--object", "person", "--create", "--type", "city=select")
    people.write_text("name,size\n" + "\n".join(f"x,{n}x" for n in range(20)) + "\ny,1\n")
    run("import", people, "--object", "size", "--create", "--type", "size=number")
    report = tmp_path / "report.csv"
    said = run("import", people, "--object", "size", "--report", report)
    assert said.status == 0
    assert said.out == "1 created, 0 updated, 0 unchanged, 20 rejected; 0 links, 0 unmatched.\n"
    assert said.err.startswith("Line 2, size: “0x” is not a number.")
    assert said.err.endswith(f"… and 10 more; all of them are in {report}.\n")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (bytes(range(256)) * 8, "not a CSV file"),
        (b"name,since\nAda,03/04/2024\n", "--date-order"),
        (b'name\n"open\n', "never closed"),
    ],
    ids=["empty", "bytes", "dates", "quote"],
)
def test_a_file_that_cannot_be_imported_ends_with_status_1_and_one_sentence(
    content: bytes, words: str, run: Run, people: Path
) -> None:
    people.write_bytes(content)
    said = run("import", people, "--object", "person", "--create", "--json")
    assert (said.status, said.out) == (1, "")
    assert words in said.err
    assert said.err.count("\n") == 1
    assert run("doctor", "--json").json["objects"] == []


def test_refusals_name_the_option_that_helps(run: Run, people: Path) -> None:
    assert "There is no object called" in run("import", people, "--object", "nobody").err
    run("import", people, "--object", "person", "--create")
    people.write_text("name,shoe\nAda,43\n", encoding="utf-8")
    refused = run("import", people, "--object", "person")
    assert refused.status == 1
    assert "--create" in refused.err
    assert "--skip" in refused.err
    assert run("import", people, "--object", "person", "--skip", "shoe").status == 0


def test_what_is_exported_can_be_imported(run: Run, people: Path, tmp_path: Path) -> None:
    run("import", people, "--object", "person", "--create")
    file = tmp_path / "out.csv"
    assert run("export", "--object", "person", file).status == 0
    assert file.read_bytes() == b"name,city\r\nAda,Bern\r\nBob,Graz\r\n"
    assert run("export", "--object", "person").out.splitlines() == file.read_text().splitlines()
    assert run("export", "--object", "person", "--for-spreadsheets").out.count("\ufeff") == 1
    lines = run("export", "--object", "person", "--format", "jsonl").out.splitlines()
    assert json.loads(lines[1]) == {"name": "Bob", "city": "Graz"}
    said = run("export", "--object", "person", tmp_path / "no" / "folder.csv")
    assert said.status == 1
    assert "cannot be written" in said.err
    assert "cannot be written" in run("export", "--object", "person", "/").err


def test_an_export_never_takes_the_place_of_a_device_or_a_link(
    run: Run, people: Path, tmp_path: Path
) -> None:
    run("import", people, "--object", "person", "--create")
    link, pipe = tmp_path / "link.csv", tmp_path / "pipe"
    link.symlink_to(tmp_path / "target.csv")
    assert run("export", "--object", "person", link).status == 0
    assert link.is_symlink()
    assert (tmp_path / "target.csv").exists()
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as threads:
        reading = threads.submit(pipe.read_text, "utf-8")
        assert run("export", "--object", "person", pipe).status == 0
        assert reading.result(10).startswith("name,city")
    assert pipe.is_fifo()


def test_somebody_is_named_to_act_where_there_are_several(
    run: Run, people: Path, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO users VALUES (gen_random_uuid(), 'bob@example.com', '!', 'Bob', true,"
            " true, now(), now())"
        )
    arguments = ["import", people, "--object", "person", "--create"]
    assert "--as" in run(*arguments).err
    assert "nobody@example.com" in run(*arguments, "--as", "nobody@example.com").err
    assert run(*arguments, "--as", "bob@example.com").status == 0


def test_the_doctor_says_what_is_there_and_what_is_wrong(run: Run, database_url: str) -> None:
    assert run("sample", "--json").json["records"] == 2_500
    assert "not empty" in run("sample").err
    said = run("doctor", "--json")
    assert said.status == 0
    assert {each["name"]: each["records"] for each in said.json["objects"]}["deal"] == 420
    link = next(each for each in said.json["links"] if each["name"] == "company_deals")
    assert (link["from"], link["to"], link["count"]) == ("company", "deal", 420)
    assert said.json["versions"]["crm-desktop"] == __version__
    assert "all is well" in run("doctor").out
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE records SET primary_value = 'stale'")
        connection.execute(
            "INSERT INTO relationship_records (id, relationship_id, from_record_id, to_record_id)"
            " SELECT 'lnk_again', relationship_id, from_record_id, to_record_id"
            " FROM relationship_records x JOIN relationships r ON r.id = x.relationship_id"
            " WHERE r.name = 'deal_products' LIMIT 1"
        )
    sick = run("doctor", "--json")
    assert sick.status == 1
    assert sick.json["breaches"]["stale_primary_values"] == 2_500
    (twin,) = sick.json["link_breaches"]
    assert (twin["kind"], twin["record"], twin["links"]) == ("duplicate_links", "stale", 2)
    assert "is linked 2 times to stale" in run("doctor").out


def test_the_doctor_counts_objects_and_relationships_of_one_name_apart(
    run: Run, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO objects (id, name, label, plural_name) VALUES"
            " ('obj_1', 'deal', 'Deal', 'Deals'), ('obj_2', 'deal', 'Deal', 'Deals')"
        )
        connection.execute(
            "INSERT INTO records (id, object_id) VALUES"
            " ('rec_1', 'obj_1'), ('rec_2', 'obj_1'), ('rec_3', 'obj_2')"
        )
        connection.execute(
            "INSERT INTO relationships (id, name, from_object_id, to_object_id, type) VALUES"
            " ('rel_1', 'of', 'obj_1', 'obj_1', 'N:N'), ('rel_2', 'of', 'obj_1', 'obj_1', 'N:N')"
        )
    lines = run("doctor").out.splitlines()
    counted = [line.split()[-1] for line in lines if line.startswith("  deal ")]
    assert counted == ["2", "1"]
    assert sum(line.startswith("  of (deal → deal)") for line in lines) == 2


def test_a_foreign_schema_is_named_by_the_doctor_and_left_alone(
    run: Run, database_url: str, people: Path
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE records DROP COLUMN tenant_id")
        connection.execute("UPDATE alembic_version SET version_num = 'theirs'")
    said = run("doctor", "--json")
    assert said.status == 1
    assert any("tenant_id" in sentence for sentence in said.json["missing"])
    assert run("import", people, "--object", "person", "--create").status == 1


def test_detach_says_first_and_then_takes_out_and_migrate_brings_back(run: Run) -> None:
    asked = run("detach", "--json")
    assert asked.status == 1
    assert "crm_desktop" in asked.json["would_remove"]
    assert run("doctor", "--json").json["versions"]["desktop"]
    assert run("detach", "--yes").status == 0
    assert run("doctor", "--json").json["versions"]["desktop"] == ""
    assert run("detach").status == 0
    assert "crm_desktop" in run("migrate", "--json").json["made"]
    assert run("migrate").out == "Made: nothing, all was there.\n"


def test_migrate_ends_with_status_1_where_what_was_asked_for_is_refused(run: Run) -> None:
    said = run("migrate", "--grant-to", "nobody_here", "--json")
    assert said.status == 1
    assert "nobody_here" in said.json["problems"]["crm_desktop"]
    assert run("migrate").status == 0


def test_a_wrong_address_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--database", "postgresql://nobody@127.0.0.1:1/nothing"]) == 1
    assert "cannot be reached" in capsys.readouterr().err
    assert main(["doctor", "--database", "postgresql://\udcff"]) == 1
    assert "no address" in capsys.readouterr().err


def test_a_process_of_its_own_works_without_a_display_and_ends_quietly_in_a_pipe(
    database_url: str, people: Path
) -> None:
    environment = os.environ | {"CRM_DESKTOP_DATABASE": database_url}
    program = [sys.executable, "-m", "crm_desktop"]
    made = subprocess.run(
        [*program, "import", people, "--object", "person", "--create", "--json"],
        env=environment,
        capture_output=True,
        check=True,
    )
    assert json.loads(made.stdout)["created"] == 2
    export = subprocess.Popen(
        [*program, "export", "--object", "person"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert export.stdout is not None
    export.stdout.close()
    assert export.stderr is not None
    assert b"Traceback" not in export.stderr.read()
    export.stderr.close()
    assert export.wait() in {0, 1}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_and_a_polite_end_change_nothing_and_end_with_status_130(
    run: Run, people: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        signal.raise_signal(number)

    monkeypatch.setattr("crm_desktop.services.importing.make_plan", interrupt)
    before = signal.signal(number, signal.default_int_handler)  # `nohup` would have it ignored
    try:
        said = run("import", people, "--object", "person", "--create")
    finally:
        signal.signal(number, before)
    assert said.status == 130
    assert "Nothing was changed" in said.err
    monkeypatch.undo()
    assert run("doctor", "--json").json["objects"] == []
