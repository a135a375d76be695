"""What a window remembers from one start to the next: place, panes, tabs and theme."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

from crm_desktop.gui.theme import Scheme

MOST_TABS = 30


@dataclass(frozen=True, slots=True)
class RememberedTab:
    """Enough to show a tab before its page is built."""

    address: str
    title: str
    icon: str


class WindowState:
    """Reads and writes one ini file; whatever in it makes no sense is taken as not there.

    Tabs and closed groups belong to a database, so they are kept for each by its place.
    """

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    @property
    def scheme(self) -> Scheme:
        stored = str(self._settings.value("look/scheme", ""))
        return Scheme(stored) if stored in list(Scheme) else Scheme.SYSTEM

    @scheme.setter
    def scheme(self, scheme: Scheme) -> None:
        self._settings.setValue("look/scheme", scheme.value)

    def bytes_of(self, name: str) -> QByteArray:
        stored = self._settings.value(f"window/{name}")
        return stored if isinstance(stored, QByteArray) else QByteArray()

    def keep_bytes(self, name: str, value: QByteArray) -> None:
        self._settings.setValue(f"window/{name}", value)

    def is_on(self, name: str, *, otherwise: bool) -> bool:
        stored = self._settings.value(f"window/{name}")
        return otherwise if stored is None else str(stored).lower() == "true"

    def keep_switch(self, name: str, *, is_on: bool) -> None:
        self._settings.setValue(f"window/{name}", "true" if is_on else "false")

    def text_of(self, name: str) -> str:
        return str(self._settings.value(f"texts/{_key(name)}", ""))

    def keep_text(self, name: str, text: str) -> None:
        self._settings.setValue(f"texts/{_key(name)}", text)

    @property
    def computer(self) -> str:
        """Return the name, made once, by which histories know this installation."""
        name = self.text_of("computer")
        if not name:
            import uuid  # not before the first paint

            name = uuid.uuid4().hex
            self.keep_text("computer", name)
        return name

    def tabs_at(self, place: str) -> tuple[list[RememberedTab], int]:
        """Return the tabs that were open on this database, and which of them was current."""
        stored = self._json(place)
        tabs = [
            RememberedTab(str(each.get("address")), str(each.get("title")), str(each.get("icon")))
            for each in _list(stored.get("tabs"))[:MOST_TABS]
            if isinstance(each, dict)
        ]
        current = stored.get("current")
        return tabs, current if isinstance(current, int) and 0 <= current < len(tabs) else 0

    def collapsed_at(self, place: str) -> set[str]:
        return {str(each) for each in _list(self._json(place).get("collapsed"))}

    def keep_place(
        self, place: str, tabs: list[RememberedTab], current: int, collapsed: set[str]
    ) -> None:
        content = {
            "tabs": [
                {"address": tab.address, "title": tab.title, "icon": tab.icon} for tab in tabs
            ],
            "current": current,
            "collapsed": sorted(collapsed),
        }
        self._settings.setValue(f"places/{_key(place)}", json.dumps(content))
        self._settings.setValue("window/last_place", place)

    @property
    def last_place(self) -> str:
        return str(self._settings.value("window/last_place", ""))

    def _json(self, place: str) -> dict[str, Any]:
        try:
            stored = json.loads(str(self._settings.value(f"places/{_key(place)}", "{}")))
        except ValueError:
            return {}
        return stored if isinstance(stored, dict) else {}


def _key(place: str) -> str:
    """Return a key without the slashes that would make groups of an ini file."""
    return place.replace("/", "|").replace("\\", "|") or "unknown"


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
