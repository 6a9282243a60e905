"""Artifact folders: written in one step, read with every check.

manifest.json         what it is, and the hash of every other file
weights.safetensors   weights, normaliser inside
model.onnx            what the robot runs
likeness.onnx         optional: the expert-likeness score
card.md               for people
"""

import dataclasses
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from adapt_learning.artifacts.card import render_card
from adapt_learning.artifacts.manifest import Manifest, check_file_name
from adapt_learning.data.files import replace_folder, sha256_by_name, sha256_of
from adapt_learning.data.outputs import check_place
from adapt_learning.errors import ArtifactError
from adapt_learning.frames import Contract

MANIFEST = 'manifest.json'
WEIGHTS = 'weights.safetensors'
CARD = 'card.md'

_UNSAFE_SUFFIXES = frozenset({
    '.pt', '.pth', '.pkl', '.pickle', '.bin', '.ckpt', '.joblib', '.npy', '.npz', '.h5', '.pb',
    '.msgpack', '.dill'})
_NOT_SAFETENSORS = 'weights are a safetensors file, which holds numbers and no code'


@dataclass(frozen=True)
class Artifact:
    """A loaded, verified artifact."""

    folder: Path
    manifest: Manifest

    def path(self, name: str) -> Path:
        """Return the path of one file; ArtifactError lists what there is."""
        if name not in self.manifest.files:
            raise ArtifactError(f"the artifact {self.folder} has no '{name}'; it has "
                                f'{sorted(self.manifest.files)}')
        return self.folder / name

    def has(self, name: str) -> bool:
        """Return whether the artifact has this file."""
        return name in self.manifest.files

    def tensors(self) -> dict[str, np.ndarray]:
        """Return the weights by name (those of `Policy.state_dict`, K = 1)."""
        return safetensors.numpy.load_file(self.path(WEIGHTS))


