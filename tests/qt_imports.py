"""Refuses what crashes now and then: a QObject's class that is made beside the GUI thread."""

import runpy
import sys
import threading
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from typing_extensions import override

OF_QT = ("PySide6", "crm_desktop.gui")


class QtImportGuard(MetaPathFinder):
    """Finds nothing, so that the import goes on; on any thread but the main one it fails."""

    @override
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        is_main = threading.current_thread() is threading.main_thread()
        if fullname.startswith(OF_QT) and not is_main:
            raise RuntimeError(f"{fullname} is imported beside the GUI thread, see gui/routes.py")
        return None


def begin_guard() -> None:
    sys.meta_path.insert(0, QtImportGuard())


if __name__ == "__main__":  # run a program with the guard: its path, then its arguments
    begin_guard()
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
