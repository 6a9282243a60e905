"""
Observation in -> command out through real ROS, two processes, against a bare rclpy echo.

`python -m adapt_ros.bench.latency ARTIFACT FILE [ROUNDS]` drives policy_node and two bare echoes
(the default wait-set executor and the events executor) in turn with the same messages, several
times, and stores the round trip of each: from before the first observation message is published
to after the last command message has arrived.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rclpy
from adapt_msgs.action import RunPolicy
from adapt_msgs.msg import EpisodeStatus
from rclpy.action import ActionClient

from adapt_learning.data.files import write_json
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.frames import load_contract
from adapt_ros import qos
from adapt_ros.bridge import CommandReader, ObservationWriter
from adapt_ros.codecs import set_stamp
from adapt_ros.lifecycle import make_executor

_WARM_UP, _TRIPS = 200, 1500


class Driver:
    """The robot's side: publishes one instant, waits for its commands, takes the time."""

    def __init__(self, task_name: str):
        self.task = make_task(task_name)
        self.node = rclpy.create_node('latency_driver')
        self.executor = make_executor()
        self.executor.add_node(self.node)
        self.answered = False
        self.observations = ObservationWriter(self.node, self.task.contract)
        self.commands = CommandReader(self.node, self.task.contract, self._on_commands,
                                      lambda text: None, match_stamp=True)
        self.episode = self.node.create_publisher(EpisodeStatus, 'episode', qos.LATCHED)
        self.goal = ActionClient(self.node, RunPolicy, 'policy_node/run_policy')
        self.stamp = 0
        self.task.reset(seed=0)
        self.raw = self.task.raw()

    def _on_commands(self, commands) -> None:
        self.answered = True

    def until(self, condition, seconds: float) -> bool:
        """Spin until `condition()` holds; returns whether it did in time."""
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.05)
        return bool(condition())

    def trip(self, begin: bool = False) -> float:
        """Return the round trip of one instant [s]; NaN when no answer came within 1 s."""
        self.stamp += self.task.contract.period_ns
        self.answered = False
        self.commands.expect(self.stamp)
        start = time.perf_counter()
        self.observations.write(self.raw, self.stamp, begin)
        while not self.answered and time.perf_counter() - start < 1.0:
            self.executor.spin_once(timeout_sec=0.05)
        return time.perf_counter() - start if self.answered else float('nan')

    def start_policy(self) -> None:
        """Give policy_node a goal and announce an episode."""
        if not self.until(self.goal.server_is_ready, 30):
            raise RuntimeError('policy_node did not come up')
        future = self.goal.send_goal_async(RunPolicy.Goal())
        self.until(future.done, 5)
        status = EpisodeStatus(episode=1, state=EpisodeStatus.STATE_RUNNING)
        set_stamp(status, self.stamp)
        self.episode.publish(status)

    def measure(self) -> np.ndarray:
        """Return the round trips [s] after a warm-up."""
        self.until(lambda: self._matched(), 20)
        self.trip(begin=True)
        for _ in range(_WARM_UP):
            self.trip()
        return np.array([self.trip() for _ in range(_TRIPS)])

    def _matched(self) -> bool:
        contract = self.task.contract
        return all(self.node.count_publishers(f.topic) for f in contract.action)


@contextmanager
def process(*command: str) -> Iterator[subprocess.Popen]:
    """Run a process for the time of the block."""
    child = subprocess.Popen(command, start_new_session=True)
    try:
        yield child
    finally:
        os.killpg(child.pid, signal.SIGINT)
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def main(artifact: str, file: str, rounds: str = '3') -> None:
    """Measure and store."""
    rclpy.init()
    task = 'fetch_pick'
    contract = load_contract(task)
    partners = {
        'bare echo, wait-set executor': (sys.executable, '-m', 'adapt_ros.bench.echo', task,
                                         'wait_set'),
        'bare echo, events executor': (sys.executable, '-m', 'adapt_ros.bench.echo', task,
                                       'events'),
        'policy_node': ('ros2', 'run', 'adapt_ros', 'policy_node', '--ros-args', '-p',
                        f'artifact:={artifact}', '-p', 'lockstep:=true', '-p', 'autostart:=true'),
    }
    trips: dict[str, list[np.ndarray]] = {name: [] for name in partners}
    driver = Driver(task)
    for number in range(int(rounds)):
        for name, command in partners.items():
            with process(*command):
                if name == 'policy_node':
                    driver.start_policy()
                trips[name].append(driver.measure())
            print(f'round {number + 1}/{rounds}  {name}: p50 '
                  f'{np.nanpercentile(trips[name][-1], 50) * 1e3:.3f} ms', flush=True)
    floor = np.concatenate(trips['bare echo, wait-set executor'])
    result = {'command': 'make bench', 'contract': contract.name, 'trips_per_round': _TRIPS,
              'rounds': int(rounds), 'cores': os.cpu_count(),
              'messages': 'three observation messages there, two command messages back'}
    for name, parts in trips.items():
        values = np.concatenate(parts)
        result[name] = {
            'p50_ms': float(np.nanpercentile(values, 50) * 1e3),
            'p99_ms': float(np.nanpercentile(values, 99) * 1e3),
            'lost': int(np.isnan(values).sum()),
            'p50_ratio_to_wait_set_echo': float(
                np.nanpercentile(values, 50) / np.nanpercentile(floor, 50))}
        print(f'{name:32} p50 {result[name]["p50_ms"]:.3f} ms  p99 {result[name]["p99_ms"]:.3f} ms '
              f' x{result[name]["p50_ratio_to_wait_set_echo"]:.2f}')
    write_json(Path(file).absolute(), result)
    rclpy.try_shutdown()


if __name__ == '__main__':
    main(*sys.argv[1:4])
