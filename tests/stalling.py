"""A way to a database that can be stalled and cut, as a network does: a proxy process."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

SOCKET = ".s.PGSQL.5432"


class Proxy:
    """Forwards a Unix socket to another; stopped by SIGSTOP it accepts and answers nothing."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        parts = urlsplit(url)
        self._target = Path(parse_qs(parts.query)["host"][0]) / SOCKET
        self.url = url.replace(str(self._target.parent), str(folder))
        self._process = self._begin()

    def stall(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def cut(self) -> None:
        """End every connection; nothing listens any more."""
        self._process.kill()
        self._process.wait()
        (self._folder / SOCKET).unlink(missing_ok=True)

    def begin_again(self) -> None:
        self._process = self._begin()

    def _begin(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, __file__, self._folder / SOCKET, self._target],
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        with process.stdout:
            assert process.stdout.readline() == b"ready\n"
        return process


@contextmanager
def proxied(url: str) -> Iterator[Proxy]:
    """Give a proxy to the database at a URL of the test cluster."""
    with tempfile.TemporaryDirectory(prefix="crm-proxy-") as folder:
        proxy = Proxy(Path(folder), url)
        try:
            yield proxy
        finally:
            proxy.cut()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def _serve(listen: str, target: str) -> None:
    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        their_reader, their_writer = await asyncio.open_unix_connection(target)
        await asyncio.gather(_forward(reader, their_writer), _forward(their_reader, writer))

    server = await asyncio.start_unix_server(connect, listen)
    os.write(1, b"ready\n")
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], sys.argv[2]))
