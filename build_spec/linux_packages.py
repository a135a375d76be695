"""Makes the packages for Linux: `python -m build_spec.linux_packages FROZEN ICONS TARGET`."""

import gzip
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from importlib.metadata import distributions
from pathlib import Path

from build_spec.contents import NAME
from build_spec.libraries import dependencies, is_from_package, needs_of
from build_spec.linux_files import File, desktop_files, filled, moment_of, packed
from crm_desktop import __version__

TOP = Path(__file__).parent.parent
DOWNLOAD_BAR, INSTALLED_BAR = 75, 230  # megabytes of 1,000,000 bytes
# Where what compilers left for debuggers is taken out, and was tried without. Not in the server.
STRIPPED = (
    "libpython*",
    "python3.*/lib-dynload/*.so",
    "PySide6/Qt/lib/libicu*",
    *(f"{name}/**/*.so" for name in ("sqlalchemy", "rustworkx", "regex", "simplejson", "bcrypt")),
)
COMMON_LICENCES = Path("/usr/share/common-licenses")


def main(frozen: Path, icons: Path, target: Path) -> int:
    """Write the .deb and the portable archive; return 1 where one is larger than it may be."""
    moment = moment_of()
    target.mkdir(parents=True, exist_ok=True)
    strip(frozen / "_internal")
    add_licences(frozen / "licences")
    files = list(desktop_files(icons, moment))
    stage = frozen.parent.parent / "stage"
    packages = [
        make_archive(frozen, files, stage / "portable", target, moment),
        make_deb(frozen, files, stage / "deb", target, moment),
    ]
    installed = size_of(stage / "deb")
    print(f"installed     {installed / 1e6:6.1f} MB  (at most {INSTALLED_BAR})")
    for package in packages:
        print(f"to download   {package.stat().st_size / 1e6:6.1f} MB  (at most {DOWNLOAD_BAR})  "
              f"{package.name}")  # fmt: skip
    fits = all(package.stat().st_size <= DOWNLOAD_BAR * 1e6 for package in packages)
    return 0 if fits and installed <= INSTALLED_BAR * 1e6 else 1


def strip(folder: Path) -> None:
    paths = [path for pattern in STRIPPED for path in sorted(folder.glob(pattern))]
    subprocess.run(["strip", "--strip-unneeded", *paths], check=True)


def add_licences(folder: Path) -> None:
    """Collect the licences of all that is inside, as their packages bring them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copyfile(TOP / "LICENSE", folder / f"{NAME}.txt")
    shutil.copyfile(TOP / "docs" / "licences.md", folder / "README.md")
    for each in distributions():
        for path in each.files or ():
            name = path.name.upper()
            if name.startswith(("LICENSE", "LICENCE", "COPYING", "NOTICE", "THIRD_PARTY")):
                shutil.copyfile(str(each.locate_file(path)), folder / f"{each.name}-{path.name}")
    for name in ("LGPL-3", "GPL-3"):  # of Qt, whose package brings no text
        if (COMMON_LICENCES / name).exists():
            shutil.copyfile(COMMON_LICENCES / name, folder / f"{name}.txt")


def make_archive(
    frozen: Path, files: Iterable[File], stage: Path, target: Path, moment: datetime
) -> Path:
    """Write the portable archive: the program, a page to read, and what a desktop may be given."""
    name = f"{NAME}-{__version__}-linux-{os.uname().machine}"
    top = stage / name
    fresh_copy(frozen, top)
    put(files, top)
    glibc = ".".join(map(str, needs_of(frozen)[1]))
    readme = filled("portable.txt", version=__version__, glibc=glibc)
    (top / "README.txt").write_text(readme, encoding="utf-8")
    archive = target / f"{name}.tar.gz"
    seconds = int(moment.timestamp())
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, seconds) as packed_,
        tarfile.open(fileobj=packed_, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        add = partial(_as_root, moment=seconds)
        for path in [top, *sorted(top.rglob("*"))]:
            tar.add(path, path.relative_to(stage), recursive=False, filter=add)
    return archive


def make_deb(
    frozen: Path, files: Iterable[File], stage: Path, target: Path, moment: datetime
) -> Path:
    """Write the Debian package. Needs dpkg-deb, and no root."""
    program = stage / "usr" / "lib" / NAME
    shutil.rmtree(stage, ignore_errors=True)
    fresh_copy(frozen, program)
    shutil.rmtree(program / "licences")
    for path in sorted((program / "_internal").iterdir()):
        if is_from_package(path.name):
            path.unlink()
    put(files, stage / "usr")
    (stage / "usr" / "bin").mkdir()
    (stage / "usr" / "bin" / NAME).symlink_to(f"../lib/{NAME}/{NAME}")
    documents = stage / "usr" / "share" / "doc" / NAME
    shutil.copytree(frozen / "licences", documents / "licences")
    (documents / "copyright").write_text(filled("copyright"), encoding="utf-8")
    (documents / "changelog.gz").write_bytes(packed((TOP / "CHANGELOG.md").read_text("utf-8")))
    architecture = _answer("dpkg", "--print-architecture")
    control = filled(
        "control",
        version=__version__,
        architecture=architecture,
        kilobytes=str(size_of(stage) // 1024),
        depends=", ".join(dependencies(program)),
    )
    put_control(stage / "DEBIAN", control)
    for path in [stage, *stage.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            os.utime(path, (moment.timestamp(), moment.timestamp()))
    package = target / f"{NAME}_{__version__}_{architecture}.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--build", stage, package],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    shutil.rmtree(stage / "DEBIAN")
    return package


def put_control(folder: Path, control: str) -> None:
    folder.mkdir()
    (folder / "control").write_text(control, encoding="utf-8")
    for name in ("postinst", "postrm"):
        shutil.copyfile(Path(__file__).parent / "linux" / name, folder / name)
        (folder / name).chmod(0o755)


def fresh_copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, target, symlinks=True)


def put(files: Iterable[File], prefix: Path) -> None:
    for file in files:
        path = prefix / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)


def size_of(folder: Path) -> int:
    """Return the bytes of all files, each counted once."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def _as_root(entry: tarfile.TarInfo, moment: int) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mtime = moment
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry


def _answer(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:4])))
