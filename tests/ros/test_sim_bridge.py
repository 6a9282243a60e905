"""sim_bridge: a task as a robot, in lockstep and in real time."""

import time

import numpy as np
import pytest
from adapt_msgs.msg import EpisodeStatus, Outcome
from adapt_msgs.srv import StepSimulation
from bench import Pilot, activate, nanoseconds
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import TwistStamped
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import SetBool

from adapt_learning.evaluation.simulation import make_task
from adapt_learning.frames import load_contract
from adapt_ros.camera import PROFILE, picture_of
from adapt_ros.nodes.sim_bridge import SimBridge
from adapt_ros.scene import Scene


@pytest.fixture
def simulated(bench):
    """Return a function that puts an active simulation and a pilot on the bench."""
    def put(**parameters):
        node = bench.node(SimBridge, **parameters)
        activate(node)
        pilot = Pilot(bench, node._scene.contract)
        bench.until(pilot.connected, 'discovery')
        return node, pilot
    return put


@pytest.fixture
def lockstep(simulated):
    """Return (node, pilot) of a simulation in lockstep."""
    return simulated(mode='lockstep')


def test_the_same_seed_gives_the_same_start_and_the_same_run(lockstep):
    _, pilot = lockstep
    runs = []
    for seed in (7, 8, 7):
        assert pilot.reset(seed=seed, noise_level=1.25).success
        first = len(pilot.frames) - 1
        for _ in range(5):
            pilot.step(gripper_velocity=[0.5, -0.5, 0.1], gripper_command=[1.0])
        runs.append(np.array([frame.vector for frame in pilot.frames[first:]]))
    assert (runs[0] == runs[2]).all()
    assert not (runs[0][0] == runs[1][0]).all()


def test_a_noise_level_out_of_range_is_refused_with_a_sentence(bench, lockstep):
    _, pilot = lockstep
    for level in (99.0, -1.0):
        answer = pilot.reset(seed=0, noise_level=level)
        assert not answer.success and 'noise_level of fetch_pick lies in 0..2.5' in answer.message
    assert pilot.episodes[-1].state == EpisodeStatus.STATE_IDLE
    for asked, used in ((float('nan'), 1.0), (0.0, 0.0)):
        assert pilot.reset(seed=0, noise_level=asked).success
        assert pilot.episodes[-1].noise_level == used


def test_a_node_that_is_not_active_refuses_to_reset(bench):
    node = bench.node(SimBridge)
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    pilot = Pilot(bench, load_contract('fetch_pick'))
    answer = pilot.reset(seed=0)
    assert not answer.success and 'not active' in answer.message


def test_lockstep_waits_for_the_command_of_its_observation(bench, lockstep):
    """A command that answers another observation does not move simulated time."""
    _, pilot = lockstep
    pilot.reset(seed=0)
    pilot.command(stamp_ns=pilot.frames[-1].stamp_ns - 1)
    bench.spin_for(0.2)
    assert len(pilot.frames) == 1
    pilot.step()
    assert len(pilot.frames) == 2
    assert pilot.frames[1].stamp_ns - pilot.frames[0].stamp_ns == pilot.contract.period_ns


def test_an_episode_ends_after_the_tasks_steps_and_the_clock_never_goes_back(bench, lockstep):
    _, pilot = lockstep
    for number in (1, 2):
        assert pilot.reset(seed=number).episode == number
        while pilot.episodes[-1].state == EpisodeStatus.STATE_RUNNING:
            pilot.step()
        ended = pilot.episodes[-1]
        assert ended.outcome.value == Outcome.FAILURE and ended.steps == 50
        assert ended.episode == number and ended.seed == number
    bench.until(lambda: len(pilot.clocks) >= 2, 'the clock')
    assert (np.diff(pilot.clocks) >= 0).all()
    stamps = [frame.stamp_ns for frame in pilot.frames]
    assert (np.diff(stamps) > 0).all() and len(stamps) == 100


def test_pause_and_step(bench, lockstep):
    _, pilot = lockstep
    step = lambda steps: bench.call(StepSimulation, 'sim_bridge/step', steps=steps)  # noqa: E731
    assert 'pause' in step(1).message
    pilot.reset(seed=0)
    assert bench.call(SetBool, 'sim_bridge/pause', data=True).success
    refused = step(1)
    assert not refused.success and 'no command' in refused.message
    pilot.command(gripper_velocity=[0.5, 0, 0])
    bench.spin_for(0.2)
    assert len(pilot.frames) == 1, 'paused'
    assert step(3).steps == 3
    bench.until(lambda: len(pilot.frames) == 4, 'three observations')
    pilot.command()
    bench.spin_for(0.1)
    assert bench.call(SetBool, 'sim_bridge/pause', data=False).success
    bench.until(lambda: len(pilot.frames) == 5, 'the next observation')


