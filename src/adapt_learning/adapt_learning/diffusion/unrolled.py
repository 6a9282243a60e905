"""A denoiser that always visits the same few steps, as plain layers for export."""

import torch
from torch import Tensor, nn

from adapt_learning.diffusion.denoiser import Denoiser


class UnrolledDenoiser(nn.Module):
    """
    The single member of a conditional denoiser at given steps (K = 1).

    What depends on the step alone is a constant; what the condition adds to the first layer is the
    same at every step, and is made once by `condition`.
    """

    def __init__(self, denoiser: Denoiser, times: tuple[int, ...]):
        super().__init__()
        self.activation = denoiser.activation
        with torch.no_grad():
            steps = torch.tensor(times, device=denoiser.head.weight.device)[None]
            offsets = denoiser.embed(steps)[0].clone()
            first, *others = (layer.weight[0].clone() for layer in denoiser.layers)
            self.count = len(others)
            for name, tensor in {
                    'of_value': first[:denoiser.size], 'of_condition': first[denoiser.size:],
                    'offset': offsets.unflatten(-1, (len(denoiser.layers), -1)),
                    'head': denoiser.head.weight[0].clone(),
                    'head_bias': denoiser.head.bias[0].clone(),
                    **{f'weight{i}': weight for i, weight in enumerate(others)}}.items():
                self.register_buffer(name, tensor)

    def condition(self, condition: Tensor) -> Tensor:
        """Return what a condition [B, C] adds to the first layer."""
        return condition @ self.of_condition

    def forward(self, x: Tensor, conditioned: Tensor, i: int) -> Tensor:
        """Return the prediction [B, D] for x [B, D] at the i-th of the steps."""
        h = self.activation(x @ self.of_value + conditioned + self.offset[i, 0])
        for j in range(self.count):
            h = self.activation(h @ getattr(self, f'weight{j}') + self.offset[i, j + 1])
        return h @ self.head + self.head_bias
