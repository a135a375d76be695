#!/usr/bin/env bash
# Install the .deb in a clean Debian, use it as an ordinary user, remove it, look for the data.
#
# Needs root, for a root folder of its own: everything happens in namespaces that end with this
# script. The clean system is made once with debootstrap, from the sources that this system's own
# apt has, and kept as ~/.cache/crm-desktop/clean-root-….tar. CRM_DESKTOP_SUITE names another
# Debian than bookworm. Without an argument the newest .deb in dist is taken.
set -euo pipefail
cd "$(dirname "$0")/.."
suite=${CRM_DESKTOP_SUITE:-bookworm}
architecture=$(dpkg --print-architecture 2>/dev/null) || {
    echo "This is no Debian or Ubuntu: the package can be built here, but not tried." >&2
    exit 2
}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/crm-desktop
base=$cache/clean-root-$suite-$architecture.tar
root=$PWD/build/test-package/root

say() { printf '%s\n' "$*" >&2; }

if [ "$(id -u)" -ne 0 ]; then
    say "This installs a package in a root folder of its own, and needs root for that:"
    say ""
    say "    sudo make test-package"
    say ""
    exit 2
fi

install_missing() {
    local -a missing=()
    command -v debootstrap >/dev/null || missing+=(debootstrap)
    command -v Xvfb >/dev/null || missing+=(xvfb)
    command -v xdotool >/dev/null || missing+=(xdotool)
    command -v xauth >/dev/null || missing+=(xauth)
    [ ${#missing[@]} -eq 0 ] && return
    say "Installing system packages: ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Where this system's apt gets Debian from: never written down here.
mirror() {
    # shellcheck disable=SC2016 # these are apt's own variables
    apt-get indextargets --format '$(REPO_URI) $(CODENAME)' \
        'Created-By: Packages' 'Origin: Debian' 'Component: main' |
        awk -v suite="$suite" '$2 == suite {print $1; exit}'
}

make_base() {
    [ -f "$base" ] && return
    local from
    from=$(mirror)
    if [ -z "$from" ]; then
        say "This system's apt has no source for Debian $suite, so no clean root can be made."
        exit 2
    fi
    say "Making a clean Debian $suite (once)"
    rm -rf "$root"
    mkdir -p "$root" "$cache"
    debootstrap --variant=minbase "$suite" "$root" "$from" >"$root.log" 2>&1 || {
        tail -n 5 "$root.log" >&2
        exit 1
    }
    rm -rf "$root"/var/cache/apt/archives/*.deb
    tar -C "$root" -cf "$base.new" .
    mv "$base.new" "$base"
}

fresh_root() {
    say "Unpacking a clean root"
    rm -rf "$root"
    mkdir -p "$root"
    tar -C "$root" -xpf "$base"
    # The same sources, keys and proxies as this system's apt; nothing of its packages.
    local part
    for part in sources.list sources.list.d apt.conf apt.conf.d trusted.gpg.d; do
        [ -e "/etc/apt/$part" ] && rm -rf "$root/etc/apt/$part" && cp -rL "/etc/apt/$part" "$root/etc/apt/$part"
    done
    find "$root/etc/apt/sources.list.d" -type f ! -name 'debian.*' -delete 2>/dev/null || true
    mkdir -p "$root/usr/share/keyrings" "$root/etc/ssl/certs"
    cp -rL /usr/share/keyrings/. "$root/usr/share/keyrings/"
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" 2>/dev/null || true
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # no service is to start
    chmod 755 "$root/usr/sbin/policy-rc.d"
    mkdir -p "$cache/archives-$suite" "$root/var/cache/apt/archives"
}

if [ "${1:-}" != inside ]; then
    install_missing
    package=${1:-$(ls -t dist/crm-desktop_*_"$architecture".deb 2>/dev/null | head -n 1)}
    if [ ! -f "$package" ]; then
        say "There is no package in dist. Make it first: make package"
        exit 2
    fi
    make_base
    fresh_root
    unshare --mount --pid --fork --kill-child --propagation private "$0" inside "$package"
    rm -rf "$root"
    exit 0
fi

mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount --bind "$cache/archives-$suite" "$root/var/cache/apt/archives"
mount -t proc proc /proc
cp "$2" "$root/tmp/"
"${PYTHON:-.venv/bin/python}" -m tests.packaging.installed "$root" "/tmp/$(basename "$2")"
