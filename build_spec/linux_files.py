"""The files that a Linux desktop expects beside the program, written for this version of it."""

import gzip
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Template

from build_spec.contents import NAME
from crm_desktop import __version__

HERE = Path(__file__).parent / "linux"
APP_ID = "org.crmdesktop.CrmDesktop"
COMPLETIONS = {
    "bash": f"share/bash-completion/completions/{NAME}",
    "zsh": f"share/zsh/vendor-completions/_{NAME}",
    "fish": f"share/fish/vendor_completions.d/{NAME}.fish",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file to be put below a prefix such as /usr."""

    path: str
    content: bytes


def desktop_files(icons: Path, moment: datetime) -> Iterator[File]:
    """Give desktop entry, metadata, icons, man page and completions, below a prefix."""
    yield File(f"share/applications/{NAME}.desktop", (HERE / f"{NAME}.desktop").read_bytes())
    yield File(f"share/metainfo/{APP_ID}.metainfo.xml", metainfo(moment).encode())
    hicolor = "share/icons/hicolor"
    yield File(f"{hicolor}/scalable/apps/{NAME}.svg", (icons / f"{NAME}.svg").read_bytes())
    for picture in sorted(icons.glob("*x*.png")):
        yield File(f"{hicolor}/{picture.stem}/apps/{NAME}.png", picture.read_bytes())
    yield File(f"share/man/man1/{NAME}.1.gz", packed(_man_page(moment)))
    for shell, path in COMPLETIONS.items():
        yield File(path, completion(shell).encode())


def metainfo(moment: datetime) -> str:
    return filled(f"{APP_ID}.metainfo.xml", version=__version__, date=f"{moment:%Y-%m-%d}")


def completion(shell: str) -> str:
    """Return the script with which a shell completes the command."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]  # used, not shown

    variable = f"_{NAME.replace('-', '_').upper()}_COMPLETE"
    return get_completion_script(prog_name=NAME, complete_var=variable, shell=shell) + "\n"


def filled(name: str, **values: str) -> str:
    """Return one of the templates beside this module with its `$names` replaced."""
    return Template((HERE / name).read_text(encoding="utf-8")).substitute(values)


def packed(text: str) -> bytes:
    """Return the text as gzip, the same bytes for the same text."""
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def moment_of(environment: Mapping[str, str] = os.environ) -> datetime:
    """Return the moment that files are to carry: SOURCE_DATE_EPOCH, or now."""
    named = environment.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(named), UTC) if named else datetime.now(UTC)


def _man_page(moment: datetime) -> str:
    from build_spec.man_page import man_page

    return man_page(moment)
