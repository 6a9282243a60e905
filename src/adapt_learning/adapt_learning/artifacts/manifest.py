"""The manifest: everything that an artifact says about itself, in one JSON file."""

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapt_learning.data.chunk import Chunk
from adapt_learning.errors import ArtifactError, SettingError

FORMAT_VERSION = 1
"""Raised when a reader of the previous version could not read the new one."""

_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9_.-]{0,100}')
_HASH = re.compile(r'[0-9a-f]{64}')


@dataclass(frozen=True)
class Manifest:
    """
    What is in the folder, what it is for and where it comes from.

    Checked at birth; ArtifactError names the rule, what came and what is allowed.
    """

    kind: str
    """'policy' (detectors and restorers to come)."""
    name: str
    """Catalogue name of the member, e.g. 'dbc'."""
    task: str
    """Catalogue name of the task, e.g. 'fetch_pick'."""
    seed: int
    created: str
    """When it was made, ISO 8601; handed in, because training is repeatable and clocks are not."""
    code_version: str
    """`git describe` of the code, or the version of the installed package."""
    version: str = '1'
    """Of this artifact, chosen by who trains it."""
    title: str = ''
    """One line for people."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """All settings of the member, resolved."""
    contract: Mapping[str, Any] = field(default_factory=dict)
    """The whole contract that the data spoke."""
    contract_hash: str = ''
    interface_hash: str = ''
    """Hash of order, sizes, units, scales and rate: what must match where it runs."""
    dataset_hash: str = ''
    dataset: Mapping[str, Any] = field(default_factory=dict)
    """Origin of the data: episodes, steps, the command that made them."""
    commands: tuple[str, ...] = ()
    """The commands that make this artifact again, in order."""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    likeness: Mapping[str, Any] | None = None
    """Calibration of the expert-likeness score (see `trainers.likeness`); None: no detector."""
    chunk: Mapping[str, int] | None = None
    """length and executed actions of a policy that gives action chunks; None: single actions."""
    licence: str = 'Apache-2.0'
    files: Mapping[str, str] = field(default_factory=dict)
    """File name -> SHA-256; set by `save_artifact`."""
    format_version: int = FORMAT_VERSION

    def __post_init__(self):
        if self.format_version != FORMAT_VERSION:
            raise ArtifactError(
                f'this program reads artifacts of format version {FORMAT_VERSION}; got '
                f'{self.format_version!r}: train it again, or use the program that made it')
        for name in ('kind', 'name', 'task'):
            value = getattr(self, name)
            if not isinstance(value, str) or not _NAME.fullmatch(value):
                raise ArtifactError(f'{name} of a manifest is a plain name (letters, digits, _ . '
                                    f'-); got {value!r}')
        for name, digest in self.files.items():
            check_file_name(name)
            if not isinstance(digest, str) or not _HASH.fullmatch(digest):
                raise ArtifactError(f"the hash of '{name}' is 64 hex digits; got {digest!r}")
        _check_chunk(self.chunk)
        if not _finite(dataclasses.asdict(self)):
            raise ArtifactError('a manifest holds finite numbers only; NaN or infinity came')

    def to_json(self) -> str:
        """Return the text of manifest.json; its own digest protects it against flipped bytes."""
        values = dataclasses.asdict(self)
        # An artifact of single actions says nothing of chunks: older programs read it. One with
        # chunks they must refuse, and they do, because they do not know the word.
        if self.chunk is None:
            del values['chunk']
        return json.dumps({**values, 'digest': _digest(values)}, indent=1, sort_keys=True) + '\n'

    @classmethod
    def from_json(cls, text: str) -> 'Manifest':
        """Invert `to_json`; ArtifactError for anything but an intact manifest."""
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise ArtifactError(f'manifest.json is not JSON (line {error.lineno}): {error.msg}; '
                                'copy the artifact again') from error
        if not isinstance(values, dict):
            raise ArtifactError(f'manifest.json is a JSON object; got {type(values).__name__}')
        version = values.get('format_version')
        if version != FORMAT_VERSION:
            raise ArtifactError(
                f'this program reads artifacts of format version {FORMAT_VERSION}; got '
                f'{version!r}: train it again, or use the program that made it')
        stored = values.pop('digest', None)
        actual = _digest(values)
        if stored != actual:
            raise ArtifactError('manifest.json was changed after it was written: its digest is '
                                f'{stored}, its content gives {actual}; copy the artifact again')
        known = {f.name for f in dataclasses.fields(cls)}
        if unknown := sorted(set(values) - known):
            raise ArtifactError(f'manifest.json has words that this version does not know: '
                                f'{unknown}; known: {sorted(known)}')
        values['commands'] = tuple(values.get('commands', ()))
        try:
            return cls(**values)
        except TypeError as error:
            raise ArtifactError(f'manifest.json is not complete: {error}') from error


def check_file_name(name: str) -> None:
    """Raise ArtifactError unless `name` is a plain file name that stays in its folder."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or '..' in name:
        raise ArtifactError('file names of an artifact are plain names without folders; got '
                            f'{name!r}: do not use this artifact, it may be an attack')


def _check_chunk(values: Any) -> None:
    if values is None:
        return
    if not isinstance(values, Mapping) or set(values) != {'length', 'executed'}:
        raise ArtifactError(f'chunk of a manifest holds length and executed; got {values!r}')
    try:
        Chunk(**values)
    except SettingError as error:
        raise ArtifactError(f'{error}; do not use this artifact, train it anew') from error


def _digest(values: Mapping[str, Any]) -> str:
    canonical = json.dumps(values, sort_keys=True, separators=(',', ':'))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _finite(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_finite(v) for v in value.values())
    if isinstance(value, list | tuple):
        return all(_finite(v) for v in value)
    return not isinstance(value, float) or math.isfinite(value)
