"""Running other programs quietly: output goes to a log, its end is shown where they fail."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from adapt_setup.errors import SetupError

_LINES_SHOWN = 30


def run(
    command: Sequence[str | Path],
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """
    Run a command to its end; raise SetupError with the end of its output where it fails.

    With ADAPT_SETUP_VERBOSE=1 the output is shown as it comes.
    """
    words = [str(word) for word in command]
    log.parent.mkdir(parents=True, exist_ok=True)
    verbose = os.environ.get('ADAPT_SETUP_VERBOSE', '0') not in ('', '0')
    with log.open('a') as file:
        file.write(f'$ {" ".join(words)}\n')
        file.flush()
        output = None if verbose else file
        try:
            code = subprocess.run(
                words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, cwd=cwd,
            ).returncode
        except OSError as error:
            raise SetupError(f'Cannot run {words[0]}: {error}.') from None
    if code == 0:
        return
    if not verbose:
        tail = log.read_text(errors='replace').splitlines()[-_LINES_SHOWN:]
        print('\n'.join(f'    {line}' for line in tail), file=sys.stderr)
    begin = ' '.join(words[:6])
    raise SetupError(f'`{begin} ...` ended with code {code}; all it said is in {log}.')


def output_of(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> str | None:
    """Return what a command prints, or None where it fails or does not end within a minute."""
    try:
        result = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env, timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None
