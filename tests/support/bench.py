"""Nodes under test in this process: one executor, turned by the test until a condition holds."""

import itertools
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import rclpy
from adapt_msgs.action import RunPolicy
from adapt_msgs.msg import EpisodeStatus
from adapt_msgs.srv import ResetSimulation
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock
from std_srvs.srv import Trigger

from adapt_learning.frames import Contract
from adapt_ros import qos
from adapt_ros.bridge import CommandWriter, ObservationReader, ObservationWriter
from adapt_ros.codecs import decode, message_class

WITHIN_S = 20.0
"""Generous: how long a loaded machine may take for anything."""
_numbers = itertools.count()


class Bench:
    """Owns nodes of one namespace and spins them; close it after the test."""

    def __init__(self):
        self.namespace = f'/bench{next(_numbers)}'
        self.executor = SingleThreadedExecutor()
        self.nodes: list[Node] = []

    def add(self, node: Node) -> Node:
        """Take a node over."""
        self.nodes.append(node)
        self.executor.add_node(node)
        return node

    def node(self, kind: Callable[..., Node], **parameters: Any) -> Node:
        """Make a node of the product with these parameters."""
        return self.add(kind(namespace=self.namespace, parameter_overrides=[
            Parameter(name, value=value) for name, value in parameters.items()]))

    def helper(self, name: str) -> Node:
        """Make a plain node for the test's own entities."""
        return self.add(rclpy.create_node(f'{name}{next(_numbers)}', namespace=self.namespace))

    def until(self, condition: Callable[[], Any], what: str = '', within: float = WITHIN_S) -> Any:
        """Spin until `condition()` is true and return its value; fail after `within` seconds."""
        end = time.monotonic() + within
        while not (value := condition()):
            if time.monotonic() > end:
                raise AssertionError(f'this did not come within {within:g} s: {what or condition}')
            self.executor.spin_once(timeout_sec=0.02)
        return value

    def spin_for(self, seconds: float) -> None:
        """Spin for some time; only where it is shown that something does NOT happen."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.executor.spin_once(timeout_sec=min(left, 0.02))

    def answer(self, future) -> Any:
        """Return the result of a future."""
        self.until(future.done, 'an answer')
        return future.result()

    def call(self, kind: type, name: str, /, **request: Any) -> Any:
        """Call a service of this bench and return the response."""
        client = self.nodes[0].create_client(kind, f'{self.namespace}/{name}')
        try:
            self.until(client.service_is_ready, f'service {name}')
            return self.answer(client.call_async(kind.Request(**request)))
        finally:
            self.nodes[0].destroy_client(client)

    def trigger(self, name: str) -> Any:
        """Call a Trigger service."""
        return self.call(Trigger, name)

    def close(self) -> None:
        """Destroy everything."""
        for node in self.nodes:
            if hasattr(node, 'leave_active'):
                node.leave_active('the test is over')
        for _ in range(10):
            self.executor.spin_once(timeout_sec=0)
        for node in reversed(self.nodes):
            self.executor.remove_node(node)
            if hasattr(node, '_free'):
                node._free()
            node.destroy_node()
        self.executor.shutdown()


def activate(node) -> None:
    """Configure and activate a node of the product."""
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS, node.failure
    assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS, node.failure


class Robot:
    """The robot's side of a contract: publishes observations, keeps what it was told."""

    def __init__(self, bench: Bench, contract: Contract, name: str = 'robot',
                 command_qos: QoSProfile = qos.COMMAND):
        self.bench, self.contract = bench, contract
        self.node = bench.helper(name)
        self.writer = ObservationWriter(self.node, contract)
        held = {f.topic for f in contract.observation if f.align == 'hold'}
        every = self.writer._publishers
        self._held = {topic: every.pop(topic) for topic in tuple(every) if topic in held}
        self.stamp_ns = 1_000_000_000
        self.raw = {f.key: np.full(f.raw_size or f.size, 0.1)
                    for f in contract.observation if f.derive is None}
        self.heard: list[tuple[float, str, Any]] = []
        """(monotonic time [s], topic, message) of every command, in order of receipt."""
        for topic, kind in {f.topic: f.type for f in contract.action}.items():
            self.node.create_subscription(
                message_class(kind), topic, self._keep(topic), command_qos)
        self.published_s = 0.0

    def _keep(self, topic: str) -> Callable:
        def keep(message):
            self.heard.append((time.monotonic(), topic, message))
        return keep

    def say_held(self) -> None:
        """Publish what is said once: features that are held at any age."""
        every = self.writer._publishers
        self.writer._publishers = self._held
        self.writer.write(self.raw, self.stamp_ns, begin=True)
        self.writer._publishers = every

    def publish(self, begin: bool = True, **raw: np.ndarray) -> None:
        """Publish the next instant; given raw values stay until they are changed."""
        self.raw |= {key: np.asarray(value, np.float64) for key, value in raw.items()}
        self.stamp_ns += self.contract.period_ns
        self.published_s = time.monotonic()
        self.writer.write(self.raw, self.stamp_ns, begin)

    def step(self, **raw: np.ndarray) -> None:
        """Publish the next instant and wait for its commands."""
        before = len(self.heard)
        self.publish(**raw)
        topics = len({f.topic for f in self.contract.action})
        self.bench.until(lambda: len(self.heard) >= before + topics, 'commands for an instant')

    def of(self, topic: str) -> list[np.ndarray]:
        """Return the commanded values of a topic, oldest first."""
        feature = next(f for f in self.contract.action if f.topic == topic)
        return [decode(message, feature.field, feature.names)
                for _, at, message in self.heard if at == topic]

    def connected(self) -> bool:
        """Return whether both directions have found their other side."""
        publishers = (*self.writer._publishers.values(), *self._held.values())
        return (all(p.get_subscription_count() for p in publishers)
                and all(self.node.count_publishers(f.topic) for f in self.contract.action))


