"""Finds what is shipped beside the code: in a checkout, an installed wheel and a frozen program."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resources_folder() -> Path:
    """Return the folder with icons, translations and the sample workspace."""
    return _folder("resources")


def migrations_folder() -> Path:
    """Return the folder with the two alembic environments, `core` and `desktop`."""
    return _folder("migrations")


def _folder(name: str) -> Path:
    """Return the shipped folder.

    A wheel has it under `crm_desktop/_shipped` (pyproject.toml), and so must a frozen program,
    where `__file__` points below its bundle; a checkout has it beside the package.
    """
    shipped = _PACKAGE / "_shipped" / name
    folder = shipped if shipped.is_dir() else _PACKAGE.parent / name
    if not folder.is_dir():
        raise FileNotFoundError(folder)
    return folder
