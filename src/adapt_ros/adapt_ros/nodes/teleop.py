"""teleop: a person drives the robot by keyboard or joystick, in the words of its contract.

A node with the manners of policy_node: limits and soft start, a dead-man, the safe command when it
is released and silence after it, no second commander.
"""

import time
from dataclasses import dataclass
from functools import partial

import numpy as np
from adapt_msgs.msg import Outcome
from adapt_msgs.srv import SaveRecording, StartRecording
from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import Joy
from std_msgs.msg import String
from std_srvs.srv import Trigger

from adapt_learning.frames import load_contract
from adapt_ros import qos
from adapt_ros.bridge import CommandWriter
from adapt_ros.lifecycle import AdaptNode, run
from adapt_ros.parameters import Range, parameter
from adapt_ros.teleop import bindings
from adapt_ros.teleop.drive import Drive
from adapt_ros.teleop.hand import Joystick, Keyboard, Wish

# Asking the graph costs more than a command, and rivals do not come and go so fast.
_GRAPH_PERIOD_NS = 100_000_000
_FASTER = 1.25


@dataclass(frozen=True)
class TeleopSettings:
    """Parameters of teleop."""

    contract: str = parameter('fetch_pick', 'Contract file, or name of an installed one')
    source: str = parameter('keyboard', 'keyboard: the node keyboard, on ~/keys; joy: joy_node, on '
                                        'joy', one_of=('keyboard', 'joy'))
    speed: float = parameter(0.3, 'Share of full speed at the start', within=Range(0.01, 1.0))
    key_timeout: float = parameter(0.5, 'A key acts so long after it was last pressed; longer than '
                                        "the keyboard's delay before it repeats", unit='s',
                                   within=Range(0.05, 2.0))
    joy_timeout: float = parameter(0.5, 'A joystick that says nothing for so long has let go',
                                   unit='s', within=Range(0.05, 2.0))
    deadman_button: int = parameter(4, 'Joystick: only while this button is held anything moves',
                                    within=Range(0, 100))
    deadzone: float = parameter(0.1, 'Joystick: axes below this are at rest',
                                within=Range(0.0, 0.9))
    hold_start: float = parameter(0.0, 'Action of what is held (a gripper) before a key has set '
                                       'it', within=Range(-1.0, 1.0))
    keys: str = parameter('', 'Keys beside or instead of the usual, KEY:ELEMENT=VALUE or KEY:WORD, '
                              'separated by spaces')
    axes: str = parameter('', 'The same for the axes of a joystick, by number')
    buttons: str = parameter('', 'The same for the buttons of a joystick, by number')
    recorder: str = parameter('demo_recorder', 'Node that begins, saves and discards recordings')
    session: str = parameter('recording_session', 'Node whose ~/begin is called for the next '
                                                  'demonstration where it runs; else the '
                                                  "recorder's ~/start")
    session_only: bool = parameter(False, 'Where the session is not there (yet), begin nothing: a '
                                          'recording that it knows nothing of would be left over')
    autostart: bool = parameter(False, 'Configure and activate without a manager')


