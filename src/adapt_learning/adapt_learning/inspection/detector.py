"""The folder of a detector: two ONNX models and a manifest with their hashes.

manifest.json   what it is: name, input size, levels, hash of every other file
bank.onnx       image uint8 [B, n, n, 3] RGB -> level_k float32 [B, h_k * w_k, D_k] for every level
judge.onnx      image uint8 [1, n, n, 3], bank_k float32 [N_k, D_k] for every level
                -> map float32 [h, w], larger = odder; score float32 []
Scores and maps of normal pictures are above zero, because verdicts are shares of a threshold.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapt_learning.artifacts.manifest import check_file_name
from adapt_learning.artifacts.shipped import find_shipped
from adapt_learning.data.files import (
    publish_folder,
    read_json,
    sha256_by_name,
    sha256_of,
    write_json,
)
from adapt_learning.data.outputs import check_output
from adapt_learning.errors import ArtifactError, DatasetError

MANIFEST, BANK_MODEL, JUDGE_MODEL = 'manifest.json', 'bank.onnx', 'judge.onnx'
SHIPPED_DETECTOR = 'surface_detector'
"""What inspects where no other is named."""
_INPUT_PX = (32, 4096)


@dataclass(frozen=True)
class Level:
    """One grid of patches."""

    name: str
    size: int
    """D: numbers per patch."""
    grid: tuple[int, int]
    """Rows and columns."""


@dataclass(frozen=True)
class DetectorManifest:
    """What stands in manifest.json, checked."""

    name: str
    detector: str
    """Member of the catalogue, such as nearest_patch."""
    input_px: int
    levels: tuple[Level, ...]
    hashes: Mapping[str, str]
    more: Mapping[str, Any] = field(default_factory=dict)
    """Everything else: code version, training, metrics."""

    @property
    def hash(self) -> str:
        """
        Return the SHA-256 of both models.

        Scores depend on nothing else, so metrics that are added to a manifest change no recipe.
        """
        text = '\n'.join(f'{name} {self.hashes[name]}' for name in (BANK_MODEL, JUDGE_MODEL))
        return hashlib.sha256(text.encode()).hexdigest()


def detector_folder(name: str) -> Path:
    """
    Return the folder of a detector: a path as it is, or the name of a shipped one.

    Raises ArtifactError that lists the shipped detectors where there is neither.
    """
    found = find_shipped(name, (name,), JUDGE_MODEL)
    if isinstance(found, Path):
        return found
    raise ArtifactError(f"there is no shipped detector '{name}'; allowed: {found}, or the folder "
                        'of a detector')


def write_detector(folder: str | Path, name: str, detector: str, input_px: int,
                   levels: Sequence[Level], models: Mapping[str, bytes],
                   more: Mapping[str, Any] | None = None) -> DetectorManifest:
    """
    Write a detector in one step: it is complete or it is not there.

    `models` are the files by name, bank.onnx and judge.onnx among them. Raises DatasetError where
    something is there already.
    """
    folder = check_output(folder)
    values = {
        'kind': 'detector', 'name': name, 'detector': detector, 'input_px': input_px,
        'levels': [{'name': one.name, 'size': one.size, 'grid': list(one.grid)} for one in levels],
        'hashes': sha256_by_name(models),
        **(more or {})}
    manifest = _parse(values, folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f'.{folder.name}.', dir=folder.parent))
    try:
        for file, data in models.items():
            (temporary / file).write_bytes(data)
        write_json(temporary / MANIFEST, values)
        temporary.chmod(0o755)
        publish_folder(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return manifest


def load_manifest(folder: str | Path) -> DetectorManifest:
    """Read the manifest of a detector and check every hash; ArtifactError says what is wrong."""
    folder = Path(folder)
    if not (folder / MANIFEST).is_file():
        raise ArtifactError(f'a detector is a folder with a {MANIFEST}; {folder} has none: give '
                            'the folder that `adapt inspect train` named')
    try:
        values = read_json(folder / MANIFEST, 'copy the detector again')
    except DatasetError as error:
        raise ArtifactError(str(error)) from error
    manifest = _parse(values, folder)
    for file, expected in manifest.hashes.items():
        path = folder / file
        if not path.is_file():
            raise ArtifactError(f'{path} is missing; the manifest lists it: copy the detector '
                                'again')
        actual = sha256_of(path)
        if actual != expected:
            raise ArtifactError(f'{path} is damaged: the manifest says {expected}, the file has '
                                f'{actual}; copy the detector again')
    return manifest


def _parse(values: dict[str, Any], folder: Path) -> DetectorManifest:
    values = dict(values)
    kind = values.pop('kind', None)
    if kind != 'detector':
        raise ArtifactError(f"{folder} is an artifact of kind '{kind}'; a detector is needed here")
    try:
        levels = tuple(Level(str(one['name']), int(one['size']),
                             (int(one['grid'][0]), int(one['grid'][1])))
                       for one in values.pop('levels'))
        manifest = DetectorManifest(
            str(values.pop('name')), str(values.pop('detector')), int(values.pop('input_px')),
            levels, {str(k): str(v) for k, v in values.pop('hashes').items()}, values)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise ArtifactError(f'the manifest of {folder} lacks or garbles {error}; it holds name, '
                            'detector, input_px, levels (name, size, grid) and hashes: export the '
                            'detector again') from error
    _check(manifest, folder)
    return manifest


def _check(manifest: DetectorManifest, folder: Path) -> None:
    missing = {BANK_MODEL, JUDGE_MODEL} - set(manifest.hashes)
    if missing:
        raise ArtifactError(f'the manifest of {folder} lists no {", ".join(sorted(missing))}; '
                            f'it lists {sorted(manifest.hashes)}: export the detector again')
    for file in manifest.hashes:
        check_file_name(file)
    low, high = _INPUT_PX
    if not low <= manifest.input_px <= high:
        raise ArtifactError(f'input_px of a detector lies in {low}..{high}; {folder} says '
                            f'{manifest.input_px}')
    names = [level.name for level in manifest.levels]
    if names != [f'level_{k}' for k in range(len(names))] or not names:
        raise ArtifactError(f'levels of a detector are level_0, level_1, ...; {folder} says '
                            f'{names}')
    if any(level.size < 1 or min(level.grid) < 1 for level in manifest.levels):
        raise ArtifactError(f'sizes of levels are at least 1; {folder} says otherwise')
