"""Two-layer classifiers that are asked what a code tells (dissertation 2.1.4, table 2.1)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

_STEPS_PER_EPOCH_BATCH = 128


@dataclass(frozen=True)
class ProbeConfig:
    """How a probe learns."""

    width: int = 256
    updates: int = 1500
    learning_rate: float = 1e-3


def probe_accuracy(train: np.ndarray, train_labels: np.ndarray, test: np.ndarray,
                   test_labels: np.ndarray, config: ProbeConfig | None = None,
                   seed: int = 0) -> float:
    """
    Return the share of test codes [N, D] whose class a two-layer network finds.

    It learns on the other codes. Elements are brought to zero mean and unit spread first, so that
    what is hidden in tiny values counts as much as the rest.
    """
    config = config or ProbeConfig()
    mean, spread = train.mean(0), train.std(0) + 1e-8
    x, y = torch.from_numpy((train - mean) / spread).float(), torch.from_numpy(train_labels)
    random = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = nn.Sequential(nn.Linear(x.shape[1], config.width), nn.ReLU(),
                            nn.Linear(config.width, int(train_labels.max()) + 1))
    optimizer = torch.optim.AdamW(net.parameters(), lr=config.learning_rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.updates)
    for _ in range(config.updates):
        chosen = torch.randint(len(x), (_STEPS_PER_EPOCH_BATCH,), generator=random)
        optimizer.zero_grad(set_to_none=True)
        functional.cross_entropy(net(x[chosen]), y[chosen]).backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        found = net(torch.from_numpy((test - mean) / spread).float()).argmax(1).numpy()
    return float((found == test_labels).mean())
