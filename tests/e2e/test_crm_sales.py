"""The real input: the "CRM Sales Opportunities" practice set, through the real command line."""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm_desktop.cli import main
from tests.conftest import new_database

DATA = Path(__file__).parents[3] / "shared" / "data" / "crm_sales"
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="../shared/data/crm_sales is not part of the project"
)
IMPORTS: tuple[tuple[str, str, str, list[str]], ...] = (
    ("accounts", "account", "account", ["subsidiary_of=account.account"]),
    ("products", "product", "product", []),
    ("sales_teams", "agent", "sales_agent", []),
    (
        "sales_pipeline",
        "opportunity",
        "opportunity_id",
        ["account=account.account", "sales_agent=agent.sales_agent", "product=product.product"],
    ),
)


class Terminal:
    """Runs commands as a person would, by the program's own entry point; answers are JSON."""

    def __init__(self, database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._url, self._capsys = database_url, capsys

    def run(self, *arguments: str) -> dict[str, Any]:
        status = main([*arguments, "--database", self._url, "--json"])
        said = self._capsys.readouterr()
        assert status == 0, said.err
        answer: dict[str, Any] = json.loads(said.out)
        return answer

    def run_process(self, *arguments: str) -> dict[str, Any]:
        run = subprocess.run(
            [sys.executable, "-m", "crm_desktop", "--database", self._url, *arguments, "--json"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        answer: dict[str, Any] = json.loads(run.stdout)
        return answer


@pytest.fixture
def terminal(any_server: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Terminal]:
    with new_database(any_server, "crm_template") as database_url:
        yield Terminal(database_url, capsys)


def import_all(terminal: Terminal, folder: Path, *options: str) -> dict[str, dict[str, int]]:
    answers = {}
    for file, name, key, links in IMPORTS:
        report = folder / f"{file}-report.csv"
        arguments = ["import", str(DATA / f"{file}.csv"), "--object", name, "--key", key]
        arguments += ["--report", str(report), *options]
        arguments += [part for link in links for part in ("--link", link)]
        run = terminal.run_process if (name, options) == ("account", ()) else terminal.run
        answers[name] = run(*arguments)
    return answers


def test_the_sales_data_goes_in_once_with_its_links_and_says_what_has_no_partner(
    terminal: Terminal, tmp_path: Path
) -> None:
    first = import_all(terminal, tmp_path, "--create")
    found = terminal.run("doctor")

    assert {name: answer["created"] for name, answer in first.items()} == {
        "account": 85,
        "product": 7,
        "agent": 35,
        "opportunity": 8_800,
    }
    assert first["account"]["links"] == 15
    assert first["opportunity"]["links"] == 7_375 + 8_800 + 7_320
    assert first["opportunity"]["unmatched"] == 1_480
    assert {link["name"]: (link["from"], link["to"], link["count"]) for link in found["links"]} == {
        "account_subsidiary_of": ("account", "account", 15),
        "opportunity_account": ("account", "opportunity", 7_375),
        "opportunity_product": ("product", "opportunity", 7_320),
        "opportunity_sales_agent": ("agent", "opportunity", 8_800),
    }
    assert not any(found["breaches"].values())

    with (tmp_path / "sales_pipeline-report.csv").open(encoding="utf-8", newline="") as file:
        reported = list(csv.DictReader(file))
    with (DATA / "sales_pipeline.csv").open(encoding="utf-8", newline="") as file:
        lines = dict(enumerate(csv.DictReader(file), 2))
    assert len(reported) == 1_480
    for row in reported:
        assert (row["column"], row["product"]) == ("product", "GTXPro")
        assert "GTXPro" in row["reason"]
        assert row["opportunity_id"] == lines[int(row["line"])]["opportunity_id"]

    again = import_all(terminal, tmp_path)
    after = terminal.run("doctor")

    for name, answer in again.items():
        counts = {key: answer[key] for key in ("created", "updated", "rejected", "links")}
        assert not any(counts.values()), name
        assert answer["unchanged"] == first[name]["created"]
    assert after == found
