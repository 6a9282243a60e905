"""The pictures of a round on disk, with all that learning from them needs."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
import safetensors.torch
from PIL import Image

from adapt_learning.data.files import publish_folder
from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.sampling import Trajectories

_LATENTS = 'latents.safetensors'
_WAY = 'trajectories.safetensors'


@dataclass(frozen=True)
class RoundFolder:
    """rounds/NNN/ of a run: NNN.png, latents (z_T, z_0) and, until learnt from, the whole way."""

    run: Path
    number: int

    @property
    def path(self) -> Path:
        """Return the folder."""
        return self.run / 'rounds' / f'{self.number:03d}'

    def picture(self, position: int) -> Path:
        """Return the file of a picture."""
        return self.path / f'{position:03d}.png'

    def exists(self) -> bool:
        """Return whether the round was sampled; half of one is never there."""
        return self.path.is_dir()

    def write(self, pictures: np.ndarray, trajectories: Trajectories, started_from: str) -> None:
        """Write a round, whole or not at all."""
        unfinished = self.path.with_name(f'.{self.path.name}.part')
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for i, picture in enumerate(pictures):
            Image.fromarray(picture).save(unfinished / self.picture(i).name)
        safetensors.torch.save_file(
            {'noises': trajectories.noises.contiguous().clone(),
             'final': trajectories.final.contiguous().clone()},
            unfinished / _LATENTS, {'started_from': started_from})
        safetensors.torch.save_file(
            {name: x.contiguous() for name, x in vars(trajectories).items()}, unfinished / _WAY)
        publish_folder(unfinished, self.path)

    def pictures(self) -> np.ndarray:
        """Return the pictures, uint8 [N, H, W, 3]."""
        files = sorted(self.path.glob('*.png'))
        try:
            return np.stack([read_picture(file) for file in files])
        except ValueError as error:
            raise SettingError(f'the pictures of {self.path} are not there or not of one size '
                               f'({error}); restore them from a copy') from error

    def trajectories(self) -> Trajectories:
        """Return the ways of the pictures; only until `forget`."""
        return Trajectories(**_read(self.path / _WAY)[0])

    def started_from(self) -> str:
        """Return where the pictures began, in words."""
        return _read(self.path / _LATENTS)[1]['started_from']

    def forget(self) -> None:
        """Remove what only learning needed: the larger part."""
        (self.path / _WAY).unlink(missing_ok=True)


def read_picture(path: Path) -> np.ndarray:
    """Return a stored picture, uint8 [H, W, 3]; SettingError where it cannot be read."""
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert('RGB'))
    except OSError as error:
        raise SettingError(f'the picture {path} cannot be read ({error}); restore it from a copy'
                           ) from error


def _read(path: Path) -> tuple[dict, dict]:
    try:
        with safetensors.safe_open(path, framework='pt') as file:
            return ({name: file.get_tensor(name) for name in file.keys()},  # noqa: SIM118
                    file.metadata() or {})
    except (OSError, safetensors.SafetensorError) as error:
        raise SettingError(f'{path} is missing or damaged ({error}); restore it from a copy, or '
                           'begin a new run') from error