def save_artifact(folder: str | Path, manifest: Manifest, tensors: Mapping[str, np.ndarray],
                  files: Mapping[str, bytes] | None = None, overwrite: bool = False) -> Artifact:
    """
    Write an artifact folder in one step: it is complete or it is not there.

    `files` are further files by name; the card is made from the manifest. An artifact that stands
    there already is replaced only with `overwrite`, and anything else never.
    """
    folder = Path(folder)
    check_free(folder, overwrite)
    folder.parent.mkdir(parents=True, exist_ok=True)
    contents = {WEIGHTS: safetensors.numpy.save(
        {name: np.ascontiguousarray(array) for name, array in tensors.items()})}
    contents.update(files or {})
    temporary = Path(tempfile.mkdtemp(prefix=f'.{folder.name}.', dir=folder.parent))
    try:
        manifest = _write(temporary, manifest, contents)
        # mkdtemp makes folders for the owner alone; artifacts are for everybody who may look.
        temporary.chmod(0o755)
        replace_folder(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return Artifact(folder, manifest)


def load_artifact(folder: str | Path) -> Artifact:
    """
    Read and verify an artifact: every hash, every file name, no format that can hold code.

    Raises ArtifactError.
    """
    folder = Path(folder)
    path = folder / MANIFEST
    if not path.is_file():
        raise ArtifactError(f'an artifact is a folder with a {MANIFEST}; {folder} has none: give '
                            'the folder that `adapt train --out` named')
    try:
        text = path.read_text(encoding='utf-8')
    except UnicodeDecodeError as error:
        raise ArtifactError(f'{path} is not a text file; copy the artifact again') from error
    manifest = Manifest.from_json(text)
    if WEIGHTS not in manifest.files:
        raise ArtifactError(f'{path} lists no {WEIGHTS}; it lists {sorted(manifest.files)}')
    for present in sorted(folder.iterdir()):
        _check_present(present, manifest)
    for name, expected in manifest.files.items():
        _check_file(folder, name, expected)
    return Artifact(folder, manifest)


def check_contract(manifest: Manifest, contract: Contract) -> None:
    """
    Raise ArtifactError unless the artifact was made for the interface of `contract`.

    Topics may differ (another robot); order, sizes, units, scales and rate may not.
    """
    if manifest.interface_hash == contract.interface_hash:
        return
    differences = interface_differences(manifest.contract, contract)
    raise ArtifactError(
        f"the artifact '{manifest.name}' was trained for interface {manifest.interface_hash} "
        f"(contract '{manifest.contract.get('name', '?')}'), the contract '{contract.name}' has "
        f'interface {contract.interface_hash}. They differ in:\n  ' + '\n  '.join(differences)
        + '\nUse the contract that the data were recorded with, or train on data of this one.')


def interface_differences(trained: Mapping[str, Any], contract: Contract,
                          names: tuple[str, str] = ('artifact', 'contract')) -> list[str]:
    """
    Return one line for every feature (or the rate) in which two contracts differ.

    `names` says how the lines call the two.
    """
    one, two = names
    try:
        first = Contract.model_validate(dict(trained)).interface()
    except ValueError:
        return ["the contract inside the artifact does not follow today's rules"]
    second = contract.interface()
    lines = []
    if first['rate_hz'] != second['rate_hz']:
        lines.append(f"rate_hz: {one} {first['rate_hz']}, {two} {second['rate_hz']}")
    for part in ('observation', 'action'):
        mine = {feature['key']: feature for feature in first[part]}
        other = {feature['key']: feature for feature in second[part]}
        for key in mine.keys() | other.keys():
            if mine.get(key) != other.get(key):
                lines.append(f'{part} {key}: {one} {_said(mine.get(key))}, {two} '
                             f'{_said(other.get(key))}')
        if mine == other and list(mine) != list(other):
            lines.append(f'{part} order: {one} {list(mine)}, {two} {list(other)}')
    return sorted(lines) or ['the contract inside the artifact and its hash do not belong together']


def add_metrics(folder: str | Path, metrics: Mapping[str, Any],
                commands: tuple[str, ...] = ()) -> Artifact:
    """Return the artifact with more metrics (an evaluation) in its manifest and card."""
    artifact = load_artifact(folder)
    manifest = dataclasses.replace(
        artifact.manifest, metrics={**artifact.manifest.metrics, **metrics},
        commands=tuple(dict.fromkeys((*artifact.manifest.commands, *commands))))
    files = {name: artifact.path(name).read_bytes() for name in manifest.files
             if name not in (WEIGHTS, CARD)}
    return save_artifact(folder, manifest, artifact.tensors(), files, overwrite=True)


def check_free(folder: Path, overwrite: bool) -> None:
    """Raise ArtifactError unless an artifact may be written to `folder`, or DatasetError."""
    check_place(folder)
    if not folder.exists():
        return
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if not (folder / MANIFEST).is_file():
        raise ArtifactError(f'{folder} exists and is not an artifact; give --out another name')
    if not overwrite:
        raise ArtifactError(f'{folder} holds an artifact already; give --out another name, or '
                            'replace it with --overwrite')


def _write(folder: Path, manifest: Manifest, contents: dict[str, bytes]) -> Manifest:
    described = dataclasses.replace(manifest, files=sha256_by_name(contents))
    contents[CARD] = render_card(described).encode()
    final = dataclasses.replace(manifest, files=sha256_by_name(contents))
    contents[MANIFEST] = final.to_json().encode()
    for name, content in contents.items():
        check_file_name(name)
        with open(folder / name, 'wb') as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    return final


def _check_present(path: Path, manifest: Manifest) -> None:
    if path.name == MANIFEST or path.name in manifest.files:
        return
    if path.suffix.lower() in _UNSAFE_SUFFIXES | {'.safetensors', '.onnx'}:
        raise ArtifactError(f"{path} is not listed in the manifest and is of the kind "
                            f"'{path.suffix}'; {_NOT_SAFETENSORS}: remove it")


def _check_file(folder: Path, name: str, expected: str) -> None:
    path = folder / name
    if path.suffix.lower() in _UNSAFE_SUFFIXES:
        raise ArtifactError(f"{path} is of the kind '{path.suffix}'; {_NOT_SAFETENSORS}: do not "
                            'use this artifact')
    if not path.is_file():
        raise ArtifactError(f'{path} is missing; the manifest lists it: copy the artifact again')
    actual = sha256_of(path)
    if actual != expected:
        raise ArtifactError(f'{path} is damaged: the manifest says {expected}, the file has '
                            f'{actual}; copy the artifact again')
    if path.suffix == '.safetensors':
        check_safetensors(path)


def check_safetensors(path: Path) -> None:
    """Raise ArtifactError unless the file really is safetensors (a renamed pickle is not)."""
    size = path.stat().st_size
    with open(path, 'rb') as file:
        length = int.from_bytes(file.read(8), 'little')
        header = file.read(length) if size >= 8 and length <= size - 8 else b''
    try:
        parsed = isinstance(json.loads(header), dict)
        with safetensors.safe_open(path, framework='numpy') as opened:
            opened.keys()
    except (ValueError, safetensors.SafetensorError):
        parsed = False
    if not parsed:
        raise ArtifactError(f'{path} is not what its name says; {_NOT_SAFETENSORS}, and this file '
                            'may hold some: do not use this artifact')


def _said(feature: Mapping[str, Any] | None) -> str:
    if feature is None:
        return 'has none'
    return ' '.join(f'{key}={value}' for key, value in feature.items()
                    if key != 'key' and value not in (None, [], 'none'))
