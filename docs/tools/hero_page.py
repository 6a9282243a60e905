"""
Write docs/images/hero_*.png: the feedback page in the third round of a run that a rule judged.

    python docs/tools/hero_page.py

Needs the browser of the tests (scripts/set_up.sh --browser).
"""

import io
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from selenium.webdriver import Keys

from adapt_learning import catalog
from adapt_learning.generation.hero.feedback import Feedback
from adapt_learning.generation.small.simulated import SimulatedEvaluator
from adapt_learning.trainers.tune_generator import TuneRequest, open_run

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/support'))

from browser import Person, open_browser  # noqa: E402

_RULE, _ROUNDS_BEFORE = 'two_green_circles', 2
_PIPELINE = ROOT / 'models/small_diffusion'
_COLORS, _SETTLES_S = 128, 1.0


def judge(out: Path, prompt: str) -> Feedback:
    """Let the rule judge some rounds; return its answer to the next one, which is not given."""
    request = TuneRequest(str(_PIPELINE), prompt, out)
    with open_run(request) as run:
        evaluator = SimulatedEvaluator(catalog.load('evaluator', _RULE)())
        for _ in range(_ROUNDS_BEFORE):
            run.answer(evaluator.judge(run.round()))
        return evaluator.judge(run.round())


def serve(out: Path, prompt: str) -> tuple[subprocess.Popen, str]:
    """Serve the run; return the server and the link that it printed."""
    server = subprocess.Popen(
        [sys.executable, '-m', 'adapt_learning.cli.main', 'hero', 'serve', str(_PIPELINE),
         '--prompt', prompt, '--out', str(out)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    for line in server.stdout:
        if found := re.search(r'http://127\.0\.0\.1:\d+/\S+', line):
            return server, found.group()
    raise RuntimeError('the server ended without a link')


def write(person: Person, name: str) -> None:
    """Write what the browser shows, once nothing moves any more."""
    time.sleep(_SETTLES_S)
    with Image.open(io.BytesIO(person.browser.get_screenshot_as_png())) as shot:
        small = shot.convert('RGB').quantize(_COLORS, dither=Image.Dither.NONE)
        small.save(ROOT / f'docs/images/hero_{name}.png', optimize=True)


def show(person: Person, answer: Feedback) -> None:
    """Write the pictures: nothing good, a round that is judged, one picture large."""
    person.waits_for(lambda: person.all('.hero-cell'))
    person.presses(Keys.ENTER)
    person.waits_for('No picture is good')
    write(person, 'nothing_good')
    person.clicks(person.button('Back'))
    person.waits_for(lambda: not person.sees('No picture is good'))
    cells = person.all('.hero-cell')
    for i in answer.good:
        person.clicks(cells[i])
    # The rule names none where the best of an earlier round stays.
    best = answer.good[0] if answer.best is None else answer.best
    person.clicks_right(cells[best])
    person.waits_for(f'best: {best + 1}')
    write(person, 'judging')
    person.clicks(person.all('.hero-cell .lens')[best])
    person.waits_for(f'{best + 1} of {len(cells)}: best')
    write(person, 'zoom')


def main() -> None:
    """Write the pictures."""
    prompt = catalog.load('evaluator', _RULE)().prompt
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / 'tuned'
        answer = judge(out, prompt)
        server, link = serve(out, prompt)
        browser = open_browser(Path(folder) / 'profile', 1400, 1000)
        try:
            browser.get(link)
            show(Person(browser), answer)
        finally:
            browser.quit()
            server.terminate()
            server.wait()


if __name__ == '__main__':
    main()
