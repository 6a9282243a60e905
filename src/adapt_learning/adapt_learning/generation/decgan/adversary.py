"""A small network that reads the attribute from z'_c, so that E_c can learn to hide it."""

import torch
from torch import Tensor, nn
from torch.nn import functional

_KEPT = 2048
"""Codes of the latest pictures that it learns from."""
_BATCH = 256
_RATE = 0.2
"""Step of plain gradient descent: no optimiser state to be saved, and codes are normalised."""


class Adversary(nn.Module):
    """
    Learns for itself, several steps for one of the encoder, from codes of the latest pictures.

    Codes are normalised by what is kept: what is hidden in tiny values is read, too.
    """

    def __init__(self, code: int, width: int, classes: int):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(code, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
            nn.Linear(width, classes))
        self.register_buffer('codes', torch.zeros(_KEPT, code))
        self.register_buffer('told', torch.zeros(_KEPT, classes))
        self.register_buffer('seen', torch.zeros((), dtype=torch.int64))

    def blame(self, codes: Tensor) -> Tensor:
        """Return what E_c minimises: the KL divergence [nats] of what is read from "any class"."""
        weights = {name: x.detach() for name, x in self.net.named_parameters()}
        read = torch.func.functional_call(self.net, weights, (self._normalised(codes),))
        classes = read.shape[1]
        return -(read.log_softmax(1).mean(1) + torch.log(torch.tensor(float(classes)))).mean()

    def learn(self, codes: Tensor, told: Tensor, steps: int, random: torch.Generator) -> float:
        """Keep codes [B, code] with classes [B, classes], then make steps; return the last."""
        count = int(self.seen)
        places = (count + torch.arange(len(codes))) % _KEPT
        self.codes[places], self.told[places] = codes.detach(), told
        self.seen += len(codes)
        there = min(int(self.seen), _KEPT)
        with torch.enable_grad():
            for _ in range(steps):
                chosen = torch.randint(there, (_BATCH,), generator=random)
                loss = functional.cross_entropy(
                    self.net(self._normalised(self.codes[chosen])), self.told[chosen])
                gradients = torch.autograd.grad(loss, list(self.net.parameters()))
                with torch.no_grad():
                    for parameter, gradient in zip(
                            self.net.parameters(), gradients, strict=True):
                        parameter.sub_(_RATE * gradient)
        return loss.item()

    def _normalised(self, codes: Tensor) -> Tensor:
        kept = self.codes[:min(int(self.seen), _KEPT)]
        if len(kept) < 2:
            return codes
        return (codes - kept.mean(0)) / (kept.std(0) + 1e-6)
