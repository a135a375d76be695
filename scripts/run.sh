#!/usr/bin/env bash
# Start the program on its embedded database with the sample workspace.
#
# Without a display it is opened on a virtual one, and a picture of its window is saved.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || [ "$(uname -s)" != Linux ]; then
    exec $python main.py --sample "$@"
fi

picture=${CRM_DESKTOP_PICTURE:-$PWD/build/crm-desktop.png}
mkdir -p "$(dirname "$picture")"
rm -f "$picture"
echo "There is no display here: opening CRM Desktop on a virtual one (Xvfb)."

number_file=$(mktemp)
Xvfb -displayfd 3 -screen 0 1440x900x24 -nolisten tcp 3>"$number_file" 2>/dev/null &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -f "$number_file"' EXIT
for _ in $(seq 100); do
    [ -s "$number_file" ] && break
    kill -0 $server 2>/dev/null || { echo "The virtual display could not be started (Xvfb)." >&2; exit 1; }
    sleep 0.1
done
DISPLAY=:$(cat "$number_file") $python main.py --sample --screenshot "$picture" "$@"
echo "A picture of the window was saved to $picture"
