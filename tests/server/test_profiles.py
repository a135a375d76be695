"""Where data lives, and saved connections: private, whole, and never with a password."""

import os
import stat
import sys
from pathlib import Path

import pytest

from crm_desktop.db.profiles import (
    FILE,
    Kind,
    Profile,
    home_folder,
    kind_of,
    load_profiles,
    save_profiles,
    without_password,
)
from crm_desktop.domain.errors import Unavailable
from tests.homes import is_root


def test_the_environment_names_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_DESKTOP_HOME", "some/where")
    assert home_folder() == Path.cwd() / "some" / "where"


def test_without_it_the_platform_does_and_for_root_var_lib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRM_DESKTOP_HOME", raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert home_folder() == Path("/var/lib/crm-desktop")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert home_folder().name == "crm-desktop"


def test_profiles_come_back_as_they_were_saved(tmp_path: Path) -> None:
    profiles = (
        Profile("Vertrieb Zürich", "postgresql://ada@db.example.com/crm", Kind.PROD),
        Profile("mine", "postgresql://localhost/crm_dev", Kind.DEV),
    )
    save_profiles(tmp_path / "home", profiles)
    loaded = load_profiles(tmp_path / "home")
    assert (loaded.profiles, loaded.problem) == (profiles, "")
    assert stat.S_IMODE((tmp_path / "home" / FILE).stat().st_mode) == 0o600


def test_a_password_is_never_written(tmp_path: Path) -> None:
    save_profiles(tmp_path, [Profile("one", "postgresql://ada:s3cret@h/crm?password=s3cret")])
    assert "s3cret" not in (tmp_path / FILE).read_text()
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    "broken",
    [b"", b"{", b"[]", b"\xff\xfe\x00", b'{"format": 99}',
     b'{"format": 1, "profiles": [{"name": "x"}]}',
     b'{"format": 1, "profiles": [{"name": "x", "url": "y", "kind": "moon"}]}'],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_kept_aside_and_said(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / FILE).write_bytes(broken)
    loaded = load_profiles(tmp_path)
    assert loaded.profiles == ()
    kept = next(tmp_path.glob(f"{FILE}.unreadable-*"))
    assert str(kept) in loaded.problem
    assert kept.read_bytes() == broken
    assert load_profiles(tmp_path).problem == ""


def test_a_frozen_program_with_a_data_folder_beside_it_is_portable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CRM_DESKTOP_HOME", raising=False)
    program = tmp_path / "crm-desktop"
    program.touch()
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert home_folder() != tmp_path / "data"
    (tmp_path / "data").mkdir()
    assert home_folder() == tmp_path / "data"
    monkeypatch.setattr(sys, "frozen", False)  # a checkout's folder of that name is none of ours
    assert home_folder() != tmp_path / "data"


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="could not be saved"):
        save_profiles(tmp_path / "file", [])
    assert is_root() or os.access(tmp_path, os.W_OK)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("postgresql://ada:secret@host:5432/crm", "postgresql://ada@host:5432/crm"),
        ("postgresql+psycopg://ada:secret@host/crm", "postgresql+psycopg://ada@host/crm"),
        ("postgresql://ada:secret@/crm?host=/run/x", "postgresql://ada@/crm?host=/run/x"),
        ("postgresql://ada:se%40cret@[::1]:5432/crm", "postgresql://ada@[::1]:5432/crm"),
        ("postgresql://ada:sec@ret@host/crm", "postgresql://ada@host/crm"),
        ("postgresql://ada:sec/ret@host/crm", "postgresql://ada@host/crm"),
        ("postgresql://ada:sec?ret@host/crm", "postgresql://ada@host/crm"),
        ("postgresql://:secret@host/crm", "postgresql://@host/crm"),
        ("postgresql://a:5432,b:5433/crm", "postgresql://a:5432,b:5433/crm"),
        ("postgresql://host:5432/a@b", "postgresql://host:5432/a@b"),
        ("postgresql://host/crm?user=ada&password=secret", "postgresql://host/crm?user=ada"),
        ("postgresql://host/crm?PASSWORD=secret&x=1", "postgresql://host/crm?x=1"),
        ("postgresql://host/crm?pass%77ord=secret", "postgresql://host/crm"),
        ("postgresql://ada@host/crm?application_name=a@b", "postgresql://ada@host/crm?application_name=a@b"),
        ("postgresql://host/crm", "postgresql://host/crm"),
        ("host=h password='se cret' dbname=crm", "host=h dbname=crm"),
        ("password = secret host=h", "host=h"),
        (r"host=h password='it\'s secret' user=a", "host=h user=a"),
    ],
)  # fmt: skip
def test_a_url_is_shown_without_its_password(given: str, shown: str) -> None:
    assert without_password(given) == shown


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("postgresql://localhost/crm", Kind.LOCAL),
        ("postgresql://crm:x@/crm?host=%2Frun%2Fcrm", Kind.LOCAL),
        ("postgresql://127.0.0.1:5433/crm", Kind.LOCAL),
        ("postgresql://[::1]:5433/crm", Kind.LOCAL),
        ("postgresql:///crm", Kind.LOCAL),
        ("postgresql://db.example.com/crm", Kind.PROD),
        ("postgresql://localhost,db.example.com/crm", Kind.PROD),
        ("postgresql://db.dev.example.com/crm", Kind.DEV),
        ("postgresql://localhost/crm_test", Kind.TEST),
        ("postgresql://staging-db/crm", Kind.TEST),
        ("postgresql://contest.example.com/devices", Kind.PROD),
        ("postgresql://dev:dev@db.example.com/crm", Kind.PROD),
        ("nonsense", Kind.PROD),
    ],
)
def test_what_a_database_is_for_is_guessed_on_the_safe_side(url: str, kind: Kind) -> None:
    assert kind_of(url) is kind
