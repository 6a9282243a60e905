"""The folder of a recipe, which can explain itself.

recipe.json         name, detector, references, limits, calibration, hash of every other file
references/NNN.png  the reference pictures, so that everything can be made again
bank.safetensors    level_0, level_1, ...: what the detector remembers of them
"""

import dataclasses
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from adapt_learning.artifacts.store import check_safetensors
from adapt_learning.data.files import (
    read_json,
    replace_folder,
    sha256_by_name,
    sha256_of,
    write_json,
)
from adapt_learning.errors import ArtifactError, DatasetError, UserError
from adapt_learning.inspection.bank import Bank
from adapt_learning.inspection.calibration import Threshold
from adapt_learning.inspection.pictures import read_picture
from adapt_learning.inspection.quality import QualityLimits
from adapt_learning.inspection.recipe import Calibration, Recipe, Reference, check_name

RECIPE, BANK, REFERENCES = 'recipe.json', 'bank.safetensors', 'references'
FORMAT_VERSION = 1
_FILE = re.compile(r'[0-9]{3,6}\.png')
_MEND = 'make the recipe anew with `adapt inspect fit`, or copy it again'


def write_recipe(folder: str | Path, recipe: Recipe, pictures: Sequence[bytes],
                 overwrite: bool = False) -> Recipe:
    """
    Write a recipe in one step: it is complete or it is not there; returns it with its hash.

    `pictures` are the references as PNG. One that stands there is replaced only with `overwrite`,
    and anything else never. Raises DatasetError where it cannot be written.
    """
    folder = Path(folder)
    check_name(recipe.name)
    _check_free(folder, overwrite)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f'.{folder.name}.', dir=folder.parent))
    except OSError as error:
        raise DatasetError(f'{folder} cannot be made: {error.strerror}; choose another '
                           'place') from error
    try:
        (temporary / REFERENCES).mkdir()
        files = {f'{REFERENCES}/{reference.file}': data
                 for reference, data in zip(recipe.references, pictures, strict=True)}
        files[BANK] = safetensors.numpy.save(
            {f'level_{k}': level for k, level in enumerate(recipe.bank.levels)})
        for name, data in files.items():
            (temporary / name).write_bytes(data)
        write_json(temporary / RECIPE, _to_json(recipe, sha256_by_name(files)))
        digest = sha256_of(temporary / RECIPE)
        temporary.chmod(0o755)
        replace_folder(temporary, folder)
    except OSError as error:
        raise DatasetError(f'{folder} could not be written: {error.strerror}; make room or choose '
                           'another place') from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return dataclasses.replace(recipe, hash=digest)


def rewrite_settings(folder: str | Path, recipe: Recipe) -> Recipe:
    """Write recipe.json of a recipe that stands there anew (a calibration), in one step."""
    folder = Path(folder)
    hashes = _read(folder).get('hashes')
    write_json(folder / RECIPE, _to_json(recipe, hashes))
    return dataclasses.replace(recipe, hash=sha256_of(folder / RECIPE))


def load_recipe(folder: str | Path) -> Recipe:
    """Read a recipe and check every hash; ArtifactError says what is wrong with it."""
    folder = Path(folder)
    values = _read(folder)
    try:
        for name, expected in values['hashes'].items():
            _check_file(folder, name, expected)
        check_safetensors(folder / BANK)
        tensors = safetensors.numpy.load_file(folder / BANK)
        bank = Bank(tuple(np.ascontiguousarray(tensors[f'level_{k}'], np.float32)
                          for k in range(len(tensors))))
        return _from_json(values, bank, sha256_of(folder / RECIPE))
    except UserError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, OSError,
            safetensors.SafetensorError) as error:
        raise ArtifactError(f'{folder / RECIPE} lacks or garbles {error}; {_MEND}') from error


def reference_pictures(folder: str | Path, recipe: Recipe) -> list[np.ndarray]:
    """Return the pixels of a recipe's references."""
    return [read_picture(Path(folder) / REFERENCES / one.file) for one in recipe.references]


def _read(folder: Path) -> dict[str, Any]:
    if not (folder / RECIPE).is_file():
        raise ArtifactError(f'a recipe is a folder with a {RECIPE}; {folder} has none: give the '
                            'folder that `adapt inspect fit --out` named')
    try:
        values = read_json(folder / RECIPE, _MEND)
    except DatasetError as error:
        raise ArtifactError(str(error)) from error
    if values.get('format') != FORMAT_VERSION:
        raise ArtifactError(f'recipes of format {FORMAT_VERSION} are read; {folder} says '
                            f'{values.get("format")!r}: {_MEND}')
    return values


def _to_json(recipe: Recipe, hashes: Mapping[str, str]) -> dict[str, Any]:
    values = dataclasses.asdict(dataclasses.replace(recipe, bank=Bank(())))
    del values['bank'], values['hash']
    return {'format': FORMAT_VERSION, 'kind': 'recipe', **values,
            'reference_count': len(recipe.references), 'bank_rows': list(recipe.bank.rows),
            'promise': recipe.calibration.score.sentence, 'hashes': dict(hashes)}


def _from_json(values: Mapping[str, Any], bank: Bank, digest: str) -> Recipe:
    calibration = values['calibration']
    made = Calibration(
        _threshold(calibration['score']), _threshold(calibration['map']),
        _number(calibration['review_band']), tuple(map(_number, calibration['scores'])),
        tuple(map(_number, calibration['peaks'])))
    size = values['frame_size']
    references = tuple(Reference(str(one['file']), str(one['source']), str(one['sha256']))
                       for one in values['references'])
    if not references:
        raise ValueError('references (there are none)')
    return Recipe(
        check_name(values['name']), str(values['surface']), str(values['detector']),
        str(values['detector_hash']), references,
        None if size is None else (int(size[0]), int(size[1])),
        QualityLimits(**{key: _number(value) for key, value in values['limits'].items()}), made,
        tuple(map(str, values['odd'])), tuple(map(str, values['notes'])),
        str(values['created']), str(values['code_version']), bank,
        int(values.get('positions', 1)), digest)


def _threshold(values: Mapping[str, Any]) -> Threshold:
    made = Threshold(_number(values['value']), _number(values['asked']),
                     None if values['bound'] is None else _number(values['bound']),
                     str(values['method']))
    if made.value <= 0.0:
        raise ValueError(f'a threshold, which is above zero and not {made.value}')
    return made


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise ValueError(f'a finite number; got {value!r}')
    return float(value)


def _check_file(folder: Path, name: str, expected: str) -> None:
    inside = name == BANK or (name.startswith(f'{REFERENCES}/')
                              and _FILE.fullmatch(name.removeprefix(f'{REFERENCES}/')))
    if not inside:
        raise ArtifactError(f'files of a recipe are {BANK} and {REFERENCES}/NNN.png; {folder} '
                            f'lists {name!r}: do not use it, it may be an attack')
    path = folder / name
    if not path.is_file():
        raise ArtifactError(f'{path} is missing; {_MEND}')
    actual = sha256_of(path)
    if actual != expected:
        raise ArtifactError(f'{path} is not the file that the recipe was made with (hash '
                            f'{actual[:12]}, the recipe says {str(expected)[:12]}); {_MEND}')


def _check_free(folder: Path, overwrite: bool) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / RECIPE).is_file():
        raise DatasetError(f'{folder} is there already and is no recipe; choose another name')
    if not overwrite:
        raise DatasetError(f"there is a recipe '{folder.name}' already; choose another name, or "
                           'replace it (overwrite)')
