"""recording_session with the real recorder and the simulated robot."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from adapt_msgs.msg import Outcome
from adapt_msgs.srv import SaveRecording
from bench import Robot, activate
from rclpy.lifecycle import TransitionCallbackReturn

from adapt_learning.evaluation.rollout import ExpertController, rollout
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.frames import load_contract
from adapt_ros.bags import read_frames, read_samples
from adapt_ros.nodes.demo_recorder import DemoRecorder
from adapt_ros.nodes.recording_session import RecordingSession
from adapt_ros.nodes.sim_bridge import SimBridge

CONTRACT = load_contract('fetch_pick')


@pytest.fixture
def put(bench, tmp_path):
    """Return a function that puts simulation, recorder and an active session on the bench."""
    def make(sim=None, **session):
        if sim is not None:
            activate(bench.node(SimBridge, **{'expert': 'default', 'speed': 8.0} | sim))
        activate(bench.node(DemoRecorder, folder=str(tmp_path / 'demos'), lockstep=True,
                            warn_free_disk=1.0, min_free_disk=1.0))
        return again(**session)

    def again(**session):
        node = bench.node(RecordingSession, **{
            'folder': str(tmp_path / 'demos'), 'scene': 'sim_bridge'} | session)
        activate(node)
        return node
    make.again = again
    return make


def finished(bench, node):
    """Wait for the end of a session; only one at a time may stand on the bench."""
    bench.until(lambda: node.finished, 'the end of the session', within=60.0)
    node.leave_active('over')
    return node.exit_code


def bags(folder):
    return sorted(folder.glob('demos/episode_*'))


def outcome_of(bag):
    return [s.status for s in read_samples(bag, CONTRACT, namespace=NAMESPACE)
            if s.status is not None][-1]


NAMESPACE = ''


@pytest.fixture(autouse=True)
def namespace(bench):
    global NAMESPACE
    NAMESPACE = bench.namespace


def test_the_bags_hold_what_the_expert_does_and_a_second_session_goes_on(
        bench, put, tmp_path, capsys):
    """Frames of the bags are those of `adapt collect`; resumed, it continues with the next seed."""
    session = put(sim={}, episodes=2, seed=40)
    assert finished(bench, session) == 0
    assert len(bags(tmp_path)) == 2
    assert finished(bench, put.again(episodes=3, seed=40)) == 0
    task = make_task('fetch_pick')
    try:
        for number, bag in enumerate(bags(tmp_path)):
            expected = rollout(task, ExpertController(task.expert()), 40 + number, 1.0)
            frames = np.stack([f.vector for f in read_frames(bag, CONTRACT, NAMESPACE)])
            assert (frames == expected.episode.observation).all(), bag.name
            assert outcome_of(bag).outcome.value == Outcome.SUCCESS
    finally:
        task.close()
    assert number == 2
    shown = capsys.readouterr().out
    assert 'recording    3/3  success    episode_000003' in shown
    assert '3 recordings in the folder; in this session 1 success' in shown


def test_a_full_folder_needs_nothing(bench, put, tmp_path):
    assert finished(bench, put(sim={'max_steps': 2}, episodes=1)) == 0
    assert finished(bench, put.again(episodes=1)) == 0
    assert len(bags(tmp_path)) == 1


def test_failures_are_kept_with_their_outcome_or_put_away(bench, put, tmp_path):
    """All are kept by default; keep=success moves failures to the trash and tries other seeds."""
    session = put(sim={'max_steps': 3}, episodes=2, seed=5)
    assert finished(bench, session) == 0
    assert [(s.seed, s.outcome.value) for s in map(outcome_of, bags(tmp_path))] == [
        (5, Outcome.FAILURE), (6, Outcome.FAILURE)]
    picky = put.again(episodes=3, seed=5, keep='success')
    bench.until(lambda: len(list(tmp_path.glob('demos/.trash/episode_*'))) >= 2, 'the trash')
    picky.leave_active('enough')
    seeds = [outcome_of(b).seed for b in sorted(tmp_path.glob('demos/.trash/episode_*'))]
    assert seeds[:2] == [7, 8] and len(bags(tmp_path)) <= 3
    note = json.loads(Path(tmp_path, 'demos/recording_session.json').read_text())
    assert note['tried'] >= 9 - 5


def test_it_waits_for_the_operator(bench, put, tmp_path):
    session = put(sim={'max_steps': 3}, episodes=1, wait_for_operator=True)
    bench.spin_for(1.0)
    assert not session.finished and not bags(tmp_path)
    bench.until(lambda: bench.trigger('recording_session/begin').success, 'the begin')
    assert finished(bench, session) == 0
    assert len(bags(tmp_path)) == 1


def test_on_a_real_robot_the_operator_says_how_it_went(bench, put, tmp_path):
    """Nothing is reset; the recording ends when somebody saves it, with that outcome."""
    robot = Robot(bench, CONTRACT)
    session = put(scene='', episodes=1, wait_for_operator=True)
    bench.until(lambda: bench.trigger('recording_session/begin').success, 'the begin')
    recorder = bench.nodes[1]
    bench.until(lambda: recorder.take is not None, 'the recording')
    for _ in range(5):
        robot.publish()
        bench.spin_for(0.02)
    assert bench.call(SaveRecording, 'demo_recorder/save',
                      outcome=Outcome(value=Outcome.SUCCESS)).success
    assert finished(bench, session) == 0
    assert len(bags(tmp_path)) == 1


def test_a_discarded_recording_does_not_count_and_starts_again(bench, put, tmp_path):
    session = put(sim={'speed': 1.0}, episodes=1, seed=9)
    recorder = bench.nodes[1]
    bench.until(lambda: recorder.take is not None, 'the recording')
    assert bench.trigger('demo_recorder/discard').success
    assert finished(bench, session) == 0
    assert [outcome_of(b).seed for b in bags(tmp_path)] == [9]


def test_who_is_missing_is_named(bench, put, capsys):
    session = put(episodes=1, startup_timeout=0.5)
    assert finished(bench, session) == 1
    assert 'sim_bridge/reset did not appear within 0.5 s' in capsys.readouterr().err


def test_a_refused_reset_ends_the_session(bench, put, capsys):
    session = put(sim={}, episodes=1, noise_level=9.0)
    assert finished(bench, session) == 1
    assert 'noise_level of fetch_pick lies in 0..2.5' in capsys.readouterr().err


def test_a_session_that_is_ended_leaves_a_whole_bag(bench, put, tmp_path):
    session = put(sim={'speed': 1.0}, episodes=5)
    recorder = bench.nodes[1]
    bench.until(lambda: recorder.take is not None and recorder.take.bag.messages > 20, 'messages')
    session.leave_active('the process was asked to end')
    recorder.leave_active('the process was asked to end')
    assert len(bags(tmp_path)) == 1
    assert len(list(read_frames(bags(tmp_path)[0], CONTRACT, NAMESPACE))) > 3
    # The next session does not demonstrate the same start again.
    assert json.loads((tmp_path / 'demos/recording_session.json').read_text())['tried'] == 1




def test_a_second_recorder_of_the_same_name_ends_the_session(bench, put, tmp_path, capsys):
    """Two launches in one domain would mix their recordings."""
    activate(bench.node(DemoRecorder, folder=str(tmp_path / 'other'), lockstep=True,
                        warn_free_disk=1.0, min_free_disk=1.0))
    session = put(sim={}, episodes=1)
    assert finished(bench, session) == 1
    assert 'demo_recorder is there more than once' in (said := capsys.readouterr().err)
    assert 'ROS_DOMAIN_ID' in said and not bags(tmp_path)


def test_a_recorder_that_writes_somewhere_else_is_told(bench, put, tmp_path, capsys):
    session = put(sim={}, episodes=1)
    assert finished(bench, session) == 0
    other = put.again(episodes=2, folder=str(tmp_path / 'six'))
    assert finished(bench, other) == 1
    assert 'it writes somewhere else' in capsys.readouterr().err
    assert len(bags(tmp_path)) == 1
    # Nor does a recorder mix robots.
    shutil.copytree(bags(tmp_path)[0], tmp_path / 'more' / bags(tmp_path)[0].name)
    stranger = bench.node(DemoRecorder, folder=str(tmp_path / 'more'), contract='fetch_push')
    assert stranger.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert 'holds recordings of contract fetch_pick' in stranger.failure


def test_a_session_at_work_waits_until_another_launch_is_gone(bench, put, tmp_path, capsys):
    """Who came later gives up; what was recorded meanwhile is put away, and the rest goes on."""
    session = put(sim={}, episodes=3)
    bench.until(lambda: bags(tmp_path), 'a first recording', within=30.0)
    other = bench.node(DemoRecorder, folder=str(tmp_path / 'other'), lockstep=True,
                       warn_free_disk=1.0, min_free_disk=1.0)
    activate(other)
    bench.until(lambda: session._alone.waits, 'the session to wait', within=30.0)
    assert not session.finished
    other.trigger_deactivate()
    other.trigger_cleanup()
    assert finished(bench, session) == 0
    said = capsys.readouterr().out
    assert 'waiting until it is gone' in said
    assert len(bags(tmp_path)) == 3 and not list(tmp_path.glob('other/episode_*'))
    assert all(outcome_of(bag).outcome.value == Outcome.SUCCESS for bag in bags(tmp_path))


def test_what_a_cut_off_session_left_does_not_count_as_a_success(bench, put, tmp_path, capsys):
    first = put(sim={'speed': 0.4}, episodes=2, keep='success')
    bench.until(lambda: first._now is not None and first._now.asked, 'an episode', within=30.0)
    bench.spin_for(0.7)
    first.leave_active('Ctrl-C')
    bench.until(lambda: list(tmp_path.glob('demos/*/metadata.yaml')), 'the half recording')
    assert finished(bench, put.again(episodes=2, keep='success')) == 0
    assert 'cut short, so put into the trash: episode_000001' in capsys.readouterr().out
    assert [bag.name for bag in bags(tmp_path)] == ['episode_000002', 'episode_000003']
    assert all(outcome_of(bag).outcome.value == Outcome.SUCCESS for bag in bags(tmp_path))
    assert (tmp_path / 'demos/.trash/episode_000001').is_dir()


def test_an_episode_that_the_recorder_did_not_hear_is_repeated(bench, put, tmp_path, capsys):
    """On a busy machine nodes may find each other late."""
    session = put(sim={}, episodes=1, seed=7)
    intake = bench.nodes[1].intake
    hear = intake._on_episode
    intake._on_episode = lambda status, *rest: hear(status, *rest) if status.episode != 1 else None
    assert finished(bench, session) == 0
    assert 'demo_recorder did not hear of the episode; it is repeated' in capsys.readouterr().out
    assert [outcome_of(bag).seed for bag in bags(tmp_path)] == [7], 'the same start'


def test_nothing_begins_before_the_recorder_hears_the_scene(bench, put, tmp_path, capsys):
    """What is said in an episode that the recorder does not hear yet would be lost."""
    activate(bench.node(SimBridge, expert='default', speed=8.0))
    activate(bench.node(DemoRecorder, folder=str(tmp_path / 'demos'), lockstep=True,
                        warn_free_disk=1.0, min_free_disk=1.0, episode_topic='far/episode'))
    session = put.again(episodes=1, startup_timeout=2.0)
    assert finished(bench, session) == 1
    assert 'demo_recorder to hear of the episodes of sim_bridge' in capsys.readouterr().err
    assert not bags(tmp_path)
