"""Export to ONNX: what the robot runs, raw values in and out, normalisers inside."""

import contextlib
import logging
import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import onnx
import onnx.reference
import torch
from torch import Tensor, nn

from adapt_learning.policies.base import Policy

OPSET = 18
"""Read by every onnxruntime since 1.14."""

_SAMPLES = 7


def export_policy(policy: Policy) -> bytes:
    """Return what a policy of one member does: raw `observation` in, raw `action` out."""
    return export_onnx(policy.deployed(), [policy.observation_size], ['observation'], 'action',
                       policy.chooses, policy.rounding)


def export_onnx(module: nn.Module, sizes: Sequence[int], inputs: Sequence[str],
                output: str, chooses: bool = False, rounding: float = 1e-4) -> bytes:
    """
    Return a module as an ONNX file, checked against the module itself.

    module: plain torch, one float32 [B, size] per input -> [B, ...]; B stays free.
    chooses: its outputs are chosen among candidates; one of the samples that the check compares
    may differ then, because the last digit can decide for an equally good one.
    rounding: largest difference to torch, in units of the larger of 1 and the largest output.
    Weights are part of the file, so an artifact's hash covers them.
    """
    module = module.eval().cpu()
    generator = torch.Generator().manual_seed(0)
    samples = tuple(torch.randn(_SAMPLES, size, generator=generator) for size in sizes)
    batch = torch.export.Dim('batch')
    model = to_onnx(module, samples, inputs, [output], tuple({0: batch} for _ in samples))
    with torch.no_grad():
        expected = module(*samples)
    _check_parity(model, dict(zip(inputs, samples, strict=True)), expected, 1 if chooses else 0,
                  rounding)
    return model.SerializeToString(deterministic=True)


def to_onnx(module: nn.Module, samples: Sequence[Tensor], inputs: Sequence[str],
            outputs: Sequence[str], dynamic_shapes: object) -> onnx.ModelProto:
    """Return a module as an ONNX model; `dynamic_shapes` as `torch.export` has them."""
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            module, tuple(samples), input_names=list(inputs), output_names=list(outputs),
            opset_version=OPSET, dynamo=True, external_data=False, verbose=False,
            dynamic_shapes=dynamic_shapes)
    model = program.model_proto
    # Stack traces of the exporter would put paths of this machine into the file.
    _strip_traces(model)
    onnx.checker.check_model(model)
    return model


def _strip_traces(model: onnx.ModelProto) -> None:
    graphs = [model.graph, *model.functions]
    for graph in graphs:
        del graph.metadata_props[:]
        graph.doc_string = ''
        for node in graph.node:
            del node.metadata_props[:]
            node.doc_string = ''
        for value in (*graph.input, *graph.output, *graph.value_info) if hasattr(
                graph, 'initializer') else ():
            if not isinstance(value, str):
                del value.metadata_props[:]
    del model.metadata_props[:]


def _check_parity(model: onnx.ModelProto, feed: dict[str, Tensor], expected: Tensor,
                  exceptions: int, rounding: float) -> None:
    # The reference evaluator of onnx itself; the tests repeat this with onnxruntime.
    actual = onnx.reference.ReferenceEvaluator(model).run(
        None, {name: sample.numpy() for name, sample in feed.items()})[0]
    errors = np.abs(actual - expected.numpy()).reshape(_SAMPLES, -1).max(1)
    error = float(np.sort(errors)[-1 - exceptions]) if np.isfinite(errors).all() else np.inf
    if not error <= rounding * max(1.0, float(expected.abs().max())):
        raise RuntimeError(f'the exported ONNX model differs from torch by {error}')


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Mute what the exporter says about its own deprecations and about packages not used here."""
    logger = logging.getLogger('torch.onnx')
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            yield
        finally:
            logger.setLevel(level)
