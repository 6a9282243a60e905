"""Policies that act in plain PyTorch, as published code does, to compare with what is deployed."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from adapt_learning.diffusion.unrolled import UnrolledDenoiser
from adapt_learning.policies.base import Policy
from adapt_learning.policies.diffusion_policy import DiffusionPolicy


class TorchPolicy:
    """A trained policy as `InferencePolicy` shows itself, without onnxruntime."""

    calibration = None

    def __init__(self, policy: Policy, manifest: Any):
        self.manifest, self.name = manifest, manifest.name
        self.network = policy.deployed()

    def act(self, observation: np.ndarray) -> np.ndarray:
        """Return the action [A] float32 for an observation vector [S] float32."""
        with torch.inference_mode():
            return self._act(torch.from_numpy(observation)[None])[0].numpy()

    def _act(self, observation: Tensor) -> Tensor:
        return self.network(observation)


class AncestralPolicy(TorchPolicy):
    """
    A diffusion policy that visits all T steps and draws new noise at each (Ho et al., DDPM).

    One action per observation, as the dissertation's baseline. The estimate of x_0 stays within
    the box of actions, as in the code of Diffusion Policy. What depends on the step alone is
    computed beforehand, so that the rival is not slower than it has to be.
    """

    def __init__(self, policy: DiffusionPolicy, manifest: Any, seed: int = 0):
        super().__init__(policy, manifest)
        self._policy = policy
        self._denoiser = UnrolledDenoiser(policy.denoiser, tuple(range(policy.levels)))
        self._random = torch.Generator().manual_seed(seed)
        signal = policy.schedule.signal
        kept = signal ** 2
        before = torch.cat([torch.ones(1), kept[:-1]])
        beta = 1 - kept / before
        # The mean of q(x_{t-1} | x_t, x_0) is `to_sample` x_0 + `to_noisy` x_t (eq. 7).
        self._to_sample = (before.sqrt() * beta / (1 - kept)).tolist()
        self._to_noisy = ((kept / before).sqrt() * (1 - before) / (1 - kept)).tolist()
        self._std = (beta * (1 - before) / (1 - kept)).sqrt().tolist()
        self._signal, self._sigma = signal.tolist(), policy.schedule.sigma.tolist()

    def _act(self, observation: Tensor) -> Tensor:
        policy, denoiser = self._policy, self._denoiser
        condition = denoiser.condition(policy.observation_normalizer.normalize(observation))
        x = torch.randn(1, policy.action_size, generator=self._random)
        for t in reversed(range(policy.levels)):
            sample = (x - self._sigma[t] * denoiser(x, condition, t)) / self._signal[t]
            sample = torch.minimum(torch.maximum(sample, policy.low), policy.high)
            x = self._to_sample[t] * sample + self._to_noisy[t] * x
            if t:
                x = x + self._std[t] * torch.randn(x.shape, generator=self._random)
        return policy.action_normalizer.denormalize(x)
