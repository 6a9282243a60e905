"""An evaluator that is a hidden rule, and errs as people do."""

import numpy as np

from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.feedback import Evaluator, Feedback, Round
from adapt_learning.generation.small.rules.base import Rule


class SimulatedEvaluator(Evaluator):
    """
    Judges by `rule`; each label is wrong with the probability `error_rate`, whatever the picture.

    What is wrong depends on seed and number of the round alone: the same round gets the same
    answer again.
    """

    def __init__(self, rule: Rule, error_rate: float = 0.0, seed: int = 0):
        if not 0 <= error_rate < 0.5:
            raise SettingError('the error rate of an evaluator lies in 0..0.5 (without 0.5, where '
                               f'labels say nothing); got {error_rate}')
        if seed < 0:
            raise SettingError(f'the seed of an evaluator is not negative; got {seed}')
        self.rule, self.error_rate, self.seed = rule, error_rate, seed

    def judge(self, asked: Round) -> Feedback:
        """
        Return which pictures are good, and the best of them by quality.

        The best picture of the rounds before stays, where no good one has a higher quality.
        """
        judged = [self.rule.judge(picture) for picture in asked.pictures]
        wrong = np.random.default_rng((self.seed, asked.number)).random(
            len(judged)) < self.error_rate
        good = [i for i, (judgement, flip) in enumerate(zip(judged, wrong, strict=True))
                if judgement.success != flip]
        best = max(good, key=lambda i: judged[i].quality, default=None)
        if best is not None and asked.best is not None and (
                self.rule.judge(asked.best).quality >= judged[best].quality):
            best = None
        return Feedback(asked.number, tuple(good), best)


def success_rate(pictures: np.ndarray, rule: Rule) -> float:
    """Return the share of pictures uint8 [N, H, W, 3] RGB that the rule calls a success."""
    if len(pictures) == 0:
        raise SettingError('a success rate needs at least one picture; got none')
    return sum(rule.judge(picture).success for picture in pictures) / len(pictures)
