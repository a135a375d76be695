"""Hands a permanent link that was opened elsewhere to the window that runs already."""

from __future__ import annotations

import hashlib
import logging
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.record_links import MOST_LETTERS, record_of_link

CONNECTING, ANSWERING = 500, 2000  # milliseconds
_TAKEN, _REFUSED = b"taken\n", b"refused\n"
_LONGEST_PATH = 90  # bytes; the name of a Unix socket has room for some 100

_log = logging.getLogger(__name__)


def server_name(home: Path) -> str:
    """Return where the window of this home listens: inside it, where that can be named."""
    inside = home / "window.sock"
    if sys.platform != "win32" and len(str(inside).encode()) <= _LONGEST_PATH:
        return str(inside)
    return f"crm-desktop-{hashlib.sha256(str(home).encode()).hexdigest()[:24]}"


def hand_over(name: str, link: str) -> bool:
    """Ask the window that listens there to open the link; False where none took it."""
    socket = QLocalSocket()
    socket.connectToServer(name)
    if not socket.waitForConnected(CONNECTING):
        return False
    socket.write(f"{link.strip()}\n".encode())
    answer = b""
    while not answer.endswith(b"\n") and socket.waitForReadyRead(ANSWERING):
        answer += bytes(socket.readAll().data())
    socket.abort()
    return answer == _TAKEN


class LinkServer(QObject):
    """Listens for links of this person's other programs; what is no link is refused unread."""

    record_wanted = Signal(str)  # a record's id

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._welcome)

    def listen(self, name: str) -> bool:
        """Listen there; the caller has made sure that no other program does."""
        QLocalServer.removeServer(name)  # of a program that was killed
        is_listening = self._server.listen(name)
        if not is_listening:
            _log.warning("Links cannot be received. %s", self._server.errorString())
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
        line = bytes(socket.readLine(MOST_LETTERS + 2).data())
        try:
            record_id = record_of_link(line.decode("ascii"))
        except (Invalid, UnicodeDecodeError):
            record_id = ""
        socket.write(_TAKEN if record_id else _REFUSED)
        socket.disconnectFromServer()
        if record_id:
            self.record_wanted.emit(record_id)
