"""A trained policy for inference: onnxruntime sessions over a verified artifact."""

from pathlib import Path

import numpy as np
import onnxruntime

from adapt_learning.artifacts import Manifest, load_artifact
from adapt_learning.data.chunk import Chunk
from adapt_learning.errors import ArtifactError
from adapt_learning.runtime.likeness import LikenessCalibration


class InferencePolicy:
    """A policy that maps one observation vector to actions; batch size 1, one thread."""

    def __init__(self, name: str, manifest: Manifest, action: onnxruntime.InferenceSession,
                 likeness: onnxruntime.InferenceSession | None,
                 calibration: LikenessCalibration | None, chunk: Chunk):
        self.name = name
        self.manifest = manifest
        self.calibration = calibration
        self.chunk = chunk
        self._action = action
        self._likeness = likeness

    def act(self, observation: np.ndarray) -> np.ndarray:
        """
        Return what follows from an observation vector [S] float32.

        The action [A] float32; where `chunk.length` is above 1, the actions [H, A].
        """
        return self._action.run(None, {'observation': observation[None]})[0][0]

    def likeness(self, observation: np.ndarray, action: np.ndarray) -> float:
        """Return the noise-prediction error of the pair (dissertation eq. 3.2); small: expert."""
        feed = {'observation': observation[None], 'action': action[None]}
        return float(self._likeness.run(None, feed)[0][0])


def load_policy(folder: str | Path) -> InferencePolicy:
    """Verify an artifact and open it for inference; ArtifactError says what is wrong with it."""
    artifact = load_artifact(folder)
    manifest = artifact.manifest
    if manifest.kind != 'policy':
        raise ArtifactError(f"{folder} is an artifact of kind '{manifest.kind}'; a policy is "
                            'needed here')
    action = _session(artifact.folder / 'model.onnx')
    chunk = Chunk(**manifest.chunk) if manifest.chunk else Chunk()
    _check_output(folder, action, chunk)
    likeness = calibration = None
    if manifest.likeness:
        likeness = _session(artifact.folder / 'likeness.onnx')
        calibration = LikenessCalibration(
            int(manifest.likeness['window']), float(manifest.likeness['warn']),
            float(manifest.likeness['stop']))
    return InferencePolicy(manifest.name, manifest, action, likeness, calibration, chunk)


def _check_output(folder: str | Path, session: onnxruntime.InferenceSession,
                  chunk: Chunk) -> None:
    """Raise ArtifactError where the model does not give as many actions as the manifest says."""
    shape = session.get_outputs()[0].shape
    wanted = '[B, A]' if chunk.length == 1 else f'[B, {chunk.length}, A]'
    single = chunk.length == 1 and len(shape) == 2
    chunked = chunk.length > 1 and len(shape) == 3 and shape[1] == chunk.length
    if not single and not chunked:
        raise ArtifactError(f'model.onnx in {folder} gives actions of shape {shape}; its manifest '
                            f'says {wanted}: do not use this artifact, train or export it anew')


def _session(path: Path) -> onnxruntime.InferenceSession:
    """Open an ONNX file on one thread: a small network is slower on several, and never steady."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, ['CPUExecutionProvider'])
    except Exception as error:  # onnxruntime raises its own unrelated classes
        raise ArtifactError(f'{path.name} in {path.parent} cannot be opened by onnxruntime '
                            f'({error}); export the artifact again with adapt train') from error
