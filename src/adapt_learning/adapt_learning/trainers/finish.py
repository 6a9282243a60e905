"""The end of a training: one artifact per seed, and per kept step, with what was measured."""

import json
from pathlib import Path
from typing import Any

from torch import nn

from adapt_learning.artifacts import Manifest, save_artifact
from adapt_learning.policies.base import Policy
from adapt_learning.stacked.checkpoint import remove_checkpoint
from adapt_learning.stacked.config import to_values
from adapt_learning.stacked.loop import StageResult
from adapt_learning.trainers import provenance
from adapt_learning.trainers.export import export_onnx, export_policy
from adapt_learning.trainers.judge import held_out_pairs, unlikeness
from adapt_learning.trainers.kept import StepKeeper
from adapt_learning.trainers.likeness import calibrate
from adapt_learning.trainers.request import Run

UNLIKENESS = 'held_out_unlikeness'
"""Metric: noise-prediction error of the actions on held-out states, the demonstrator's is 1."""


def finish(run: Run, results: list[StageResult], keeper: StepKeeper | None) -> dict[str, Any]:
    """Write the artifacts and result.json; return the metrics as plain values."""
    request = run.request
    policy = run.policy.cpu()
    if run.judge is not None:
        run.judge.cpu()
    artifacts = []
    for k, seed in enumerate(request.seeds):
        metrics = {**_member_metrics(results, k), **_judged(run, policy.member(k), k)}
        folder = _save_member(run, policy.member(k), seed, metrics, request.artifact_folder(seed))
        artifacts.append({'folder': str(folder), 'seed': seed, **metrics})
    result = {
        'policy': request.policy, 'task': request.task, 'preset': request.preset,
        'dataset': run.dataset.hash, 'pairs': run.training.steps, 'device': run.device.type,
        'train_s': round(sum(r.seconds for r in results), 3),
        'stages': {r.name: {'updates': r.updates, 'seconds': round(r.seconds, 3),
                            'pairs_per_second': round(r.pairs / r.seconds) if r.seconds else None,
                            'precision': r.precision} for r in results},
        'artifacts': artifacts,
    }
    if keeper is not None:
        result['steps'] = _save_steps(run, policy, keeper)
    (request.run_folder / 'result.json').write_text(json.dumps(result, indent=1) + '\n',
                                                    encoding='utf-8')
    remove_checkpoint(request.run_folder)
    return result


def _save_steps(run: Run, policy: Policy, keeper: StepKeeper) -> list[dict[str, Any]]:
    """Write the artifacts of the kept steps; return what was measured of each."""
    found = []
    stage = keeper.stage
    for kept in keeper.steps():
        kept.load_into(policy)
        for k, seed in enumerate(run.request.seeds):
            metrics = {f'{stage}_updates': kept.step, **_judged(run, policy.member(k), k)}
            if kept.validation is not None:
                metrics[f'{stage}_validation_loss'] = kept.validation[k]
            folder = _save_member(run, policy.member(k), seed, metrics,
                                  run.request.step_folder(kept.step, seed))
            found.append({'folder': str(folder), 'seed': seed, 'step': kept.step, **metrics})
    return found


def _member_metrics(results: list[StageResult], k: int) -> dict[str, Any]:
    metrics = {}
    for result in results:
        metrics[f'{result.name}_loss'] = result.loss[k]
        if result.validation is not None:
            metrics[f'{result.name}_validation_loss'] = result.validation[k]
        metrics[f'{result.name}_updates'] = result.updates
    return metrics


def _judged(run: Run, member: Policy, k: int) -> dict[str, float]:
    """Return how unlike the demonstrator a member acts, where there is somebody to judge it."""
    score, pairs = _score(run, member, k), held_out_pairs(run.validation)
    if score is None or pairs is None:
        return {}
    return {UNLIKENESS: unlikeness(score, member, pairs)}


def _score(run: Run, member: Policy, k: int) -> nn.Module | None:
    return member.likeness() if run.judge is None else run.judge.member(k).likeness()


def _save_member(run: Run, member: Policy, seed: int, metrics: dict[str, Any],
                 folder: Path) -> Path:
    request, dataset = run.request, run.dataset
    contract = dataset.contract
    files = {'model.onnx': export_policy(member)}
    calibration = None
    score = member.likeness()
    if score is not None:
        calibration = calibrate(score, run.config.likeness, run.validation.episodes)
        files['likeness.onnx'] = export_onnx(
            score, [member.observation_size, member.action_size], ['observation', 'action'],
            'score')
    manifest = Manifest(
        kind='policy', name=request.policy, task=request.task, seed=seed,
        created=request.created, code_version=provenance.code_version(),
        title=f'{request.policy} policy for {request.task}', config=to_values(run.config),
        contract=contract.model_dump(mode='json'), contract_hash=contract.hash,
        interface_hash=contract.interface_hash, dataset_hash=dataset.hash,
        dataset=provenance.dataset_facts(dataset.meta, len(dataset), dataset.steps),
        commands=(provenance.train_command(request),), metrics=metrics, likeness=calibration,
        chunk=member.chunk.as_dict)
    tensors = {name: tensor.numpy() for name, tensor in member.state_dict().items()}
    save_artifact(folder, manifest, tensors, files, overwrite=request.overwrite)
    return folder
