"""A wheel built from the tree works outside it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent.parent


def run(*arguments: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder into which the wheel was installed, without the packages that it needs."""
    folder = tmp_path_factory.mktemp("wheel")
    run("-m", "build", "--wheel", "--no-isolation", "--outdir", folder, TOP, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    run(
        "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", folder / "site", wheel,
        cwd=folder,
    )  # fmt: skip
    return folder / "site"


def test_the_installed_program_brings_its_resources_and_migrations(site: Path) -> None:
    where = (
        "from crm_desktop import files; import crm_desktop; print(crm_desktop.__file__);"
        "print(files.migrations_folder()); print(files.resources_folder())"
    )
    code, migrations, resources = run(
        "-c", where, cwd=site.parent, PYTHONPATH=str(site)
    ).splitlines()
    assert Path(code).is_relative_to(site)
    assert Path(migrations).is_relative_to(site)
    assert list(Path(migrations).rglob("versions/*.py"))
    assert Path(resources).is_relative_to(site)


def test_the_installed_program_proves_itself(site: Path, tmp_path: Path) -> None:
    said = run(
        "-m", "crm_desktop", "self-test",
        cwd=site.parent, PYTHONPATH=str(site), QT_QPA_PLATFORM="offscreen",
        CRM_DESKTOP_HOME=str(tmp_path / "home"),
    )  # fmt: skip
    assert said.endswith("All works.\n")
