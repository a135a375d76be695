"""Translates the words of functions, which have no class that Qt's tools could name them by."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def tr(text: str) -> str:
    """Translate words in no context: that is where the tools put what a bare `tr` is given."""
    return QCoreApplication.translate("", text)
