"""What a person chose for the list of an object, kept on this computer."""

from __future__ import annotations

import json

from PySide6.QtCore import QSettings


class ListState:
    """Reads and writes `lists.ini` in the program's folder; what makes no sense is not there."""

    def __init__(self, object_id: str) -> None:
        ini, user = QSettings.Format.IniFormat, QSettings.Scope.UserScope
        self._settings = QSettings(ini, user, "lists")
        self._group = object_id.replace("/", "|").replace("\\", "|")

    @property
    def summaries(self) -> dict[str, str]:
        """What is shown below columns, by the ids of their fields."""
        try:
            stored = json.loads(str(self._settings.value(f"{self._group}/summaries", "{}")))
        except ValueError:
            return {}
        if not isinstance(stored, dict):
            return {}
        return {str(field_id): str(summary) for field_id, summary in stored.items()}

    @summaries.setter
    def summaries(self, chosen: dict[str, str]) -> None:
        self._settings.setValue(f"{self._group}/summaries", json.dumps(chosen))
