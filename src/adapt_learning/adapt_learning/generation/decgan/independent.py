"""A classifier that no training of a generator has seen: it judges swapped pictures."""

from torch import Tensor, nn


class IndependentClassifier(nn.Module):
    """Other layers than those of the backbones: 3 x 3 convolutions and pooling."""

    def __init__(self, channels: int, classes: int, width: int = 16):
        super().__init__()
        layers = []
        for before, after in ((channels, width), (width, 2 * width), (2 * width, 4 * width)):
            layers += [nn.Conv2d(before, after, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2)]
        self.layers = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten())
        self.head = nn.Linear(16 * width, classes)

    def features(self, images: Tensor) -> Tensor:
        """Return features [B, F] of pictures [B, C, S, S] in 0..1."""
        return self.layers(images)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits [B, classes]."""
        return self.head(self.features(images))
