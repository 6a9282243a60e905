"""What every task is: a gymnasium environment that speaks through a contract."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import gymnasium
import numpy as np

from adapt_learning.errors import SettingError
from adapt_learning.frames import Frame, Layout, load_contract


@dataclass(frozen=True)
class TaskSpec:
    """The facts of a task that do not change between episodes."""

    name: str
    title: str
    """One line for people."""
    max_steps: int
    """Control steps after which an episode ends without success."""
    noise_levels: tuple[float, ...]
    """The levels of the published tables; 1.0 is the level of the demonstrations."""
    max_noise_level: float
    """Largest level that the scene allows."""
    measure: str = 'success'
    """'success' or 'return': what the tables report."""
    spread: Mapping[str, float] = field(default_factory=dict)
    """
    Standard deviation of each raw value and command over the expert's demonstrations, root mean
    square over its elements (SI units; quaternions: rad per axis). Noise that a simulated robot
    puts on its messages is in these units.
    """


class Expert(Protocol):
    """A demonstrator: maps raw values of the present instant to an action."""

    def reset(self, seed: int) -> None:
        """Begin a new episode."""

    def act(self, raw: dict[str, np.ndarray]) -> np.ndarray:
        """Return an action, shape [A], from the raw values of `Task.raw()`."""


class Task(gymnasium.Env):
    """
    A simulated task.

    Subclasses give `raw()` (the values that go into messages) and the physics; the observation
    vector is always made by the contract's layout, exactly as in the nodes.
    """

    spec_: ClassVar[TaskSpec]
    experts: ClassVar[Mapping[str, Callable[[], Expert]]]
    """Demonstrators by name, the default one first; none needs a download."""
    metadata: ClassVar[dict[str, Any]] = {'render_modes': ['rgb_array']}

    def __init__(self, render_mode: str | None = 'rgb_array'):
        if render_mode not in (None, *self.metadata['render_modes']):
            raise SettingError(f'render_mode of {self.spec_.name} is one of '
                               f"{', '.join(self.metadata['render_modes'])} or None; "
                               f'got {render_mode}')
        self.render_mode = render_mode
        self.contract = load_contract(self.spec_.name)
        self.metadata = {**self.metadata, 'render_fps': round(self.contract.rate_hz)}
        self.layout = Layout(self.contract)
        size = self.layout.observation_spec.size
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (size,), np.float32)
        self.action_space = gymnasium.spaces.Box(
            -1.0, 1.0, (self.layout.action_spec.size,), np.float32)
        self.steps = 0

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """
        Begin an episode; `options={'noise_level': x}` widens the start and goal regions.

        Returns (observation [S] float32, info). The same seed and noise level give the same start.
        """
        super().reset(seed=seed)
        level = float((options or {}).get('noise_level', 1.0))
        self.check_noise_level(level)
        self.steps = 0
        self._begin(level)
        return self.frame().vector, {'is_success': False}

    def check_noise_level(self, level: float) -> None:
        """Raise SettingError for a noise level outside of the task's range."""
        if not 0.0 <= level <= self.spec_.max_noise_level:
            raise SettingError(f'noise_level of {self.spec_.name} lies in 0..'
                               f'{self.spec_.max_noise_level}; got {level}')

    def step(self, action: np.ndarray):
        """
        Advance one control period; the action [A] is clipped to -1..1.

        Returns the five values of gymnasium; `terminated` is success or an end such as a fall
        (`info['is_success']` says which), `truncated` the step limit.
        """
        action = np.asarray(action, dtype=np.float64)
        if action.shape != self.action_space.shape or not np.isfinite(action).all():
            raise SettingError(f'an action of {self.spec_.name} has shape '
                               f'{list(self.action_space.shape)} and finite values; got {action}')
        reward = self._advance(np.clip(action, -1.0, 1.0))
        self.steps += 1
        success = self.is_success()
        terminated = success or self.is_over()
        truncated = not terminated and self.steps >= self.spec_.max_steps
        return self.frame().vector, reward, terminated, truncated, {'is_success': success}

    def frame(self) -> Frame:
        """Return the present instant; its stamp is the simulated time since the start [ns]."""
        return self.layout.frame(self.steps * self.contract.period_ns, self.raw())

    def expert(self, name: str = '') -> Expert:
        """Return a demonstrator of this task; the first of `experts` where none is named."""
        name = name or next(iter(self.experts))
        if name not in self.experts:
            raise SettingError(f"{self.spec_.name} has no expert '{name}'; allowed: "
                               f'{", ".join(self.experts)}')
        return self.experts[name]()

    @abstractmethod
    def raw(self) -> dict[str, np.ndarray]:
        """Return the raw value of every received feature of the contract."""

    @abstractmethod
    def is_success(self) -> bool:
        """Return whether the task is done at this instant."""

    def is_over(self) -> bool:
        """Return whether nothing can be won any more at this instant, as after a fall."""
        return False

    @abstractmethod
    def _begin(self, noise_level: float) -> None:
        """Draw start and goal with `self.np_random` and set the physics to the start."""

    @abstractmethod
    def _advance(self, action: np.ndarray) -> float:
        """Advance the physics by one control period and return the reward."""
