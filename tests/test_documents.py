"""The documents tell the truth: links lead somewhere, commands exist, nothing is left out."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from crm_desktop.cli import app

TOP = Path(__file__).parent.parent
PACKAGE = TOP / "crm_desktop"
DOCUMENTS = sorted([*TOP.glob("*.md"), *(TOP / "docs").rglob("*.md")])
HOSTS = {"semver.org", "spdx.org", "www.apache.org", "www.postgresql.org", "doc.qt.io"}
EXAMPLE_HOSTS = {"host", "user@host", "user@host:5432", "record"}  # in addresses that show a form
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def name_of(path: Path) -> str:
    return path.relative_to(TOP).as_posix()


document = pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)


def links_in(text: str) -> list[str]:
    """Return the targets of Markdown links and of the pictures in HTML tags."""
    return re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(
        r"(?:src|srcset|href)=\"([^\"]+)\"", text
    )


def anchors_of(text: str) -> set[str]:
    """Return the anchors that headings make: lower case, words joined by hyphens."""
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def code_in(text: str) -> list[str]:
    """Return lines and spans of code; lines that go on after a backslash are joined."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return lines + re.findall(r"`([^`\n]+)`", rest)


def commands_in(text: str) -> list[tuple[str, set[str]]]:
    """Return the calls of crm-desktop: the subcommand, "" for the window, and the options."""
    calls = []
    for line in code_in(text):
        found = re.match(r"(?:\.venv/bin/)?crm-desktop(?P<rest>(?:\s.*)?)$", line.split("  #")[0])
        if found:
            words = found["rest"].split()
            command = words[0] if words and re.fullmatch(r"[a-z][a-z-]*", words[0]) else ""
            calls.append((command, set(OPTION.findall(found["rest"]))))
    return calls


@cache
def options_of(command: str) -> set[str]:
    """Return the options that `--help` of a subcommand lists; "" is the window."""
    arguments = [command, "--help"] if command else ["--help"]
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    assert result.exit_code == 0, f"There is no command {command}: {result.output}"
    return set(OPTION.findall(result.output))


def every_command() -> list[str]:
    return [
        command.name or (command.callback.__name__ if command.callback else "")
        for command in app.registered_commands
    ]


@document
def test_every_link_and_picture_leads_somewhere(path: Path) -> None:
    missing = []
    for link in links_in(path.read_text(encoding="utf-8")):
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = (path.parent / parts.path).resolve() if parts.path else path
        is_there = target.exists()
        if is_there and parts.fragment:
            is_there = parts.fragment in anchors_of(target.read_text(encoding="utf-8"))
        if not is_there:
            missing.append(link)
    assert not missing


@document
def test_a_document_names_few_hosts_and_no_place_of_one_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    hosts = {match for match in re.findall(r"\w+://([^\s/\"`)>?]+)", text) if "…" not in match}
    assert hosts <= HOSTS | EXAMPLE_HOSTS
    assert str(TOP) not in text
    assert not re.search(r"(?<![\w~.])/(?:work|home|Users|mnt)/", text)


@document
def test_every_command_in_a_document_exists_with_its_options(path: Path) -> None:
    for command, options in commands_in(path.read_text(encoding="utf-8")):
        known = options_of(command) | (options_of("") if command else set())
        assert not options - known, f"crm-desktop {command}"


def test_the_command_line_page_has_every_command_and_option() -> None:
    text = (TOP / "docs" / "command-line.md").read_text(encoding="utf-8")
    others = (TOP / "docs" / "importing.md").read_text(encoding="utf-8")
    for command in every_command():
        assert f"`crm-desktop {command}" in text
        named = {option for option in options_of(command) if not option.startswith("--no-")}
        assert not named - set(OPTION.findall(text + others)), command


def test_commands_are_found_in_blocks_and_in_sentences() -> None:
    text = "Use `crm-desktop doctor --json`.\n```\ncrm-desktop import a.csv \\\n  --object a\n```\n"
    assert commands_in(text) == [("import", {"--object"}), ("doctor", {"--json"})]
    assert commands_in("`crm-desktop --sample`") == [("", {"--sample"})]


def test_the_architecture_names_every_module_and_none_that_is_gone() -> None:
    text = (TOP / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set()
    folder = ""
    for line in text[text.index("## The tree") :].splitlines():
        if heading := re.match(r"### `(crm_desktop/[\w/]*)`", line):
            folder = heading[1]
        elif folder and (row := re.match(r"\| `(\w+\.py)` \| \S", line)):
            named.add(folder + row[1])
    files = PACKAGE.rglob("*.py")
    modules = {name_of(file) for file in files if file.name != "__init__.py"}
    assert named == modules


def test_every_locked_package_stands_in_the_table_of_licences() -> None:
    lock = (TOP / "locks" / "run.lock").read_text(encoding="utf-8")
    text = (TOP / "docs" / "licences.md").read_text(encoding="utf-8")
    pins = re.findall(r"^([a-z0-9][\w.-]*)==", lock, flags=re.MULTILINE)
    assert [name for name in pins if not re.search(rf"\b{re.escape(name)}\b", text)] == []


def test_every_target_of_make_that_a_document_names_exists() -> None:
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, flags=re.MULTILINE))
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    named = {
        match for code in code_in(text) for match in re.findall(r"\bmake ([a-z][a-z-]*)", code)
    }
    assert named <= targets
