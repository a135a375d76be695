"""One small editor for each kind of setting: what it was given comes back unless it was edited."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QLocale, Signal
from PySide6.QtWidgets import QCheckBox, QCompleter, QHBoxLayout, QLineEdit, QWidget
from typing_extensions import override

from crm_desktop.domain.json_edits import ABSENT
from crm_desktop.gui.editors.config.settings import Kind, Setting
from crm_desktop.gui.widgets.choice_box import ChoiceBox

CURRENCIES = (
    "AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EGP",
    "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR", "ISK", "JPY", "KES", "KRW", "KZT", "MAD",
    "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "SAR",
    "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "UYU", "VND", "ZAR",
)  # fmt: skip
UNITS = {"": 1, "b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}


class SettingEditor(QWidget):
    """Shows one setting and says whether it was edited.

    `value()` gives ABSENT for an empty control and raises ValueError with a sentence.
    """

    edited = Signal()

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setting = setting
        self._box = QHBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)

    def _hold(self, control: QWidget) -> None:
        control.setAccessibleName(self.setting.label)
        self._box.addWidget(control)
        self.setFocusProxy(control)

    def load(self, value: Any) -> None:
        raise NotImplementedError

    def is_edited(self) -> bool:
        raise NotImplementedError

    def value(self) -> Any:
        raise NotImplementedError


class LineEditor(SettingEditor):
    """Text in one line; the kinds below it differ in how they read and write a value."""

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self.line = QLineEdit()
        self.line.setPlaceholderText(setting.hint)
        self.line.textEdited.connect(self.edited)
        self._loaded = ""
        self._hold(self.line)

    @override
    def load(self, value: Any) -> None:
        self._loaded = "" if value is ABSENT else self.to_text(value)
        self.line.setText(self._loaded)

    @override
    def is_edited(self) -> bool:
        return self.line.text() != self._loaded

    @override
    def value(self) -> Any:
        text = self.line.text().strip()
        return self.from_text(text) if text else ABSENT

    def to_text(self, value: Any) -> str:
        return str(value)

    def from_text(self, text: str) -> Any:
        return text


class CountEditor(LineEditor):
    @override
    def from_text(self, text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise ValueError(self.tr("Write a whole number, such as 40."))
        return int(text)


class NumberEditor(LineEditor):
    """Any number, with the decimal point of the system's language."""

    @override
    def to_text(self, value: Any) -> str:
        if isinstance(value, Decimal):
            return format(value, "f").replace(".", QLocale().decimalPoint())
        return str(value)

    @override
    def from_text(self, text: str) -> int | Decimal:
        point = QLocale().decimalPoint()
        if not re.fullmatch(rf"[+-]?[0-9]+({re.escape(point)}[0-9]+)?", text):
            example = self.tr("Write a number, such as 1000 or 0{point}5.")
            raise ValueError(example.format(point=point))
        number = Decimal(text.replace(point, "."))
        return int(number) if number == number.to_integral_value() else number


class DateEditor(LineEditor):
    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self.line.setPlaceholderText(self.tr("YYYY-MM-DD"))

    @override
    def from_text(self, text: str) -> str:
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError as error:
            raise ValueError(self.tr("Write a date as YYYY-MM-DD, such as 2026-01-31.")) from error


class WordsEditor(LineEditor):
    @override
    def to_text(self, value: Any) -> str:
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

    @override
    def from_text(self, text: str) -> list[str]:
        return [word for word in re.split(r"[\s,;]+", text) if word]


class SizeEditor(LineEditor):
    """A number of bytes, typed with a unit."""

    @override
    def to_text(self, value: Any) -> str:
        if isinstance(value, int) and value > 0:
            for unit in ("GB", "MB", "KB"):
                if value % UNITS[unit.lower()] == 0:
                    return f"{value // UNITS[unit.lower()]} {unit}"
        return str(value)

    @override
    def from_text(self, text: str) -> int:
        found = re.fullmatch(r"([0-9]{1,12})\s*([kmg]?b)?", text.casefold())
        if found is None:
            raise ValueError(self.tr("Write a size, such as 500 KB or 10 MB."))
        return int(found[1]) * UNITS[found[2] or ""]


class CurrencyEditor(LineEditor):
    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self.line.setCompleter(QCompleter(list(CURRENCIES), self.line))
        self.line.completer().activated.connect(self.edited)

    @override
    def from_text(self, text: str) -> str:
        if not re.fullmatch(r"[A-Za-z]{3}", text):
            raise ValueError(self.tr("Write the three letters of ISO 4217, such as EUR."))
        return text.upper()


class SwitchEditor(SettingEditor):
    """On or off. Switched off it is false where the config says so already, else absent."""

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self.box = QCheckBox(setting.label)
        self.box.toggled.connect(self.edited)
        self._loaded: Any = ABSENT
        self._hold(self.box)

    @override
    def load(self, value: Any) -> None:
        self._loaded = value
        self.box.setChecked(value is True)

    @override
    def is_edited(self) -> bool:
        return self.box.isChecked() != (self._loaded is True)

    @override
    def value(self) -> Any:
        if self.box.isChecked():
            return True
        return ABSENT if self._loaded is ABSENT else False


class ChoiceEditor(SettingEditor):
    """One of several ids, shown by name; an id that is not offered is shown as it stands."""

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self.box = ChoiceBox()
        self.box.setMinimumContentsLength(12)
        self.box.activated.connect(self.edited)
        self._loaded: Any = ABSENT
        self._hold(self.box)
        self.offer(())

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer (id, name) pairs; what is chosen stays chosen."""
        chosen = self.value() if self.box.count() else self._loaded
        self.box.clear()
        self.box.addItem(self.tr("Not set"), None)
        for id_, name in choices:
            self.box.addItem(name, id_)
        self._choose(chosen)

    @override
    def load(self, value: Any) -> None:
        self._loaded = value
        self._choose(value)

    def _choose(self, value: Any) -> None:
        if value is ABSENT:
            self.box.setCurrentIndex(0)
            return
        place = self.box.findData(value)
        if place < 0:
            self.box.addItem(str(value), value)
            place = self.box.count() - 1
        self.box.setCurrentIndex(place)

    def name_of(self, value: Any) -> str:
        """Return what a value is called, as far as it is offered."""
        place = self.box.findData(value)
        return self.box.itemText(place) if place >= 0 else str(value)

    @override
    def is_edited(self) -> bool:
        return bool(self.value() is not self._loaded and self.value() != self._loaded)

    @override
    def value(self) -> Any:
        chosen = self.box.currentData()
        return ABSENT if chosen is None else chosen


EDITORS: dict[Kind, type[SettingEditor]] = {
    Kind.TEXT: LineEditor,
    Kind.COUNT: CountEditor,
    Kind.NUMBER: NumberEditor,
    Kind.SWITCH: SwitchEditor,
    Kind.DATE: DateEditor,
    Kind.WORDS: WordsEditor,
    Kind.CURRENCY: CurrencyEditor,
    Kind.SIZE: SizeEditor,
    Kind.OPTION: ChoiceEditor,
    Kind.TARGET: ChoiceEditor,
    Kind.DISPLAY_FIELD: ChoiceEditor,
}
