#!/usr/bin/env bash
# Write the lock files anew: versions and hashes for every platform, no host names.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v uv >/dev/null || { echo "This needs uv: pipx install uv" >&2; exit 1; }
lock() { # name, then more arguments for uv
    local name=$1
    shift
    uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
        --output-file "locks/$name.lock" "$@" pyproject.toml
}
lock run --group install
lock package --group package
lock dev --group install --group dev
