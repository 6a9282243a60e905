"""`ros2 launch adapt_ros record.launch.py`, as a user types it."""

import time

import numpy as np
import pytest
import rclpy
from launched import EXIT_S, LIMIT_S
from std_msgs.msg import String

from adapt_learning.evaluation.rollout import ExpertController, rollout
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.frames import load_contract
from adapt_ros.bags import read_frames, read_samples

pytestmark = pytest.mark.serial
CONTRACT = load_contract('fetch_pick')
FILE = {'file': 'record.launch.py'}


def bags(folder):
    return sorted(folder.glob('episode_*'))


def whole(folder):
    """Return the frames of every bag; each has its metadata and can be read to its end."""
    assert bags(folder)
    for bag in bags(folder):
        assert (bag / 'metadata.yaml').is_file(), bag
    return [list(read_frames(bag, CONTRACT)) for bag in bags(folder)]


def test_the_expert_records_what_it_is_told(launched, tmp_path):
    """The command of the manual: so many bags, exit code 0, and the same again adds the rest."""
    out = tmp_path / 'demos'
    run = launched('task:=fetch_pick', 'source:=expert', 'episodes:=2', f'out:={out}',
                   'speed:=10.0', **FILE)
    assert run.wait() == 0, run.output
    assert 'recording    2/2  success' in run.output and 'Traceback' not in run.output
    assert 'WARN' not in run.output, run.output
    again = launched('episodes:=3', f'out:={out}', 'speed:=10.0', 'namespace:=robot1', **FILE)
    assert again.wait() == 0, again.output
    assert '2 recordings are there already' in again.output
    assert len(bags(out)) == 3
    task = make_task('fetch_pick')
    try:
        for seed, frames in enumerate(whole(out)[:2]):
            expected = rollout(task, ExpertController(task.expert()), seed, 1.0).episode
            assert (np.stack([f.vector for f in frames]) == expected.observation).all()
    finally:
        task.close()


def test_a_policy_records_in_lockstep(launched, policy, tmp_path):
    out = tmp_path / 'demos'
    run = launched('source:=policy', f'policy:={policy}', 'episodes:=2', f'out:={out}',
                   'speed:=8.0', **FILE)
    assert run.wait() == 0, run.output
    assert 'recording    2/2' in run.output
    for bag, frames in zip(bags(out), whole(out), strict=True):
        stamps = [s.stamp_ns for s in read_samples(bag, CONTRACT)
                  if s.topic == 'servo/delta_twist_cmds']
        assert set(f.stamp_ns for f in frames) <= set(stamps), 'every frame has its command'


def test_a_person_records_by_keys(launched, ros_domain, rclpy_session, tmp_path):
    """Begin, drive, save as a failure: in real time, with the arm where the keys drove it."""
    out = tmp_path / 'demos'
    run = launched('source:=teleop', 'episodes:=1', f'out:={out}', 'operator:=kim', **FILE,
                   domain=ros_domain)
    node = rclpy.create_node('person')
    keys = node.create_publisher(String, '/teleop/keys', 10)
    try:
        run.until('waiting for the operator')
        end = time.monotonic() + LIMIT_S
        while not list(out.glob('episode_*')) and time.monotonic() < end:
            keys.publish(String(data='n'))
            time.sleep(0.3)
        for _ in range(15):
            keys.publish(String(data='a'))
            time.sleep(0.1)
        while run.process.poll() is None and time.monotonic() < end:
            keys.publish(String(data='2'))
            time.sleep(0.3)
    finally:
        node.destroy_node()
    assert run.wait() == 0, run.output
    assert 'recording    1/1  failure' in run.output
    moved = [frame.values['gripper_position'][1] for frame in whole(out)[0]]
    assert moved[-1] - moved[0] > 0.05, 'to the left, by a third of full speed'


@pytest.mark.parametrize('moment', ['as they come up', 'in mid-episode'])
def test_ctrl_c_leaves_whole_bags(launched, tmp_path, moment):
    out = tmp_path / 'demos'
    run = launched('episodes:=1000', f'out:={out}', 'speed:=1.0', **FILE)
    if moment == 'as they come up':
        run.node('recording_session')
        time.sleep(0.5)
    else:
        run.until('recording episode_000002')
        time.sleep(0.5)
    assert run.interrupt() < EXIT_S
    assert run.left() == []
    if moment == 'in mid-episode':
        first, second = whole(out)
        assert len(first) > 20 and len(second) > 5


def test_a_killed_simulation_ends_everything(launched, tmp_path):
    out = tmp_path / 'demos'
    run = launched('episodes:=1000', f'out:={out}', 'speed:=2.0', **FILE)
    run.until('recording episode_000002')
    begin = time.monotonic()
    run.node('sim_bridge').kill()
    run.wait()
    assert time.monotonic() - begin < EXIT_S
    assert run.left() == [] and len(whole(out)) == 2


@pytest.mark.parametrize(('argument', 'said'), [
    ('source:=robot', 'robot'), ('episodes:=0', 'episodes'),
    ('expert:=clever', "no expert 'clever'"),
])
def test_a_wrong_argument_ends_with_one_sentence(launched, tmp_path, argument, said):
    run = launched(argument, f'out:={tmp_path}/demos', **FILE)
    run.wait()
    assert any(said in line and ('rror' in line or 'ERROR' in line)
               for line in run.output.splitlines()), run.output
    assert 'Traceback' not in run.output or 'KeyboardInterrupt' in run.output
