"""Another copy of the program, as far as the embedded server is concerned; can be killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from crm_desktop.db.server import EmbeddedServer
from crm_desktop.domain.errors import Unavailable

TOP = Path(__file__).parent.parent.parent


class Program:
    """A process that holds a share in the server of this home until it is closed or killed."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.server.program", str(home), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=TOP,
            process_group=0,
        )

    def answer(self) -> dict[str, str]:
        """Wait for what the program says next: its server's `url` and `pid`, or a `problem`."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the program ended without a word"
        found: dict[str, str] = json.loads(line)
        return found

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def interrupt(self) -> None:
        """Do what Ctrl+C in its terminal does."""
        self._end(signal.SIGINT)

    def close(self) -> None:
        """Let it end in good order."""
        self._process.communicate()

    def _end(self, number: signal.Signals) -> None:
        os.killpg(self._process.pid, number)
        self._process.communicate()


Starter = Callable[..., Program]


def main(home: str, *arguments: str) -> None:
    if arguments:
        import resource

        limit = int(arguments[0])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        with EmbeddedServer.running(Path(home)) as server:
            pid = (server.data_directory / "postmaster.pid").read_text().split()[0]
            say(url=server.url, pid=pid)
            sys.stdin.read()
    except Unavailable as problem:
        say(problem=str(problem))


def say(**what: str) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
