"""What backbones have in common: a picture becomes maps of features at falling resolution.

Networks are plain torch with torchvision's names of layers, so torchvision's weight files fit.
Batch normalisation is folded into the convolution before it when weights are read: a frozen
backbone is convolutions with bias, which is faster and the same in every runtime.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import safetensors.torch
import torch
from torch import Tensor, nn

from adapt_learning.artifacts.shipped import models_folder
from adapt_learning.errors import ArtifactError, SettingError

_EPSILON = 1e-5
"""Of batch normalisation in all torchvision networks used here."""


@dataclass(frozen=True)
class Level:
    """One map that a backbone gives."""

    channels: int
    stride: int
    """Pixels of the picture per cell of the map."""


class Backbone(nn.Module, ABC):
    """
    Pictures float32 [B, 3, H, W], RGB in 0..1 -> one map [B, channels, H/stride, W/stride] a level.

    H and W are multiples of the largest stride.
    """

    levels: ClassVar[tuple[Level, ...]]
    """Finest first."""
    weights_url: ClassVar[str | None] = None
    """Where torchvision publishes the weights."""
    shipped_weights: ClassVar[str | None] = None
    """File of the weights below the folder of shipped models."""

    def __init__(self):
        super().__init__()
        # ImageNet's mean and spread, which all published weights expect.
        self.register_buffer('mean', torch.tensor([0.485, 0.456, 0.406])[:, None, None])
        self.register_buffer('std', torch.tensor([0.229, 0.224, 0.225])[:, None, None])

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Return the map of every level, finest first."""
        return self.maps((picture - self.mean) / self.std)

    @abstractmethod
    def maps(self, x: Tensor) -> list[Tensor]:
        """Return the maps of normalised pictures."""

    @classmethod
    @abstractmethod
    def normalized_by(cls, layer: str) -> str:
        """Return the name of torchvision's batch normalisation after a convolution."""

    def take_weights(self, tensors: Mapping[str, Tensor], source: str) -> None:
        """
        Take torchvision's state, or one whose normalisation is folded already (any float type).

        What the network does not have (a classifier) is left out; ArtifactError names what lacks.
        """
        wanted = self.state_dict()
        found = dict(_folded(tensors, self.normalized_by))
        missing = [name for name in wanted if name not in found and name not in ('mean', 'std')]
        if missing:
            raise ArtifactError(
                f'{source} is not a weights file of {type(self).__name__}: {len(missing)} of its '
                f'{len(wanted) - 2} tensors are not in it, e.g. {missing[0]}; give the file that '
                f'torchvision publishes{f" ({self.weights_url})" if self.weights_url else ""}')
        for name, tensor in found.items():
            if name in wanted and wanted[name].shape != tensor.shape:
                raise ArtifactError(f'{source}: {name} has the shape {tuple(tensor.shape)}, and '
                                    f'{type(self).__name__} needs {tuple(wanted[name].shape)}')
        self.load_state_dict({name: found[name].float() for name in found if name in wanted},
                             strict=False)


def weights_file(backbone: Backbone | type[Backbone], given: str | Path | None,
                 ) -> str | Path | None:
    """Return the weights file of a backbone: that given, or that which ships; None: download."""
    if given is not None or backbone.shipped_weights is None:
        return given
    path = models_folder().absolute() / backbone.shipped_weights
    return path if path.is_file() else None


def load_weights(backbone: Backbone, path: str | Path | None) -> None:
    """
    Read the weights of a backbone from a .safetensors or torchvision's .pth.

    None: those that ship, or else download them. ArtifactError for files that do not fit,
    SettingError where nothing ships and nothing can be downloaded.
    """
    path = weights_file(backbone, path)
    if path is None:
        backbone.take_weights(_downloaded(backbone), backbone.weights_url)
        return
    path = Path(path)
    if not path.is_file():
        raise ArtifactError(f'there is no weights file {path}; give the path of one')
    try:
        tensors = (safetensors.torch.load_file(path) if path.suffix == '.safetensors'
                   else torch.load(path, map_location='cpu', weights_only=True))
    except Exception as error:  # noqa: BLE001 - each format has errors of its own
        raise ArtifactError(f'{path} cannot be read as weights (.safetensors, or the .pth of '
                            f'torchvision): {error}') from error
    backbone.take_weights(tensors, str(path))


def _downloaded(backbone: Backbone) -> Mapping[str, Tensor]:
    name = type(backbone).__name__
    if backbone.weights_url is None:
        raise SettingError(
            f'the weights of {name} ship with the repository and are not published elsewhere; '
            f'{models_folder() / backbone.shipped_weights} is not there: fetch it, or give a file '
            'with --weights')
    try:
        return torch.hub.load_state_dict_from_url(
            backbone.weights_url, map_location='cpu', weights_only=True, check_hash=True)
    except OSError as error:
        raise SettingError(
            f'the weights of {name} cannot be downloaded from {backbone.weights_url} ({error}); '
            'fetch the file elsewhere and give its path with --weights') from error


def _folded(tensors: Mapping[str, Tensor], normalized_by) -> dict[str, Tensor]:
    """Return weight and bias of all convolutions, with their normalisation in them."""
    found = {}
    for name, weight in tensors.items():
        layer, _, kind = name.rpartition('.')
        if kind != 'weight' or weight.ndim != 4:
            continue
        weight, norm = weight.float(), normalized_by(layer)
        bias = tensors.get(f'{layer}.bias')
        if f'{norm}.running_var' in tensors:
            gain, shift, mean, variance = (tensors[f'{norm}.{part}'].float() for part in (
                'weight', 'bias', 'running_mean', 'running_var'))
            scale = gain / (variance + _EPSILON).sqrt()
            weight = weight * scale[:, None, None, None]
            bias = shift + scale * ((0 if bias is None else bias.float()) - mean)
        if bias is not None:
            found[f'{layer}.weight'], found[f'{layer}.bias'] = weight, bias.float()
    return found
