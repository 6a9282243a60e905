"""sim_bridge with an expert: a robot that drives itself and says what it does."""

import time

import numpy as np
import pytest
from adapt_msgs.msg import EpisodeStatus, Outcome
from adapt_msgs.srv import ResetSimulation, StepSimulation
from bench import activate, nanoseconds
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.qos import QoSProfile
from std_msgs.msg import Header
from std_srvs.srv import SetBool

from adapt_learning.data.pollution import KINDS
from adapt_learning.evaluation.rollout import ExpertController, rollout
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.frames import load_contract
from adapt_ros import qos
from adapt_ros.bridge import CommandWriter, ObservationReader, read
from adapt_ros.codecs import message_class
from adapt_ros.nodes.sim_bridge import SimBridge

DEEP = QoSProfile(depth=1000)


class Listener:
    """A recorder on the bench: everything that the robot says, in order of receipt."""

    def __init__(self, bench, task='fetch_pick'):
        self.bench, self.contract = bench, load_contract(task)
        self.node = bench.helper('listener')
        self.frames, self.episodes, self.commands = [], [], {}
        self.order = []
        self.polluted = []
        self.node.create_subscription(
            Header, 'sim_bridge/polluted',
            lambda m: self.polluted.append((nanoseconds(m.stamp), m.frame_id)), DEEP)
        self.reader = ObservationReader(self.node, self.contract, self._on_frame, pytest.fail, DEEP)
        self.node.create_subscription(
            EpisodeStatus, 'episode', self._on_episode, qos.LATCHED_IN)
        for feature in self.contract.action:
            self.commands[feature.key] = []
            self.node.create_subscription(message_class(feature.type), feature.topic,
                                          self._hear(feature), DEEP)

    def _on_frame(self, frame, _):
        self.frames.append(frame)
        self.order.append('frame')

    def _hear(self, feature):
        def hear(message):
            stamp, values = read(message, [feature], 0)
            self.commands[feature.key].append((stamp, values[feature.key]))
            self.order.append(feature.key)
        return hear

    def _on_episode(self, message):
        self.episodes.append(message)
        if message.state == EpisodeStatus.STATE_RUNNING:
            frame = self.reader.assembler.begin_episode(nanoseconds(message.header.stamp))
            if frame is not None:
                self._on_frame(frame, 0)
        else:
            self.reader.assembler.end_episode()

    def run(self, seed, noise_level=1.0):
        """Run one episode and return its last status."""
        for heard in (self.frames, self.order, self.polluted, *self.commands.values()):
            heard.clear()
        assert self.bench.call(ResetSimulation, 'sim_bridge/reset', seed=seed,
                               noise_level=noise_level).success
        self.bench.until(lambda: self.episodes and self.episodes[-1].seed == seed
                         and self.episodes[-1].state == EpisodeStatus.STATE_ENDED, 'the end')
        self.bench.until(lambda: all(len(c) == self.episodes[-1].steps
                                     for c in self.commands.values())
                         and len(self.frames) == self.episodes[-1].steps, 'the last messages')
        return self.episodes[-1]


@pytest.fixture
def driven(bench):
    """Return a function that gives (node, listener) of a robot that its expert drives."""
    def put(**parameters):
        node = bench.node(SimBridge, **{'expert': 'default'} | parameters)
        activate(node)
        listener = Listener(bench, parameters.get('task', 'fetch_pick'))
        bench.until(lambda: listener.episodes and not listener.reader.silent(), 'discovery')
        return node, listener
    return put


def alone(seed, **options):
    """Return the rollout of the same episode in this process."""
    task = make_task('fetch_pick')
    try:
        return rollout(task, ExpertController(task.expert(**options)), seed, 1.0)
    finally:
        task.close()


def test_the_robot_says_what_the_expert_does_alone(driven):
    """Observations and commands of a driven episode are those of `adapt collect`, bit by bit."""
    _, listener = driven()
    ended = listener.run(seed=11)
    expected = alone(11)
    assert (ended.outcome.value, ended.steps) == (Outcome.SUCCESS, expected.steps)
    assert (np.stack([f.vector for f in listener.frames]) == expected.episode.observation).all()
    task_layout = make_task('fetch_pick').layout
    for row, velocity, grip in zip(expected.episode.action, *listener.commands.values(),
                                   strict=True):
        action = task_layout.action({'gripper_velocity': velocity[1], 'gripper_command': grip[1]})
        assert (action == row).all()
    assert [stamp for stamp, _ in listener.commands['gripper_velocity']] == [
        f.stamp_ns for f in listener.frames], 'a command carries the stamp of its observation'


def test_every_observation_is_followed_by_its_command(driven):
    """Commands without a stamp have their place by the order of receipt alone."""
    _, listener = driven(speed=4.0)
    steps = listener.run(seed=3).steps
    rows = [listener.order[i:i + 3] for i in range(0, 3 * steps, 3)]
    assert all(row[0] == 'frame' and set(row[1:]) == set(listener.commands) for row in rows)


@pytest.mark.serial
@pytest.mark.parametrize(('parameters', 'low', 'high'), [
    ({'speed': 2.0}, 0.7, 1.5), ({'mode': 'realtime'}, 0.7, 1.5)])
def test_the_pace(bench, driven, parameters, low, high):
    """Speed is in times of real time; in real time it is 1."""
    _, listener = driven(**parameters)
    begin = time.monotonic()
    steps = listener.run(seed=1).steps
    nominal = steps / 25 / parameters.get('speed', 1.0)
    assert low * nominal < time.monotonic() - begin < high * nominal + 1.0


