"""From a dataset folder to artifacts: the function behind `adapt train`."""

import json
import shutil
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from adapt_learning import catalog
from adapt_learning.artifacts import Manifest, save_artifact
from adapt_learning.artifacts.store import check_free
from adapt_learning.data import Dataset, load_dataset
from adapt_learning.errors import CatalogError, SettingError
from adapt_learning.frames import Contract, load_contract
from adapt_learning.policies.base import Batch, Normalizers, Policy
from adapt_learning.stacked.checkpoint import load_checkpoint, remove_checkpoint
from adapt_learning.stacked.config import (
    from_values,
    naming_values,
    to_values,
    with_overrides,
)
from adapt_learning.stacked.logs import RunLog
from adapt_learning.stacked.loop import (
    LoopSettings,
    StageResult,
    TrainingInterrupted,
    run_stages,
)
from adapt_learning.stacked.progress import ProgressReport
from adapt_learning.trainers import provenance
from adapt_learning.trainers.export import export_onnx, export_policy
from adapt_learning.trainers.likeness import calibrate
from adapt_learning.trainers.presets import RunConfig, resolve

_RUN_FILE = 'run.json'


@dataclass(frozen=True)
class TrainRequest:
    """What `adapt train` was asked for."""

    policy: str
    task: str
    data: Path
    """Dataset folder."""
    out: Path
    """Artifact folder; with several seeds the artifacts are out/seed-N."""
    created: str
    """Time stamp of the artifacts, ISO 8601."""
    seeds: tuple[int, ...] = (0,)
    preset: str = 'cpu'
    overrides: tuple[str, ...] = ()
    """key=value, as in network.width=128 or run.validation_fraction=0.2."""
    resume: bool = False
    overwrite: bool = False

    def __post_init__(self):
        if not self.seeds or len(set(self.seeds)) != len(self.seeds) or not (
                0 <= min(self.seeds) <= max(self.seeds) < 2**63):
            raise SettingError('seeds are different numbers from 0 up, below 2^63; got '
                               f'{",".join(map(str, self.seeds)) or "none"}')

    @property
    def run_folder(self) -> Path:
        """Return where logs and checkpoints go: beside the artifact, which stays clean."""
        return self.out.with_name(f'{self.out.name}.run')

    def artifact_folder(self, seed: int) -> Path:
        """Return where the artifact of one seed goes."""
        return self.out if len(self.seeds) == 1 else self.out / f'seed-{seed}'


@dataclass(frozen=True)
class _Job:
    """A request with everything resolved."""

    request: TrainRequest
    config: Any
    run: RunConfig
    dataset: Dataset
    training: Dataset
    validation: Dataset
    policy: Policy
    device: torch.device


def train(request: TrainRequest, progress: ProgressReport | None = None) -> dict[str, Any]:
    """
    Train K seeds at once and write one artifact each; return the metrics as plain values.

    Raises UserError for what the user can mend, before anything is written, and
    TrainingInterrupted after Ctrl-C, with a checkpoint that `resume` continues from.
    """
    job = _resolve(request)
    if job.run.threads:
        torch.set_num_threads(job.run.threads)
    checkpoint = _open_run(job)
    show = progress or ProgressReport()
    log = RunLog(request.run_folder, request.seeds)
    try:
        with _stop_switch() as should_stop:
            settings = LoopSettings(
                request.run_folder, log, show, should_stop, job.run.checkpoint_every_s,
                _identity(job))
            results = run_stages(job.policy, _pairs(job, job.training),
                                 _pairs(job, job.validation), settings, checkpoint)
    except TrainingInterrupted as error:
        raise TrainingInterrupted(
            f'interrupted at {error}; the same command with --resume goes on from there '
            f'(checkpoint in {request.run_folder})') from None
    finally:
        show.close()
        log.close()
    return _finish(job, results)


def _resolve(request: TrainRequest) -> _Job:
    kind = catalog.load('policy', request.policy)
    dataset = load_dataset(request.data)
    contract = _contract(request, dataset)
    config, run = resolve(kind.Config, request.task, request.policy, request.preset,
                          request.overrides)
    for seed in request.seeds:
        check_free(request.artifact_folder(seed), request.overwrite)
    if len(request.seeds) > 1 and (request.out / 'manifest.json').exists():
        raise SettingError(f'{request.out} is an artifact; with several seeds --out is the folder '
                           'that gets seed-N: give another name')
    if dataset.contract.interface_hash != contract.interface_hash:
        raise CatalogError(
            f"the data in {request.data} speak the contract '{dataset.contract.name}' (interface "
            f"{dataset.contract.interface_hash}), the task '{request.task}' has interface "
            f'{contract.interface_hash}: give the data of this task')
    if not dataset.steps:
        raise SettingError(f'{request.data} has no pairs to learn from: collect some first')
    training, validation = dataset.split(run.validation_fraction, run.split_seed)
    normalizers = Normalizers.fit(config.normalization, *training.pairs())
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    policy = kind(config, contract.observation_spec.size, contract.action_spec.size, normalizers,
                  request.seeds).to(device)
    return _Job(request, config, run, dataset, training, validation, policy, device)


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


