"""What stands in the menus and on the rail can be translated, by Qt's own tools."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot
from typing_extensions import override

from crm_desktop.gui.rail import MODES
from crm_desktop.gui.tasks import Tasks
from tests.gui.windows import make_window

TOP = Path(__file__).parents[2]


class Shouting(QTranslator):
    """Answers every text in capitals, as a translation would answer in words of its own."""

    @override
    def translate(
        self, context: str, text: str, disambiguation: str | None = None, n: int = -1
    ) -> str:
        return text.upper()

    @override
    def isEmpty(self) -> bool:
        return False


def test_every_menu_follows_the_translation(
    qtbot: QtBot, qapp: QApplication, tasks: Tasks, home: Path
) -> None:
    translator = Shouting()
    QCoreApplication.installTranslator(translator)
    try:
        window = make_window(qtbot, tasks, home)
        titles = [action.text() for action in window.top.menu.actions()]
        menus = window.top.menu.findChildren(QMenu)
        commands = [each.text() for menu in menus for each in menu.actions() if each.text()]
        assert titles
        assert commands
        assert [text for text in [*titles, *commands] if text != text.upper()] == []
        assert [mode.title() for mode in MODES] == [mode.title().upper() for mode in MODES]
    finally:
        QCoreApplication.removeTranslator(translator)


def test_the_texts_can_be_taken_out_for_translators(tmp_path: Path) -> None:
    tool = Path(sys.executable).with_name("pyside6-lupdate")
    if not tool.exists():
        pytest.skip("this installation of Qt has no lupdate")
    sources = [str(path) for path in (TOP / "crm_desktop" / "gui").rglob("*.py")]
    file = tmp_path / "texts.ts"
    ended = subprocess.run(
        [tool, "-silent", *sources, "-ts", str(file)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    tree = ElementTree.parse(file)  # noqa: S314 - written just now, by us
    contexts = {
        context.findtext("name"): {each.findtext("source") for each in context.iter("message")}
        for context in tree.getroot().iter("context")
    }
    assert "Quit" in contexts["WindowMenus"]
    assert "Schema" in contexts["rail"]
    assert "Copy details" in contexts[""]  # functions, which have no class to name
    taken = set().union(*contexts.values())
    asked = [words for path in sources for words in words_of(Path(path))]
    assert len(asked) > 1000
    assert [words for words in asked if words not in taken] == []


def words_of(path: Path) -> Iterator[str]:
    """Return what a module gives to a function whose name says that it translates."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            words = node.args[0] if node.args else None
            if name.strip("_") == "tr" and isinstance(words, ast.Constant):
                yield str(words.value)
