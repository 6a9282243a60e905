"""A trained policy as the driver of a simulated task."""

import numpy as np

from adapt_learning.artifacts import check_contract
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.frames import Frame
from adapt_learning.runtime import PolicyRunner, RunnerOptions, StopReason, load_policy
from adapt_learning.tasks.base import Task


class PolicyController:
    """
    Lets a policy act through its runner, exactly as the node does in lockstep.

    A stop of the runner (NaN, unlike the expert) ends the episode; it is released at the next
    `begin`, because the simulation starts anew.
    """

    def __init__(self, runner: PolicyRunner):
        self.runner = runner
        self.stop_text = ''

    @classmethod
    def load(cls, folder: str, task: Task, stop_unlike_expert: bool = False) -> 'PolicyController':
        """Open an artifact for a task; ArtifactError where it is damaged or does not fit."""
        policy = load_policy(folder)
        check_contract(policy.manifest, task.contract)
        options = RunnerOptions(realtime=False, stop_unlike_expert=stop_unlike_expert)
        return cls(PolicyRunner(policy, task.contract, options))

    def begin(self, seed: int) -> None:
        """Begin an episode with fresh limits, monitor and statistics."""
        self.runner.stop(StopReason.EPISODES_DONE, 'the episode is over')
        self.runner.reset_stop()
        self.runner.start()
        self.stop_text = ''

    def act(self, frame: Frame, raw: dict[str, np.ndarray]) -> np.ndarray | None:
        """Return the action [A] within the limits, or None where the runner stopped."""
        decision = self.runner.tick(frame)
        stop = decision.stop or self.runner.judge()
        if stop is not None:
            self.stop_text = stop.text
            return None
        return self.runner.layout.action(decision.commands)


def open_policy(artifact: str, task: str,
                stop_unlike_expert: bool = False) -> tuple[Task, PolicyController]:
    """Return a simulation and the policy that drives it; the contracts have to agree."""
    simulation = make_task(task)
    return simulation, PolicyController.load(artifact, simulation, stop_unlike_expert)