def test_with_a_speed_lockstep_still_waits_but_never_runs_ahead(bench, simulated):
    """A recorder can follow: steps come at the pace asked for, each after its command."""
    _, pilot = simulated(mode='lockstep', speed=2.0)
    pilot.reset(seed=0)
    begin = time.monotonic()
    for _ in range(15):
        pilot.step()
    assert time.monotonic() - begin > 0.8 * 14 / 25 / 2.0
    frames = len(pilot.frames)
    bench.spin_for(0.2)
    assert len(pilot.frames) == frames, 'without a command nothing moves'


def test_a_long_pause_is_no_lack_of_commands(bench, simulated):
    """The time of a pause does not count as waiting for a command."""
    _, pilot = simulated(mode='lockstep', command_timeout=0.4)
    pilot.reset(seed=0)
    bench.call(SetBool, 'sim_bridge/pause', data=True)
    bench.spin_for(0.6)
    bench.call(SetBool, 'sim_bridge/pause', data=False)
    bench.spin_for(0.2)
    assert pilot.episodes[-1].state == EpisodeStatus.STATE_RUNNING
    pilot.step()
    assert len(pilot.frames) == 2


def test_a_pause_that_ends_between_observation_and_command_changes_nothing(bench, lockstep):
    """Lockstep stays lockstep: an old command is never applied to a new observation."""
    _, pilot = lockstep
    pilot.reset(seed=0)
    pilot.step(gripper_velocity=[0.5, 0, 0])
    bench.call(SetBool, 'sim_bridge/pause', data=True)
    bench.call(SetBool, 'sim_bridge/pause', data=False)
    bench.spin_for(0.2)
    assert len(pilot.frames) == 2


def test_a_reset_in_mid_episode_ends_that_one_as_aborted_first(bench, lockstep):
    """Whoever drives the old episode hears of its end; a refused reset leaves it alone."""
    _, pilot = lockstep
    pilot.reset(seed=0)
    pilot.step()
    assert not pilot.reset(seed=0, noise_level=99.0).success
    assert pilot.episodes[-1].state == EpisodeStatus.STATE_RUNNING
    assert pilot.reset(seed=1).episode == 2
    bench.until(lambda: pilot.episodes[-1].episode == 2, 'the new episode')
    ended = pilot.episodes[-2]
    assert (ended.episode, ended.state, ended.steps) == (1, EpisodeStatus.STATE_ENDED, 1)
    assert ended.outcome.value == Outcome.ABORTED


def test_the_gap_between_episodes_is_longer_than_the_observation_timeout():
    task = make_task('fetch_pick')
    try:
        contract = task.contract
        for timeout_s in (0.1, 3.0):
            task.contract = contract.model_copy(update={'safety': contract.safety.model_copy(
                update={'observation_timeout_s': timeout_s})})
            scene = Scene(task)
            before = scene.stamp_ns
            scene.reset(0, 1.0)
            assert scene.stamp_ns - before == max(1.0, 2 * timeout_s) * 1e9
    finally:
        task.close()


def test_lockstep_gives_an_episode_up_when_no_command_comes(bench, simulated):
    """A dead policy does not leave the simulation waiting for ever."""
    _, pilot = simulated(mode='lockstep', command_timeout=0.3)
    pilot.reset(seed=0)
    bench.until(lambda: pilot.episodes[-1].state == EpisodeStatus.STATE_ENDED, 'the end')
    assert pilot.episodes[-1].outcome.value == Outcome.ABORTED
    assert pilot.reset(seed=0).success


def test_deactivated_in_mid_episode_it_is_aborted_and_silent(bench, lockstep):
    """Nothing is published after the episode has ended, not by a late pause either."""
    node, pilot = lockstep
    pilot.reset(seed=0)
    bench.call(SetBool, 'sim_bridge/pause', data=True)
    pilot.command()
    bench.spin_for(0.1)
    node.trigger_deactivate()
    bench.until(lambda: pilot.episodes[-1].state == EpisodeStatus.STATE_ENDED, 'the end')
    assert pilot.episodes[-1].outcome.value == Outcome.ABORTED
    stamp = node._scene.stamp_ns
    bench.call(SetBool, 'sim_bridge/pause', data=False)
    bench.spin_for(0.1)
    assert node._scene.stamp_ns == stamp


@pytest.mark.parametrize('wrong', ['fingers', 'nan', 'empty'])
def test_a_malformed_command_is_ignored_and_said(bench, lockstep, wrong):
    """A command of the wrong length or with NaN never reaches the physics; diagnostics warn."""
    _, pilot = lockstep
    told = []
    pilot.node.create_subscription(
        DiagnosticArray, '/diagnostics', lambda m: told.extend(
            s for s in m.status if bench.namespace.strip('/') in s.name), 10)
    pilot.reset(seed=0)
    publishers = pilot.writer._publishers
    twist = TwistStamped()
    twist.header.stamp.sec, twist.header.stamp.nanosec = divmod(
        pilot.frames[-1].stamp_ns, 1_000_000_000)
    if wrong == 'nan':
        twist.twist.linear.x = float('nan')
    fingers = {'fingers': [0.0, 1.0], 'nan': [0.0], 'empty': []}[wrong]
    publishers['gripper_controller/commands'].publish(Float64MultiArray(data=fingers))
    publishers['servo/delta_twist_cmds'].publish(twist)
    bench.until(lambda: any(s.level == DiagnosticStatus.WARN for s in told), 'the warning')
    assert len(pilot.frames) == 1
    pilot.step()
    assert len(pilot.frames) == 2, 'the next good command goes on'


