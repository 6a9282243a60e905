#!/usr/bin/env bash
# The main job: FetchPick by DBC through ROS 2. Arguments go to the launch file, e.g. episodes:=5.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/env.sh
exec python scripts/with_free_domain.py ros2 launch adapt_ros fetchpick_dbc.launch.py "$@"
