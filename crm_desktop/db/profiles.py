"""Where data lives on this computer, and the connections people saved (never a password)."""

import json
import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote

from crm_desktop.db.private_files import write_private
from crm_desktop.domain.errors import Unavailable

ROOTS_HOME = Path("/var/lib/crm-desktop")
PORTABLE_HOME = "data"
FILE = "profiles.json"
FORMAT = 1
SECRETS = {"password", "sslpassword", "oauth_client_secret"}
LOCAL_HOSTS = {"", "localhost", "127.0.0.1", "::1", "[::1]"}
CONNINFO_SECRET = re.compile(
    rf"\s*\b(?:{'|'.join(sorted(SECRETS))})\s*=\s*(?:'(?:[^'\\]|\\.)*'?|(?:[^\s'\\]|\\.)\S*|)",
    re.IGNORECASE,
)
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
RAW_SLASH_IN_PASSWORD = re.compile(r"[^:/?@]*:(?!\d*(?:/|$))[^?]*@")


class Kind(StrEnum):
    """What a database is for; the window marks the dangerous ones."""

    LOCAL = "local"
    DEV = "dev"
    TEST = "test"
    PROD = "prod"


WORDS = {
    Kind.TEST: {"test", "tests", "testing", "stage", "staging", "qa", "uat"},
    Kind.DEV: {"dev", "devel", "develop", "development", "sandbox"},
}


@dataclass(frozen=True, slots=True)
class Profile:
    """A saved connection; a password in the URL given is dropped at once."""

    name: str
    url: str
    kind: Kind = Kind.PROD

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", without_password(self.url))


@dataclass(frozen=True, slots=True)
class SavedProfiles:
    """The saved connections, and a sentence where the file could not be read (else empty)."""

    profiles: tuple[Profile, ...] = ()
    problem: str = ""


def home_folder() -> Path:
    """Return the folder for everything we keep: `CRM_DESKTOP_HOME`, or the platform's own.

    A frozen program that has a folder `data` beside it keeps everything in that: it is portable.
    As root it is a folder that the server's account can reach, never one below /root.
    """
    named = os.environ.get("CRM_DESKTOP_HOME", "")
    if named:
        return Path(named).expanduser().absolute()
    beside = Path(sys.executable).resolve().parent / PORTABLE_HOME
    if getattr(sys, "frozen", False) and beside.is_dir():
        return beside
    if sys.platform != "win32" and os.geteuid() == 0:
        return ROOTS_HOME
    import platformdirs

    return platformdirs.user_data_path("crm-desktop", appauthor=False)


def load_profiles(home: Path) -> SavedProfiles:
    """Read the saved connections; a file that makes no sense is kept aside, and said."""
    path = home / FILE
    try:
        text = path.read_text(encoding="utf-8")
        return SavedProfiles(_parse(text))
    except FileNotFoundError:
        return SavedProfiles()
    except OSError as error:
        return SavedProfiles(problem=f"{path} cannot be read: {error.strerror}.")
    except (ValueError, TypeError, KeyError):  # JSON and UTF-8 errors are ValueErrors
        return SavedProfiles(problem=_put_aside(path))


def save_profiles(home: Path, profiles: Sequence[Profile]) -> None:
    """Replace the saved connections. Raises Unavailable where the disk refuses."""
    content = {"format": FORMAT, "profiles": [asdict(profile) for profile in profiles]}
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(home / FILE, json.dumps(content, ensure_ascii=False, indent=2) + "\n")
    except OSError as error:
        raise Unavailable(
            f"The connections could not be saved in {home}: {error.strerror}."
        ) from error


def without_password(url: str) -> str:
    """Return a libpq URI or `key=value` text without its passwords, fit to be shown and stored.

    Where a URI is malformed, rather too much is taken out than too little.
    """
    scheme, mark, rest = url.strip().partition("://")
    if not mark or SCHEME.fullmatch(scheme) is None:
        return CONNINFO_SECRET.sub("", url).strip()
    login, host = _split_login(rest)
    host, _, query = host.partition("?")
    kept = [part for part in query.split("&") if _key_of(part) not in SECRETS]
    user = f"{login.partition(':')[0]}@" if login else ""
    return f"{scheme}://{user}{host}" + (f"?{'&'.join(kept)}" if any(kept) else "")


def kind_of(url: str) -> Kind:
    """Guess what a database is for, from host and database name; in doubt it is the real thing."""
    _, _, rest = without_password(url).partition("://")
    _, place = _split_login(rest)
    place, _, query = place.partition("?")
    hosts, _, database = place.partition("/")
    named = [unquote(part[5:]) for part in query.split("&") if part.startswith("host=")]
    words = set(re.split(r"[^a-z]+", unquote(f"{hosts} {database} {' '.join(named)}").lower()))
    for kind, signs in WORDS.items():
        if words & signs:
            return kind
    every = [_host(each) for each in [*hosts.split(","), *",".join(named).split(",")] if each]
    is_local = rest != "" and all(host in LOCAL_HOSTS or host.startswith("/") for host in every)
    return Kind.LOCAL if is_local else Kind.PROD


def _parse(text: str) -> tuple[Profile, ...]:
    content = json.loads(text)
    if content["format"] != FORMAT:
        raise ValueError(content["format"])
    return tuple(
        Profile(str(each["name"]), str(each["url"]), Kind(each["kind"]))
        for each in content["profiles"]
    )


def _put_aside(path: Path) -> str:
    aside = path.with_name(
        f"{path.name}.unreadable-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}"
    )
    try:
        path.replace(aside)
    except OSError as error:
        return f"The saved connections in {path} cannot be read ({error.strerror})."
    return f"The saved connections could not be read. The file was kept as {aside}."


def _split_login(rest: str) -> tuple[str, str]:
    """Return `user:password` and what follows the `@`, from what follows `://`."""
    authority = rest.partition("/")[0]
    at = authority.partition("?")[0].rfind("@")
    if at < 0:
        at = authority.find("@") if ":" in authority.partition("?")[0] else -1
    if at < 0:
        odd = RAW_SLASH_IN_PASSWORD.match(rest)
        at = odd.end() - 1 if odd is not None else -1
    return (rest[:at], rest[at + 1 :]) if at >= 0 else ("", rest)


def _key_of(part: str) -> str:
    return unquote(part.partition("=")[0]).strip().lower()


def _host(text: str) -> str:
    """Return the host of `host:port`; an IPv6 address stands in brackets."""
    if text.startswith("["):
        return text.partition("]")[0] + "]"
    return text if text.count(":") > 1 else text.partition(":")[0]
