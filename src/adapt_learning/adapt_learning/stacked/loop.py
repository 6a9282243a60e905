"""The one training loop: every stage of every policy and restorer runs through it.

Steps are made in blocks. A block draws all its random numbers at once, from one generator per
member, gathers all its batches at once and then only computes; between blocks the loop logs,
validates, saves and looks whether it should stop. A resumed run starts at a block and therefore
repeats the uninterrupted run to the last bit.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from adapt_learning.stacked.checkpoint import Checkpoint, save_checkpoint
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.logs import RunLog
from adapt_learning.stacked.precision import compute_dtype, name_of
from adapt_learning.stacked.progress import ProgressReport
from adapt_learning.stacked.stage import Samples, Stage, Trainable
from adapt_learning.stacked.weights import StageWeights

BLOCK = 64
"""Updates between two looks at the clock, the log and the stop switch."""

VALIDATION_PAIRS = 2048
"""So many held-out pairs, spread evenly, are used for a validation."""


class Log(Protocol):
    """Where the loop writes its numbers."""

    def write(self, stage: str, step: int, values: dict[str, list[float]]) -> None:
        """Write one line."""


class TrainingInterrupted(Exception):
    """The run was asked to stop; its checkpoint is written."""


class TrainingDiverged(RuntimeError):
    """The loss is NaN or infinite; the last good state is the checkpoint, where there was one."""


class Keeper(Protocol):
    """Who keeps the weights of several steps."""

    def due(self, stage: str, began: int, step: int) -> bool:
        """Return whether the weights after `step` updates are wanted; the last look was `began`."""

    def keep(self, stage: str, step: int, validation: list[float] | None) -> None:
        """Keep them; the parameters are just now those that would be saved, in float32."""


@dataclass
class LoopSettings:
    """What the loop needs besides the members and the data."""

    folder: Path | None
    """Run folder; the checkpoint goes here. None: nothing is saved on the way."""
    log: Log | RunLog
    progress: ProgressReport
    should_stop: Callable[[], bool] = lambda: False
    checkpoint_every_s: float = 30.0
    facts: dict = field(default_factory=dict)
    """JSON values that every checkpoint carries (what the run is)."""
    keeper: Keeper | None = None


@dataclass(frozen=True)
class StageResult:
    """What a stage reports."""

    name: str
    updates: int
    pairs: int
    """Pairs seen by all members together, in this process."""
    seconds: float
    precision: str
    loss: list[float]
    """Mean training loss of the last block, per member."""
    validation: list[float] | None
    """Validation loss of the weights that are saved, per member."""


def run_stages(policy: Trainable, training: Samples, validation: Samples | None,
               settings: LoopSettings, checkpoint: Checkpoint | None = None) -> list[StageResult]:
    """
    Train all stages of a policy or restorer; afterwards its parameters are the ones to be saved.

    training and validation are normalised samples [1 or K, N, ...] on the parameters' device. With
    a checkpoint the run goes on where it was saved. Raises TrainingInterrupted after saving.
    """
    stages = policy.stages()
    first = 0
    if checkpoint is not None:
        first = [stage.name for stage in stages].index(checkpoint.facts['stage'])
        _load_policy(policy, checkpoint)
    results = [StageResult(**r) for r in (checkpoint.facts['results'] if checkpoint else ())]
    for stage in stages[first:]:
        # What `auto` chose once holds for the rest of the stage, on other machines as well.
        precision = checkpoint.facts['precision'] if checkpoint else stage.config.precision
        run = _StageRun(policy, stage, training, validation, settings, results, precision)
        if checkpoint is not None:
            run.restore(checkpoint)
            checkpoint = None
        results.append(run.run())
    return results


class _StageRun:
    """One stage of one run."""

    def __init__(self, policy: Trainable, stage: Stage, training: Samples,
                 validation: Samples | None,
                 settings: LoopSettings, earlier: list[StageResult], precision: str):
        self.policy, self.stage, self.settings = policy, stage, settings
        self.validation = None if validation is None else _thinned(validation)
        self.earlier = earlier
        self.device = training.device
        self.dtype = compute_dtype(precision, self.device)
        stage.begin(self.dtype)
        with torch.no_grad():
            self.training = stage.samples(training)
        self.weights = StageWeights(stage.module, stage.config, self.dtype)
        self.random = MemberRandom(policy.seeds, f'{stage.name} batches')
        members = len(policy.seeds)
        self.best = torch.full((members,), torch.inf)
        self.waited = torch.zeros(members, dtype=torch.int64)
        self.latest: list[float] | None = None
        self.loss: list[float] = [0.0] * members
        self.good: Checkpoint | None = None
        self.good_loss = float('inf')
        self.seconds = 0.0
        self.pairs = 0

    @property
    def step(self) -> int:
        """Return the number of updates made."""
        return self.weights.updates

    def run(self) -> StageResult:
        """Make the remaining updates."""
        config, settings = self.stage.config, self.settings
        settings.progress.start(self.stage.name, self.step, config.steps)
        saved_s = time.monotonic()
        if settings.folder and self.earlier:
            self.good = self._copied()  # the earlier stages are worth keeping whatever comes
        while self.step < config.steps and not self._all_waited():
            began_s, began = time.monotonic(), self.step
            means = self._block(min(BLOCK, config.steps - self.step))
            self._after_block(began, means)
            now_s = time.monotonic()
            self.seconds += now_s - began_s
            if settings.should_stop():
                self.save()
                raise TrainingInterrupted(f'{self.stage.name} {self.step}/{config.steps}')
            if settings.folder and now_s - saved_s > settings.checkpoint_every_s:
                self.save()
                saved_s = now_s
        self.weights.finish()
        best = config.keep == 'best' and self.validation is not None
        return StageResult(
            self.stage.name, self.step, self.pairs, self.seconds,
            name_of(self.dtype), self.loss,
            self.best.tolist() if best else self.latest)

    def save(self) -> None:
        """Write the checkpoint of this moment."""
        if self.settings.folder:
            save_checkpoint(self.settings.folder, self.checkpoint())

    def checkpoint(self) -> Checkpoint:
        """Return the state of this moment; its tensors are those that go on changing."""
        tensors = {f'policy.{name}': p.float() for name, p in self.policy.named_parameters()}
        tensors.update({f'stage.{name}': t for name, t in self.weights.state().items()})
        tensors.update({'random': self.random.state(), 'best': self.best, 'waited': self.waited})
        facts = {**self.settings.facts, 'stage': self.stage.name, 'step': self.step,
                 'results': [vars(r) for r in self.earlier], 'latest': self.latest,
                 'seconds': self.seconds, 'pairs': self.pairs, 'precision': name_of(self.dtype)}
        return Checkpoint(facts, tensors)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on where `save` was called."""
        tensors, facts = checkpoint.tensors, checkpoint.facts
        self.weights.restore({name.removeprefix('stage.'): t for name, t in tensors.items()
                              if name.startswith('stage.')})
        self.random.restore(tensors['random'])
        self.best, self.waited = tensors['best'], tensors['waited']
        self.latest, self.seconds = facts['latest'], facts['seconds']
        self.pairs = facts['pairs']

    def _block(self, steps: int) -> dict[str, list[float]]:
        """Make `steps` updates; return the mean of every loss, per member."""
        stage, batch = self.stage, self.stage.config.batch
        count = self.training.count
        index = self.random.integers(0, count, steps, batch).transpose(0, 1)
        index = index.to(self.device)
        batches = self.training.batches(index)
        draws = {name: t.transpose(0, 1).to(self.device)
                 for name, t in stage.draw(self.random, steps, batch).items()}
        totals: dict[str, Tensor] = {}
        for i in range(steps):
            losses = stage.loss(batches.step(i), {name: t[i] for name, t in draws.items()})
            self.weights.update(losses['loss'])
            for name, value in losses.items():
                value = value.detach()
                totals[name] = totals[name].add_(value) if name in totals else value.clone()
        self.pairs += steps * batch * len(self.policy.seeds)
        return {name: (total / steps).tolist() for name, total in totals.items()}

    def _after_block(self, began: int, means: dict[str, list[float]]) -> None:
        """Check, validate and log."""
        config, step, settings = self.stage.config, self.step, self.settings
        self.loss = means['loss']
        if not all(torch.isfinite(torch.tensor(self.loss)).tolist()):
            self._give_up()
        due = step // config.validate_every > began // config.validate_every
        if due or step == config.steps:
            if self.validation is not None:
                self.latest = self._validate()
                means = {**means, 'validation': self.latest}
            settings.log.write(self.stage.name, step, means)
            self._remember_good(self.latest or self.loss)
        if settings.keeper is not None and settings.keeper.due(self.stage.name, began, step):
            score = None if self.validation is None else self._score().tolist()
            with self.weights.showing():
                settings.keeper.keep(self.stage.name, step, score)
        text = 'loss ' + ' '.join(f'{value:.4g}' for value in self.loss)
        if self.latest:
            text += ', validation ' + ' '.join(f'{value:.4g}' for value in self.latest)
        settings.progress.update(step, text)

    def _remember_good(self, loss: list[float]) -> None:
        """Keep a copy of the state with the smallest loss, all members together."""
        if self.settings.folder and sum(loss) < self.good_loss:
            self.good_loss, self.good = sum(loss), self._copied()

    def _copied(self) -> Checkpoint:
        now = self.checkpoint()
        return replace(now, tensors={name: tensor.detach().clone()
                                     for name, tensor in now.tensors.items()})

    def _give_up(self) -> None:
        """Write the last good state and raise TrainingDiverged."""
        kept = ''
        if self.good is not None:
            facts = {**self.good.facts, 'diverged': True}
            save_checkpoint(self.settings.folder, replace(self.good, facts=facts))
            kept = f' (the best state, after {facts["step"]} steps, is kept)'
        loss = ', '.join(f'{value:g}' for value in self.loss)
        raise TrainingDiverged(
            f'the training of {self.stage.name} diverged: its loss is {loss} after {self.step} '
            f'steps{kept}; lower the learning rate (now {self.stage.config.learning_rate:g}) or '
            'set gradient_clip')

    def _score(self) -> Tensor:
        with self.weights.showing():
            return self.stage.score(self.validation).cpu()

    def _validate(self) -> list[float]:
        config = self.stage.config
        scores = self._score()
        if config.keep == 'best':
            # A member that waited long enough is done: alone it would have stopped here.
            going = self._going()
            better = (scores < self.best) & going
            self.waited = torch.where(better, 0, self.waited + 1)
            self.best = torch.where(better, scores, self.best)
            self.weights.keep_best(better.to(self.device))
        return scores.tolist()

    def _going(self) -> Tensor:
        patience = self.stage.config.patience
        if not patience:
            return torch.ones_like(self.waited, dtype=torch.bool)
        return self.waited < patience

    def _all_waited(self) -> bool:
        return not bool(self._going().any())


def _load_policy(policy: Trainable, checkpoint: Checkpoint) -> None:
    with torch.no_grad():
        for name, parameter in policy.named_parameters():
            parameter.copy_(checkpoint.tensors[f'policy.{name}'])


def _thinned(samples: Samples) -> Samples:
    if samples.count <= VALIDATION_PAIRS:
        return samples
    # Evenly spread and fixed: every validation of a run measures the same samples.
    return samples.rows(torch.linspace(0, samples.count - 1, VALIDATION_PAIRS,
                                       device=samples.device).long())
