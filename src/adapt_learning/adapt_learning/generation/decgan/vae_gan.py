"""VAE-GAN's networks, small: strided convolutions (Larsen et al. 2016, dissertation 2.1.3)."""

from torch import nn

from adapt_learning.generation.decgan.backbone import Backbone


class VaeGan(Backbone):
    """Three convolutions down, three up."""

    def trunk(self) -> nn.Module:
        """Return three convolutions that halve the side."""
        w = self.config.width
        return nn.Sequential(
            nn.Conv2d(self.channels, w, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(w, 2 * w, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(2 * w, 4 * w, 4, 2, 1), nn.LeakyReLU(0.2), nn.Flatten())

    def synthesis(self, latent: int) -> nn.Module:
        """Return three transposed convolutions that double the side."""
        w, n = self.config.width, self.smallest
        return nn.Sequential(
            nn.Linear(latent, 4 * w * n * n), nn.Unflatten(1, (4 * w, n, n)), nn.ReLU(),
            nn.ConvTranspose2d(4 * w, 2 * w, 4, 2, 1), nn.ReLU(),
            nn.ConvTranspose2d(2 * w, w, 4, 2, 1), nn.ReLU(),
            nn.ConvTranspose2d(w, self.channels, 4, 2, 1))