def test_another_expert_by_name_and_a_wrong_one_with_a_sentence(bench, driven):
    _, listener = driven(expert='staged')
    listener.run(seed=2)
    assert (np.stack([f.vector for f in listener.frames])
            == alone(2, name='staged').episode.observation).all()
    node = bench.node(SimBridge, expert='clever')
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert "no expert 'clever'" in node.failure and 'smooth, staged' in node.failure


def test_a_step_limit_of_its_own(driven):
    """Teleoperation needs longer episodes than the task's; a short limit fails."""
    _, listener = driven(max_steps=5)
    ended = listener.run(seed=0)
    assert (ended.steps, ended.outcome.value) == (5, Outcome.FAILURE)


def test_paused_it_goes_on_step_by_step(bench, driven):
    node, listener = driven(speed=1.0)
    assert bench.call(SetBool, 'sim_bridge/pause', data=True).success
    bench.call(ResetSimulation, 'sim_bridge/reset', seed=4, noise_level=1.0)
    bench.until(lambda: len(listener.frames) == 1, 'the first observation')
    bench.spin_for(0.2)
    assert len(listener.frames) == 1
    assert bench.call(StepSimulation, 'sim_bridge/step', steps=3).steps == 3
    bench.until(lambda: len(listener.frames) == 4, 'three more')
    assert (np.stack([f.vector for f in listener.frames])
            == alone(4).episode.observation[:4]).all()


def test_episodes_that_follow_by_themselves(bench, driven):
    _, listener = driven(repeat=True, max_steps=3)
    bench.until(lambda: len([e for e in listener.episodes
                             if e.state == EpisodeStatus.STATE_ENDED]) >= 2, 'two episodes')
    seeds = [e.seed for e in listener.episodes if e.state == EpisodeStatus.STATE_ENDED]
    assert (np.diff(seeds) == 1).all()


def test_who_commands_beside_the_expert_is_named(bench, driven):
    _, listener = driven(speed=1.0)
    told = []
    listener.node.create_subscription(
        DiagnosticArray, '/diagnostics', lambda m: told.extend(
            s for s in m.status if bench.namespace.strip('/') in s.name), 10)
    CommandWriter(listener.node, listener.contract)
    bench.until(lambda: any(s.level == DiagnosticStatus.WARN
                            and 'another node commands' in s.message for s in told), 'a warning')


def test_polluted_messages_are_told_and_nothing_else_is_changed(driven):
    """The truth runs on: the same steps; what is not told as polluted is what is."""
    _, listener = driven(pollution_kind='gaussian', pollution_p=0.4, pollution_seed=3)
    expected = alone(21)
    ended = listener.run(seed=21)
    assert (ended.outcome.value, ended.steps) == (Outcome.SUCCESS, expected.steps)
    told = set(listener.polluted)
    layout = make_task('fetch_pick').layout
    changed = {'state': 0, 'action': 0}
    for row, frame, *commands in zip(range(ended.steps), listener.frames,
                                     *listener.commands.values(), strict=True):
        state = frame.vector
        action = layout.action(dict(zip(listener.commands, (c[1] for c in commands),
                                        strict=True)))
        for side, said, true in (('state', state, expected.episode.observation[row]),
                                 ('action', action, expected.episode.action[row])):
            differs = bool((said != true).any())
            assert differs == ((frame.stamp_ns, side) in told), (row, side)
            changed[side] += differs
        goal = listener.contract.observation_spec.slices['goal_position']
        assert (state[goal] == expected.episode.observation[row][goal]).all(), 'said once, true'
    assert 0 < changed['state'] < ended.steps and 0 < changed['action'] < ended.steps
    first = [f.vector for f in listener.frames]
    listener.run(seed=22)
    listener.run(seed=21)
    assert all((a == f.vector).all() for a, f in zip(first, listener.frames, strict=True)), (
        'the pollution of an episode depends on the seeds only')


@pytest.mark.parametrize('kind', KINDS)
def test_every_kind_of_pollution_can_be_published(driven, kind):
    """Messages stay readable: quaternions are rotations, also where a sensor says zeros."""
    _, listener = driven(pollution_kind=kind, pollution_p=0.9, max_steps=8)
    listener.run(seed=1)
    assert np.isfinite([f.vector for f in listener.frames]).all()
    assert listener.polluted


def test_a_quaternion_that_is_observed_as_it_is_stays_a_rotation(driven):
    _, listener = driven(task='ant_reach', pollution_kind='gaussian', pollution_p=0.9, max_steps=8)
    listener.run(seed=1)
    place = listener.contract.observation_spec.slices['torso_orientation']
    lengths = np.linalg.norm([f.vector[place] for f in listener.frames], axis=1)
    assert listener.polluted and lengths == pytest.approx(1, abs=1e-6)


def test_the_spread_is_that_of_the_demonstrations():
    """The unit of the pollution is measured, not guessed."""
    task = make_task('fetch_pick')
    try:
        raws, commands = [], []

        def see(at):
            raws.append(at.raw())
        for seed in range(30):
            episode = rollout(task, ExpertController(task.expert()), seed, 1.0, see).episode
            commands += [task.layout.commands(a) for a in episode.action]
    finally:
        task.close()
    for key, stated in task.spec_.spread.items():
        rows = np.array([r[key] for r in (raws if key in raws[0] else commands)])
        if key == 'object_rotation':
            rows = np.array([2 * r[:3] * np.sign(r[3]) for r in rows])  # small rotation vectors
        assert np.sqrt(rows.var(axis=0).mean()) == pytest.approx(stated, rel=0.3), key


def test_pollution_needs_a_unit(bench, monkeypatch):
    from dataclasses import replace

    from adapt_learning.tasks.fetch_pick import FetchPick
    monkeypatch.setattr(FetchPick, 'spec_', replace(FetchPick.spec_, spread={}))
    node = bench.node(SimBridge, pollution_kind='gaussian')
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert 'states no spread' in node.failure
