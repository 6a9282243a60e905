"""What trainings in a plain loop have in common: one update after the other, stoppable between."""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from adapt_learning.errors import SettingError
from adapt_learning.stacked.checkpoint import Checkpoint
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.weights import learning_rate, new_optimizer

_MODULE, _OPTIMIZER, _RANDOM = 'module', 'optimizer', 'random'
_DONE = {
    'precision': (('float32', 'auto'), 'computes in float32'),
    'ema_decay': ((0.0, OptimizationConfig.ema_decay), 'saves the last weights, no average'),
    'keep': (('last',), 'saves the last weights'),
    'patience': ((0,), 'makes all updates'),
    'validate_every': ((OptimizationConfig.validate_every,), 'validates nothing')}
"""
Values of the settings that a plain loop has no use for, and what it does.

The defaults are among them: stored results have them in their names.
"""


class Training(ABC):
    """
    Updates `module` by Adam or AdamW; everything random comes from `random`.

    What is saved are the last weights, in float32; nothing is validated (`check`). On one thread
    the same seed gives the same weights on the same machine, also where a training was interrupted
    and taken up again.
    """

    averages: ClassVar[bool] = False
    """Whether a training keeps a moving average of its weights by `ema_decay`."""

    def __init__(self, module: nn.Module, optimization: OptimizationConfig, seed: int):
        self.check(optimization)
        self.module, self.optimization = module, optimization
        self.random = torch.Generator().manual_seed(seed)
        self.step = 0
        """Updates that are done."""
        self._optimizer = new_optimizer(optimization, module.parameters())

    @classmethod
    def check(cls, optimization: OptimizationConfig, where: str = 'optimization') -> None:
        """
        Raise SettingError for a setting that would do nothing here.

        To be called before anything is written; `where` is how the settings are named.
        """
        for name, (allowed, does) in _DONE.items():
            value = getattr(optimization, name)
            if value not in allowed and not (name == 'ema_decay' and cls.averages):
                raise SettingError(
                    f'this training {does}: {where}.{name} is {" or ".join(map(str, allowed))}; '
                    f'got {value}: leave it out')

    @abstractmethod
    def losses(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Return what is minimised, and its parts to be told."""

    def update(self) -> dict[str, float]:
        """Make one update; return the parts of the loss."""
        # First: where a batch is too large, `losses` makes the gradient of its parts on the way.
        self._optimizer.zero_grad(set_to_none=True)
        total, parts = self.losses()
        self._optimizer.param_groups[0]['lr'] = learning_rate(self.optimization, self.step)
        total.backward()
        if self.optimization.gradient_clip:
            nn.utils.clip_grad_norm_(self.module.parameters(), self.optimization.gradient_clip)
        self._optimizer.step()
        self.step += 1
        return {name: part.item() for name, part in parts.items()}

    def checkpoint(self) -> Checkpoint:
        """Return the state between two updates."""
        tensors = {f'{_MODULE}.{name}': x for name, x in self.module.state_dict().items()}
        for number, values in self._optimizer.state_dict()['state'].items():
            tensors.update({f'{_OPTIMIZER}.{number}.{name}': x for name, x in values.items()})
        return Checkpoint({'step': self.step}, {**tensors, _RANDOM: self.random.get_state()})

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a state of the same training."""
        self.step = checkpoint.facts['step']
        parts = {}
        for name, tensor in checkpoint.tensors.items():
            group, _, rest = name.partition('.')
            parts.setdefault(group, {})[rest] = tensor
        self.module.load_state_dict(parts[_MODULE])
        kept: dict[int, dict[str, Tensor]] = {}
        for name, tensor in parts.get(_OPTIMIZER, {}).items():
            number, _, key = name.partition('.')
            kept.setdefault(int(number), {})[key] = tensor
        self._optimizer.load_state_dict(
            {**self._optimizer.state_dict(), 'state': kept})
        self.random.set_state(parts[_RANDOM][''])
