"""The real program, started as a user starts it: a process, a home of its own, a window."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from PySide6.QtGui import QImage

from crm_desktop.db.profiles import home_folder
from crm_desktop.gui.routes import ROUTES

MAIN = Path(__file__).parents[2] / "main.py"
OPENED = "is open"
PATIENCE = 90  # seconds: the first start makes a cluster


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a home that the server's account can reach, also when the tests run as root."""
    with tempfile.TemporaryDirectory(prefix="crm-app-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        home = Path(folder) / "home"
        monkeypatch.setenv("CRM_DESKTOP_HOME", str(home))
        monkeypatch.delenv("CRM_DESKTOP_DATABASE", raising=False)
        assert home_folder() == home
        yield home


@contextmanager
def program(*arguments: str, platform: str = "minimal") -> Iterator["subprocess.Popen[str]"]:
    """Start the program; whatever of it still runs at the end is killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.qt_imports", str(MAIN), *arguments],
        cwd=MAIN.parent,
        env=os.environ | {"QT_QPA_PLATFORM": platform},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def servers_below(home: Path) -> list[psutil.Process]:
    """Return the PostgreSQL servers whose data lies in this home."""
    found = []
    for process in psutil.process_iter(["name", "cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        if process.info["name"] == "postgres" and str(home) in line:
            found.append(process)
    return found


def test_the_first_start_makes_a_workspace_shows_the_window_and_leaves_nothing_running(
    home: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "window.png"
    with program("--screenshot", str(picture)) as process:
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors
        assert "Traceback" not in errors
    image = QImage(str(picture))
    assert image.width() > 300  # the platform `minimal` has a small screen and a small font
    colors = {image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, 60, 5)}
    assert len(colors) > 5
    assert servers_below(home) == []
    assert (home / "drafts").is_dir()
    assert not list((home / "drafts").rglob("*.*"))
    log = (home / "log" / "crm-desktop.log").read_text(encoding="utf-8")
    assert "ERROR" not in log
    assert "CRITICAL" not in log


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for other processes")
def test_ctrl_c_quits_in_order_and_stops_the_server(home: Path) -> None:
    with program() as process:
        wait_until_ready(home, process)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        assert "Traceback" not in errors
    assert "last_place" in (home / "window.ini").read_text()  # and with it the tabs
    assert servers_below(home) == []


def test_a_database_that_does_not_answer_is_no_end_of_the_program(
    home: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "failed.png"
    url = "postgresql://nobody@127.0.0.1:1/nowhere"
    with program("--database", url, "--screenshot", str(picture)) as process:
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors
        assert "Traceback" not in errors
    assert picture.exists()
    assert servers_below(home) == []


def test_another_database_is_opened_by_its_address(
    home: Path, tmp_path: Path, database_url: str
) -> None:
    picture = tmp_path / "server.png"
    with program("--database", database_url, "--screenshot", str(picture)) as process:
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT count(*) FROM users").fetchone()
    assert row == (1,)
    assert servers_below(home) == []


def test_a_server_that_is_killed_is_started_again_while_the_program_runs(home: Path) -> None:
    with program() as process:
        wait_until_ready(home, process)
        before = {server.pid for server in servers_below(home)}
        assert before
        for server in servers_below(home):
            server.kill()

        deadline = time.monotonic() + PATIENCE
        while not {server.pid for server in servers_below(home)} - before:
            assert time.monotonic() < deadline
            with suppress(subprocess.TimeoutExpired):
                pytest.fail(f"The program ended with {process.wait(timeout=0.05)}.")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0


def test_without_a_display_it_says_what_to_do(home: Path) -> None:
    environment = {
        key: value
        for key, value in os.environ.items()
        if key not in {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    }
    run = subprocess.run(
        [sys.executable, str(MAIN)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if sys.platform.startswith("linux"):
        assert run.returncode == 2
        assert "There is no display here" in run.stderr
        assert "Traceback" not in run.stderr


def test_the_first_paint_needs_neither_sqlalchemy_nor_alembic_nor_pydantic(home: Path) -> None:
    """Import what is imported before the window is shown, and look what came along."""
    script = (
        "import sys\n"
        "import crm_desktop.app, crm_desktop.opening, crm_desktop.gui.main_window\n"
        "import crm_desktop.gui.startup, crm_desktop.gui.garbage, crm_desktop.gui.bugs\n"
        "heavy = {'sqlalchemy', 'alembic', 'pydantic', 'psycopg', 'typer', 'lucide', 'uuid'}\n"
        "heavy |= {'html', 'multiprocessing', 'PySide6.QtNetwork', 'crm_desktop.gui.delegates'}\n"
        "print(sorted(heavy & sys.modules.keys()))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=MAIN.parent
    )
    assert run.stdout.strip() == "[]"


def test_the_first_paint_makes_few_of_qts_classes() -> None:
    """Where Qt returns a widget of its own making, PySide makes the classes of all kinds of them.

    Only what has been made stands in its modules.
    """
    script = """
from PySide6 import QtGui, QtWidgets
from PySide6.QtCore import QSettings
from crm_desktop.gui.main_window import MainWindow
from crm_desktop.gui.pictures import FirstPaint
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import apply_theme
app = QtWidgets.QApplication([])
apply_theme(app)
window = MainWindow(Tasks(), QSettings())
window.tabs.insert(0, "records:obj_1", "Contacts", "user")
window.show_pages()
FirstPaint(window).painted.connect(app.quit)
window.show()
app.exec()
made = vars(QtWidgets).keys() | vars(QtGui).keys()
print(sorted({"QTreeView", "QWizard", "QAccessible"} & made))
strip = window.tabs.strip
print(strip.tabRect(0).left(), strip.width() >= strip.tabRect(0).width() > 0)
"""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, text=True, check=True, cwd=MAIN.parent, env=environment,
    )  # fmt: skip
    assert run.stdout.splitlines() == ["['QTreeView']", "0 True"]


def test_the_first_records_need_nothing_of_what_is_opened_later() -> None:
    """Import what a start imports on the way to a list of records, and look what came along."""
    script = (
        "import sys\n"
        "from importlib import import_module\n"
        "import crm_desktop.app\n"
        "from crm_desktop import opening\n"
        "for name in (*opening.TO_CONNECT, *opening.TO_READ):\n"
        "    import_module(name)\n"
        "opening.routes.import_page('records')\n"
        "later = ('alembic', 'typer', 'rich', 'multiprocessing', 'PySide6.QtNetwork',\n"
        "    'crm_desktop.gui.links', 'crm_desktop.gui.graph', 'crm_desktop.gui.picking',\n"
        "    'crm_desktop.gui.impact', 'crm_desktop.gui.layout_editor',\n"
        "    'crm_desktop.gui.filters.builder', 'crm_desktop.gui.clipboard.find_dialog')\n"
        "print(sorted(name for name in later if name in sys.modules))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=MAIN.parent
    )
    assert run.stdout.strip() == "[]"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each page is imported by a fork")
def test_the_gui_thread_imports_no_service_of_a_page() -> None:
    """Import each page after what a worker has imported, and look what came along."""
    script = (
        "import os, sys\n"
        "from importlib import import_module\n"
        "import crm_desktop.app\n"
        "from crm_desktop import opening\n"
        "for name in (*opening.TO_CONNECT, *opening.TO_READ):\n"
        "    import_module(name)\n"
        "slow = ('crm_desktop.services', 'sqlalchemy', 'psycopg', 'pydantic', 'alembic')\n"
        "kinds = {route.module: kind for kind, route in opening.routes.ROUTES.items()}\n"
        "for kind in kinds.values():\n"
        "    if os.fork() == 0:\n"
        "        before = set(sys.modules)\n"
        "        opening.routes.import_services(kind)\n"
        "        new = set(sys.modules) - before\n"
        "        qt = [name for name in new if name.startswith(('PySide6', 'crm_desktop.gui'))]\n"
        "        before = set(sys.modules)\n"
        "        opening.routes.import_page(kind)\n"
        "        came = [name for name in set(sys.modules) - before if name.startswith(slow)]\n"
        "        print(kind, came, qt, flush=True)\n"
        "        os._exit(0)\n"
        "    os.wait()\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=MAIN.parent
    )
    kinds = {route.module: kind for kind, route in ROUTES.items()}
    assert run.stdout.splitlines() == [f"{kind} [] []" for kind in kinds.values()]


def wait_until_ready(home: Path, process: "subprocess.Popen[str]") -> None:
    """Wait until the window has a database: the log says so."""
    log = home / "log" / "crm-desktop.log"
    deadline = time.monotonic() + PATIENCE
    while not (log.exists() and OPENED in log.read_text(encoding="utf-8")):
        assert time.monotonic() < deadline
        with suppress(subprocess.TimeoutExpired):  # as long as it has not ended, look again
            pytest.fail(f"The program ended with {process.wait(timeout=0.05)}.")


def test_a_second_start_goes_to_the_window_that_runs(home: Path, tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text("name\nAda\n", encoding="utf-8")
    with program() as first:
        wait_until_ready(home, first)
        for arguments in ((), (table.as_uri(),)):
            with program(*arguments) as second:
                _, errors = second.communicate(timeout=PATIENCE)
                assert second.returncode == 0, errors
        with program(str(tmp_path / "missing.csv")) as second:
            _, errors = second.communicate(timeout=PATIENCE)
            assert second.returncode == 2
            assert "There is no file" in errors
        assert len(servers_below(home)) > 0
        first.send_signal(signal.SIGTERM)
        assert first.wait(timeout=PATIENCE) == 0
    log = (home / "log" / "crm-desktop.log").read_text(encoding="utf-8")
    assert "asked for the window." in log
    assert "asked for a file." in log
    assert log.count(OPENED) == 1
