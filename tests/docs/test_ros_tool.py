"""docs/tools/ros.py fills nested messages, calls services and follows the goals of actions."""

import importlib.util
import signal
import subprocess
import sys

import documentation
import pytest
from adapt_msgs.action import RecordEpisode
from adapt_msgs.srv import ResetSimulation, SaveRecording
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Polygon, PoseWithCovariance

from adapt_ros.goals import OneGoal

TOOL = documentation.ROOT / 'docs/tools/ros.py'
_spec = importlib.util.spec_from_file_location('ros_tool', TOOL)
tool = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tool)


def test_messages_within_messages_are_filled():
    request = tool.filled(SaveRecording.Request, {'outcome': {'value': 1}, 'note': 'clean'})
    assert (request.outcome.value, request.note) == (1, 'clean')
    found = tool.filled(DiagnosticArray, {'header': {'stamp': {'sec': 3}}, 'status': [
        {'name': 'a', 'values': [{'key': 'k', 'value': 'v'}]}, {'name': 'b'}]})
    assert found.header.stamp.sec == 3 and [one.name for one in found.status] == ['a', 'b']
    assert found.status[0].values[0].value == 'v'


def test_whole_numbers_are_taken_for_real_ones():
    assert tool.filled(ResetSimulation.Request, {'noise_level': 1}).noise_level == 1.0
    assert tool.filled(Polygon, {'points': [{'x': 1}, {'x': 2.5}]}).points[1].x == 2.5
    pose = tool.filled(PoseWithCovariance, {'covariance': [1] * 36})
    assert list(pose.covariance) == [1.0] * 36


@pytest.mark.parametrize(('values', 'sentence'), [
    ({'outcome': 1}, 'Outcome is written as {"field": value}; got 1'),
    ({'outcome': {'worth': 1}}, "Outcome has no field 'worth', only ['value']"),
    ({'remark': ''}, "has no field 'remark'"),
    ({'note': 1}, 'note'),
    ([], 'is written as')])
def test_what_does_not_fit_is_said(values, sentence):
    with pytest.raises((ValueError, TypeError, AssertionError)) as caught:
        tool.filled(SaveRecording.Request, values)
    assert sentence in str(caught.value)


@pytest.fixture
def ros(bench):
    """Return a function that runs the tool while the bench turns."""
    started = []

    def run(verb, name, values='{}', meanwhile=lambda process: None):
        process = subprocess.Popen(
            [sys.executable, TOOL, verb, f'{bench.namespace}/{name}', values], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        started.append(process)
        meanwhile(process)
        bench.until(lambda: process.poll() is not None, 'the end of the tool', 60.0)
        return process.returncode, *process.communicate()

    yield run
    for process in started:
        process.kill()
        process.wait()


def test_a_service_gets_what_is_nested(bench, ros):
    asked = []

    def save(request, response):
        asked.append(request)
        response.success, response.message = True, 'saved'
        return response

    bench.helper('recorder').create_service(
        SaveRecording, f'{bench.namespace}/recorder/save', save)
    code, out, err = ros('call', 'recorder/save', '{"outcome": {"value": 1}, "note": "clean"}')
    assert (code, err) == (0, '') and 'message: saved' in out
    assert (asked[0].outcome.value, asked[0].note) == (1, 'clean')
    code, out, err = ros('call', 'recorder/save', '{"outcome": {"worth": 1}}')
    assert code == 2 and "no field 'worth'" in err and len(err.splitlines()) == 1


class Recorder:
    """An action that goes on until it is cancelled, or ends at once."""

    def __init__(self, bench):
        self.bench, self.begun = bench, False
        self.server = OneGoal(bench.helper('recorder'), RecordEpisode,
                              f'{bench.namespace}/recorder/record', self.refuse, self.begin)

    def refuse(self, goal):
        return 'not now' if goal.task == 'refuse me' else ''

    def begin(self, goal):
        self.begun = True
        feedback = RecordEpisode.Feedback()
        feedback.status.messages = 7
        self.server.feedback(feedback)
        if goal.save:
            self.server.end(RecordEpisode.Result(saved=True, text='it is over'), True, False)


@pytest.fixture
def recorder(bench):
    made = Recorder(bench)
    yield made
    made.server.destroy()


def test_a_goal_tells_its_feedback_and_its_result(recorder, ros):
    code, out, err = ros('send_goal', 'recorder/record', '{"save": true}')
    assert (code, err) == (0, '')
    assert 'accepted' in out and 'succeeded' in out and 'text: it is over' in out
    code, _, err = ros('send_goal', 'recorder/record', '{"task": "refuse me"}')
    assert code == 1 and 'the goal was refused' in err
    code, _, err = ros('send_goal', 'recorder/record', '{"speed": 1}')
    assert code == 2 and "no field 'speed'" in err


def test_ctrl_c_cancels_the_goal(bench, recorder, ros):
    def cancel(process):
        bench.until(lambda: recorder.begun, 'the goal', 60.0)
        bench.spin_for(1.0)
        process.send_signal(signal.SIGINT)
        bench.until(lambda: recorder.server.cancel_requested, 'the cancel')
        recorder.server.end(RecordEpisode.Result(text='given up'), False, True)

    code, out, err = ros('send_goal', 'recorder/record', '{}', cancel)
    assert (code, err) == (1, '')
    assert 'messages: 7' in out and 'cancelling' in out
    assert 'canceled' in out and 'text: given up' in out
