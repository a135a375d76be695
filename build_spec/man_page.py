"""Writes the man page from the command line's own help, so that it says what `--help` says."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import typer

from build_spec.contents import NAME, SHOWN_NAME
from crm_desktop import __version__
from crm_desktop.cli import app

DESCRIPTION = f"""\
{SHOWN_NAME} administers a metadata-driven CRM in PostgreSQL: objects and their fields, layouts,
records, relationships and links. Without a command it opens its window. Without a database it uses
a local workspace, for which it brings a PostgreSQL server along."""
VARIABLES = {
    "CRM_DESKTOP_HOME": "The folder for everything that is kept, instead of the usual one.",
    "CRM_DESKTOP_DATABASE": "A PostgreSQL database, as for --database.",
}
FILES = {
    "~/.local/share/crm-desktop": "The local workspace, logs and settings of a person.",
    "/var/lib/crm-desktop": "The same of root.",
}
STATUSES = {
    "0": "Done.",
    "1": "Refused, failed, or something was found; the reason is on the error output.",
    "2": "The command was not written as it must be, or there is no display.",
    "130": "Stopped with Ctrl+C.",
}


def man_page(moment: datetime) -> str:
    """Return the page in the macros of man(7)."""
    return "\n".join(_lines(moment)) + "\n"


def _lines(moment: datetime) -> Iterator[str]:
    group: Any = typer.main.get_command(app)
    yield f'.TH {NAME.upper()} 1 "{moment:%Y-%m-%d}" "{SHOWN_NAME} {__version__}" "User Commands"'
    yield from (".SH NAME", rf"{_safe(NAME)} \- administer a metadata\-driven CRM in PostgreSQL")
    yield from (".SH SYNOPSIS", f".B {_safe(NAME)}")
    yield r"[\fIOPTIONS\fR] [\fILINK\fR | \fIFILE\fR | \fICOMMAND\fR [\fIARGUMENTS\fR]]"
    yield from (".SH DESCRIPTION", _safe(DESCRIPTION), ".SH OPTIONS")
    yield from _parameters(group)
    yield ".SH COMMANDS"
    for name, command in group.commands.items():
        yield f".SS {_safe(name)}"
        yield _safe(" ".join((command.help or "").split()))
        yield from _parameters(command)
    yield from _section("ENVIRONMENT", VARIABLES)
    yield from _section("FILES", FILES)
    yield from _section("EXIT STATUS", STATUSES)


def _parameters(command: Any) -> Iterator[str]:
    for parameter in command.params:
        if getattr(parameter, "hidden", False):
            continue
        is_option = parameter.param_type_name == "option"
        names = ", ".join(parameter.opts) if is_option else str(parameter.metavar or parameter.name)
        yield ".TP"
        takes = is_option and not parameter.is_flag
        value = rf" \fI{_safe(parameter.metavar or 'VALUE')}\fR" if takes else ""
        yield rf"\fB{_safe(names if is_option else names.upper())}\fR{value}"
        yield _safe(" ".join((parameter.help or "").split())) or r"\&"


def _section(title: str, terms: dict[str, str]) -> Iterator[str]:
    yield f".SH {title}"
    for term, meaning in terms.items():
        yield from (".TP", rf"\fB{_safe(term)}\fR", _safe(meaning))


def _safe(text: str) -> str:
    """Keep what troff would take for its own: backslashes, hyphens, a point at a line's start."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)
