#!/usr/bin/env bash
# Build the packages of this system into dist, from the locked packages and nothing else.
#
# An environment of its own is made below build/package; .venv is not looked at. The same sources
# and packages give the same files: SOURCE_DATE_EPOCH, or the last commit, is the time in them.
set -euo pipefail
cd "$(dirname "$0")/.."
work=build/package
# On Windows the environment is made beforehand: .github/workflows/packages.yml.
[ -x $work/venv/Scripts/python.exe ] || scripts/setup.sh package
python=$work/venv/bin/python
[ -x $python ] || python=$work/venv/Scripts/python.exe
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || date +%s)
fi
# Modules below the current folder only: nothing of the person's own Python gets in.
export SOURCE_DATE_EPOCH PYTHONHASHSEED=1 PYTHONNOUSERSITE=1 PYTHONPATH=
export CRM_DESKTOP_ICONS=$PWD/$work/icons

say() { printf '%s\n' "$*" >&2; }

say "Drawing icons"
rm -rf $work/icons $work/work $work/frozen $work/stage
$python -m build_spec.icon_files $work/icons
case $(uname -s) in
MINGW* | MSYS* | CYGWIN*)
    export CRM_DESKTOP_VERSION_FILE=$PWD/$work/version.txt
    $python -m build_spec.windows_version "$CRM_DESKTOP_VERSION_FILE"
    ;;
esac
say "Freezing the program (a minute or two)"
$python -m PyInstaller --noconfirm --log-level ERROR --workpath $work/work \
    --distpath $work/frozen build_spec/crm-desktop.spec >$work/pyinstaller.log 2>&1 || {
    tail -n 20 $work/pyinstaller.log >&2
    exit 1
}
case $(uname -s) in
Linux)
    say "Packing"
    $python -m build_spec.linux_packages $work/frozen/crm-desktop $work/icons dist
    ;;
Darwin) build_spec/macos/make_dmg.sh "$work/frozen/CRM Desktop.app" dist ;;
*)
    version=$($python -c 'import crm_desktop; print(crm_desktop.__version__)')
    PATH="$PATH:/c/Program Files (x86)/Inno Setup 6"
    iscc //Qp "//DVersion=$version" build_spec/windows/crm-desktop.iss
    ;;
esac
