#!/usr/bin/env bash
# The main job: FetchPick by DBC through ROS 2. Arguments go to the launch file, e.g. episodes:=5.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/env.sh
started=$(mktemp)
trap 'rm -f "$started"' EXIT
python scripts/with_free_domain.py ros2 launch adapt_ros fetchpick_dbc.launch.py "$@"
# ros2 launch returns 0 even when a node has failed; what counts is the result.
case " $* " in *" report:="*) exit 0 ;; esac
if [ ! out/result.json -nt "$started" ]; then
    echo 'demo: no result was written; the messages above say why' >&2
    exit 1
fi
python - <<'PYTHON'
import json
import sys

result = json.load(open('out/result.json'))
if result['episodes'] < result['planned']:
    sys.exit(f"demo: only {result['episodes']} of {result['planned']} episodes were run")
PYTHON
