"""A run of HERO in a folder: rounds of pictures, answers, learning; resumable at any moment."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import torch

from adapt_learning import catalog
from adapt_learning.data.files import own_folder, read_json, write_json
from adapt_learning.data.outputs import check_output
from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.config import HeroConfig
from adapt_learning.generation.hero.facts import RoundFacts, facts_of
from adapt_learning.generation.hero.feedback import Feedback, Round
from adapt_learning.generation.hero.journal import Journal
from adapt_learning.generation.hero.latent_model import LatentModel, full_source, load_model
from adapt_learning.generation.hero.learner import Learner, Lesson, Outcome, Tell
from adapt_learning.generation.hero.lora import add_lora
from adapt_learning.generation.hero.memory import enough_memory
from adapt_learning.generation.hero.round_folder import RoundFolder, read_picture
from adapt_learning.generation.hero.sampling import Trajectories, sample
from adapt_learning.generation.hero.start_noise import Collected, draw_noises
from adapt_learning.stacked.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from adapt_learning.stacked.config import from_values, to_values

_FACTS = 'run.json'
_LEARNER, _COLLECTED = 'learner.', 'collected.'


class HeroRun:
    """
    One prompt, one model, one evaluator; everything is in the folder.

    run.json says what it is, answers.jsonl what was answered, rounds/NNN/ holds pictures and
    latents, checkpoint.safetensors what was learnt. A kill at any moment loses at most the learning
    of one round, which is repeated from its answer. Only one process has a run open. The same seed
    and the same answers make the same run on the same machine.
    """

    def __init__(self, folder: Path, lock: contextlib.ExitStack, model: LatentModel | None = None):
        """Open a folder that is locked; `create` and `open` are how a run is made."""
        self._lock, self.folder = lock, folder
        facts = read_json(folder / _FACTS, 'begin a new run in another folder')
        self.prompt, self.source = facts['prompt'], facts['pipeline']
        self.config = from_values(HeroConfig, facts['config'])
        self.model = model or load_model(self.source)
        self._encoded = self.model.encode(self.prompt)
        weights = add_lora(self.model, self.config.lora, self.config.seed)
        self._learner: Learner = catalog.load('learner', self.config.method)(
            self.model, weights, self.config)
        self.collected = Collected()
        self.history: list[RoundFacts] = []
        """What became of every round that was learnt from."""
        self._journal = Journal(folder, self.config.pictures)
        self._restore()

    @classmethod
    def create(cls, folder: str | Path, pipeline_source: str | Path, prompt: str,
               config: HeroConfig) -> 'HeroRun':
        """
        Begin a run in a new folder.

        `pipeline_source` is a folder in diffusers' format or a name on the hub. Raises DatasetError
        for a folder that is not empty, SettingError for a pipeline or prompt that does not do.
        """
        folder = check_output(folder)
        source = full_source(pipeline_source)
        model = load_model(source)
        model.encode(prompt)  # before anything is written
        with contextlib.ExitStack() as stack:
            stack.enter_context(own_folder(folder))
            write_json(folder / _FACTS, {
                'pipeline': source, 'prompt': prompt, 'config': to_values(config)})
            return cls(folder, stack.pop_all(), model)

    @classmethod
    def open(cls, folder: str | Path) -> 'HeroRun':
        """
        Go on with a run; DatasetError where another process has it open.

        An answer that was given and not yet learnt from is learnt from by the next `round`.
        """
        folder = Path(folder).absolute()
        if not (folder / _FACTS).is_file():
            raise SettingError(f'{folder} is not the folder of a run: it has no {_FACTS}; begin '
                               'one there')
        with contextlib.ExitStack() as stack:
            stack.enter_context(own_folder(folder))
            return cls(folder, stack.pop_all())

    def close(self) -> None:
        """Let other processes open the run."""
        self._lock.close()

    def __enter__(self) -> 'HeroRun':
        """Return the run, which is closed at the end of the block."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the run."""
        self.close()

    @property
    def finished(self) -> bool:
        """Return whether all rounds are answered and learnt from."""
        return len(self.history) >= self.config.rounds

    @property
    def best_picture(self) -> Path | None:
        """Return the file of the best picture so far; None while none was named."""
        named = self.history[-1].best_picture if self.history else None
        return self.folder / named if named else None

    def round(self, progress: Tell | None = None) -> Round:
        """Return the round that waits for an answer; its pictures are sampled when needed."""
        tell = progress or _silent
        self._catch_up(tell)
        if self.finished:
            raise SettingError(f'all {self.config.rounds} rounds of {self.folder} are answered; '
                               'begin a new run for more')
        place = RoundFolder(self.folder, len(self.history))
        if not place.exists():
            self._sample(place, tell)
        best = self.best_picture
        return Round(place.number, self.prompt, place.pictures(),
                     read_picture(best) if best else None)

    def answer(self, feedback: Feedback, progress: Tell | None = None) -> RoundFacts:
        """
        Check an answer, write it down, learn from it, and sample the next round.

        `progress` hears (what is being done, steps that are done, of how many). SettingError for an
        answer that contradicts itself or is not for the round that waits.
        """
        tell = progress or _silent
        feedback.check(self.round(tell))
        self._journal.append(feedback)
        self._catch_up(tell)
        if not self.finished:
            self.round(tell)
        return self.history[feedback.round]

    def _catch_up(self, tell: Tell) -> None:
        """Learn from the answer of the current round, where it was given already."""
        answer = self._journal.answers.get(len(self.history))
        if answer is not None:
            self._learn(answer, tell)

    def _sample(self, place: RoundFolder, tell: Tell) -> None:
        # Random numbers of a round depend on seed and round alone, so that a round that is sampled
        # again after a kill is the same one.
        random = torch.Generator().manual_seed(self.config.seed * 1_000_003 + place.number)
        # After a round in which all was bad, the search leaves the surroundings of the best.
        begin = Collected() if self.collected.good_noises is None else self.collected
        noises, started_from = draw_noises(self.config.start, begin, self.config.pictures,
                                           self.model.shape, random)
        sampling = self.config.sampling
        with enough_memory('sampling.at_once', sampling.at_once):
            ways = sample(self.model, self._encoded, noises, sampling, random,
                          lambda done: tell('sampling', done, sampling.steps))
            pictures = self.model.decode(ways.final, sampling.at_once)
        place.write(pictures, ways, started_from)

    def _learn(self, answer: Feedback, tell: Tell) -> None:
        try:
            self._learn_from(answer, tell)
        except BaseException:
            self._restore()  # half of a learning is none, also where this process goes on
            raise

    def _learn_from(self, answer: Feedback, tell: Tell) -> None:
        place = RoundFolder(self.folder, answer.round)
        ways = place.trajectories()
        is_good = torch.zeros(len(ways.latents), dtype=torch.bool)
        is_good[list(answer.good)] = True
        self.collected = _collected(self.collected, ways, is_good, answer.best, self.config)
        if answer.good:
            with enough_memory(*self._learner.at_once):
                outcome = self._learner.learn(
                    Lesson(ways, is_good, answer.best, self.collected, self._encoded), tell)
        else:
            outcome = Outcome('no picture is good: the model stays as it is, and the next round '
                              'begins from plain noise')
        best = self.best_picture
        if answer.best is not None:
            best = place.picture(answer.best)
        self.history.append(RoundFacts(
            answer.round, len(answer.good), len(is_good) - len(answer.good), answer.best,
            str(best.relative_to(self.folder)) if best else None, outcome.text,
            place.started_from(), outcome.updates, outcome.rewards, outcome.losses))
        self._save()
        place.forget()

    def _save(self) -> None:
        state = self._learner.checkpoint()
        save_checkpoint(self.folder, Checkpoint(
            {'learner': state.facts, 'history': [facts.as_dict() for facts in self.history]},
            {**{f'{_LEARNER}{name}': x for name, x in state.tensors.items()},
             **{f'{_COLLECTED}{name}': x for name, x in self.collected.tensors().items()}}))

    def _restore(self) -> None:
        stored = load_checkpoint(self.folder)
        if stored is None:
            self._save()
            return
        self._learner.restore(Checkpoint(stored.facts['learner'], _below(stored, _LEARNER)))
        self.collected = Collected(**_below(stored, _COLLECTED))
        self.history = [facts_of(values) for values in stored.facts['history']]


def judged(run: HeroRun, judge: Callable[[Round], Feedback],
           progress: Tell | None = None) -> list[RoundFacts]:
    """Let an evaluator answer until the run is finished; return all facts."""
    while not run.finished:
        asked = run.round(progress)
        run.answer(judge(asked), progress)
    return run.history


def _below(stored: Checkpoint, begin: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(begin): x for name, x in stored.tensors.items()
            if name.startswith(begin)}


def _collected(before: Collected, ways: Trajectories, is_good: torch.Tensor, best: int | None,
               config: HeroConfig) -> Collected:
    """Return what the next round begins from (eq. 2.11); the best one outlives its round."""
    if not is_good.any():
        return Collected(before.best_noise, before.best_latent)
    good = is_good.clone()
    noise, embedded = before.best_noise, before.best_latent
    if best is not None:
        # With a share of 0 `draw_noises` puts the best among them, that of an earlier round, too.
        good[best] = config.best_among_good and config.start.best_share > 0
        noise, embedded = ways.noises[best], ways.embedded(config.embedding.latent)[best]
    return Collected(noise, embedded, ways.noises[good])


def _silent(stage: str, done: int, steps: int) -> None:
    """Tell nobody."""
