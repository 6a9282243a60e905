"""OneGoal: what a bug in a node does to its goals and to the process."""

import subprocess
import sys

import pytest

_NODE = """
import sys
from dataclasses import dataclass
from rclpy.action import ActionClient
from adapt_msgs.action import RecordEpisode
from adapt_ros.goals import OneGoal
from adapt_ros.lifecycle import AdaptNode, run
from adapt_ros.parameters import parameter

@dataclass(frozen=True)
class Settings:
    autostart: bool = parameter(True, 'At once')

class Faulty(AdaptNode):
    def __init__(self, **kwargs):
        super().__init__('faulty', Settings, **kwargs)

    def set_up(self):
        self.goal = OneGoal(self, RecordEpisode, '~/run', self.refuse, self.begin)
        self.client = ActionClient(self, RecordEpisode, '~/run')
        self.create_timer(0.2, self.send)

    def send(self):
        if self.client.server_is_ready():
            self.client.send_goal_async(RecordEpisode.Goal()).add_done_callback(self.answered)

    def answered(self, future):
        self.finished = sys.argv[1] == 'refuse'
        print('accepted', future.result().accepted, flush=True)

    def refuse(self, goal):
        if sys.argv[1] == 'refuse':
            raise OSError(36, 'of refuse')
        return ''

    def begin(self, goal):
        raise OSError(36, 'of begin')

    def stop_work(self, text):
        print('the safe command', flush=True)

    def destroy_node(self):
        print('destroyed', flush=True)
        super().destroy_node()

sys.exit(run(Faulty, []))
"""


@pytest.mark.parametrize('where', ['refuse', 'begin'])
def test_a_bug_never_ends_a_process_without_the_safe_command(ros_domain, where):
    ended = subprocess.run([sys.executable, '-c', _NODE, where], capture_output=True, text=True,
                           timeout=60)
    assert 'the safe command' in ended.stdout, ended.stderr
    assert 'destroyed' in ended.stdout, ended.stderr
    assert ended.stderr.count('\nTraceback' if where == 'begin' else 'Traceback') == 1, ended.stderr
    assert f'of {where}' in ended.stderr
    assert ended.returncode == (0 if where == 'refuse' else 1)
    assert where == 'begin' or 'accepted False' in ended.stdout
