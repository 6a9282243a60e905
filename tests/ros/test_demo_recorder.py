"""demo_recorder on a bench: goals and their service twins, bags, warnings while recording."""

import json
import math
import time

import numpy as np
import pytest
import rclpy
from action_msgs.msg import GoalStatus
from adapt_msgs.action import RecordEpisode
from adapt_msgs.msg import EpisodeStatus, Outcome, RecorderStatus, TopicHealth
from adapt_msgs.srv import SaveRecording, StartRecording
from arm_contract import VELOCITY, write_arm_contract
from bench import Robot, activate
from rclpy.action import ActionClient
from rclpy.lifecycle import TransitionCallbackReturn
from rosbags.highlevel import AnyReader
from std_msgs.msg import String

from adapt_learning.data.files import own_folder
from adapt_ros import qos
from adapt_ros.bags import read_frames, read_samples, typestore
from adapt_ros.bridge import CommandWriter
from adapt_ros.codecs import set_stamp
from adapt_ros.nodes.demo_recorder import DemoRecorder
from adapt_ros.recording.about import recording_of


class Stage:
    """A recorder, a robot, an operator with panel, on one bench."""

    def __init__(self, bench, folder, contract_folder, goal_align='hold', **parameters):
        self.bench, self.folder = bench, folder
        path, self.contract = write_arm_contract(contract_folder, goal_align=goal_align)
        parameters = {'min_free_disk': 0.0, 'warn_free_disk': 0.0} | parameters
        self.recorder = bench.node(DemoRecorder, folder=str(folder), contract=str(path),
                                   **parameters)
        activate(self.recorder)
        self.robot = Robot(bench, self.contract)
        self.pilot = CommandWriter(self.robot.node, self.contract)
        self.panel = self.robot.node.create_publisher(EpisodeStatus, 'episode', qos.LATCHED)
        self.statuses: list[RecorderStatus] = []
        self.robot.node.create_subscription(
            RecorderStatus, 'demo_recorder/status', self.statuses.append, qos.LATCHED_IN)
        self.goals = ActionClient(self.robot.node, RecordEpisode,
                                  f'{bench.namespace}/demo_recorder/record_episode')
        publishers = (*self.robot.writer._publishers.values(), *self.robot._held.values(),
                      *self.pilot._publishers.values(), self.panel)
        bench.until(lambda: all(p.get_subscription_count() for p in publishers), 'discovery')
        bench.until(lambda: self.statuses, 'a status')
        self.robot.say_held()
        bench.until(lambda: self.recorder.intake._kept or not self.robot._held, 'the held goal')

    def run(self, seconds, **raw):
        """Let the robot move for some time at its own rate."""
        for _ in range(max(1, round(seconds * self.contract.rate_hz))):
            self.robot.publish(**raw)
            self.pilot.write({'velocity': np.full(3, 0.1), 'grip': np.ones(1)},
                             self.robot.stamp_ns)
            self.bench.spin_for(1 / self.contract.rate_hz)

    def episode(self, number, state, outcome=0, stamp_ns=None):
        """Announce an episode."""
        message = EpisodeStatus(episode=number, state=state, outcome=Outcome(value=outcome))
        set_stamp(message, self.robot.stamp_ns if stamp_ns is None else stamp_ns)
        self.panel.publish(message)

    def start(self, **request):
        """Call ~/start."""
        return self.bench.call(StartRecording, 'demo_recorder/start', **request)

    def save(self, outcome=0, note=''):
        """Call ~/save."""
        return self.bench.call(SaveRecording, 'demo_recorder/save',
                               outcome=Outcome(value=outcome), note=note)

    def trigger(self, name):
        """Call one of the other services."""
        return self.bench.trigger(f'demo_recorder/{name}')

    def send(self, **goal):
        """Send a goal and return its handle."""
        self.bench.until(self.goals.server_is_ready, 'the action server')
        return self.bench.answer(self.goals.send_goal_async(RecordEpisode.Goal(**goal)))

    def result(self, handle):
        """Return (status, result) of a goal."""
        answer = self.bench.answer(handle.get_result_async())
        return answer.status, answer.result

    def health(self, topic):
        """Return the last health of a topic."""
        return next((t for t in self.statuses[-1].topics if t.topic == topic), TopicHealth())

    def topics_of(self, bag):
        """Return {topic: messages} of a bag."""
        with AnyReader([self.folder / bag], default_typestore=typestore()) as reader:
            return {c.topic.removeprefix(f'{self.bench.namespace}/'): c.msgcount
                    for c in reader.connections}


