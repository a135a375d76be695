"""Writes what Windows shows of the program's files: `python -m build_spec.windows_version FILE`."""

import sys
from pathlib import Path

from build_spec.contents import NAME, SHOWN_NAME
from crm_desktop import __version__


def version_text(version: str) -> str:
    """Return the version resource in the form that PyInstaller reads."""
    numbers = tuple((*map(int, version.split(".")), 0, 0, 0, 0)[:4])
    strings = {
        "FileDescription": SHOWN_NAME,
        "FileVersion": version,
        "InternalName": NAME,
        "OriginalFilename": f"{NAME}.exe",
        "ProductName": SHOWN_NAME,
        "ProductVersion": version,
    }
    entries = ", ".join(f"StringStruct({name!r}, {text!r})" for name, text in strings.items())
    return (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}),"
        f" kids=[StringFileInfo([StringTable('040904B0', [{entries}])]),"
        " VarFileInfo([VarStruct('Translation', [1033, 1200])])])\n"
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(version_text(__version__), encoding="utf-8")
