"""A line that says how many stored links break the keys that are about to be defined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.domain.errors import Cancelled, UserError
from crm_desktop.domain.field_type import wrong_type_text
from crm_desktop.gui.dialogs.delete_dialog import counted
from crm_desktop.gui.theme import unit
from crm_desktop.gui.translating import tr
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.gui.widgets.running_bar import RunningBar
from crm_desktop.services import link_data
from crm_desktop.services.link_data import BrokenKey, BrokenLinkValue
from crm_desktop.services.link_schemas import LinkKey

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Handle, Tasks

PATIENCE = 290.0
MOST_LINES = 4


class SchemaImpact(QWidget):
    """Asked one question at a time; takes no room while nothing is asked."""

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._handle: Handle | None = None
        self._asked: tuple[str, tuple[LinkKey, ...]] = ("", ())
        self.warning = IconLabel("triangle-alert", "warning")
        self.sentence = TextLabel(face="small", wraps=True)
        self.running = RunningBar()
        self.running.stop_requested.connect(self._stop)
        self.running.resume_requested.connect(self._read)
        line = QHBoxLayout()
        line.setSpacing(2 * unit())
        line.addWidget(self.warning)
        line.addWidget(self.sentence, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(line)
        box.addWidget(self.running)
        self.hide()

    def ask(self, relationship_id: str, keys: Sequence[LinkKey]) -> None:
        """Count what in the relationship's links would break these keys' rules."""
        self._asked = (relationship_id, tuple(keys))
        self._read()

    def clear(self) -> None:
        self._stop()
        self.running.end()
        self.hide()

    def _read(self) -> None:
        self.clear()
        relationship_id, keys = self._asked
        self._titles = {key.name: key.title for key in keys}
        self._say("muted", self.tr("Counting what stored links hold…"))
        self.running.run(self.tr("Checking links…"), self.tr("Counting was stopped."))
        call = partial(link_data.broken_values, relationship_id=relationship_id, keys=keys)
        self._handle = self._tasks.read(self, call, self._show, self._fail, patience=PATIENCE)

    def _stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _say(self, role: str, words: str) -> None:
        self.warning.setVisible(role == "warning")
        self.sentence.set_role("text" if role == "warning" else "muted")
        self.sentence.setText(words)
        self.sentence.setToolTip("")
        self.show()

    def _show(self, broken: list[BrokenKey]) -> None:
        self._handle = None
        self.running.end()
        if not broken:
            self._say("muted", self.tr("No stored link breaks these keys."))
            return
        lines = [line_of(each, self._titles) for each in broken[:MOST_LINES]]
        if len(broken) > MOST_LINES:
            lines.append(self.tr("and %n more key(s)", "", len(broken) - MOST_LINES))
        lines.append(self.tr("They stay as they are until somebody edits them."))
        self._say("warning", "\n".join(lines))
        self.sentence.setToolTip("\n".join(_examples(broken)))

    def _fail(self, error: UserError) -> None:
        self._handle = None
        self.running.end()
        if not isinstance(error, Cancelled):
            self._say("muted", str(error))


def line_of(broken: BrokenKey, titles: Mapping[str, str]) -> str:
    """Say how many links break a key or lack it, with an example."""
    said = []
    if broken.broken:
        links = counted(broken.broken, tr("link breaks"), tr("links break"))
        words = tr("{links} its rules, such as {example}")
        said.append(words.format(links=links, example=_example(broken.samples[0])))
    if broken.lacking:
        links = counted(broken.lacking, tr("link lacks"), tr("links lack"))
        said.append(tr("{links} it").format(links=links))
    return f"{titles.get(broken.name, broken.name)}: {'; '.join(said)}"


def _examples(broken: Sequence[BrokenKey]) -> list[str]:
    return [f"{each.name}: {_example(sample)}" for each in broken for sample in each.samples]


def _example(sample: BrokenLinkValue) -> str:
    value = wrong_type_text(sample.value)
    shown = value if len(value) <= 40 else f"{value[:39]}…"
    words = tr("“{value}” ({link}): {problem}")
    return words.format(value=shown, link=sample.link_name, problem=sample.problem)
