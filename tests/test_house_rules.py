"""Rules of this code base that no linter knows."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
PACKAGE = TOP / "crm_desktop"
MODULES = sorted(PACKAGE.rglob("*.py"))
SERVICES = [path for path in MODULES if path.is_relative_to(PACKAGE / "services")]

CANARY = """
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QLabel

class Sender(QObject):
    sent = Signal(object, bool)

app = QApplication([])
sender, label = Sender(), QLabel()
sender.sent.connect(lambda value, flag: None)
for number in range(100_000):
    sender.sent.emit(None, True)
    label.setText(str(number % 10))
print("alive", label.text())
"""


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree_of(path)))


@pytest.fixture(scope="module", autouse=True)
def _trees_go() -> Iterator[None]:
    """Forget the trees in the end: every later collection of garbage would walk them."""
    yield
    tree_of.cache_clear()
    nodes_of.cache_clear()


def calls_in(path: Path) -> Iterator[tuple[int, str]]:
    """Give line and name of each call of an attribute; no rule here speaks of plain names."""
    for node in nodes_of(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.lineno, ast.unparse(node.func)


def service_functions() -> Iterator[tuple[Path, ast.FunctionDef]]:
    """Give the public service functions that take a session: the ways into the database."""
    for path in SERVICES:
        for node in tree_of(path).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                first = node.args.args[:1]
                if first and first[0].arg == "session":
                    yield path, node


# Each rule is one test for all modules: one for each module would be two thousand tests.


def test_a_service_checks_permission_before_anything_else() -> None:
    functions = list(service_functions())
    assert len(functions) > 100
    wrong = []
    for path, function in functions:
        statements = function.body[1:] if ast.get_docstring(function) else function.body
        if not ast.unparse(statements[0]).startswith("session.actor.require(Permission."):
            wrong.append(f"{name_of(path)}: {function.name}")
    assert not wrong


def test_no_service_ends_a_transaction() -> None:
    ends = re.compile(r"session\.(commit|rollback|close)$")
    found = [
        f"{name_of(path)}:{line} {name}"
        for path in SERVICES
        for line, name in calls_in(path)
        if ends.search(name)
    ]
    assert not found


def test_only_the_application_runs_an_event_loop() -> None:
    loops = {
        (path.name, f"{name_of(path)}:{line}")
        for path in MODULES
        for line, name in calls_in(path)
        if name.endswith((".exec", ".exec_"))
    }
    allowed = {"app.py", "selftest.py", "dragging.py"}  # QDrag has no other
    assert not [place for file, place in loops if file not in allowed]
    assert "app.py" in {file for file, _ in loops}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name_of(path)
        for path in MODULES
        if path.read_text().strip() and not ast.get_docstring(tree_of(path))
    ]
    assert not silent


def test_files_and_classes_can_be_held_in_the_head() -> None:
    long = []
    for path in MODULES:
        lines = len(path.read_text().splitlines())
        long += [f"{name_of(path)} has {lines} lines"] if lines > 600 else []
        for node in nodes_of(path):
            if isinstance(node, ast.FunctionDef):
                lines = (node.end_lineno or 0) - node.body[0].lineno + 1  # options are none
                long += [f"{name_of(path)}: {node.name} has {lines} lines"] if lines > 60 else []
    assert not long


def test_colours_come_from_the_tokens() -> None:
    color = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}\b")
    found = [
        f"{name_of(path)}:{node.lineno} {node.value}"
        for path in MODULES
        if path.is_relative_to(PACKAGE / "gui") and path.name != "tokens.py"
        for node in nodes_of(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if color.search(node.value)
    ]
    assert not found


@pytest.mark.parametrize("lock", sorted((TOP / "locks").glob("*.lock")), ids=lambda path: path.name)
def test_a_lock_file_gives_versions_and_hashes_and_no_host(lock: Path) -> None:
    text = lock.read_text()
    pins = re.findall(r"^[a-z0-9][\w.\[\]-]*==", text, flags=re.MULTILINE)
    assert len(pins) > 20
    assert text.count("==") - text.count("'==") >= len(pins)
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert "-index" not in text


def test_qt_for_python_does_not_wear_out_the_interpreter() -> None:
    """6.12.0 gives back None and True once too often and aborts Python 3.11 within this loop."""
    run = subprocess.run(
        [sys.executable, "-c", CANARY],
        env={"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == "alive 9\n", run.stderr
