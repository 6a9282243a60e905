"""The card of a small text-to-image model, written from its manifest."""

from collections.abc import Mapping
from typing import Any

from adapt_learning.evaluation.intervals import SuccessRate

_CARD = """# {name}

| | |
|---|---|
| kind | text-to-image latent diffusion, to try feedback with |
| format | StableDiffusionPipeline of diffusers, safetensors |
| pictures | {size} x {size} RGB |
| weights | denoiser {unet}, autoencoder {vae}, text encoder {text} |
| use | `adapt hero run FOLDER --prompt ...`, or `StableDiffusionPipeline.from_pretrained` |

## Made by
```
{command}
```
Settings, hashes and last losses are in manifest.json.

## Data
{scenes} drawn scenes of one to three coloured shapes and {surfaces} procedural surfaces, with
captions that are wrong on purpose as often as the settings say. No photograph, no text of others.

## Metrics
Share of pictures that fulfil the hidden rule of their prompt, as it stands in manifest.json
(Wilson interval of 95 %; {steps} steps, guidance {guidance:g}, eta {eta:g}):

| rule | prompt | success |
|---|---|---|
{rows}

## Limits
- It knows the words of its captions and nothing else; other words are read letter by letter and
  mean nothing.
- It is made to fail often: that is what feedback is to mend.

## Licence
Apache-2.0
"""


def card_of(manifest: Mapping[str, Any]) -> str:
    """Return the card as Markdown; the numbers are those of the manifest."""
    config, weights = manifest['config'], manifest['weights']
    rows = [f'| `{name}` | {found["prompt"]} | {_rate(found)} |'
            for name, found in manifest['success'].items()]
    return _CARD.format(
        name=manifest['name'], size=config['pictures']['size_px'], unet=weights['unet'],
        vae=weights['vae'], text=weights['text_encoder'], command=manifest['command'],
        scenes=config['pictures']['scenes'], surfaces=config['pictures']['surfaces'],
        steps=config['measure']['steps'], guidance=config['measure']['guidance'],
        eta=config['measure']['eta'], rows='\n'.join(rows) or '| - | not measured | - |')


def _rate(found: Mapping[str, Any]) -> str:
    return str(SuccessRate(*(found[key] for key in (
        'successes', 'episodes', 'rate', 'low', 'high'))))
