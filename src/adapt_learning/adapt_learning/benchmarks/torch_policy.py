"""A policy that acts in plain PyTorch, as published code does, to compare with what is deployed."""

import numpy as np
import torch

from adapt_learning.artifacts import Manifest
from adapt_learning.policies.base import Policy


class TorchPolicy:
    """A trained policy as `InferencePolicy` shows itself, without onnxruntime and detector."""

    calibration = None

    def __init__(self, policy: Policy, manifest: Manifest):
        self.manifest, self.name, self.chunk = manifest, manifest.name, policy.chunk
        # The plain layers that are exported: a rival is not slower than it has to be.
        self._network = policy.deployed()

    def act(self, observation: np.ndarray) -> np.ndarray:
        """Return the action [A] float32 for an observation vector [S] float32."""
        with torch.inference_mode():
            return self._network(torch.from_numpy(observation)[None])[0].numpy()
