"""A decomposed generator as a folder: manifest.json, weights.safetensors, card.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import nn

from adapt_learning import catalog
from adapt_learning.data.files import read_json, sha256_of, write_json
from adapt_learning.errors import ArtifactError
from adapt_learning.generation.decgan.backbone import Backbone, BackboneConfig
from adapt_learning.generation.decgan.classifier import Classifier
from adapt_learning.generation.decgan.decomposition import Decomposition, DecompositionConfig
from adapt_learning.generation.decgan.split import EncoderSplit
from adapt_learning.stacked.config import from_values

MANIFEST, WEIGHTS, CARD = 'manifest.json', 'weights.safetensors', 'card.md'
KIND = 'decgan'


@dataclass(frozen=True)
class DecGan:
    """Everything that was trained."""

    backbone: Backbone
    classifier: Classifier
    decomposition: Decomposition
    manifest: Mapping[str, Any]

    @property
    def split(self) -> EncoderSplit:
        """Return the encoders with the generator."""
        return EncoderSplit(self.backbone, self.decomposition, self.classifier)


def save_decgan(folder: Path, backbone: Backbone, classifier: Classifier,
                decomposition: Decomposition, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write a new folder; return its manifest: `facts`, and what `load_decgan` needs."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = _whole(backbone, classifier, decomposition)
    safetensors.torch.save_file(
        {name: x.contiguous() for name, x in whole.state_dict().items()}, folder / WEIGHTS)
    manifest = {'kind': KIND, **facts, 'hashes': {WEIGHTS: sha256_of(folder / WEIGHTS)}}
    (folder / CARD).write_text(_card(folder.name, manifest), encoding='utf-8')
    write_json(folder / MANIFEST, manifest)  # last: without it the folder is no artifact
    return manifest


def load_decgan(folder: str | Path) -> DecGan:
    """Read and verify a folder; ArtifactError where it is damaged or of another kind."""
    folder = Path(folder)
    if not (folder / MANIFEST).is_file():
        raise ArtifactError(f'a decomposed generator is a folder with a {MANIFEST}; {folder} has '
                            'none: give the folder that `adapt decgan train --out` named')
    manifest = read_json(folder / MANIFEST)
    if manifest.get('kind') != KIND:
        raise ArtifactError(f"{folder} holds a '{manifest.get('kind')}', not a '{KIND}': give the "
                            'folder that `adapt decgan train --out` named')
    path = folder / WEIGHTS
    if not path.is_file() or sha256_of(path) != manifest['hashes'][WEIGHTS]:
        raise ArtifactError(f'{path} is missing or damaged: copy the artifact again')
    config = manifest['config']
    backbone = new_backbone(manifest['backbone'], manifest['channels'], manifest['side'],
                            from_values(BackboneConfig, config['network']))
    classifier = new_classifier(backbone, len(manifest['classes']))
    decomposition = Decomposition(
        backbone, from_values(DecompositionConfig, config['decomposition']),
        len(manifest['classes']))
    whole = _whole(backbone, classifier, decomposition)
    try:
        whole.load_state_dict(safetensors.torch.load_file(path))
    except (RuntimeError, safetensors.SafetensorError) as error:
        raise ArtifactError(f'{path} does not fit its manifest ({error}): copy the artifact again'
                            ) from error
    return DecGan(backbone.eval(), classifier.eval(), decomposition.eval(), manifest)


def new_backbone(name: str, channels: int, side: int, config: BackboneConfig) -> Backbone:
    """Return an untrained backbone of the catalogue; CatalogError for another name."""
    return catalog.load('generator', name)(channels, side, config)


def new_classifier(backbone: Backbone, classes: int) -> Classifier:
    """Return an untrained classifier of the backbone's structure."""
    return Classifier(backbone.trunk(), backbone.features, classes)


def _whole(backbone: Backbone, classifier: Classifier,
           decomposition: Decomposition) -> nn.ModuleDict:
    return nn.ModuleDict({'backbone': backbone, 'classifier': classifier,
                          'decomposition': decomposition})


def _card(name: str, manifest: Mapping[str, Any]) -> str:
    losses = ', '.join(f'{key} {value:.4g}' for key, value in manifest['last_losses'].items())
    return f"""\
# {name}

| | |
|---|---|
| kind | a generator and the split of its latent into content and attribute (dissertation 2.1) |
| generator | {manifest['backbone']}, {manifest['channels']} x {manifest['side']} x \
{manifest['side']} |
| attribute | {manifest['attribute']}: {', '.join(manifest['classes'])} |
| pictures | {manifest['data']} |

## Made by
```
{manifest['command']}
```
Settings, hashes and last losses are in manifest.json ({losses}).

## Limits
- Draws pictures like those it learnt from, of this size; others come out as the nearest it knows.
- How well it swaps and what content still tells of the attribute: `adapt decgan report`.

## Licence
Apache-2.0; the pictures it learnt from may have another.
"""
