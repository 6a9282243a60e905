"""A trained policy for inference: onnxruntime sessions over a verified artifact."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from adapt_learning.artifacts import load_artifact
from adapt_learning.errors import ArtifactError
from adapt_learning.runtime.likeness import LikenessCalibration


class InferencePolicy:
    """A policy that maps one observation vector to one action; batch size 1, one thread."""

    def __init__(self, name: str, manifest: Any, action: onnxruntime.InferenceSession,
                 likeness: onnxruntime.InferenceSession | None,
                 calibration: LikenessCalibration | None):
        self.name = name
        self.manifest = manifest
        self.calibration = calibration
        self._action = action
        self._likeness = likeness

    def act(self, observation: np.ndarray) -> np.ndarray:
        """Return the action [A] float32 for an observation vector [S] float32."""
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
    likeness = calibration = None
    if manifest.likeness:
        likeness = _session(artifact.folder / 'likeness.onnx')
        calibration = LikenessCalibration(
            int(manifest.likeness['window']), float(manifest.likeness['warn']),
            float(manifest.likeness['stop']))
    return InferencePolicy(manifest.name, manifest, action, likeness, calibration)


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
