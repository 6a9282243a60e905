"""
Demonstrators of HandRotate: both plan in the simulator, neither learns.

`GaitHandExpert` chooses among variations of a gait that turns the block, so its actions are smooth
and nearly a function of the hand's posture; `PlanningHandExpert` knows nothing and samples actions
(MPPI), which look like noise to a policy that shall learn them.
"""

from dataclasses import dataclass
from importlib.resources import files

import mujoco
import numpy as np

from adapt_learning.tasks.gait import gait_actions, gait_of
from adapt_learning.tasks.mppi import Mppi, MppiConfig
from adapt_learning.tasks.plan_simulator import PlanSimulator

_SCENE = 'envs/assets/hand/manipulate_block.xml'
_TIMESTEP_S, SUBSTEPS = 0.008, 5
_PLACE, _ROTATION = slice(24, 27), slice(27, 31)
_HOME_M = np.array([1.01, 0.884, 0.167])
"""Where the block lies on the palm after it has settled."""
_FREE_M = 0.02
"""So far the block may move on the palm without a cost."""
_PERIOD_S = _TIMESTEP_S * SUBSTEPS
_SAFE_RAD = 0.085
"""A plan that comes so near is thought to succeed; the task asks for 0.1 rad."""


def planning_model() -> mujoco.MjModel:
    """
    Return hand and block for planning: four times the task's time step, no dry friction in joints.

    A fifth of the work, and for a dozen control steps the motion is much the same.
    """
    spec = mujoco.MjSpec.from_file(str(files('gymnasium_robotics') / _SCENE))
    spec.delete(spec.body('target'))
    spec.option.timestep = _TIMESTEP_S
    model = spec.compile()
    model.dof_frictionloss[:] = 0.0
    return model