@pytest.fixture
def stage(bench, tmp_path):
    """Return a function that sets a stage."""
    return lambda **parameters: Stage(bench, tmp_path / 'bags', tmp_path, **parameters)


def test_recorded_by_hand(stage):
    s = stage(operator_name='Ada')
    started = s.start(task='lift/../../the cup')
    assert started.success and started.bag == 'episode_000001'
    s.run(0.6)
    assert s.trigger('stop').success
    s.run(0.2)
    s.bench.until(lambda: s.statuses[-1].state == RecorderStatus.STATE_STOPPED, 'stopped')
    assert 'not saved yet' in s.start().message
    saved = s.save(Outcome.SUCCESS, 'nice')
    assert saved.success and saved.bag == 'episode_000001'
    recording = recording_of(s.folder / 'episode_000001')
    assert (recording.task, recording.operator) == ('lift/../../the cup', 'Ada')
    assert (recording.outcome, recording.note) == ('success', 'nice')
    assert recording.contract == s.contract and recording.namespace == s.bench.namespace
    counts = s.topics_of('episode_000001')
    assert counts == {'gripper/pose': 6, 'joint_states': 6, 'goal/pose': 1, 'episode': 0,
                      VELOCITY: 6, 'gripper_controller/commands': 6}
    with AnyReader([s.folder / 'episode_000001'], default_typestore=typestore()) as reader:
        offered = {c.topic.rpartition('/')[2]: c.ext.offered_qos_profiles
                   for c in reader.connections}
    assert [q.durability.name for q in offered['episode']] == ['TRANSIENT_LOCAL']
    assert [q.reliability.name for q in offered['joint_states']] == ['RELIABLE']
    frames = list(read_frames(s.folder / 'episode_000001', s.contract))
    assert len(frames) == 6 and np.allclose(frames[0].vector, 0.1)
    offsets = json.loads(recording.texts['clock_offsets_s'])
    now = time.time() - s.robot.stamp_ns * 1e-9
    assert offsets['gripper/pose'] == pytest.approx(now, abs=5)
    s.bench.until(lambda: s.statuses[-1].saved == 1 and s.statuses[-1].state == 0, 'idle')


def test_the_operator_changes_his_mind(stage):
    s = stage()
    for word, bag in (('discard', 'episode_000001'), ('save', 'episode_000002')):
        assert s.start().bag == bag
        s.run(0.2)
        assert (s.save() if word == 'save' else s.trigger('discard')).success
    assert [p.name for p in s.recorder.folder.bags()] == ['episode_000002']
    deleted = s.trigger('delete_last')
    assert deleted.success and 'episode_000002 was deleted' in deleted.message
    assert not s.recorder.folder.bags()
    assert not s.trigger('delete_last').success
    trash = s.folder / '.trash'
    assert sorted(p.name for p in trash.iterdir()) == ['episode_000001', 'episode_000002']
    (trash / 'episode_000002').rename(s.folder / 'episode_000002')  # the undo
    assert len(list(read_frames(s.folder / 'episode_000002', s.contract))) == 2
    assert s.start().bag == 'episode_000003'
    assert 'call ~/discard' in s.trigger('delete_last').message
    s.trigger('discard')
    for answer in (s.save(), s.trigger('discard'), s.trigger('stop')):
        assert not answer.success
    assert 'outcome is 0..3; got 9' in s.save(9).message


