"""The table of indexes on fields: what each serves, what it costs, and whether it is used."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject

from crm_desktop.domain.index_kinds import IndexKind
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.gui.models.users import moment_text
from crm_desktop.gui.sizes import size_text
from crm_desktop.gui.theme import theme
from crm_desktop.services.index_advice import IndexInfo, IndexState


def _color(row: IndexInfo) -> str | None:
    tokens = theme()
    colors = {
        IndexState.READY: tokens.success,
        IndexState.UNFINISHED: tokens.warning,
        IndexState.OUTDATED: tokens.warning,
        IndexState.ORPHANED: tokens.danger,
    }
    return colors.get(row.state)


class IndexesModel(TableModel[IndexInfo]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        kind = CellKind
        self.set_columns(
            Column(
                self.tr("Object"),
                lambda row: row.object_label or row.object_id,
                kind.ICON_TEXT,
                icon=_icon,
                width=9,
            ),
            Column(self.tr("Field"), lambda row: row.field_label or row.field_id, width=11),
            Column(self.tr("Makes quick"), lambda row: kind_text(row.kind), width=12),
            Column(
                self.tr("Size"),
                lambda row: size_text(row.bytes),
                kind.NUMBER,
                order=lambda row: row.bytes,
                width=5,
            ),
            Column(
                self.tr("Times used"),
                lambda row: f"{row.scans:,}",
                kind.NUMBER,
                order=lambda row: row.scans,
                width=6.5,
            ),
            Column(
                self.tr("Last used"),
                lambda row: moment_text(row.last_scan),
                kind.DATE,
                order=lambda row: "" if row.last_scan is None else row.last_scan.isoformat(),
                width=11,
            ),
            Column(
                self.tr("State"),
                state_text,
                kind.CHOICE,
                chips=lambda row: ((state_text(row), _color(row)),),
                tip=state_tip,
                width=8,
            ),
            Column(
                self.tr("Built"),
                lambda row: moment_text(row.made_at),
                kind.DATE,
                order=lambda row: "" if row.made_at is None else row.made_at.isoformat(),
                width=11,
            ),
        )


def _icon(_: IndexInfo) -> str:
    return "gauge"


_KINDS: Mapping[IndexKind, object] = {
    IndexKind.ORDER: QT_TRANSLATE_NOOP("indexes", "Sorting, comparing"),
    IndexKind.EQUAL: QT_TRANSLATE_NOOP("indexes", "Finding whole values"),
    IndexKind.CONTAINS: QT_TRANSLATE_NOOP("indexes", "Finding parts of texts"),
    IndexKind.MEMBERS: QT_TRANSLATE_NOOP("indexes", "Finding in lists"),
}
_STATES: Mapping[IndexState, object] = {
    IndexState.READY: QT_TRANSLATE_NOOP("indexes", "Ready"),
    IndexState.BUILDING: QT_TRANSLATE_NOOP("indexes", "Being built"),
    IndexState.UNFINISHED: QT_TRANSLATE_NOOP("indexes", "Not finished"),
    IndexState.OUTDATED: QT_TRANSLATE_NOOP("indexes", "Out of date"),
    IndexState.ORPHANED: QT_TRANSLATE_NOOP("indexes", "Of no use"),
}
_TIPS: Mapping[IndexState, object] = {
    IndexState.READY: QT_TRANSLATE_NOOP("indexes", "Lists use it."),
    IndexState.BUILDING: QT_TRANSLATE_NOOP("indexes", "It can be used once it is built."),
    IndexState.UNFINISHED: QT_TRANSLATE_NOOP(
        "indexes", "Its building was interrupted. Drop it, or build it again."
    ),
    IndexState.OUTDATED: QT_TRANSLATE_NOOP(
        "indexes", "The field was changed since it was built. Drop it, and build a new one."
    ),
    IndexState.ORPHANED: QT_TRANSLATE_NOOP(
        "indexes", "The object does not have this field any more. Drop it."
    ),
}


def kind_text(kind: IndexKind | None) -> str:
    """Say what an index of this kind makes quick."""
    return "" if kind is None else QCoreApplication.translate("indexes", str(_KINDS[kind]))


def state_text(row: IndexInfo) -> str:
    return QCoreApplication.translate("indexes", str(_STATES[row.state]))


def state_tip(row: IndexInfo) -> str:
    """Say what a state means, and what to do about it."""
    return QCoreApplication.translate("indexes", str(_TIPS[row.state]))
