"""From prompt and evaluator to an artifact: the function behind `adapt hero run`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adapt_learning.data.files import read_json
from adapt_learning.data.outputs import check_output
from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.artifact import write_artifact
from adapt_learning.generation.hero.config import HeroConfig, preset
from adapt_learning.generation.hero.facts import RoundFacts
from adapt_learning.generation.hero.feedback import Evaluator
from adapt_learning.generation.hero.latent_model import full_source
from adapt_learning.generation.hero.learner import Tell
from adapt_learning.generation.hero.run import HeroRun
from adapt_learning.stacked.config import from_values, to_values, with_overrides
from adapt_learning.trainers.provenance import code_version


@dataclass(frozen=True)
class TuneRequest:
    """What `adapt hero run` was asked for."""

    pipeline: str
    prompt: str
    out: Path
    """Of the artifact; the run is in OUT.run."""
    preset: str = 'cpu'
    overrides: tuple[str, ...] = ()
    """key=value settings of HeroConfig."""
    seed: int = 0
    feedback: int | None = None
    """Answers in all; None: as many as the preset has rounds."""
    evaluator: str = ''
    """For the manifest: who judged, where that is no person in the browser."""
    error_rate: float = 0.0
    """For the manifest: share of labels that a simulated evaluator turns over."""
    resume: bool = False
    verb: str = 'run'
    """Of `adapt hero`, for the manifest."""

    @property
    def config(self) -> HeroConfig:
        """Return the settings of the run."""
        config = from_values(HeroConfig, with_overrides(
            to_values(preset(self.preset)), (*self.overrides, f'seed={self.seed}')))
        if self.feedback is None:
            return config
        rounds, rest = divmod(self.feedback, config.pictures)
        if rest or rounds < 1:
            raise SettingError(f'feedback comes in rounds of {config.pictures} pictures; got '
                               f'{self.feedback}: give a multiple, or set pictures')
        return replace(config, rounds=rounds)

    @property
    def command(self) -> str:
        """Return the command line that makes it again."""
        words = [f'adapt hero {self.verb} {self.pipeline} --prompt "{self.prompt}" --preset '
                 f'{self.preset} --seed {self.seed}']
        if self.evaluator:
            words.append(f'--evaluator {self.evaluator}')
        if self.error_rate:
            words.append(f'--error-rate {self.error_rate:g}')
        if self.feedback is not None:
            words.append(f'--feedback {self.feedback}')
        return ' '.join([*words, *(f'--set {one}' for one in self.overrides)])

    @property
    def run_folder(self) -> Path:
        """Return where the run is."""
        return self.out.absolute().with_name(f'{self.out.name}.run')


def open_run(request: TuneRequest) -> HeroRun:
    """Begin the run of a request, or go on with it; SettingError where it is another one."""
    check_output(request.out)
    folder, config = request.run_folder, request.config
    if not request.resume:
        if (folder / 'run.json').is_file():
            raise SettingError(f'{folder} holds a run; go on with --resume, or remove the folder '
                               'to begin again')
        return HeroRun.create(folder, request.pipeline, request.prompt, config)
    run = HeroRun.open(folder)
    began = read_json(folder / 'run.json')
    # With the settings that came later than the run.
    began['config'] = to_values(from_values(HeroConfig, began['config']))
    asked = {'pipeline': full_source(request.pipeline), 'prompt': request.prompt,
             'config': to_values(config)}
    different = [name for name, value in asked.items() if began[name] != value]
    if different:
        run.close()
        raise SettingError(f'the run in {folder} was started with another {different[0]}; repeat '
                           'its command, or give --out another name')
    return run


def tune(request: TuneRequest, make_evaluator: Callable[[HeroRun], Evaluator], progress: Tell,
         told: Callable[[RoundFacts], None] = lambda facts: None) -> dict[str, Any]:
    """
    Let an evaluator judge round by round, and write the artifact; return its manifest.

    `told` hears of every round. A run that was interrupted goes on with `resume`.
    """
    with open_run(request) as run:
        evaluator = make_evaluator(run)
        while not run.finished:
            told(run.answer(evaluator.judge(run.round(progress)), progress))
        return finish(run, request)


def finish(run: HeroRun, request: TuneRequest) -> dict[str, Any]:
    """Write the artifact of a finished run; return its manifest."""
    return write_artifact(run, request.out, {
        'command': request.command, 'evaluator': request.evaluator,
        'code_version': code_version()})
