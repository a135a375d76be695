"""Cells as the data that programs exchange over the clipboard: in our own form, HTML and text."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QMimeData

from crm_desktop.domain.clipboard import EXACT_FORM, CellBlock, read_exact
from crm_desktop.domain.html_tables import read_html_table
from crm_desktop.domain.tsv import read_tsv
from crm_desktop.services.cell_reading import Copied


@dataclass(frozen=True, slots=True)
class Offered:
    """What lies on the clipboard, unread: each form's text, "" where it is not there."""

    exact: str
    html: str
    plain: str


def mime_of(copied: Copied) -> QMimeData:
    """Return what is put on the clipboard."""
    data = QMimeData()
    data.setText(copied.plain)
    if copied.html:
        data.setHtml(copied.html)
    data.setData(EXACT_FORM, QByteArray(copied.exact.encode()))
    return data


def offered(data: QMimeData | None) -> Offered:
    """Take the texts out of the clipboard's data; they are read on a worker."""
    if data is None:
        return Offered("", "", "")
    exact = bytes(data.data(EXACT_FORM).data()).decode(errors="replace")
    return Offered(exact, data.html() if data.hasHtml() else "", data.text())


def read_offered(found: Offered) -> CellBlock:
    """Return the cells in the most exact form; no rows where there are none."""
    if found.exact and (block := read_exact(found.exact)) is not None:
        return block
    if "<t" in found.html.lower() and (table := read_html_table(found.html)):
        return CellBlock.of_html(table)
    return CellBlock.of_texts(read_tsv(found.plain))