def state_of(raw: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return positions [31] and velocities [30] of the planning model."""
    return (np.concatenate([raw['position'], raw['object_position'],
                            _model_order(raw['object_rotation'])]),
            np.concatenate([raw['velocity'], raw['object_velocity'],
                            raw['object_angular_velocity']]))


def angle_left_rad(qpos: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """Return the angles [...] between the block in positions [..., 31] and a goal [..., xyzw]."""
    cosine = (qpos[..., _ROTATION] * _model_order(goal)).sum(-1)
    return 2 * np.arccos(np.minimum(np.abs(cosine), 1.0))


def _model_order(quaternion: np.ndarray) -> np.ndarray:
    """Return x y z w as MuJoCo's w x y z."""
    return quaternion[..., [3, 0, 1, 2]]


def _off_palm_m(qpos: np.ndarray) -> np.ndarray:
    """Return how far [...] the block is outside of where it may move freely."""
    away = np.linalg.norm(qpos[..., _PLACE] - _HOME_M, axis=-1)
    return np.maximum(away - _FREE_M, 0.0)


class PlanningHandExpert:
    """Model predictive path integral control."""

    config = MppiConfig(samples=40, horizon=8, knots=4, noise=1.0, temperature=0.005)

    def __init__(self):
        self._planner = Mppi(planning_model(), SUBSTEPS, self._cost, self.config)
        self._goal = np.array([0.0, 0.0, 0.0, 1.0])

    def reset(self, seed: int) -> None:
        """Begin a new episode."""
        self._planner.reset(seed)

    def act(self, raw: dict[str, np.ndarray]) -> np.ndarray:
        """Return the action [20] for the raw values of the instant."""
        self._goal = raw['goal_rotation']
        return self._planner.plan(*state_of(raw))

    def _cost(self, qpos: np.ndarray, qvel: np.ndarray, action: np.ndarray) -> np.ndarray:
        """Return the mean angle left, with a little for effort and more for leaving the palm."""
        return (angle_left_rad(qpos, self._goal) + 20.0 * _off_palm_m(qpos)
                + 0.005 * (action ** 2).sum(-1)).mean(1)


@dataclass(frozen=True)
class GaitPlanConfig:
    """How variations of a gait are tried."""

    variations: int = 48
    """Half of them about the present gait, half about the shipped one."""
    spread: float = 0.2
    """Standard deviation of each number of a gait."""
    ahead: int = 12
    """Control steps that are simulated."""
    keep: int = 4
    """Control steps until the next choice."""


class GaitHandExpert:
    """
    Swings the fingers in the shipped gait, or in a variation that comes nearer to the goal.

    Every few steps variations are simulated from the present state, and the best one is kept. It
    remembers its gait and the time since the episode's begin; both show in the hand's joints.
    """

    config = GaitPlanConfig()

    def __init__(self):
        self._simulator = PlanSimulator(planning_model(), SUBSTEPS)
        self._shipped = gait_of('hand_rotate').vector()
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Begin a new episode."""
        self._random = np.random.default_rng(seed)
        self._step = 0
        self._gait = self._shipped

    def act(self, raw: dict[str, np.ndarray]) -> np.ndarray:
        """Return the action [20] for the raw values of the instant."""
        if self._step % self.config.keep == 0:
            self._gait = self._choose(raw)
        action = gait_actions(self._gait[None], self._times_s(1))[0, 0]
        self._step += 1
        return action

    def _times_s(self, count: int) -> np.ndarray:
        return (self._step + np.arange(count)) * _PERIOD_S

    def _choose(self, raw: dict[str, np.ndarray]) -> np.ndarray:
        config, half = self.config, self.config.variations // 2
        gaits = np.repeat([self._gait, self._shipped], half, axis=0)
        noise = config.spread * self._random.standard_normal(gaits.shape)
        noise[[0, half]] = 0.0
        noise[:, -1] = 0.0  # Another frequency now would make all phases jump.
        gaits += noise
        plans = gait_actions(gaits, self._times_s(config.ahead))
        qpos, _ = self._simulator.simulate(self._simulator.state(*state_of(raw)), plans)
        return gaits[np.argmin(self._costs(qpos, raw['goal_rotation']))]

    def _costs(self, qpos: np.ndarray, goal: np.ndarray) -> np.ndarray:
        """Return the costs [K] of plans: the sooner at the goal the better, else the nearer."""
        left = angle_left_rad(qpos, goal)
        there = left < _SAFE_RAD
        share = there.argmax(1) / left.shape[1]
        near = 0.6 * left.mean(1) + 0.4 * left[:, -1] + 20.0 * _off_palm_m(qpos).mean(1)
        return np.where(there.any(1), share - 10.0, near)


class GaitTrial:
    """Says how well gaits turn the block without anybody who corrects them."""

    goals_rad = np.radians([60.0, 75.0, 90.0, 105.0, 120.0])

    def __init__(self, steps: int):
        self._simulator = PlanSimulator(planning_model(), SUBSTEPS)
        self._times_s = np.arange(steps) * _PERIOD_S
        half = self.goals_rad / 2
        self._goals = np.stack([0 * half, 0 * half, np.sin(half), np.cos(half)], axis=1)

    def scores(self, gaits: np.ndarray, starts: list[dict[str, np.ndarray]]) -> np.ndarray:
        """
        Return the scores [K] of gaits [K, 61] over the raw values of some starts and all goals.

        What counts is how near the goal is passed, whether that is near enough, and when. Turning
        alone is paid, too, for who turns nothing passes no goal; rough motion costs a little.
        """
        actions = gait_actions(gaits, self._times_s)
        states = np.array([self._simulator.state(*state_of(raw)) for raw in starts])
        qpos, _ = self._simulator.simulate(np.tile(states, (len(gaits), 1)),
                                           np.repeat(actions, len(starts), axis=0))
        left = angle_left_rad(qpos[:, :, None], self._goals)  # [K * starts, T, goals]
        nearest, there = left.min(1), (left < 0.1).any(1)
        when = np.where(there, (left < 0.1).argmax(1) / left.shape[1], 1.0)
        score = (0.3 * there - np.maximum(nearest - 0.05, 0.0) - 0.2 * when).mean(1)
        return ((score + 0.3 * self._turned(qpos)).reshape(len(gaits), -1).mean(1)
                - 0.2 * (np.diff(actions, axis=1) ** 2).mean((1, 2))
                - 0.02 * (actions ** 2).mean((1, 2)))

    @staticmethod
    def _turned(qpos: np.ndarray) -> np.ndarray:
        """Return how far [K] and how early the block turns on the palm, up to 150 degrees."""
        w, x, y, z = np.moveaxis(qpos[..., _ROTATION], -1, 0)
        angle = np.unwrap(2 * np.arctan2(z, w), axis=1)
        turned = np.clip(angle - angle[:, :1], -1.0, 2.6)
        upright = 1 - 2 * (x ** 2 + y ** 2) > 0.88
        turned *= np.logical_and.accumulate(upright & (_off_palm_m(qpos) < 0.03), axis=1)
        return 0.5 * turned.max(1) + turned.mean(1)