class Client:
    """Sends goals of RunPolicy."""

    def __init__(self, bench: Bench, name: str = 'policy_node'):
        self.bench = bench
        self.action = ActionClient(
            bench.helper('client'), RunPolicy, f'{bench.namespace}/{name}/run_policy')
        self.feedback: list = []

    def send(self, **goal: Any):
        """Send a goal and return its handle."""
        self.bench.until(self.action.server_is_ready, 'the action server')
        return self.bench.answer(self.action.send_goal_async(
            RunPolicy.Goal(**goal), feedback_callback=lambda m: self.feedback.append(m.feedback)))

    def result(self, handle):
        """Return (status, result) of a goal."""
        answer = self.bench.answer(handle.get_result_async())
        return answer.status, answer.result


class Pilot:
    """The policy's side of a simulation: hears observations and episodes, sends commands."""

    def __init__(self, bench: Bench, contract: Contract):
        self.bench, self.contract = bench, contract
        self.node = bench.helper('pilot')
        self.writer = CommandWriter(self.node, contract)
        self.frames: list = []
        self.episodes: list[EpisodeStatus] = []
        self.clocks: list[int] = []
        self.reader = ObservationReader(
            self.node, contract, lambda frame, _: self.frames.append(frame),
            lambda text: pytest.fail(text), qos.SENSOR_LOCKSTEP)
        self.node.create_subscription(
            EpisodeStatus, 'episode', self._on_episode, qos.LATCHED_IN)
        self.node.create_subscription(
            Clock, '/clock', lambda m: self.clocks.append(nanoseconds(m.clock)), 100)
        self.still = {f.key: np.zeros(f.size) for f in contract.action}

    def _on_episode(self, message: EpisodeStatus) -> None:
        self.episodes.append(message)
        if message.state == EpisodeStatus.STATE_RUNNING:
            frame = self.reader.assembler.begin_episode(nanoseconds(message.header.stamp))
            if frame is not None:
                self.frames.append(frame)
        else:
            self.reader.assembler.end_episode()

    def reset(self, **request: Any):
        """Begin an episode and wait for its first observation; return the answer."""
        before = len(self.frames)
        request = {'noise_level': float('nan')} | request
        answer = self.bench.call(ResetSimulation, 'sim_bridge/reset', **request)
        if answer.success:
            self.bench.until(lambda: len(self.frames) > before, 'the first observation')
        return answer

    def command(self, stamp_ns: int | None = None, **commands: Any) -> None:
        """Send commands for the newest observation (others stay zero)."""
        values = self.still | {k: np.asarray(v, np.float64) for k, v in commands.items()}
        self.writer.write(values, self.frames[-1].stamp_ns if stamp_ns is None else stamp_ns)

    def step(self, **commands: Any) -> None:
        """Send commands and wait for what comes of them."""
        frames, episodes = len(self.frames), len(self.episodes)
        self.command(**commands)
        self.bench.until(lambda: len(self.frames) > frames or len(self.episodes) > episodes,
                         'an observation or an end')

    def connected(self) -> bool:
        """Return whether both directions have found their other side."""
        return (all(p.get_subscription_count() for p in self.writer._publishers.values())
                and not self.reader.silent() and bool(self.episodes))


def nanoseconds(stamp) -> int:
    """Return a stamp of a message as [ns]."""
    return stamp.sec * 1_000_000_000 + stamp.nanosec
