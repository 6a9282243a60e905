"""anomalib's own PatchCore as a contender: a child process of an environment that has it."""

import contextlib
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np

from adapt_learning.benchmarks.patchcore import CORESET, NEIGHBORS
from adapt_learning.errors import SettingError

NETWORKS: Mapping[str, tuple[str, str]] = MappingProxyType({
    'mobilenet_v2': ('mobilenetv2_100', 'blocks.2,blocks.4'),
    'resnet18': ('resnet18', 'layer2,layer3')})
"""Backbones that timm, which anomalib takes its own from, has as well: name and the two levels."""
NETWORK, BANK = 'network.safetensors', 'bank.npz'
_CHILD = Path(__file__).with_name('anomalib_child.py')


class AnomalibPatchCore:
    """
    Judges pictures uint8 [n, n, 3] in a child; `seconds` is its processor time for the last one.

    `python` is the interpreter of the environment, `folder` where network and core-set are, or
    will be, made of `references`. Raises SettingError where anomalib cannot be used there.
    """

    def __init__(self, python: str | Path, backbone: str, folder: str | Path, side: int,
                 references: Sequence[np.ndarray] = ()):
        folder = Path(folder)
        name, layers = NETWORKS[backbone]
        folder.mkdir(exist_ok=True)
        stored = folder / 'references.npy'
        if len(references):
            np.save(stored, np.stack(references))
        self.seconds = 0.0
        self._said = tempfile.TemporaryFile()
        try:
            self._child = subprocess.Popen(
                [python, _CHILD, name, layers, str(side), str(CORESET), str(NEIGHBORS),
                 stored, folder],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said)
        except OSError as error:
            raise SettingError(f'{python} cannot be started ({error.strerror}); --anomalib is the '
                               'python of an environment that has anomalib') from error
        if self._line() != 'ready':
            self._fail(f'{python} could not run the PatchCore of anomalib; install anomalib there')

    def __call__(self, picture: np.ndarray) -> None:
        """Judge a picture."""
        try:
            self._child.stdin.write(np.ascontiguousarray(picture).tobytes())
            self._child.stdin.flush()
        except BrokenPipeError:
            pass  # its last words tell
        line = self._line()
        if not line:
            self._fail('anomalib ended while it judged')
        self.seconds = float(line)

    def close(self) -> int:
        """End the child; return by how much it has grown [kB]."""
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.close()
        grown = self._line()
        if self._child.wait() or not grown:
            self._fail('anomalib did not end well')
        self._said.close()
        self._child.stdout.close()
        return int(grown)

    def _line(self) -> str:
        # Progress of its core-set is on standard error; whatever else it prints is not for us.
        for line in self._child.stdout:
            text = line.decode('utf-8', 'replace').strip()
            if text == 'ready' or text.replace('.', '').replace('e-', '').isdigit():
                return text
        return ''

    def _fail(self, rule: str) -> None:
        self._child.kill()
        self._child.wait()
        self._said.seek(0)
        lines = self._said.read().decode('utf-8', 'replace').strip().splitlines() or ['']
        raise SettingError(f'{rule}: {lines[-1][:300]}')
