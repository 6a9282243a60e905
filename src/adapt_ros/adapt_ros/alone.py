"""Two launches in one ROS domain: seen by nodes that answer to one name, waited out."""

from collections.abc import Callable

from rclpy.node import Node

_LOOK_S = 0.5


class Alone:
    """Knows whether each of some services is offered once, and waits until that is so."""

    def __init__(self, node: Node, services: list[str], is_at_work: Callable[[], bool]):
        self._node, self._services, self._is_at_work = node, services, is_at_work
        self._retry = None

    @property
    def waits(self) -> bool:
        """Return whether something waits for another launch to go."""
        return self._retry is not None

    def crowd(self) -> str:
        """Return what is wrong where nodes of two launches answer to one name, or ''."""
        for name in self._services:
            if self._node.count_services(self._node.resolve_service_name(name)) > 1:
                return (f'{name.split("/")[0]} is there more than once: another launch runs in '
                        'this ROS domain, and the recordings of both would be mixed')
        return ''

    def when_alone(self, do: Callable[[], None]) -> None:
        """Do it as soon as no other launch is there: who came later gives up by itself."""
        crowd, waited = self.crowd(), self.waits
        self.stop()
        if not crowd:
            do()
            return
        if not waited:
            print(f'{crowd}; waiting until it is gone', flush=True)
        self._retry = self._node.create_timer(
            _LOOK_S, lambda: self.when_alone(do) if self._is_at_work() else None,
            clock=self._node.steady)

    def stop(self) -> None:
        """Wait no longer."""
        if self._retry is not None:
            self._node.destroy_timer(self._retry)
            self._retry = None
