"""A person at a terminal as an evaluator: a sheet of pictures, two questions."""

from collections.abc import Callable
from pathlib import Path

from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.feedback import Evaluator, Feedback, Round
from adapt_learning.generation.hero.sheet import contact_sheet, enlarged


class TerminalEvaluator(Evaluator):
    """Writes sheet.png into a folder and asks until the answer makes sense."""

    def __init__(self, folder: Path, ask: Callable[[str], str], say: Callable[[str], None]):
        self.folder, self.ask, self.say = folder, ask, say

    def judge(self, asked: Round) -> Feedback:
        """Return what a person typed."""
        sheet = self.folder / 'sheet.png'
        contact_sheet(asked.pictures).save(sheet)
        self.say(f'round {asked.number}: look at {sheet} ("{asked.prompt}")')
        if asked.best is not None:
            best = self.folder / 'best.png'
            enlarged(asked.best).save(best)
            self.say(f'the best picture so far, which stays so if you name none: {best}')
        while True:
            try:
                good = _numbers(self.ask('good pictures (numbers, or nothing)'))
                best = _numbers(self.ask('the best of them (a number, or nothing)')) if good else ()
                if len(best) > 1:
                    raise SettingError(f'one picture is the best; got {best}')
                answer = Feedback(asked.number, good, best[0] if best else None)
                answer.check(asked)
            except SettingError as error:
                self.say(str(error))
            else:
                return answer


def _numbers(text: str) -> tuple[int, ...]:
    """Return numbers with spaces or commas between them, ascending, each once."""
    try:
        return tuple(sorted({int(part) for part in text.replace(',', ' ').split()}))
    except ValueError as error:
        raise SettingError(f"pictures are named by numbers, as in 3 17 20; got '{text}'") from error