def test_a_goal_records_one_episode_with_its_outcome(stage):
    s = stage(goal_align='episode')
    s.episode(1, EpisodeStatus.STATE_RUNNING)
    s.bench.until(lambda: s.recorder._heard, 'the first episode')
    goal = s.send(stop_with_episode=True, save=True, task='lift')
    s.bench.until(lambda: s.statuses[-1].state == RecorderStatus.STATE_WAITING, 'waiting')
    s.run(0.3)  # of the episode that ran already
    s.episode(1, EpisodeStatus.STATE_ENDED, Outcome.FAILURE)
    s.bench.spin_for(0.1)
    s.robot.stamp_ns += 1_000_000_000
    begin = s.robot.stamp_ns + s.contract.period_ns
    s.robot.publish()  # arrives before its episode is announced, and belongs to it
    s.bench.spin_for(0.05)
    s.episode(2, EpisodeStatus.STATE_RUNNING, stamp_ns=begin)
    s.run(0.4)
    s.episode(2, EpisodeStatus.STATE_ENDED, Outcome.SUCCESS)
    status, result = s.result(goal)
    assert status == GoalStatus.STATUS_SUCCEEDED and result.text == 'the episode ended'
    assert result.saved and result.outcome.value == Outcome.SUCCESS
    bag = s.folder / result.bag
    assert recording_of(bag).outcome == 'success'
    frames = list(read_frames(bag, s.contract))
    assert [f.stamp_ns for f in frames] == [begin + i * s.contract.period_ns for i in range(5)]
    ends = [x.status.outcome.value for x in read_samples(bag, s.contract)
            if x.status is not None and x.status.state == EpisodeStatus.STATE_ENDED]
    assert ends[-1] == Outcome.SUCCESS
    assert result.messages >= 15


def test_goals_are_cancelled_and_limited(stage):
    s = stage()
    cases = ((True, GoalStatus.STATUS_CANCELED, True), (False, GoalStatus.STATUS_CANCELED, False))
    for save, wanted, saved in cases:
        goal = s.send(save=save)
        assert not s.send().accepted, 'a second goal'
        s.run(0.2)
        s.bench.answer(goal.cancel_goal_async())
        status, result = s.result(goal)
        assert (status, result.saved, result.outcome.value) == (wanted, saved, Outcome.UNKNOWN)
        assert 'cancelled' in result.text and result.messages
    s.bench.until(lambda: s.statuses[-1].state == RecorderStatus.STATE_STOPPED, 'still his choice')
    assert s.save(Outcome.FAILURE).success
    status, result = s.result(s.send(max_duration=0.2, save=True))
    assert status == GoalStatus.STATUS_SUCCEEDED and 'the 0.2 s are over' in result.text
    assert 0.15 < result.duration < 2
    assert len(s.recorder.folder.bags()) == 3
    waiting = s.send(stop_with_episode=True)
    s.bench.answer(waiting.cancel_goal_async())
    assert s.result(waiting)[0] == GoalStatus.STATUS_CANCELED
    assert len(s.recorder.folder.bags()) == 3
    assert not s.send(max_duration=math.nan).accepted


def test_a_goal_that_does_not_save_waits_for_the_operator(stage):
    s = stage()
    goal = s.send(max_duration=0.1)
    s.bench.until(lambda: s.statuses[-1].state == RecorderStatus.STATE_STOPPED, 'stopped')
    assert s.save(Outcome.FAILURE, 'slipped').success
    status, result = s.result(goal)
    assert (status, result.saved) == (GoalStatus.STATUS_SUCCEEDED, True)
    assert result.outcome.value == Outcome.FAILURE
    goal = s.send(max_duration=0.1)
    s.bench.until(lambda: s.statuses[-1].state == RecorderStatus.STATE_STOPPED, 'stopped')
    assert s.trigger('discard').success
    assert not s.result(goal)[1].saved


def test_deactivated_it_saves_what_there_is(stage):
    s = stage()
    goal = s.send()
    s.run(0.2)
    assert s.recorder.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    status, result = s.result(goal)
    assert status == GoalStatus.STATUS_ABORTED and result.saved
    assert 'the node was deactivated' in result.text
    assert recording_of(s.folder / result.bag).outcome == 'unknown'
    assert 'not active' in s.start().message
    assert s.recorder.trigger_cleanup() == TransitionCallbackReturn.SUCCESS
    activate(s.recorder)
    assert s.start().bag == 'episode_000002'


