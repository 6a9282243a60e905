"""The weights of one stage while it trains: float32 masters in one block, moved in one pass.

All parameters of a stage are laid side by side in one matrix with a row per network, [K, N] or
[K * M, N] where a member has M networks, so the optimiser, the average, the gradient norm of a
network and the copy in low precision are one operation each instead of one per parameter.

Precision bf16 runs the matmuls on a bfloat16 copy that is made once per step; masters, optimiser,
average and the losses stay float32, and validation and artifacts use the float32 average.
"""

import contextlib
import math
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from adapt_learning.stacked.config import OptimizationConfig

_OPTIMIZERS = {'adamw': torch.optim.AdamW, 'adam': torch.optim.Adam}
_MOMENTS = ('exp_avg', 'exp_avg_sq')


class StageWeights:
    """
    Takes over the parameters of `module` until `finish` gives them back.

    Meanwhile the parameters are views of the compute copy; the module itself knows nothing of it.
    """

    def __init__(self, module: nn.Module, config: OptimizationConfig, dtype: torch.dtype):
        self.config = config
        self.parameters = list(module.parameters())
        self.rows = self.parameters[0].shape[0]
        self.master = nn.Parameter(torch.cat(
            [p.detach().reshape(self.rows, -1) for p in self.parameters], dim=1))
        self.compute = self.master.data if dtype == torch.float32 else self.master.data.to(dtype)
        self.average = self.master.detach().clone() if config.ema_decay else None
        self.best = None
        self.updates = 0
        self.optimizer = new_optimizer(config, [self.master], fused=True)
        self.master.grad = torch.empty_like(self.master)
        low = dtype != torch.float32
        self._gradient = torch.empty_like(self.compute) if low else self.master.grad
        self._view(self.compute)

    def update(self, losses: Tensor) -> None:
        """Make one step down the gradient of the members' losses [K]."""
        # The sum keeps members apart: the loss of one does not depend on another's weights.
        gradients = torch.autograd.grad(losses.sum(), self.parameters)
        torch.cat([g.reshape(self.rows, -1) for g in gradients], dim=1, out=self._gradient)
        gradient = self.master.grad
        if self._gradient is not gradient:
            gradient.copy_(self._gradient)
        if self.config.gradient_clip:
            norm = torch.linalg.vector_norm(gradient, dim=1, keepdim=True)
            gradient.mul_((self.config.gradient_clip / (norm + 1e-6)).clamp_max_(1.0))
        self.optimizer.param_groups[0]['lr'] = learning_rate(self.config, self.updates)
        self.optimizer.step()
        if self.compute is not self.master.data and self._gradient is not gradient:
            self.compute.copy_(self.master.data)
        if self.average is not None:
            # The young average follows quickly, so that it forgets the initial weights.
            decay = min(self.config.ema_decay, (1 + self.updates) / (10 + self.updates))
            self.average.lerp_(self.master.data, 1 - decay)
        self.updates += 1

    @property
    def shown(self) -> Tensor:
        """Return the weights that count: the average, or the masters where there is none."""
        return self.master.data if self.average is None else self.average

    @contextlib.contextmanager
    def showing(self) -> Iterator[None]:
        """Let the module compute with the weights that count, in float32 (to validate)."""
        self._view(self.shown)
        try:
            with torch.no_grad():
                yield
        finally:
            self._view(self.compute)

    def keep_best(self, better: Tensor) -> None:
        """Remember the weights that count of the members that got better, bool [K]."""
        better = better.repeat_interleave(self.rows // len(better))
        if self.best is None:
            self.best = self.shown.clone()
        self.best = torch.where(better[:, None], self.shown, self.best)

    def finish(self) -> None:
        """Give the parameters back: float32, their own memory, the weights to be saved."""
        self._view(self.shown if self.best is None else self.best)
        for parameter in self.parameters:
            parameter.data = parameter.data.clone(memory_format=torch.contiguous_format)

    def state(self) -> dict[str, Tensor]:
        """Return everything that `restore` needs, by name."""
        tensors = {'master': self.master.data, 'average': self.average, 'best': self.best,
                   'updates': torch.tensor([self.updates])}
        moments = self.optimizer.state.get(self.master, {})
        tensors.update({name: moments.get(name) for name in _MOMENTS})
        return {name: tensor for name, tensor in tensors.items() if tensor is not None}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Continue from what `state` returned, to the last bit."""
        self.master.data.copy_(tensors['master'])
        self.compute.copy_(self.master.data)
        if self.average is not None:
            self.average.copy_(tensors['average'])
        self.best = tensors['best'].to(self.master.device) if 'best' in tensors else None
        self.updates = int(tensors['updates'])
        if self.updates:
            moments = {name: tensors[name].to(self.master.device) for name in _MOMENTS}
            step = torch.tensor(float(self.updates), device=self.master.device)
            self.optimizer.state[self.master] = {'step': step, **moments}

    def _view(self, block: Tensor) -> None:
        start = 0
        for parameter in self.parameters:
            width = parameter[0].numel()
            parameter.data = block[:, start:start + width].view(parameter.shape)
            start += width


def new_optimizer(config: OptimizationConfig, parameters: Iterable[Tensor],
                  fused: bool | None = None) -> torch.optim.Optimizer:
    """Return the optimiser that the settings name; where `fused` is None, torch chooses."""
    return _OPTIMIZERS[config.optimizer](
        parameters, lr=config.learning_rate, eps=config.epsilon,
        weight_decay=config.weight_decay, fused=fused)


def learning_rate(config: OptimizationConfig, update: int) -> float:
    """Return the learning rate of one update, counted from 0."""
    if update < config.warmup_steps:
        return config.learning_rate * (update + 1) / config.warmup_steps
    done = update / config.steps
    factor = {'constant': 1.0, 'linear': 1 - done, 'cosine': 0.5 * (1 + math.cos(math.pi * done))}
    return config.learning_rate * factor[config.decay]
