"""Which libraries the frozen program asks of the system, and the Debian packages that have them."""

import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from build_spec.contents import CARRIED, OFTEN_MISSING, matches

# In Ubuntu 24.04 and Debian 13 some packages were renamed for 64-bit times.
PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libOpenGL.so.0": "libopengl0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0t64 | libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0t64 | libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0t64 | libglib2.0-0",
    "libgio-2.0.so.0": "libglib2.0-0t64 | libglib2.0-0",
    "libcups.so.2": "libcups2t64 | libcups2",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libbrotlicommon.so.1": "libbrotli1",
    "libbrotlidec.so.1": "libbrotli1",
    "libzstd.so.1": "libzstd1",
    "libstdc++.so.6": "libstdc++6",
    "libgcc_s.so.1": "libgcc-s1",
    "libz.so.1": "zlib1g",
    "libcrypt.so.1": "libcrypt1",
}
OF_LIBC = re.compile(
    r"(?:lib(?:c|m|dl|pthread|rt|util|resolv|anl)\.so\.\d+|ld-linux[\w-]*\.so\.\d+)"
)
# Without these a part is missing and the program runs: the printer of a system without printing.
OPTIONAL = ("libcups.so.2",)
_NEEDED = re.compile(r"^\s+NEEDED\s+(\S+)$", re.MULTILINE)
_GLIBC = re.compile(r"\bGLIBC_(\d+)\.(\d+)\b")


def binaries_below(folder: Path) -> list[Path]:
    """Return programs and libraries, each once: links to them are left out."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    found.append(path)
    return found


def needs_of(folder: Path) -> tuple[set[str], tuple[int, int]]:
    """Return the libraries that nothing below the folder has, and the newest glibc asked for."""
    needed: set[str] = set()
    newest = (2, 17)
    paths = binaries_below(folder)
    for group in _in_groups(paths, 50):
        said = subprocess.run(
            ["objdump", "-p", *group], capture_output=True, text=True, check=True
        ).stdout
        needed.update(_NEEDED.findall(said))
        for major, minor in _GLIBC.findall(said):
            newest = max(newest, (int(major), int(minor)))
    carried = {path.name for path in folder.rglob("*") if ".so" in path.name}
    return {name for name in needed - carried if not OF_LIBC.fullmatch(name)}, newest


def dependencies(folder: Path) -> list[str]:
    """Return the dependencies for a Debian package; raises LookupError for an unknown library."""
    libraries, (major, minor) = needs_of(folder)
    unknown = sorted(libraries - PACKAGES.keys())
    if unknown:
        raise LookupError(f"No package is known for {', '.join(unknown)}; see {__file__}.")
    found = {PACKAGES[name] for name in libraries if name not in OPTIONAL}
    return [f"libc6 (>= {major}.{minor})", *sorted(found)]


def is_from_package(name: str) -> bool:
    """Say whether a library of the bundle is left to a package that the .deb depends on."""
    return matches(name, OFTEN_MISSING) and not matches(name, CARRIED)


def _in_groups(paths: Sequence[Path], size: int) -> Iterator[Iterable[Path]]:
    for start in range(0, len(paths), size):
        yield paths[start : start + size]