def test_what_is_wrong_is_said_while_it_is_recorded(stage):
    s = stage(late_factor=8.0)  # 0.8 s: the robot shares the processor with everything else
    joints = s.robot.writer._publishers
    s.start()
    s.run(1.2)
    assert not s.statuses[-1].warnings
    s.run(0.1, position=[0, math.nan, 0])
    s.bench.until(lambda: s.health('gripper/pose').state == TopicHealth.NOT_FINITE, 'NaN')
    assert 'NaN or infinity in position' in s.health('gripper/pose').text
    held = joints.pop('joint_states')
    s.run(1.1, position=[0, 0, 0])
    s.bench.until(lambda: s.health('joint_states').state == TopicHealth.LATE, 'late')
    joints['joint_states'] = held
    s.robot.stamp_ns += 5_000_000_000
    s.run(0.2)
    s.bench.until(lambda: s.health('joint_states').state == TopicHealth.CLOCK_JUMPED, 'a leap')
    assert 'leapt ahead by' in s.health('joint_states').text
    s.robot.stamp_ns -= 3_000_000_000
    s.robot.publish()
    s.bench.until(lambda: 'went back by 2.9' in s.health('joint_states').text, 'back')
    s.robot.node.destroy_publisher(joints.pop('joint_states'))
    s.bench.until(lambda: s.health('joint_states').state == TopicHealth.MISSING, 'missing')
    assert 'nobody publishes' in s.health('joint_states').text
    s.trigger('stop')
    s.save()
    warnings = json.loads(recording_of(s.folder / 'episode_000001').texts['warnings'])
    told = '\n'.join(warnings)
    for words in ('NaN or infinity', 'joint_states is late', 'leapt ahead', 'is missing'):
        assert told.count(words) >= 1, words
    assert len(warnings) == len(set(warnings))


def test_a_slow_topic_and_a_malformed_one(stage):
    s = stage()
    s.start()
    for _ in range(8):  # at half of the contract's rate, by its stamps
        s.robot.stamp_ns += s.contract.period_ns
        s.robot.publish()
        s.bench.spin_for(0.2)
    health = s.health('gripper/pose')
    assert health.state == TopicHealth.SLOW and health.rate == pytest.approx(5, abs=0.3)
    assert s.health(VELOCITY).state == TopicHealth.MISSING
    s.pilot._messages['gripper_controller/commands'].data = [1.0, 2.0]
    s.pilot._publishers['gripper_controller/commands'].publish(
        s.pilot._messages['gripper_controller/commands'])
    s.bench.until(lambda: s.health('gripper_controller/commands').state == TopicHealth.MALFORMED,
                  'a malformed command')
    assert 'has 1 elements by the contract; got 2' in s.health('gripper_controller/commands').text


def test_other_topics_come_along(stage):
    s = stage(extra_topics='remarks nobody_says')
    remarks = s.robot.node.create_publisher(String, 'remarks', 10)
    s.bench.until(remarks.get_subscription_count, 'a listener')
    s.start()
    remarks.publish(String(data='now'))
    s.run(0.2)
    s.save()
    counts = s.topics_of('episode_000001')
    assert counts['remarks'] == 1 and 'nobody_says' not in counts


@pytest.fixture
def stranger(ros_domain, bench):
    """Return a node of another participant: one participant has one type per topic."""
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=ros_domain)
    node = rclpy.create_node('stranger', context=context, namespace=bench.namespace)
    yield node
    node.destroy_node()
    context.try_shutdown()


def test_a_topic_of_another_type_is_told(stage, stranger):
    s = stage()
    wrong = stranger.create_publisher(String, 'joint_states', 10)
    s.bench.until(lambda: s.health('joint_states').state == TopicHealth.MALFORMED, 'a warning')
    assert 'published as std_msgs/msg/String, and sensor_msgs/msg/JointState is expected' in \
        s.health('joint_states').text
    stranger.destroy_publisher(wrong)
    s.bench.until(lambda: not s.health('joint_states').state, 'all is well')


