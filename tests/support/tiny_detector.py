"""
A detector of fixed convolutions, and surfaces for it: no training, nothing random, really sees.

Patches are the energies of eight small filters in cells of 8 and of 16 pixels; a frame is judged by
the distance of its patches to the nearest of the bank.
"""

from pathlib import Path

import cv2
import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from adapt_learning.inspection.detector import Level, write_detector

SIDE = 64
_CELLS = (8, 16)
_FILTERS = np.array([
    [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    [[0, 1, 2], [-1, 0, 1], [-2, -1, 0]],
    [[-2, -1, 0], [-1, 0, 1], [0, 1, 2]],
    [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    [[1, -2, 1], [-2, 4, -2], [1, -2, 1]],
], np.float32)
_WEIGHTS = np.array([1, 1 / 9, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25], np.float32)


def make_detector(folder: Path, gain: float = 1.0, name: str = 'tiny',
                  broken: bool = False) -> Path:
    """
    Write the detector. Another `gain` of the scores gives another hash.

    `broken`: NaN for pictures whose first pixel is 0.
    """
    levels = [Level(f'level_{k}', len(_FILTERS), (SIDE // cell, SIDE // cell))
              for k, cell in enumerate(_CELLS)]
    write_detector(folder, name, 'tiny', SIDE, levels,
                   {'bank.onnx': _bank_model(), 'judge.onnx': _judge_model(gain, broken)},
                   {'code_version': 'test'})
    return folder


def surface(seed: int, side: int = 96) -> np.ndarray:
    """Return a woven texture with some noise and drift of light, grey uint8 [side, side]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side].astype(np.float64)
    phase_x, phase_y = rng.uniform(0, 2 * np.pi, 2)
    weave = np.sin(x * 0.9 + phase_x) * np.cos(y * 0.9 + phase_y)
    light = rng.uniform(-3, 3) + rng.uniform(-3, 3) * (x / side - 0.5)
    noise = rng.normal(0, 4, (side, side))
    return np.clip(120 + 30 * weave + light + noise, 0, 255).astype(np.uint8)


def with_blob(pixels: np.ndarray, x: int = 60, y: int = 30, radius: int = 9) -> np.ndarray:
    """Return the surface with a flat dark blob around (x, y)."""
    return cv2.circle(pixels.copy(), (x, y), radius, 25, -1)


def blurred(pixels: np.ndarray) -> np.ndarray:
    """Return the surface out of focus."""
    return cv2.GaussianBlur(pixels, (0, 0), 1.2)


def _model(nodes: list, constants: dict[str, np.ndarray], inputs: dict[str, tuple],
           outputs: dict[str, list]) -> bytes:
    graph = helper.make_graph(
        nodes, 'tiny',
        [helper.make_tensor_value_info(key, kind, shape) for key, (kind, shape) in inputs.items()],
        [helper.make_tensor_value_info(key, TensorProto.FLOAT, shape)
         for key, shape in outputs.items()],
        [numpy_helper.from_array(value, key) for key, value in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)])
    model.ir_version = 8
    checker.check_model(model)
    return model.SerializeToString()


def _patch_nodes() -> tuple[list, dict[str, np.ndarray]]:
    node = helper.make_node
    nodes = [
        node('Cast', ['image'], ['float'], to=TensorProto.FLOAT),
        node('Transpose', ['float'], ['channels_first'], perm=[0, 3, 1, 2]),
        node('ReduceMean', ['channels_first'], ['grey'], axes=[1], keepdims=1),
        node('Mul', ['grey', 'scale'], ['scaled']),
        node('Conv', ['scaled', 'filters'], ['filtered'], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node('Abs', ['filtered'], ['energy'])]
    constants = {
        'scale': np.array(1 / 255, np.float32),
        'filters': (_FILTERS * _WEIGHTS[:, None, None])[:, None],
        'flat': np.array([0, -1, len(_FILTERS)], np.int64)}
    for k, cell in enumerate(_CELLS):
        nodes += [
            node('AveragePool', ['energy'], [f'cells_{k}'], kernel_shape=[cell, cell],
                 strides=[cell, cell]),
            node('Transpose', [f'cells_{k}'], [f'last_{k}'], perm=[0, 2, 3, 1]),
            node('Reshape', [f'last_{k}', 'flat'], [f'level_{k}'])]
    return nodes, constants


def _bank_model() -> bytes:
    nodes, constants = _patch_nodes()
    return _model(nodes, constants, {'image': (TensorProto.UINT8, ['B', SIDE, SIDE, 3])},
                  {f'level_{k}': ['B', (SIDE // cell) ** 2, len(_FILTERS)]
                   for k, cell in enumerate(_CELLS)})


def _judge_model(gain: float, broken: bool) -> bytes:
    nodes, constants = _patch_nodes()
    node = helper.make_node
    constants |= {'gain': np.array(gain, np.float32), 'tiny': np.array(1e-9, np.float32)}
    # Without the terms that cancel: |q - b|^2 by broadcasting, the pictures are small.
    for k, cell in enumerate(_CELLS):
        grid = SIDE // cell
        constants[f'shape_{k}'] = np.array([1, 1, grid, grid], np.int64)
        constants[f'size_{k}'] = np.array([1, 1, SIDE // _CELLS[0], SIDE // _CELLS[0]], np.int64)
        constants[f'query_{k}'] = np.array([-1, 1, len(_FILTERS)], np.int64)
        nodes += [
            node('Reshape', [f'level_{k}', f'query_{k}'], [f'q_{k}']),
            node('Sub', [f'q_{k}', f'bank_{k}'], [f'difference_{k}']),
            node('ReduceSumSquare', [f'difference_{k}'], [f'squares_{k}'], axes=[2], keepdims=0),
            node('ReduceMin', [f'squares_{k}'], [f'least_{k}'], axes=[1], keepdims=0),
            node('Add', [f'least_{k}', 'tiny'], [f'safe_{k}']),
            node('Sqrt', [f'safe_{k}'], [f'distance_{k}']),
            node('Reshape', [f'distance_{k}', f'shape_{k}'], [f'grid_{k}']),
            node('Resize', [f'grid_{k}', '', '', f'size_{k}'], [f'fine_{k}'], mode='linear')]
    nodes += [
        node('Max', ['fine_0', 'fine_1'], ['largest']),
        node('Mul', ['largest', 'gain'], ['scaled_map'])]
    last = 'scaled_map'
    if broken:
        constants |= {'begin': np.array([0, 0, 0, 0], np.int64),
                      'end': np.array([1, 1, 1, 1], np.int64), 'zero': np.zeros(1, np.float32)}
        nodes += [
            node('Slice', ['float', 'begin', 'end'], ['corner']),
            node('Log', ['corner'], ['log']),
            node('Mul', ['log', 'zero'], ['nothing']),
            node('Add', ['scaled_map', 'nothing'], ['maybe'])]
        last = 'maybe'
    constants['plane'] = np.array([SIDE // _CELLS[0]] * 2, np.int64)
    nodes += [node('Reshape', [last, 'plane'], ['map']),
              node('ReduceMax', ['map'], ['score'], keepdims=0)]
    return _model(nodes, constants,
                  {'image': (TensorProto.UINT8, [1, SIDE, SIDE, 3])}
                  | {f'bank_{k}': (TensorProto.FLOAT, [f'N{k}', len(_FILTERS)])
                     for k in range(len(_CELLS))},
                  {'map': [SIDE // _CELLS[0], SIDE // _CELLS[0]], 'score': []})
