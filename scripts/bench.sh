#!/usr/bin/env bash
# Measures the robot side (latency, lockstep speed) and stores the results under benchmarks/.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/env.sh
python scripts/with_free_domain.py python -m adapt_ros.bench.latency fetch_pick_dbc \
    benchmarks/ros_latency.json
python scripts/with_free_domain.py python -m adapt_ros.bench.lockstep fetch_pick_dbc \
    benchmarks/ros_lockstep.json
python scripts/with_free_domain.py python -m adapt_ros.bench.recording benchmarks/ros_recorder.json
