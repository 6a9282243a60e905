"""D3PO as a learner: only the labels count, not which picture is the best."""

from torch import nn

from adapt_learning.generation.hero.d3po import D3po
from adapt_learning.generation.hero.learner import Learner, Lesson, Outcome, Tell
from adapt_learning.stacked.training import Training


class D3poLearner(Learner):
    """Direct preference on the same feedback."""

    def make(self, weights: nn.ParameterList) -> dict[str, Training]:
        """Return the updates of the LoRA weights."""
        self.d3po = D3po(self.model, weights, self.config.sampling, self.config.d3po,
                         self.config.seed)
        return {'d3po': self.d3po}

    @property
    def at_once(self) -> tuple[str, int]:
        """Return what goes through the network at once."""
        return 'd3po.at_once', self.config.d3po.at_once

    def learn(self, lesson: Lesson, tell: Tell) -> Outcome:
        """Learn from pairs of a good and a bad picture."""
        before = self.d3po.step
        losses = self.d3po.learn(lesson.trajectories, lesson.is_good, lesson.prompt,
                                 lambda done, count: tell('fine-tuning', done, count))
        updates = self.d3po.step - before
        if not updates:
            return Outcome('no group has a good and a bad picture, so there is nothing to prefer '
                           'and the model stays as it is')
        return Outcome(f'{updates} updates of the model by pairs of a good and a bad picture', (),
                       losses, updates)