class Teleop(AdaptNode):
    """Commands while a dead-man is held; silent otherwise."""

    def __init__(self, **kwargs):
        super().__init__('teleop', TeleopSettings, **kwargs)
        self._hand: Keyboard | Joystick | None = None
        self._drive: Drive | None = None

    def set_up(self) -> None:
        """Read contract and bindings, make the ROS entities."""
        settings = self.settings
        contract = load_contract(settings.contract)
        start = np.array([settings.hold_start if f.on_stop == 'hold' else 0.0
                          for f in contract.action for _ in range(f.size)])
        keys = bindings.keys(contract, settings.keys)
        axes = bindings.axes(contract, settings.axes)
        buttons = bindings.buttons(contract, settings.buttons)
        undo = self._undo.append
        if settings.source == 'keyboard':
            self._hand = Keyboard(keys, start, settings.key_timeout)
            heard = self.create_subscription(String, '~/keys', self._on_keys, qos.LINES)
        else:
            self._hand = Joystick(axes, buttons, start, settings.deadman_button,
                                  settings.joy_timeout, settings.deadzone)
            heard = self.create_subscription(Joy, 'joy', self._on_joy, qos.SENSOR_IN)
        undo(partial(self.destroy_subscription, heard))
        self._drive = Drive(contract)
        self._speed = settings.speed
        self._rivals: tuple[str, ...] = ()
        self._graph_ns = 0
        self._said = ''
        self._unfit = ''
        """Why the joystick cannot be used."""
        self._writer = CommandWriter(self, contract)
        undo(self._writer.destroy)
        self._state = self.create_publisher(String, '~/state', qos.LATCHED)
        undo(partial(self.destroy_publisher, self._state))
        self._orders = {}
        for name, kind, service in (
                ('next', Trigger, f'{settings.session}/begin'),
                ('begin', StartRecording, f'{settings.recorder}/start'),
                ('save', SaveRecording, f'{settings.recorder}/save'),
                ('discard', Trigger, f'{settings.recorder}/discard')):
            self._orders[name] = self.create_client(kind, service)
            undo(partial(self.destroy_client, self._orders[name]))
        undo(partial(self.destroy_timer, self.create_timer(
            1.0 / contract.rate_hz, self._tick, clock=self.steady)))
        self.get_logger().info(f'{settings.source} for contract {contract.name}')

    def start_work(self) -> None:
        """Listen."""
        self._say('released')

    def stop_work(self, text: str) -> None:
        """Stop the robot; the safe command is the last thing on the wire."""
        self._hand.release()
        self._send(self._drive.release())
        self._writer.flush()
        self._say(text)

    # -- what the person does -----------------------------------------------------------------

    def _on_keys(self, message: String) -> None:
        for key in message.data:
            word = self._hand.press(key, time.monotonic_ns())
            if word and self.is_active:
                self._obey(word)

    def _on_joy(self, message: Joy) -> None:
        axes, buttons = self._hand.needs
        self._unfit = ''
        if len(message.axes) < axes or len(message.buttons) < buttons:
            self._hand.release()
            self._unfit = (
                f'the joystick has {len(message.axes)} axes and {len(message.buttons)} buttons; '
                f'{axes} and {buttons} are needed: change the parameters axes, buttons and '
                'deadman_button')
            self._complain(self._unfit)
            return
        for word in self._hand.take(message.axes, message.buttons, time.monotonic_ns()):
            if self.is_active:
                self._obey(word)

    def _obey(self, word: str) -> None:
        if word == 'stop':
            self._hand.release()
            self._send(self._drive.release())
            self._say('stopped')
        elif word in ('faster', 'slower'):
            factor = _FASTER if word == 'faster' else 1.0 / _FASTER
            self._speed = float(np.clip(self._speed * factor, 0.01, 1.0))
            self._say(f'speed {self._speed:.0%}')
        elif word == 'begin':
            in_session = self.settings.session_only or self._orders['next'].service_is_ready()
            self._order('next' if in_session else 'begin')
        elif word == 'discard':
            self._order('discard')
        else:
            value = Outcome.SUCCESS if word == 'success' else Outcome.FAILURE
            self._order('save', outcome=Outcome(value=value))

    def _order(self, name: str, **request) -> None:
        """Call the recorder or the session; the answer is shown."""
        client = self._orders[name]
        if not client.service_is_ready():
            node, of = (('recording_session', 'session') if name == 'next' else
                        ('demo_recorder', 'recorder'))
            self._say(f'{client.srv_name} is not there: wait for {node} or start it, or set the '
                      f'parameter {of}')
            return
        client.call_async(client.srv_type.Request(**request)).add_done_callback(
            partial(self._on_answer, name))

    def _on_answer(self, name: str, future) -> None:
        answer = future.result()
        bag = getattr(answer, 'bag', '')
        done = {'next': 'begins', 'begin': 'recording', 'save': 'saved', 'discard': 'discarded'}
        if answer.success:
            self._say(' '.join(part for part in (done[name], bag) if part))
        else:
            self._say(f'not {done[name]}: {answer.message}')

    # -- what the robot is told ---------------------------------------------------------------

    def _tick(self) -> None:
        if not self.is_active:
            return
        now = time.monotonic_ns()
        if now - self._graph_ns > _GRAPH_PERIOD_NS:
            self._graph_ns = now
            self._look_for_rivals()
        wish = self._hand.wish(now, self._speed)
        if self._rivals:
            wish = Wish(False, wish.action)
        was_moving = self._drive.moving
        self._send(self._drive.tick(wish))
        if self._drive.moving != was_moving and not self._rivals:
            self._say('driving' if self._drive.moving else 'released')

    def _look_for_rivals(self) -> None:
        before, self._rivals = self._rivals, self._writer.crowded()
        if self._rivals and not before:
            self._hand.release()
            self._complain(self._yielding())
        elif before and not self._rivals:
            self._say('released')

    def _yielding(self) -> str:
        return (f'yielding: another node commands the robot on {", ".join(self._rivals)}; stop it '
                '(a policy or a second teleop?)')

    def _send(self, commands) -> None:
        if commands:
            self._writer.write(commands, self.get_clock().now().nanoseconds)

    def _complain(self, text: str) -> None:
        """Say what is wrong, once per problem."""
        if text != self._said:
            self.get_logger().warning(text)
        self._say(text)

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._state.publish(String(data=text))

    def diagnose(self):
        """Report whether a person drives."""
        problem = self._yielding() if self._rivals else self._unfit
        level = DiagnosticStatus.WARN if problem else DiagnosticStatus.OK
        moving = 'driving' if self._drive.moving else 'released'
        yield 'person', level, problem or moving, {
            'speed': f'{self._speed:.2f}', 'limited commands': self._drive.limited}


def main(args: list[str] | None = None) -> int:
    """Run the node (entry point)."""
    return run(Teleop, args)
