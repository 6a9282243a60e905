"""
Steps per second of the simulation through ROS in lockstep, against one process.

`python -m adapt_ros.bench.lockstep MODEL FILE [ROUNDS]` runs the same episodes both ways, in turn,
and stores the ratio. Resets and the expert-likeness monitor are included on both sides, the action
goals between the episodes are not (their share is stored, too); the first episodes of each run
(start-up, drawn ones) are left out.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from adapt_learning.artifacts.shipped import artifact_folder
from adapt_learning.data.files import write_json
from adapt_learning.evaluation.policy_controller import open_policy
from adapt_learning.evaluation.rollout import rollout

_EPISODES, _SKIPPED, _SEED, _LEVEL = 60, 10, 3000, 1.25


def through_ros(model: str) -> tuple[float, float, list[tuple[bool, int]]]:
    """Return steps per second without and with the goals, and (outcome, steps) per episode."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ['ros2', 'launch', 'adapt_ros', 'fetchpick_dbc.launch.py', f'policy:={model}',
             f'episodes:={_EPISODES}', f'seed:={_SEED}', f'noise_level:={_LEVEL}', 'video:=false',
             f'report:={folder}'], check=True, stdout=subprocess.DEVNULL, timeout=300)
        episodes = json.loads((Path(folder) / 'result.json').read_text())['per_episode']
    counted = episodes[_SKIPPED:]
    steps = sum(e['steps'] for e in counted)
    speed = steps / sum(e['running_s'] for e in counted)
    with_goals = steps / sum(e['seconds'] for e in counted)
    return speed, with_goals, [(e['success'], e['steps']) for e in episodes]


def in_one_process(model: str) -> tuple[float, list[tuple[bool, int]]]:
    """Return the same of the same episodes without ROS."""
    task, controller = open_policy(str(artifact_folder(model)), 'fetch_pick')
    results, steps, seconds = [], 0, 0.0
    for number in range(_EPISODES):
        start = time.perf_counter()
        result = rollout(task, controller, _SEED + number, _LEVEL)
        results.append((result.success, result.steps))
        if number >= _SKIPPED:
            steps += result.steps
            seconds += time.perf_counter() - start
    task.close()
    return steps / seconds, results


def main(model: str, file: str, rounds: str = '5') -> None:
    """Measure and store."""
    pairs = []
    for number in range(int(rounds)):
        alone, expected = in_one_process(model)
        ros, with_goals, got = through_ros(model)
        if got != expected:
            raise SystemExit('the episodes through ROS differ from those in one process')
        pairs.append((ros, alone, with_goals))
        print(f'round {number + 1}/{rounds}: {ros:.0f} steps/s through ROS, {alone:.0f} in one '
              f'process, ratio {ros / alone:.2f}', flush=True)
    ratios = [ros / alone for ros, alone, _ in pairs]
    write_json(Path(file).absolute(), {
        'command': 'make bench', 'model': model, 'episodes': _EPISODES - _SKIPPED,
        'cores': os.cpu_count(), 'steps_per_second_ros': [pair[0] for pair in pairs],
        'steps_per_second_ros_with_goals': [pair[2] for pair in pairs],
        'steps_per_second_one_process': [pair[1] for pair in pairs],
        'ratios': ratios, 'median_ratio': float(np.median(ratios)),
        'same_episodes': True, 'aim': '>= 0.5'})


if __name__ == '__main__':
    main(*sys.argv[1:4])
