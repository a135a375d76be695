"""The two menus over the schema's graph: which objects are shown, and which of their fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from crm_desktop.domain.graph import Part
from crm_desktop.gui.graph.schema_nodes import DEEPEST, Choice, Detail, Known
from crm_desktop.gui.icons import icon
from crm_desktop.services.applications import ApplicationSummary


class SchemaChoice(QObject):
    """What a diagram shows, chosen in menus; `changed` when somebody chose."""

    changed = Signal(object)  # Choice

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self.choice = Choice()
        self._part, self._known = Part(""), Known()
        self._applications: Sequence[ApplicationSummary] = ()
        self.objects, self.fields = QMenu(page), QMenu(page)
        self.near = QAction(icon("radius"), self.tr("Show its neighbourhood"), page)
        self.near.setProperty("icon_name", "radius")
        self.near.triggered.connect(self.show_neighbourhood)
        self.all = QAction(icon("expand"), self.tr("Show all objects"), page)
        self.all.setProperty("icon_name", "expand")
        self.all.triggered.connect(self.show_all)
        page.addActions([self.near, self.all])
        self._groups: list[QActionGroup] = []
        self.details = QActionGroup(page)
        for detail, text in (
            (Detail.KEY, self.tr("Key fields")),
            (Detail.ALL, self.tr("All fields")),
            (Detail.NONE, self.tr("No fields")),
        ):
            action = QAction(text, page)
            action.setCheckable(True)
            action.setData(detail.value)
            action.triggered.connect(partial(self._choose, partial(_with_detail, detail)))
            self.details.addAction(action)
            page.addAction(action)
        self.fields.addActions(self.details.actions())
        self.show_choice(self.choice, self._known, ())

    def show_choice(
        self, choice: Choice, known: Known, applications: Sequence[ApplicationSummary]
    ) -> None:
        """Fill the menus with what there is to choose, and mark what is chosen."""
        self.choice, self._known, self._applications = choice, known, applications
        for action in self.details.actions():
            action.setChecked(action.data() == choice.detail.value)
        self._fill_objects()
        self.follow(self._part)

    def follow(self, part: Part) -> None:
        """Take this as what a neighbourhood would be of."""
        self._part = part
        self.near.setEnabled(not part.is_edge and self._known.object(part.id) is not None)
        self.all.setEnabled(bool(self.choice.around_id or self.choice.application_id))

    def _fill_objects(self) -> None:
        self.objects.clear()
        for group in self._groups:
            group.deleteLater()
        self._groups = [QActionGroup(self.objects), QActionGroup(self.objects)]
        self._add(0, self.tr("All objects"), partial(_of_application, ""),
                  is_on=not self.choice.application_id)  # fmt: skip
        for each in self._applications:
            self._add(0, each.title, partial(_of_application, each.id),
                      is_on=self.choice.application_id == each.id)  # fmt: skip
        self.objects.addSeparator()
        self.objects.addAction(self.near)
        if self.choice.around_id:
            for depth in range(1, DEEPEST + 1):
                text = self.tr("{} edges away").replace("{}", str(depth))
                text = self.tr("1 edge away") if depth == 1 else text
                self._add(1, text, partial(_as_deep, depth), is_on=self.choice.depth == depth)
        self.objects.addAction(self.all)

    def _add(
        self, group: int, text: str, change: Callable[[Choice], Choice], *, is_on: bool
    ) -> None:
        action = self.objects.addAction(text.replace("&", "&&"))
        action.setCheckable(True)
        action.setChecked(is_on)
        action.triggered.connect(partial(self._choose, change))
        self._groups[group].addAction(action)

    def _choose(self, change: Callable[[Choice], Choice], *_: bool) -> None:
        self.changed.emit(change(self.choice))

    def show_neighbourhood(self) -> None:
        depth = self.choice.depth if self.choice.around_id else 1
        self.changed.emit(replace(self.choice, around_id=self._part.id, depth=depth))

    def show_all(self) -> None:
        self.changed.emit(replace(self.choice, around_id="", application_id=""))

    def words(self) -> str:
        """Say what is shown, for the button of the menu."""
        around = self._known.object(self.choice.around_id)
        if around is not None:
            return self.tr("Around {}").replace("{}", around.label)
        titles = {each.id: each.title for each in self._applications}
        return titles.get(self.choice.application_id, self.tr("All objects"))

    def detail_words(self) -> str:
        checked = self.details.checkedAction()
        return checked.text()


def _with_detail(detail: Detail, choice: Choice) -> Choice:
    return replace(choice, detail=detail)


def _of_application(application_id: str, choice: Choice) -> Choice:
    return replace(choice, application_id=application_id, around_id="")


def _as_deep(depth: int, choice: Choice) -> Choice:
    return replace(choice, depth=depth)
