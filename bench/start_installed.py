"""Used by `bench.start`: the program as `make package` froze it, and the sizes of its packages.

The frozen program cannot be watched from inside. Its log tells when its window was painted,
to the millisecond; that moment and the one when its process was made are read from one clock.
"""

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from bench.measure import Result

TOP = Path(__file__).parent.parent
FROZEN = TOP / "build" / "package" / "stage" / "deb" / "usr" / "lib" / "crm-desktop"
PROGRAM = FROZEN / "crm-desktop"
SHOWN = re.compile(
    r"^(\S+ \S+,\d{3}) INFO crm_desktop: The window was shown (\d+) ms ago\.$", re.MULTILINE
)
OPENED = "is open."
PATIENCE = 60.0  # seconds for one process
DOWNLOAD_BAR, INSTALLED_BAR = 75.0, 230.0  # megabytes of 1,000,000 bytes


def seconds_to_window(home: Path, environment: Mapping[str, str]) -> float:
    """Start the program, and return the seconds until its window was painted; then end it."""
    log = home / "log" / "crm-desktop.log"
    log.unlink(missing_ok=True)
    began = time.time()
    process = subprocess.Popen(
        [PROGRAM],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        text = _text_once_open(log, process)
    finally:
        process.terminate()
        process.wait(PATIENCE)
    found = SHOWN.search(text)
    if found is None:
        raise ValueError(f"The log does not say when the window was shown:\n{text}")
    moment = datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S,%f")  # noqa: DTZ007 - local, as logged
    return moment.timestamp() - int(found[2]) / 1000 - began


def _text_once_open(log: Path, process: "subprocess.Popen[bytes]") -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        text = log.read_text(encoding="utf-8") if log.exists() else ""
        if OPENED in text:
            return text
        if process.poll() is not None:
            raise ValueError(f"The program ended with {process.returncode}.")
        time.sleep(0.02)
    raise TimeoutError(f"The program did not open its workspace in {PATIENCE:.0f} seconds.")


def sizes() -> Iterator[Result]:
    """Give the size of each package in `dist`, and of what the .deb installs."""
    for package in sorted((TOP / "dist").glob("crm-desktop[-_]*")):
        if package.suffix in {".deb", ".gz"}:
            yield _size(f"size, {package.suffix}", package.stat().st_size, DOWNLOAD_BAR)
    if PROGRAM.exists():
        files = (path for path in FROZEN.parents[2].rglob("*") if path.is_file())
        yield _size("size, installed", sum(path.lstat().st_size for path in files), INSTALLED_BAR)


def _size(name: str, size: int, bar: float) -> Result:
    megabytes = size / 1e6
    return Result(name, megabytes, "MB", f"at most {bar:g} MB", megabytes / bar, 1.0)
