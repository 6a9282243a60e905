"""From a dataset folder to artifacts: the function behind `adapt train`."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from adapt_learning import catalog
from adapt_learning.artifacts.store import check_free
from adapt_learning.data import Dataset, load_dataset
from adapt_learning.errors import CatalogError, SettingError
from adapt_learning.frames import Contract, load_contract
from adapt_learning.policies.base import Batch, Normalizers, Policy
from adapt_learning.stacked.checkpoint import load_checkpoint
from adapt_learning.stacked.config import (
    from_values,
    naming_values,
    to_values,
    with_overrides,
)
from adapt_learning.stacked.interrupt import stop_switch
from adapt_learning.stacked.logs import RunLog
from adapt_learning.stacked.loop import (
    LoopSettings,
    TrainingDiverged,
    TrainingInterrupted,
    run_stages,
)
from adapt_learning.stacked.progress import ProgressReport
from adapt_learning.trainers.data_rules import check_box, check_episodes, check_fits
from adapt_learning.trainers.finish import finish
from adapt_learning.trainers.judge import Judge, judge_config, split_overrides
from adapt_learning.trainers.kept import StepKeeper
from adapt_learning.trainers.presets import resolve
from adapt_learning.trainers.request import Run, TrainRequest
from adapt_learning.trainers.run_folder import open_folder, refuse_other_run

_RUN_FILE = 'run.json'
_AGAINST_DIVERGENCE = frozenset({'learning_rate', 'gradient_clip', 'warmup_steps'})
"""Settings that may change when a diverged run goes on."""


def train(request: TrainRequest, progress: ProgressReport | None = None) -> dict[str, Any]:
    """
    Train K seeds at once and write one artifact each; return the metrics as plain values.

    Raises UserError for what the user can mend, before anything is written; TrainingInterrupted
    after Ctrl-C and TrainingDiverged, both with a checkpoint that `resume` continues from.
    """
    job = _resolve(request)
    request = job.request
    if job.run.threads:
        torch.set_num_threads(job.run.threads)
    checkpoint = _open_run(job)
    show = progress or ProgressReport()
    log = RunLog(request.run_folder, request.seeds)
    keeper = StepKeeper(request.run_folder, job.policy, job.policy.stages()[-1].name,
                        request.keep_every) if request.keep_every else None
    try:
        with stop_switch() as should_stop:
            settings = LoopSettings(
                request.run_folder, log, show, should_stop, job.run.checkpoint_every_s,
                _identity(job), keeper)
            results = run_stages(job.trained, _pairs(job, job.training),
                                 _pairs(job, job.validation), settings, checkpoint)
    except TrainingInterrupted as error:
        raise TrainingInterrupted(
            f'interrupted at {error}; the same command with --resume goes on from there '
            f'(checkpoint in {request.run_folder})') from None
    except TrainingDiverged as error:
        kept = load_checkpoint(request.run_folder) is not None
        raise TrainingDiverged(f'{error}' + (
            '. The same command with --resume and such a --set goes on from the kept state in '
            f'{request.run_folder}' if kept else '')) from None
    finally:
        show.close()
        log.close()
    return finish(job, results, keeper)


def _resolve(request: TrainRequest) -> Run:
    kind = catalog.load('policy', request.policy)
    dataset = load_dataset(request.data)
    request = replace(request, task=request.task or dataset.contract.name)
    contract = _contract(request, dataset)
    of_judge, others = split_overrides(request.overrides)
    config, run = resolve(kind.Config, request.task, request.policy, request.preset, others)
    for seed in request.seeds:
        check_free(request.artifact_folder(seed), request.overwrite)
    if len(request.seeds) > 1 and (request.out / 'manifest.json').exists():
        raise SettingError(f'{request.out} is an artifact; with several seeds --out is the folder '
                           'that gets seed-N: give another name')
    check_fits(dataset, request.data, request.task, contract)
    check_episodes(dataset, request.data, run.validation_fraction)
    check_box(dataset, request.data, run.outside_box)
    training, validation = dataset.split(run.validation_fraction, run.split_seed)
    normalizers = Normalizers.fit(config.normalization, *training.pairs())
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    sizes = (contract.observation_spec.size, contract.action_spec.size)
    policy = kind(config, *sizes, normalizers, request.seeds).to(device)
    judges_itself = policy.member(0).likeness() is not None
    if (judges_itself or request.judge) and not validation.steps:
        raise SettingError('expert-likeness is measured on held-out episodes; '
                           f'run.validation_fraction is above 0 for it, got '
                           f'{run.validation_fraction:g}')
    if of_judge and (judges_itself or not request.judge):
        raise SettingError(f"'{of_judge[0]}' is a setting of the judge (--judge), which "
                           + (f'{request.policy} does not need: it has a diffusion model'
                              if judges_itself else 'was not given'))
    judge = None
    if request.judge and not judges_itself:
        settings = judge_config(request.task, request.preset, of_judge)
        judge = Judge(settings, *sizes, normalizers, request.seeds).to(device)
    return Run(request, config, run, dataset, training, validation, policy, judge, device)


def _contract(request: TrainRequest, dataset: Dataset) -> Contract:
    """Return the contract of the task; data that no task stands for bring their own."""
    if request.task in catalog.names('task'):
        return load_contract(request.task)
    if request.task == dataset.contract.name:
        return dataset.contract
    try:
        # The same sentence as for every unknown name, without importing the simulator.
        catalog.load('task', request.task)
    except CatalogError as error:
        raise CatalogError(f'{error} Data that belong to none of them are trained on with the name '
                           f'of their contract: --task {dataset.contract.name}') from None


def _open_run(job: Run):
    """Make the run folder ready; return the checkpoint to go on from, or None."""
    folder, request = job.request.run_folder, job.request
    checkpoint = open_folder(folder, _RUN_FILE, request.resume)
    if checkpoint is not None:
        _check_same_run(checkpoint.facts, _identity(job), folder)
        names = [stage.name for stage in job.trained.stages()]
        RunLog.cut(folder, names, checkpoint.facts['stage'], checkpoint.facts['step'])
        return checkpoint
    text = json.dumps(_identity(job), indent=1, sort_keys=True) + '\n'
    (folder / _RUN_FILE).write_text(text, encoding='utf-8')
    return None


def _identity(job: Run) -> dict[str, Any]:
    """Return what must be the same for a run to go on."""
    return {
        'policy': job.request.policy, 'task': job.request.task, 'seeds': list(job.request.seeds),
        'dataset': job.dataset.hash, 'config': naming_values(job.config),
        'split': [job.run.validation_fraction, job.run.split_seed],
        'judge': None if job.judge is None else to_values(job.judge.config.diffusion),
    }


def _check_same_run(facts: dict[str, Any], identity: dict[str, Any], folder: Path) -> None:
    began = {key: facts.get(key) for key in identity}
    if facts.get('diverged'):  # to go on as before would diverge again
        began, identity = (_without(_AGAINST_DIVERGENCE, x) for x in (began, identity))
    refuse_other_run(began, identity, folder)


def _without(names: frozenset[str], values: Any) -> Any:
    if not isinstance(values, dict):
        return values
    return {key: _without(names, value) for key, value in values.items() if key not in names}


def _pairs(job: Run, dataset: Dataset) -> Batch | None:
    if not dataset.steps:
        return None
    chunks = dataset.chunks(job.policy.chunk.length)
    observation, action = (torch.from_numpy(np.array(x)).to(job.device) for x in chunks)
    with torch.no_grad():
        return job.policy.prepare(observation, action)


def load_trained(folder: str | Path, overrides: Iterable[str] = ()) -> Policy:
    """
    Return the torch policy of an artifact (K = 1), to go on working with it.

    `overrides` are key=value settings that its weights do not depend on.
    """
    from adapt_learning.artifacts import load_artifact
    from adapt_learning.data import Normalizer

    artifact = load_artifact(folder)
    manifest, tensors = artifact.manifest, artifact.tensors()
    kind = catalog.load('policy', manifest.name)
    normalizers = Normalizers(*(Normalizer.from_arrays(tensors, f'{part}_normalizer')
                                for part in ('observation', 'action')))
    config = from_values(kind.Config, with_overrides(manifest.config, overrides))
    policy = kind(config, normalizers.observation.size, normalizers.action.size, normalizers,
                  (manifest.seed,))
    policy.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
    return policy.eval()


__all__ = ['TrainRequest', 'TrainingDiverged', 'TrainingInterrupted', 'load_trained', 'train']
