"""
Model predictive path integral control: a planner that samples.

Williams et al., "Model Predictive Path Integral Control: From Theory to Parallel Computation",
2017. K plans near the nominal one are simulated from the present state; the nominal plan becomes
their mean, weighted by exp(-cost / temperature). It learns nothing and needs no gradient, so it
makes demonstrations of contact-rich tasks on a plain processor.
"""

from collections.abc import Callable
from dataclasses import dataclass

import mujoco
import numpy as np

from adapt_learning.errors import SettingError
from adapt_learning.tasks.plan_simulator import PlanSimulator

Cost = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""(positions [K, H, nq], velocities [K, H, nv], actions [K, H, nu]) -> costs [K]."""

_WORST = 1e300


@dataclass(frozen=True)
class MppiConfig:
    """How a plan is sought."""

    samples: int = 64
    """K: plans that are simulated in each iteration, the nominal one among them."""
    horizon: int = 10
    """H: control steps that a plan looks ahead."""
    knots: int = 4
    """Noise is drawn at so many instants and linear between them: plans are smooth."""
    noise: float = 0.3
    """Standard deviation of the noise at a knot, in units of the action."""
    temperature: float = 0.1
    """Lambda, in units of the cost: the smaller, the more the best sample counts."""
    iterations: int = 1
    """Improvements of the plan at each control step."""

    def __post_init__(self):
        least = {'samples': 2, 'horizon': 1, 'knots': 1, 'iterations': 1}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise SettingError(f'{name} of a planner is at least {bound}; '
                                   f'got {getattr(self, name)}')
        for name in ('noise', 'temperature'):
            if not getattr(self, name) > 0.0:
                raise SettingError(f'{name} of a planner is above 0; got {getattr(self, name)}')


class Mppi:
    """
    Plans with a MuJoCo model; the task gives the cost.

    The same seed and the same states give the same actions, bit by bit.
    """

    def __init__(self, model: mujoco.MjModel, substeps: int, cost: Cost, config: MppiConfig):
        self.simulator = PlanSimulator(model, substeps)
        self.cost, self.config = cost, config
        self._blend = hat_functions(config.horizon, config.knots)
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Begin a new episode: no plan yet, and the random numbers of this seed."""
        self._random = np.random.default_rng(seed)
        self.nominal = np.zeros((self.config.horizon, self.simulator.model.nu))
        """The plan: actions [H, nu] from the present step on."""

    def plan(self, qpos: np.ndarray, qvel: np.ndarray) -> np.ndarray:
        """Return the action [nu] for a state (qpos [nq], qvel [nv]); moves the plan on a step."""
        state = self.simulator.state(qpos, qvel)
        for _ in range(self.config.iterations):
            self._improve(state)
        action = self.nominal[0].copy()
        self.nominal = np.concatenate([self.nominal[1:], self.nominal[-1:]])
        return action

    def control(self, action: np.ndarray) -> np.ndarray:
        """Return the controls [..., nu] of actions [..., nu]."""
        return self.simulator.control(action)

    def _improve(self, state: np.ndarray) -> None:
        """Replace the nominal plan by the weighted mean of samples around it."""
        config = self.config
        noise = config.noise * self._random.standard_normal(
            (config.samples, config.knots, self.simulator.model.nu))
        noise[0] = 0.0  # The nominal plan itself: a good plan is not lost.
        actions = np.clip(self.nominal + self._blend @ noise, -1.0, 1.0)
        costs = self.cost(*self.simulator.simulate(state, actions), actions)
        # A simulation that diverged has no cost that could be compared.
        costs = np.where(np.isfinite(costs), costs, _WORST)
        weights = np.exp((costs.min() - costs) / config.temperature)
        self.nominal = np.tensordot(weights / weights.sum(), actions, 1)


def hat_functions(steps: int, knots: int) -> np.ndarray:
    """Return [steps, knots]: values of each step by linear interpolation between the knots."""
    at = np.linspace(0, steps - 1, knots) if knots > 1 else np.zeros(1)
    return np.stack([np.interp(np.arange(steps), at, one) for one in np.eye(knots)], axis=1)
