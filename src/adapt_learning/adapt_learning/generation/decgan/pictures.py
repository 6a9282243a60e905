"""Pictures for people: swaps, interpolation, and what z, z_c and z_a look like (t-SNE)."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from adapt_learning.generation.decgan.batches import as_images
from adapt_learning.generation.decgan.split import Parts, Split

_GAP = 2
"""Pixels between two pictures."""
_WHITE = 255


def grid(rows: Sequence[Tensor | np.ndarray], times: int = 3) -> np.ndarray:
    """
    Return rows of pictures as one picture, uint8 [H, W, 3].

    A row is float32 [N, C, S, S] in 0..1 or uint8 [N, S, S, C]; each pixel becomes `times` wide.
    """
    drawn = [_as_bytes(row) for row in rows]
    side = drawn[0].shape[1]
    widest = max(map(len, drawn))
    step = side + _GAP
    made = np.full((len(drawn) * step + _GAP, widest * step + _GAP, 3), _WHITE, np.uint8)
    for i, row in enumerate(drawn):
        for j, picture in enumerate(row):
            top, left = _GAP + i * step, _GAP + j * step
            made[top:top + side, left:left + side] = picture
    return made.repeat(times, 0).repeat(times, 1)


def swap_grid(split: Split, images: np.ndarray) -> np.ndarray:
    """
    Return the table of all swaps of N pictures: contents from top, attributes from the left.

    First row and first column are the pictures themselves, the diagonal is what is rebuilt.
    """
    count = len(images)
    parts = split.parts(images)
    pairs = parts.content[None] + parts.attribute[:, None]
    made = _as_bytes(split.draw(pairs.flatten(0, 1)))
    blank = np.full_like(_as_bytes(images[:1]), _WHITE)
    rows = [np.concatenate((blank, _as_bytes(images)))]
    rows += [np.concatenate((_as_bytes(images[i:i + 1]), made[i * count:(i + 1) * count]))
             for i in range(count)]
    return grid(rows)


def interpolation(split: Split, content: np.ndarray, first: np.ndarray, second: np.ndarray,
                  steps: int = 9) -> np.ndarray:
    """Return a row per picture [N, S, S, C] of `content`: z_a goes from `first` to `second`."""
    z_c = split.parts(content).content
    begin, end = split.parts(first).attribute, split.parts(second).attribute
    shares = torch.linspace(0, 1, steps)[None, :, None]
    between = torch.lerp(begin[:, None], end[:, None], shares)
    made = split.draw((z_c[:, None] + between).flatten(0, 1))
    rows = [torch.cat((as_images(content[i:i + 1]), made[i * steps:(i + 1) * steps]))
            for i in range(len(content))]
    return grid(rows)


def tsne_points(parts: Parts, seed: int = 0) -> dict[str, np.ndarray]:
    """Return t-SNE points [N, 2] of z, z_c and z_a (van der Maaten and Hinton 2008)."""
    from sklearn.manifold import TSNE
    codes = {'z': parts.whole, 'z_c': parts.content, 'z_a': parts.attribute}
    found = {}
    for name, code in codes.items():
        scaled = (code - code.mean(0)) / (code.std() + 1e-8)
        found[name] = TSNE(random_state=seed, init='pca', n_jobs=1).fit_transform(scaled.numpy())
    return found


def tsne_picture(points: Mapping[str, np.ndarray], labels: np.ndarray,
                 classes: Sequence[str]) -> np.ndarray:
    """Return the points of every code beside each other, coloured by class, uint8 [H, W, 3]."""
    from matplotlib import colormaps
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(12, 4.2), dpi=100, layout='constrained')
    canvas = FigureCanvasAgg(figure)
    colours = colormaps['tab10' if len(classes) <= 10 else 'nipy_spectral'].resampled(len(classes))
    for axes, (name, where) in zip(figure.subplots(1, len(points)), points.items(), strict=True):
        for i, title in enumerate(classes):
            axes.plot(*where[labels == i].T, '.', color=colours(i), markersize=3, label=title)
        axes.set_title(name)
        axes.set_xticks([])
        axes.set_yticks([])
    figure.legend(*axes.get_legend_handles_labels(), loc='outside right center', markerscale=3)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _as_bytes(row: Tensor | np.ndarray) -> np.ndarray:
    """Return pictures as uint8 [N, S, S, 3]."""
    if isinstance(row, Tensor):
        row = (row.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return row.repeat(3, axis=3) if row.shape[3] == 1 else row