def test_what_never_reached_the_disk_does_not_stand_in_the_way(stage, tmp_path):
    (tmp_path / 'bags' / 'episode_000001').mkdir(parents=True)
    (tmp_path / 'bags' / 'episode_000002').mkdir()
    (tmp_path / 'bags' / 'episode_000002' / 'episode_000002_0.mcap').touch()
    s = stage()
    assert sorted(p.name for p in (s.folder / '.trash').iterdir()) == [
        'episode_000001', 'episode_000002']
    assert s.start().bag == 'episode_000003'


def test_a_recording_without_a_message_is_put_away_and_not_counted(stage):
    s = stage(goal_align='sync')
    said = []
    s.recorder.get_logger().error = said.append
    assert s.start().success
    answer = s.save(outcome=Outcome.SUCCESS)
    assert not answer.success and answer.message == said[0] == (
        'episode_000001 has no message, so it is not kept: is the robot or the scene running, with '
        'the topics of contract arm?')
    status, result = s.result(s.send(save=True, max_duration=0.2))
    assert status == GoalStatus.STATUS_ABORTED and not result.saved and not result.bag
    assert 'the 0.2 s are over; episode_000002 has no message' in result.text
    goal = s.send(save=True)
    assert 'episode_000003 has no message' in s.trigger('stop').message
    assert s.result(goal)[0] == GoalStatus.STATUS_ABORTED
    assert not s.recorder.folder.bags() and s.recorder.folder.saved == 0
    assert len(list((s.folder / '.trash').iterdir())) == 3
    assert s.start().bag == 'episode_000004'


def test_a_nearly_full_disk_ends_the_recording_with_its_bag(stage, monkeypatch):
    s = stage(min_free_disk=100.0, warn_free_disk=200.0)
    free = [10**9]
    monkeypatch.setattr('adapt_ros.recording.folder.RecordingFolder.free_bytes',
                        lambda self: free[0])
    goal = s.send()
    s.run(0.3)
    free[0] = 150 * 10**6
    s.bench.until(lambda: any('the disk is filling: 150 MB' in w for w in s.statuses[-1].warnings),
                  'a warning')
    assert s.statuses[-1].state == RecorderStatus.STATE_RECORDING
    free[0] = 90 * 10**6
    status, result = s.result(goal)
    assert status == GoalStatus.STATUS_ABORTED and result.saved
    assert 'the disk is nearly full: 90 MB are left' in result.text
    assert 'the disk is filling' in ' '.join(result.warnings)
    assert len(list(read_frames(s.folder / result.bag, s.contract))) >= 3
    assert 'nearly full' in s.start().message


def test_a_removed_folder_is_said_and_made_again(stage):
    import shutil
    s = stage()
    goal = s.send(save=True)
    s.run(0.2)
    shutil.rmtree(s.folder)
    status, result = s.result(goal)
    assert status == GoalStatus.STATUS_ABORTED and not result.saved
    assert 'was removed while it was being written' in result.text
    with own_folder(s.folder):
        assert 'in use by another' in s.start().message, 'somebody was faster'
    assert s.start().success
    s.run(0.2)
    assert s.save().success and len(s.recorder.folder.bags()) == 1


def test_refusals(bench, tmp_path, stage):
    path, _ = write_arm_contract(tmp_path)

    def refused(**parameters):
        node = bench.node(DemoRecorder, **({'contract': str(path)} | parameters))
        assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
        return node.failure
    assert "'folder' is needed" in refused()
    (tmp_path / 'file').write_text('')
    assert 'cannot be used' in refused(folder=str(tmp_path / 'file'))
    said = refused(folder=str(tmp_path / 'a'), extra_topics='good not-good')
    assert "not-good' cannot be a topic" in said and "'extra_topics'" in said
    assert 'no installed contract' in refused(folder=str(tmp_path / 'a'), contract='no_robot')
    stage()
    assert 'in use by another recorder' in refused(folder=str(tmp_path / 'bags'))
