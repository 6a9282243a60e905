"""A task's expert at the wheel of a simulated robot, as a robot with a controller of its own."""

import numpy as np
from rclpy.node import Node

from adapt_ros.bridge import CommandWriter
from adapt_ros.pollution import PublishedPollution
from adapt_ros.scene import Scene

DEFAULT = 'default'
"""Name of the task's first expert."""


class ExpertDrive:
    """
    Publishes the expert's commands and says what the robot does with them.

    Observation and command go out half a control period apart. Commands without a header have
    their place in a bag by the order of receipt alone, and so it is clear for all of them.
    """

    def __init__(self, node: Node, scene: Scene, expert: str, pollution: PublishedPollution):
        self._scene = scene
        self._expert = scene.task.expert('' if expert == DEFAULT else expert)
        self._pollution = pollution
        self._writer = CommandWriter(node, scene.contract)
        self._commands: dict[str, np.ndarray] | None = None

    def destroy(self) -> None:
        """Remove the publishers from the host."""
        self._writer.destroy()

    def begin(self, seed: int) -> None:
        """Begin an episode."""
        self._expert.reset(seed)
        self._commands = None

    def turn(self) -> dict[str, np.ndarray] | None:
        """
        Do half a step: publish the command of the present instant, or return what to execute.

        What is executed is the expert's action on the true values, also where other values are
        published.
        """
        if self._commands is not None:
            commands, self._commands = self._commands, None
            return commands
        task = self._scene.task
        action = np.clip(self._expert.act(task.raw()), -1.0, 1.0)
        # Whoever commands says float32 actions in SI units, and so does a policy.
        self._commands = task.layout.commands(action.astype(np.float32))
        stamp = self._scene.stamp_ns
        self._writer.write(self._pollution.commands(self._commands, stamp), stamp)
        return None

    def rivals(self) -> tuple[str, ...]:
        """Return the command topics on which somebody else commands; nobody listens to that."""
        return self._writer.crowded()
