"""`start`: from the command to a shown window, and to the first records on screen.

Measured from the sources, and the window also as `make package` froze the program, if it did.

Every measure is a fresh process on warm caches. All begin when the process is made, the
interpreter's own start included, on both sides.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from bench import start_installed
from bench.measure import Options, Result
from bench.workspace import Workspace, open_workspace, temporary_folder
from crm_desktop.db.server import EmbeddedServer
from crm_desktop.services import objects, sample

ROUNDS, WINDOW_BAR, RECORDS_BAR = 11, 2.5, 1.5
TOP = Path(__file__).parent.parent
PATIENCE = 60.0  # seconds for one process
BARE = "a bare QWidget from PySide6, shown and painted"
QUERIED = "imports (PySide6, SQLAlchemy, psycopg, pydantic, our services), connection, one query"


def run(options: Options) -> Iterator[Result]:
    with temporary_folder() as folder:
        home = folder / "home"
        with EmbeddedServer.running(home) as server:
            with open_workspace(server.url) as workspace:
                object_id = _load_sample(workspace)
                user_id = str(workspace.actor.user_id)
            environment = _environment(home, folder / "bytecode")
            program = ("bench.start_program",)
            peers = (
                ("bench.start_window",),
                ("bench.start_query", server.url, object_id, user_id),
            )
            _times((*program, "--open", f"records:{object_id}"), environment)  # keeps its tab
            count = (options.rounds or ROUNDS) + 1  # the first one warms up
            rounds: list[tuple[dict[str, float], ...]] = []
            for number in range(count):
                commands = (program, *peers)
                turn = {each: _times(each, environment) for each in commands[:: (-1) ** number]}
                rounds.append(tuple(turn[each] for each in commands))
            installed = _installed_rounds(home, environment, count)
    yield from _results(rounds[1:])
    yield from _installed_results(installed[1:])


def _installed_rounds(
    home: Path, environment: Mapping[str, str], count: int
) -> list[tuple[float, float]]:
    """Return the seconds to a window of the frozen program and of a bare one, in turns."""
    if not start_installed.PROGRAM.exists():
        return []
    rounds = []
    for number in range(count):
        turn = {}
        for side in ("ours", "bare")[:: (-1) ** number]:
            if side == "ours":
                turn[side] = start_installed.seconds_to_window(home, environment)
            else:
                turn[side] = _times(("bench.start_window",), environment)["window"]
        rounds.append((turn["ours"], turn["bare"]))
    return rounds


def _installed_results(rounds: list[tuple[float, float]]) -> Iterator[Result]:
    if rounds:
        ours, bare = (median(each[side] for each in rounds) for side in (0, 1))
        said = f"{BARE}: {bare * 1000:,.0f} ms"
        name = "start, installed, window"
        yield Result(name, ours * 1000, "ms", said, ours / bare, WINDOW_BAR)
    else:
        said = "No package is built here, so its start is not measured: `make package` makes one."
        print(said, file=sys.stderr)
    yield from start_installed.sizes()


def _results(rounds: list[tuple[dict[str, float], ...]]) -> Iterator[Result]:
    window = median(ours["window"] for ours, _, _ in rounds)
    records = median(ours["records"] for ours, _, _ in rounds)
    bare = median(peer["window"] for _, peer, _ in rounds)
    queried = median(peer["queried"] for _, _, peer in rounds)
    for name, ours, peer, against, bar in (
        ("start, window shown", window, bare, BARE, WINDOW_BAR),
        ("start, first records", records, queried, QUERIED, RECORDS_BAR),
    ):
        said = f"{against}: {peer * 1000:,.0f} ms"
        yield Result(name, ours * 1000, "ms", said, ours / peer, bar)


def _load_sample(workspace: Workspace) -> str:
    """Return the object with the most records."""
    with workspace.database.long(workspace.actor) as session:
        sample.load_sample(session)
    with workspace.database.read(workspace.actor) as session:
        counts = objects.count_records(session)
    return max(counts, key=lambda object_id: (counts[object_id], object_id))


def _environment(home: Path, bytecode: Path) -> dict[str, str]:
    """Return what the processes run with: both sides find compiled modules, as installed ones."""
    environment = os.environ | {
        "CRM_DESKTOP_HOME": str(home),
        "PYTHONPYCACHEPREFIX": str(bytecode),
    }
    for name in ("CRM_DESKTOP_DATABASE", "PYTHONDONTWRITEBYTECODE"):
        environment.pop(name, None)
    has_display = any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    if sys.platform.startswith("linux") and not has_display:
        environment["QT_QPA_PLATFORM"] = "offscreen"
    return environment


def _times(command: tuple[str, ...], environment: Mapping[str, str]) -> dict[str, float]:
    """Run a module of ours; return the seconds from its beginning to each event that it tells.

    The processes tell what `time.monotonic` says, a clock that all processes share.
    """
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=TOP,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    events = (line.split() for line in ended.stdout.splitlines())
    return {event: float(moment) - began for event, moment in events}
