"""Res-GAN's networks, small: convolutions and residual blocks (dissertation 2.1.3)."""

from torch import Tensor, nn

from adapt_learning.generation.decgan.backbone import Backbone


class ResGan(Backbone):
    """As VaeGan, with a residual block behind every change of the side."""

    def trunk(self) -> nn.Module:
        """Return three convolutions that halve the side, each with a residual block."""
        layers, before = [], self.channels
        for width in self._widths():
            layers += [nn.Conv2d(before, width, 4, 2, 1), nn.LeakyReLU(0.2), Residual(width)]
            before = width
        return nn.Sequential(*layers, nn.LeakyReLU(0.2), nn.Flatten())

    def synthesis(self, latent: int) -> nn.Module:
        """Return three transposed convolutions that double the side, between residual blocks."""
        first, n = 4 * self.config.width, self.smallest
        layers, before = [nn.Linear(latent, first * n * n), nn.Unflatten(1, (first, n, n))], first
        for width in (*self._widths()[1::-1], self.channels):
            layers += [Residual(before), nn.LeakyReLU(0.2),
                       nn.ConvTranspose2d(before, width, 4, 2, 1)]
            before = width
        return nn.Sequential(*layers)

    def _widths(self) -> tuple[int, int, int]:
        w = self.config.width
        return w, 2 * w, 4 * w


class Residual(nn.Module):
    """Adds what two convolutions make of the maps."""

    def __init__(self, width: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.LeakyReLU(0.2), nn.Conv2d(width, width, 3, 1, 1),
            nn.LeakyReLU(0.2), nn.Conv2d(width, width, 3, 1, 1))

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps of the same shape [B, width, S, S]."""
        return maps + self.layers(maps)
