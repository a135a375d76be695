"""The files for a Linux desktop are valid and say what the program says."""

import gzip
import re
import shutil
import subprocess
from configparser import ConfigParser
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typer

from build_spec import libraries, linux_files, windows_version
from build_spec.icon_files import draw
from build_spec.linux_files import APP_ID, COMPLETIONS, desktop_files
from build_spec.man_page import man_page
from crm_desktop import __version__
from crm_desktop.cli import app
from crm_desktop.domain.record_links import SCHEME

MOMENT = datetime(2026, 11, 26, tzinfo=UTC)
NAME = "crm-desktop"


def answer_of(*command: str | Path) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Give every file by its path below a prefix; of the icons one size will do."""
    icons = tmp_path_factory.mktemp("icons")
    shutil.copy(Path(linux_files.__file__).parents[1] / "resources/icons/crm-desktop.svg", icons)
    (icons / "32x32.png").write_bytes(b"PNG")
    return {file.path: file.content for file in desktop_files(icons, MOMENT)}


def test_the_desktop_entry_opens_links_and_files_with_the_command(files: dict[str, bytes]) -> None:
    entry = ConfigParser(interpolation=None)
    entry.read_string(files[f"share/applications/{NAME}.desktop"].decode())
    section = entry["Desktop Entry"]
    assert section["Exec"] == f"{NAME} %U"
    assert section["Icon"] == NAME
    assert set(section["MimeType"].split(";")) >= {f"x-scheme-handler/{SCHEME}", "text/csv"}


def test_the_metadata_is_valid(files: dict[str, bytes], tmp_path: Path) -> None:
    content = files[f"share/metainfo/{APP_ID}.metainfo.xml"]
    root = ElementTree.fromstring(content)  # noqa: S314 - our own file
    assert root.findtext("id") == APP_ID
    assert root.findtext("launchable") == f"{NAME}.desktop"
    release = root.find("releases/release")
    assert release is not None
    assert release.attrib == {"version": __version__, "date": "2026-11-26"}
    if shutil.which("appstreamcli"):
        path = tmp_path / f"{APP_ID}.metainfo.xml"
        path.write_bytes(content)
        answer_of("appstreamcli", "validate", "--no-net", path)
    if shutil.which("desktop-file-validate"):
        path = tmp_path / f"{NAME}.desktop"
        path.write_bytes(files[f"share/applications/{NAME}.desktop"])
        assert answer_of("desktop-file-validate", path) == ""


def test_the_man_page_has_every_command_and_option_and_renders(files: dict[str, bytes]) -> None:
    text = gzip.decompress(files[f"share/man/man1/{NAME}.1.gz"]).decode()
    assert text == man_page(MOMENT)
    plain = text.replace("\\-", "-")
    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]  # it is a group
        assert f".SS {name}" in plain
        for parameter in command.params:
            assert all(each in plain for each in parameter.opts if each.startswith("--"))
    if shutil.which("man"):
        ran = subprocess.run(
            ["man", "--warnings", "-l", "-"],
            input=text, capture_output=True, text=True, check=True,
            env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "MANPAGER": "cat"},
        )  # fmt: skip
        assert ran.stderr == ""
        assert "--self-test" in re.sub(r".\x08", "", ran.stdout)


@pytest.mark.parametrize("shell", COMPLETIONS)
def test_a_shell_completes_the_command(shell: str, files: dict[str, bytes]) -> None:
    script = files[COMPLETIONS[shell]].decode()
    assert "_CRM_DESKTOP_COMPLETE" in script
    if shutil.which(shell):
        ran = subprocess.run([shell, "-n"], input=script, text=True, check=False)
        assert ran.returncode == 0


def test_icons_stand_where_themes_look_for_them(files: dict[str, bytes]) -> None:
    assert f"share/icons/hicolor/scalable/apps/{NAME}.svg" in files
    assert f"share/icons/hicolor/32x32/apps/{NAME}.png" in files


def test_an_icon_is_drawn_in_its_size_and_not_empty(tmp_path: Path) -> None:
    from PySide6.QtGui import QImage

    draw(48, tmp_path / "icon.png")
    image = QImage(str(tmp_path / "icon.png"))
    assert (image.width(), image.height()) == (48, 48)
    assert image.pixelColor(0, 0).alpha() == 0
    assert image.pixelColor(24, 4).alpha() == 255


@pytest.mark.parametrize("name", ["postinst", "postrm"])
def test_the_package_s_own_scripts_are_sound(name: str) -> None:
    path = linux_files.HERE / name
    answer_of("sh", "-n", path)
    assert "rm -r" not in path.read_text(encoding="utf-8")


def test_libraries_are_asked_of_packages_and_an_unknown_one_stops_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs = {"libX11.so.6", "libEGL.so.1", "libcups.so.2"}
    monkeypatch.setattr(libraries, "needs_of", lambda _: (needs, (2, 36)))
    assert libraries.dependencies(tmp_path) == ["libc6 (>= 2.36)", "libegl1", "libx11-6"]
    needs.add("libnobody.so.1")
    with pytest.raises(LookupError, match="libnobody"):
        libraries.dependencies(tmp_path)


def test_what_a_program_needs_is_read_from_its_file(tmp_path: Path) -> None:
    if not shutil.which("objdump"):
        pytest.skip("binutils are not installed here")
    shutil.copy("/bin/sh", tmp_path / "program")
    needed, glibc = libraries.needs_of(tmp_path)
    assert needed == set()  # the C library does not count
    assert glibc >= (2, 17)


def test_windows_is_told_the_version() -> None:
    text = windows_version.version_text("1.2.3")
    assert "filevers=(1, 2, 3, 0)" in text
    assert "StringStruct('FileVersion', '1.2.3')" in text
