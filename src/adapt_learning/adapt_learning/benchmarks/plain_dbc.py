"""
DBC as one would write it down: float32, one network at a time, a DataLoader, `torch.optim`.

It exists to be compared with: the same sizes, losses, schedules and average of weights as
`policies.dbc` (dissertation eq. 3.2 and 3.6), and nothing done for speed.
"""

import itertools
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, TensorDataset

from adapt_learning.diffusion.schedules import NoiseSchedule
from adapt_learning.policies.dbc import DiffusionBehavioralCloningConfig
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.layers import activation_named
from adapt_learning.stacked.mlp import MLPConfig
from adapt_learning.stacked.weights import learning_rate

_FREQUENCIES = 32


class PlainDbc:
    """
    One policy and one diffusion model, trained one after the other on normalised pairs.

    observation [N, S] and action [N, A] are float32; settings of `config` that change the loss in
    other ways than the presets do (huber, more draws, noise, dropout) are left out.
    """

    def __init__(self, config: DiffusionBehavioralCloningConfig, observation: Tensor,
                 action: Tensor, seed: int):
        torch.manual_seed(seed)
        self.config = config
        self.pairs = TensorDataset(observation, action)
        self.schedule = NoiseSchedule(config.diffusion.schedule)
        self.denoiser: nn.Module = _Denoiser(config, observation.shape[1] + action.shape[1])
        self.policy: nn.Module = _policy(config.network, observation.shape[1], action.shape[1])

    def train_diffusion(self, updates: int | None = None) -> None:
        """Minimise eq. 3.2; `updates` ends it early, as if time were up."""
        def loss(observation: Tensor, action: Tensor) -> Tensor:
            count, last = len(action), self.schedule.steps
            t = torch.randint(0, last, (count,))
            if self.config.diffusion.antithetic:
                half = t[:(count + 1) // 2]
                t = torch.cat([half, last - 1 - half])[:count]
            return self._error(observation, action, t).mean()
        self.denoiser = _trained(self.denoiser, self.config.diffusion.optimization, loss,
                                 self._batches(self.config.diffusion.optimization), updates)

    def train_policy(self, updates: int | None = None) -> None:
        """Minimise eq. 3.6 with the frozen diffusion model."""
        self.denoiser.requires_grad_(False)

        def loss(observation: Tensor, action: Tensor) -> Tensor:
            chosen = self.policy(observation)
            t = torch.randint(self.config.t_low, self.config.t_stop, (len(action),))
            noise = torch.randn(len(action), observation.shape[1] + action.shape[1])
            agent = self._error(observation, chosen, t, noise)
            with torch.no_grad():
                expert = self._error(observation, action, t, noise)
            guiding = (agent - expert).clamp_min(0).mean()
            return (chosen - action).square().mean() + self.config.lambda_dm * guiding
        self.policy = _trained(self.policy, self.config.optimization, loss,
                               self._batches(self.config.optimization), updates)

    def _error(self, observation: Tensor, action: Tensor, t: Tensor,
               noise: Tensor | None = None) -> Tensor:
        pair = torch.cat([observation, action], dim=-1)
        noise = torch.randn_like(pair) if noise is None else noise
        noisy = self.schedule.noisy(pair, t, noise)
        return (self.denoiser(noisy, t) - noise).square().mean(-1)

    def _batches(self, config: OptimizationConfig) -> Iterator[list[Tensor]]:
        loader = DataLoader(self.pairs, config.batch, shuffle=True, drop_last=True)
        return itertools.chain.from_iterable(itertools.repeat(loader))


def _trained(module: nn.Module, config: OptimizationConfig,
             loss: Callable[[Tensor, Tensor], Tensor], batches: Iterator[list[Tensor]],
             updates: int | None) -> nn.Module:
    """Train a module; return the one whose weights count (the average, where there is one)."""
    kind = torch.optim.AdamW if config.optimizer == 'adamw' else torch.optim.Adam
    optimizer = kind(module.parameters(), lr=config.learning_rate, eps=config.epsilon,
                     weight_decay=config.weight_decay)

    def averaged(old: Tensor, new: Tensor, seen: Tensor | int) -> Tensor:
        decay = min(config.ema_decay, (1 + int(seen)) / (10 + int(seen)))
        return decay * old + (1 - decay) * new

    average = AveragedModel(module, avg_fn=averaged) if config.ema_decay else None
    for update in range(config.steps if updates is None else updates):
        for group in optimizer.param_groups:
            group['lr'] = learning_rate(config, update)
        optimizer.zero_grad()
        loss(*next(batches)).backward()
        if config.gradient_clip:
            nn.utils.clip_grad_norm_(module.parameters(), config.gradient_clip)
        optimizer.step()
        if average is not None:
            average.update_parameters(module)
    return module if average is None else average.module


def _policy(config: MLPConfig, inputs: int, outputs: int) -> nn.Sequential:
    parts: list[nn.Module] = []
    for i in range(config.depth):
        parts += [nn.Linear(inputs if i == 0 else config.width, config.width),
                  _Activation(config.activation)]
    network = nn.Sequential(*parts, nn.Linear(config.width, outputs))
    if config.initializer == 'orthogonal':
        for layer in network:
            if isinstance(layer, nn.Linear):
                nn.init.orthogonal_(layer.weight, 2 ** 0.5)
                nn.init.zeros_(layer.bias)
    return network


class _Activation(nn.Module):
    def __init__(self, name: str):
        super().__init__()
        self.function = activation_named(name)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class _Denoiser(nn.Module):
    """An MLP whose hidden layers get an embedding of the step added."""

    def __init__(self, config: DiffusionBehavioralCloningConfig, size: int):
        super().__init__()
        shape, steps = config.diffusion.network, config.diffusion.schedule.steps
        width = shape.width
        self.function = activation_named(shape.activation)
        self.layers = nn.ModuleList(
            nn.Linear(size if i == 0 else width, width) for i in range(shape.depth))
        self.head = nn.Linear(width, size)
        if shape.embedding == 'table':
            self.waves = None
            self.embeddings = nn.ModuleList(
                nn.Embedding(steps, width) for _ in range(shape.depth))
        else:
            rate = torch.logspace(0, 2, _FREQUENCIES) * torch.pi
            angle = torch.arange(steps)[:, None] / steps * rate
            self.register_buffer('waves', torch.cat([angle.sin(), angle.cos()], dim=-1))
            self.embeddings = nn.ModuleList(
                nn.Linear(2 * _FREQUENCIES, width) for _ in range(shape.depth))

    def forward(self, noisy: Tensor, t: Tensor) -> Tensor:
        h, step = noisy, t if self.waves is None else self.waves[t]
        for layer, embedding in zip(self.layers, self.embeddings, strict=True):
            h = self.function(layer(h) + embedding(step))
        return self.head(h)