def _open_run(job: _Job):
    """Make the run folder ready; return the checkpoint to go on from, or None."""
    folder, request = job.request.run_folder, job.request
    checkpoint = load_checkpoint(folder)
    if request.resume:
        if checkpoint is None:
            raise SettingError(f'there is no checkpoint in {folder} to resume from; train without '
                               '--resume')
        _check_same_run(checkpoint.facts, _identity(job), folder)
        names = [stage.name for stage in job.policy.stages()]
        RunLog.cut(folder, names, checkpoint.facts['stage'], checkpoint.facts['step'])
        return checkpoint
    if checkpoint is not None:
        raise SettingError(f'{folder} holds an unfinished run; go on with --resume, or remove the '
                           'folder to begin again')
    if folder.exists():
        if not (folder / _RUN_FILE).is_file():
            raise SettingError(f'{folder} is where the logs of this run would go, and it is not '
                               'the folder of a run: give --out another name')
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    text = json.dumps(_identity(job), indent=1, sort_keys=True) + '\n'
    (folder / _RUN_FILE).write_text(text, encoding='utf-8')
    return None


def _identity(job: _Job) -> dict[str, Any]:
    """Return what must be the same for a run to go on."""
    return {
        'policy': job.request.policy, 'task': job.request.task, 'seeds': list(job.request.seeds),
        'dataset': job.dataset.hash, 'config': naming_values(job.config),
        'split': [job.run.validation_fraction, job.run.split_seed],
    }


def _check_same_run(facts: dict[str, Any], identity: dict[str, Any], folder: Path) -> None:
    different = [f'{key}: run {facts.get(key)}, command {value}'
                 for key, value in identity.items() if facts.get(key) != value]
    if different:
        raise SettingError(f'the run in {folder} was started with other settings; repeat its '
                           'command, or remove the folder to begin again:\n  '
                           + '\n  '.join(different))


def _pairs(job: _Job, dataset: Dataset) -> Batch | None:
    if not dataset.steps:
        return None
    chunks = dataset.chunks(job.policy.chunk.length)
    observation, action = (torch.from_numpy(np.array(x)).to(job.device) for x in chunks)
    with torch.no_grad():
        return job.policy.prepare(observation, action)


def _finish(job: _Job, results: list[StageResult]) -> dict[str, Any]:
    """Write one artifact per seed and the result of the run."""
    request = job.request
    artifacts = []
    policy = job.policy.cpu()
    for k, seed in enumerate(request.seeds):
        metrics = _member_metrics(results, k)
        folder = _save_member(job, policy.member(k), seed, metrics)
        artifacts.append({'folder': str(folder), 'seed': seed, **metrics})
    result = {
        'policy': request.policy, 'task': request.task, 'preset': request.preset,
        'dataset': job.dataset.hash, 'pairs': job.training.steps, 'device': job.device.type,
        'train_s': round(sum(r.seconds for r in results), 3),
        'stages': {r.name: {'updates': r.updates, 'seconds': round(r.seconds, 3),
                            'pairs_per_second': round(r.pairs / r.seconds) if r.seconds else None,
                            'precision': r.precision} for r in results},
        'artifacts': artifacts,
    }
    (request.run_folder / 'result.json').write_text(json.dumps(result, indent=1) + '\n',
                                                    encoding='utf-8')
    remove_checkpoint(request.run_folder)
    return result


def _member_metrics(results: list[StageResult], k: int) -> dict[str, Any]:
    metrics = {}
    for result in results:
        metrics[f'{result.name}_loss'] = result.loss[k]
        if result.validation is not None:
            metrics[f'{result.name}_validation_loss'] = result.validation[k]
        metrics[f'{result.name}_updates'] = result.updates
    return metrics


def _save_member(job: _Job, member: Policy, seed: int, metrics: dict[str, Any]) -> Path:
    request, dataset = job.request, job.dataset
    contract = dataset.contract
    files = {'model.onnx': export_policy(member)}
    calibration = None
    score = member.likeness()
    if score is not None:
        calibration = calibrate(score, job.config.likeness, job.validation.episodes)
        files['likeness.onnx'] = export_onnx(
            score, [member.observation_size, member.action_size], ['observation', 'action'],
            'score')
    manifest = Manifest(
        kind='policy', name=request.policy, task=request.task, seed=seed,
        created=request.created, code_version=provenance.code_version(),
        title=f'{request.policy} policy for {request.task}', config=to_values(job.config),
        contract=contract.model_dump(mode='json'), contract_hash=contract.hash,
        interface_hash=contract.interface_hash, dataset_hash=dataset.hash,
        dataset=provenance.dataset_facts(dataset.meta, len(dataset), dataset.steps),
        commands=(provenance.train_command(
            request.policy, request.task, request.data, request.out, request.seeds,
            request.preset, request.overrides),),
        metrics=metrics, likeness=calibration, chunk=member.chunk.as_dict)
    tensors = {name: tensor.numpy() for name, tensor in member.state_dict().items()}
    folder = request.artifact_folder(seed)
    save_artifact(folder, manifest, tensors, files, overwrite=request.overwrite)
    return folder


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


@contextmanager
def _stop_switch() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C (or SIGTERM) ask the loop to stop; the second one ends the program."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked = threading.Event()

    def ask(number: int, frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    previous = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


__all__ = ['TrainRequest', 'TrainingInterrupted', 'load_trained', 'train']
