"""One field's way from values to the JSON that COPY takes, or to why they are refused."""

from json.encoder import encode_basestring
from typing import Any

from crm_desktop.domain.field_types import EffectiveField, target_ids, value_checker
from crm_desktop.services.import_rows import (
    REMEMBERED,
    REMEMBERED_LENGTH,
    copy_text,
    json_for_copy,
)
from crm_desktop.services.records import why_not_writable
from crm_desktop.services.reference_checks import REFERRING


class CellColumn:
    """One field's way from a value to the piece of JSON that stores it, or to a reason."""

    def __init__(self, key: str, field: EffectiveField | None) -> None:
        self._refusal = why_not_writable(field)
        self._check = value_checker(field) if field else None
        self._pieces: dict[str, str] = {}
        self.key = f"{copy_text(encode_basestring(key))}: "
        self.element = copy_text(encode_basestring(key))  # an array's element is quoted alike
        self.field = field if field and field.type in REFERRING else None
        self.targets: set[str] = set()

    def problem(self, value: Any) -> str | None:
        """Say why this value cannot be stored here."""
        if self._refusal or self._check is None:
            return self._refusal
        return self._check(value)

    def piece(self, value: Any) -> str | None:
        """Return JSON for a member of an object, escaped for COPY; None for a refused value."""
        if type(value) is not str:
            return None if self.problem(value) else self._made(value)
        piece = self._pieces.get(value)
        if piece is None and not self.problem(value):
            piece = self._made(value)
            if len(self._pieces) < REMEMBERED and len(value) < REMEMBERED_LENGTH:
                self._pieces[value] = piece
        return piece

    def _made(self, value: Any) -> str:
        if self.field is not None:
            self.targets.update(target_ids(value))
        return self.key + json_for_copy(value)
