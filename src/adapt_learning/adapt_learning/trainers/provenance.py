"""Where an artifact comes from: code version and commands, without paths of this machine."""

import importlib.metadata
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # torch comes with it, and a worker that only writes results down needs none
    from adapt_learning.trainers.request import TrainRequest


def code_version() -> str:
    """Return `git describe` of the sources, or the version of the installed package."""
    here = Path(__file__).parent
    try:
        done = subprocess.run(
            ['git', '-C', str(here), 'describe', '--always', '--dirty', '--tags'],
            capture_output=True, text=True, timeout=10, check=True)
        # A package installed below some other repository must not carry that one's version.
        top = subprocess.run(['git', '-C', str(here), 'ls-files', '--error-unmatch',
                              Path(__file__).name], capture_output=True, timeout=10, check=True)
        if top.returncode == 0:
            return done.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        pass
    try:
        return importlib.metadata.version('adapt_learning')
    except importlib.metadata.PackageNotFoundError:
        return 'unknown'


def train_command(request: 'TrainRequest') -> str:
    """Return the command line that makes the artifact again."""
    words = ['adapt', 'train', request.policy, '--task', request.task, '--data',
             _portable(request.data), '--out', _portable(request.out), '--seeds',
             ','.join(map(str, request.seeds)), '--preset', request.preset]
    for override in request.overrides:
        words += ['--set', override]
    if request.judge:
        words.append('--judge')
    if request.keep_every:
        words += ['--keep-every', str(request.keep_every)]
    return ' '.join(words)


def dataset_facts(meta: Mapping[str, Any], episodes: int, steps: int) -> dict[str, Any]:
    """Return what the manifest says about the data: sizes and the lineage of the dataset."""
    return {'episodes': episodes, 'steps': steps, **meta}


def _portable(path: Path) -> str:
    """Keep a relative path; of an absolute one only the name means something elsewhere."""
    return str(path) if not path.is_absolute() else path.name
