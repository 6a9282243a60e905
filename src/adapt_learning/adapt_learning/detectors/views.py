"""Views of pictures: crops of random place, scale, colour and sharpness, for training alone."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

_SCALE = (0.6, 1.8)
"""Pixels of the view per pixel of the picture."""
_GREY, _FROM_ANOTHER, _BLURRED, _NOISY = 0.4, 0.4, 0.2, 0.3
"""Chances. Cameras on lines are often grey; a patch of another picture is a rough defect."""


def random_views(pictures: Sequence[Tensor], count: int, size_px: int,
                 random: torch.Generator) -> Tensor:
    """Return views float32 [count, 3, size, size] in 0..1 of pictures uint8 [3, H, W]."""
    views = [_view(pictures, size_px, random) for _ in range(count)]
    for i in range(count):
        if _uniform(random) < _FROM_ANOTHER:
            height, width = (int(_uniform(random, 0.05, 0.5) * size_px) for _ in range(2))
            y, x = (int(_uniform(random) * (size_px - n)) for n in (height, width))
            other = views[(i + 1) % count]
            views[i] = views[i].clone()
            views[i][:, y:y + height, x:x + width] = other[:, y:y + height, x:x + width]
    return torch.stack(views)


def _view(pictures: Sequence[Tensor], size_px: int, random: torch.Generator) -> Tensor:
    picture = pictures[int(torch.randint(len(pictures), (1,), generator=random))]
    height, width = picture.shape[1:]
    side = min(int(size_px / _uniform(random, *_SCALE)), height, width)
    y, x = (int(_uniform(random) * (n - side + 1)) for n in (height, width))
    view = picture[:, y:y + side, x:x + side].float()[None] / 255
    view = functional.interpolate(view, size=(size_px, size_px), mode='bilinear',
                                  align_corners=False, antialias=True)[0]
    view = torch.rot90(view, int(_uniform(random) * 4), (1, 2))
    if _uniform(random) < 0.5:
        view = view.flip(2)
    if _uniform(random) < _GREY:
        view = view.mean(0, keepdim=True).expand(3, -1, -1)
    else:
        view = view[torch.randperm(3, generator=random)]
    gain = torch.empty(3, 1, 1).uniform_(0.8, 1.2, generator=random)
    view = (view * gain * _uniform(random, 0.6, 1.4)).clamp(0, 1) ** _uniform(random, 0.6, 1.6)
    if _uniform(random) < _BLURRED:
        view = functional.avg_pool2d(view[None], 3, 1, 1, count_include_pad=False)[0]
    if _uniform(random) < _NOISY:
        view = view + _uniform(random, 0, 0.06) * torch.randn(
            view.shape, generator=random)
    return view.clamp(0, 1)


def _uniform(random: torch.Generator, low: float = 0.0, high: float = 1.0) -> float:
    return low + (high - low) * float(torch.rand((), generator=random))