def test_pictures_come_with_camera_info(bench, simulated):
    _, pilot = simulated(mode='lockstep')
    images, infos = [], []
    pilot.node.create_subscription(Image, 'camera/image_raw', images.append, PROFILE)
    pilot.node.create_subscription(CameraInfo, 'camera/camera_info', infos.append, PROFILE)
    bench.until(lambda: pilot.node.count_publishers('camera/image_raw')
                and pilot.node.count_subscribers('camera/image_raw'), 'discovery')
    bench.spin_for(0.1)
    pilot.reset(seed=0)
    pilot.step()
    bench.until(lambda: len(images) == 2 and len(infos) == 2, 'pictures')
    image, info = images[0], infos[0]
    assert (image.width, image.height, image.encoding, image.step) == (320, 240, 'rgb8', 960)
    assert picture_of(image).std() > 5, 'something can be seen'
    assert info.header == image.header
    assert nanoseconds(image.header.stamp) == pilot.frames[0].stamp_ns
    assert (info.width, info.height) == (320, 240)
    assert info.k[0] == info.k[4] == pytest.approx(120 / np.tan(np.radians(22.5)))
    assert info.k[2] == 160 and info.k[5] == 120
    assert [info.p[0], info.p[5], info.p[10]] == [info.k[0], info.k[4], 1.0]


def test_in_real_time_it_runs_without_commands_at_its_own_rate(bench, simulated):
    _, pilot = simulated(mode='realtime')
    pilot.reset(seed=0)
    begin = time.monotonic()
    bench.until(lambda: len(pilot.frames) >= 11, 'ten periods')
    assert time.monotonic() - begin > 0.25, 'not faster than the clock'
    assert (np.diff([f.stamp_ns for f in pilot.frames]) == pilot.contract.period_ns).all()


def test_in_real_time_it_stops_by_itself_when_commands_cease(bench, simulated):
    """The robot stands still after two control periods without a command, and holds its grip."""
    node, pilot = simulated(mode='realtime')
    applied = []
    advance = node._scene.advance

    def spy(commands):
        applied.append((time.monotonic(), commands))
        return advance(commands)
    node._scene.advance = spy
    pilot.reset(seed=0)
    while not any(c['gripper_velocity'].any() for _, c in applied):
        pilot.command(gripper_velocity=[0.2, 0, 0], gripper_command=[-1.0])
        bench.executor.spin_once(timeout_sec=0.01)
    # Commands that are still on their way count as received until nothing moves any more.
    period_s = 1 / pilot.contract.rate_hz
    quiet_s = time.monotonic() + 2 * period_s
    while time.monotonic() < quiet_s:
        bench.executor.spin_once(timeout_sec=0.005)
    last_s = time.monotonic()
    bench.until(lambda: len([1 for at, _ in applied if at > last_s]) > 5, 'more steps')
    after = [c for at, c in applied if at > last_s + 2 * period_s]
    assert after and not any(c['gripper_velocity'].any() for c in after)
    assert all(c['gripper_command'] == -1.0 for c in after)


def test_in_real_time_a_malformed_command_does_not_stop_the_time(bench, simulated):
    """Whatever comes in, observations go on and the robot does the safe thing."""
    _, pilot = simulated(mode='realtime')
    pilot.reset(seed=0)
    begin = len(pilot.frames)

    def five_more():
        pilot.command(gripper_velocity=[float('nan'), 0, 0])
        return len(pilot.frames) >= begin + 5
    bench.until(five_more, 'observations')


def test_it_can_be_cleaned_up_and_configured_again(bench, lockstep):
    node, pilot = lockstep
    pilot.reset(seed=3)
    first = pilot.frames[-1].vector
    bench.call(SetBool, 'sim_bridge/pause', data=True)
    pilot.command(gripper_velocity=[float('nan'), 0, 0])
    bench.until(lambda: node._malformed, 'the bad command')
    pilot.command()
    bench.until(lambda: node._held, 'the held command')
    assert node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    assert node.trigger_cleanup() == TransitionCallbackReturn.SUCCESS
    activate(node)
    again = Pilot(bench, pilot.contract)
    bench.until(again.connected, 'discovery')
    again.reset(seed=3)
    assert (again.frames[-1].vector == first).all()
    assert not node._malformed
    again.step()
    assert len(again.frames) == 2, 'the pause does not outlive a clean-up'
