"""Where shipped files are found: in a checkout, and as a wheel or a frozen program has them."""

from pathlib import Path

import pytest

from crm_desktop import files


def test_a_checkout_has_its_files_beside_the_package() -> None:
    assert (files.migrations_folder() / "core" / "env.py").is_file()
    assert (files.migrations_folder() / "desktop" / "env.py").is_file()
    assert files.resources_folder().is_dir()


def test_an_installed_program_has_them_inside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "_shipped" / "migrations").mkdir(parents=True)
    monkeypatch.setattr(files, "_PACKAGE", tmp_path)
    assert files.migrations_folder() == tmp_path / "_shipped" / "migrations"


def test_files_that_were_not_shipped_are_missed_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_PACKAGE", tmp_path / "package")
    with pytest.raises(FileNotFoundError):
        files.resources_folder()
