"""A virtual screen with a keyboard and a mouse: Xvfb, driven by xdotool, read as pictures."""

import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

WIDTH, HEIGHT = 1440, 900
PATIENCE = 90.0  # seconds
CARET = 4  # pixels
STILL = 0.8  # seconds without a change
GAP = 12  # pixels that separate one part of a window from the next
Box = tuple[int, int, int, int]  # left, top, right, bottom; right and bottom are outside


@dataclass(frozen=True, slots=True)
class Screen:
    """One display; what is typed goes to the window on top, as a window manager would do it."""

    display: str
    memory: Path  # where Xvfb keeps the picture, as an XWD file
    window_class: str

    def key(self, *names: str) -> None:
        for name in names:
            self._tool("key", name)
            time.sleep(0.15)

    def type(self, text: str) -> None:
        self._tool("type", "--delay", "40", text)

    def windows(self) -> list[str]:
        """Return the program's windows that can be seen, the one opened last at the end."""
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--classname", self.window_class],
            env={"DISPLAY": self.display, "PATH": "/usr/bin:/bin"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return sorted(found.stdout.split(), key=int)

    def focus(self) -> None:
        """Give the keyboard to the window that was opened last."""
        self._tool("windowfocus", "--sync", self.windows()[-1])

    def fill(self, window: str) -> None:
        """Let a window fill the screen."""
        self._tool("windowmove", window, "0", "0", "windowsize", window, str(WIDTH), str(HEIGHT))

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Press, move in small steps as a hand does, rest a moment, let go."""
        self._tool("mousemove", *map(str, start))
        time.sleep(0.3)
        self._tool("mousedown", "1")
        for step in range(1, 21):
            x = start[0] + (end[0] - start[0]) * step // 20
            y = start[1] + (end[1] - start[1]) * step // 20
            self._tool("mousemove", str(x), str(y))
            time.sleep(0.05)
        time.sleep(0.6)
        self._tool("mouseup", "1")

    def picture(self) -> bytes:
        """Return the pixels, four bytes each, row by row."""
        content = self.memory.read_bytes()
        header = struct.unpack(">25I", content[:100])
        begin = int(header[0] + header[19] * 12)  # the header's length, then the colours
        return content[begin : begin + header[12] * header[5]]

    def save(self, target: Path) -> None:
        """Write what is on the screen as a PNG, for whoever looks into a failure."""
        from PySide6.QtGui import QImage

        image = QImage(self.picture(), WIDTH, HEIGHT, WIDTH * 4, QImage.Format.Format_RGB32)
        image.save(str(target))

    def changes(self, before: bytes, after: bytes) -> list[Box]:
        """Return boxes around the pixels that differ, one for each part of the width."""
        wide = WIDTH * 4
        found: dict[int, list[int]] = {}
        for y in range(HEIGHT):
            old, new = before[y * wide : (y + 1) * wide], after[y * wide : (y + 1) * wide]
            if old != new:
                for x in range(WIDTH):
                    if old[x * 4 : x * 4 + 3] != new[x * 4 : x * 4 + 3]:
                        found.setdefault(x, []).append(y)
        boxes: list[Box] = []
        for x in sorted(found):
            top, bottom = found[x][0], found[x][-1] + 1
            if boxes and x - boxes[-1][2] < GAP:
                left, above, _, below = boxes.pop()
                boxes.append((left, min(above, top), x + 1, max(below, bottom)))
            else:
                boxes.append((x, top, x + 1, bottom))
        return boxes

    def press(self, name: str) -> bytes:
        """Press a key, wait until something changed and all is still, and return the picture."""
        before = self.picture()
        self.key(name)
        wait_until(lambda: self.picture() != before, f"the key {name} changes something")
        return self.wait_until_still()

    def wait_until_still(self) -> bytes:
        """Wait until the picture has not changed for a moment, and return it."""
        last, since, deadline = self.picture(), time.monotonic(), time.monotonic() + PATIENCE
        while time.monotonic() - since < STILL and time.monotonic() < deadline:
            time.sleep(0.1)
            now = self.picture()
            if now != last and not self._is_caret(self.changes(last, now)):
                last, since = now, time.monotonic()
        return self.picture()

    def _is_caret(self, boxes: list[Box]) -> bool:
        """Say whether all that changed is the line that blinks where one types."""
        return len(boxes) == 1 and boxes[0][2] - boxes[0][0] <= CARET

    def _tool(self, *arguments: str) -> None:
        subprocess.run(
            ["xdotool", *arguments],
            env={"DISPLAY": self.display, "PATH": "/usr/bin:/bin"},
            check=True, capture_output=True, timeout=PATIENCE,
        )  # fmt: skip


@contextmanager
def screen(window_class: str) -> Iterator[Screen]:
    """Give a virtual screen for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="crm-screen-") as folder:
        number = Path(folder, "number")
        with number.open("w") as told:
            server = subprocess.Popen(
                ["Xvfb", "-displayfd", str(told.fileno()), "-screen", "0", f"{WIDTH}x{HEIGHT}x24",
                 "-nolisten", "tcp", "-ac", "-fbdir", folder],
                pass_fds=[told.fileno()], stderr=subprocess.DEVNULL,
            )  # fmt: skip
        try:
            wait_until(lambda: number.read_text().endswith("\n"), "Xvfb starts")
            display = f":{number.read_text().strip()}"
            yield Screen(display, Path(folder, "Xvfb_screen0"), window_class)
        finally:
            server.terminate()
            server.wait()


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Wait for a condition; raises TimeoutError that says what did not happen."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"In {seconds:.0f} seconds it did not happen that {what}.")
        time.sleep(0.1)
