"""Hands what a second start of the program was given to the window that runs already."""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.second_start import MOST_LETTERS, Wish, line_of, wish_in

CONNECTING, ANSWERING = 500, 2000  # milliseconds
_TAKEN, _REFUSED = b"taken\n", b"refused\n"
_LONGEST_PATH = 90  # bytes; the name of a Unix socket has room for some 100

_log = logging.getLogger(__name__)


class Answer(Enum):
    """What became of a wish that was handed over."""

    TAKEN = "taken"
    REFUSED = "refused"
    NOBODY = "nobody"


def server_name(home: Path) -> str:
    """Return where the window of this home listens: inside it, where that can be named."""
    inside = home / "window.sock"
    if sys.platform != "win32" and len(str(inside).encode()) <= _LONGEST_PATH:
        return str(inside)
    return f"crm-desktop-{hashlib.sha256(str(home).encode()).hexdigest()[:24]}"


def hand_over(name: str, wish: Wish) -> Answer:
    """Ask the window that listens there."""
    socket = QLocalSocket()
    socket.connectToServer(name)
    if not socket.waitForConnected(CONNECTING):
        return Answer.NOBODY
    socket.write(f"{line_of(wish)}\n".encode())
    answer = b""
    while not answer.endswith(b"\n") and socket.waitForReadyRead(ANSWERING):
        answer += bytes(socket.readAll().data())
    socket.abort()
    return Answer.TAKEN if answer == _TAKEN else Answer.REFUSED


def take_every(_wish: Wish) -> bool:
    return True


class LinkServer(QObject):
    """Listens for this person's other starts; what makes no sense is refused unread.

    `takes` says whether a wish is for this window; who is refused opens a window of its own.
    """

    wished = Signal(object)  # Wish

    def __init__(
        self, parent: QObject | None = None, *, takes: Callable[[Wish], bool] = take_every
    ) -> None:
        super().__init__(parent)
        self._takes = takes
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._welcome)

    def listen(self, name: str) -> bool:
        """Listen there; the caller has made sure that no other program does."""
        QLocalServer.removeServer(name)  # of a program that was killed
        is_listening = self._server.listen(name)
        if not is_listening:
            _log.warning("Other starts cannot be received. %s", self._server.errorString())
        return is_listening

    def close(self) -> None:
        self._server.close()

    def _welcome(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(self._read)
            QTimer.singleShot(ANSWERING, socket, socket.abort)  # nobody keeps us waiting
            socket.disconnected.connect(socket.deleteLater)

    def _read(self) -> None:
        socket = self.sender()
        if not isinstance(socket, QLocalSocket):
            return
        if not socket.canReadLine() and socket.bytesAvailable() <= MOST_LETTERS:
            return
        wish = self._understood(bytes(socket.readLine(MOST_LETTERS + 2).data()))
        socket.write(_TAKEN if wish is not None else _REFUSED)
        socket.disconnectFromServer()
        if wish is not None:
            self.wished.emit(wish)

    def _understood(self, line: bytes) -> Wish | None:
        try:
            wish = wish_in(line.decode("ascii"))
        except (Invalid, UnicodeDecodeError):
            return None
        return wish if self._takes(wish) else None
