"""keyboard: the keys of this terminal for teleop, and what teleop says of them.

A process of its own, because `ros2 launch` gives its nodes no terminal: start it beside the
launch, in a terminal, by `ros2 run adapt_ros keyboard`.
"""

from dataclasses import dataclass
from functools import partial

from std_msgs.msg import String

from adapt_learning.frames import load_contract
from adapt_ros import qos
from adapt_ros.lifecycle import AdaptNode, run
from adapt_ros.parameters import parameter
from adapt_ros.teleop import bindings
from adapt_ros.teleop.terminal import Terminal

_POLL_S = 0.02


@dataclass(frozen=True)
class KeyboardSettings:
    """Parameters of keyboard."""

    contract: str = parameter('fetch_pick', 'Contract file, or name of an installed one: what '
                                            'the help screen says')
    keys: str = parameter('', 'What keys do beside or instead of the usual, as given to teleop')
    teleop: str = parameter('teleop', 'Node whose ~/keys is written')
    autostart: bool = parameter(True, 'Configure and activate without a manager')


class KeyboardNode(AdaptNode):
    """Reads the terminal while it is active, and gives it back whatever happens."""

    def __init__(self, **kwargs):
        super().__init__('keyboard', KeyboardSettings, **kwargs)
        self._terminal: Terminal | None = None

    def set_up(self) -> None:
        """Make the ROS entities; take the terminal when active."""
        contract = load_contract(self.settings.contract)
        self._help = bindings.describe(bindings.keys(contract, self.settings.keys), contract)
        undo = self._undo.append
        name = self.settings.teleop
        self._keys = self.create_publisher(String, f'{name}/keys', qos.LINES)
        undo(partial(self.destroy_publisher, self._keys))
        undo(partial(self.destroy_subscription, self.create_subscription(
            String, f'{name}/state', self._on_state, qos.LATCHED_IN)))
        undo(partial(self.destroy_timer,
                     self.create_timer(_POLL_S, self._read, clock=self.steady)))

    def start_work(self) -> None:
        """Take the terminal and show the help screen."""
        self._terminal = Terminal()
        print('\n'.join(['Keep a key pressed to move; Ctrl-C ends.', *self._help]), flush=True)
        if not self.count_subscribers(f'{self.settings.teleop}/keys'):
            print(f'waiting for {self.settings.teleop}', flush=True)

    def stop_work(self, text: str) -> None:
        """Give the terminal back."""
        terminal, self._terminal = self._terminal, None
        if terminal is not None:
            terminal.close()

    def _read(self) -> None:
        keys = self._terminal.read() if self._terminal is not None else ''
        if keys:
            self._keys.publish(String(data=keys))

    def _on_state(self, message: String) -> None:
        print(message.data, flush=True)


def main(args: list[str] | None = None) -> int:
    """Run the node (entry point)."""
    return run(KeyboardNode, args)
