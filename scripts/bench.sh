#!/usr/bin/env bash
# Measures the robot side and stores the results under benchmarks/. Names of measurements choose
# some of them: scripts/bench.sh inspection
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/env.sh

measure() {
    python scripts/with_free_domain.py python -m "adapt_ros.bench.$1" "${@:2}"
}

if [ $# = 0 ]; then set -- latency lockstep recording inspection; fi
for name in "$@"; do
    case $name in
        latency | lockstep) measure "$name" fetch_pick_dbc "benchmarks/ros_$name.json" ;;
        recording) measure recording benchmarks/ros_recorder.json ;;
        inspection) measure inspection benchmarks ;;
        *)
            echo "there is no measurement '$name'; allowed: latency, lockstep, recording, inspection" >&2
            exit 2
            ;;
    esac
done
