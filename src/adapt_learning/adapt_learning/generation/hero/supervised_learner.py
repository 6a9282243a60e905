"""Supervised tuning as a learner: good pictures are examples, bad ones are left out."""

import torch
from torch import nn

from adapt_learning.generation.hero.learner import Learner, Lesson, Outcome, Tell
from adapt_learning.generation.hero.supervised import Supervised
from adapt_learning.stacked.training import Training


class SupervisedLearner(Learner):
    """Learns good pictures by heart, in the manner of DreamBooth."""

    def make(self, weights: nn.ParameterList) -> dict[str, Training]:
        """Return the updates of the LoRA weights."""
        self.supervised = Supervised(self.model, weights, self.config.supervised,
                                     self.config.seed)
        return {'supervised': self.supervised}

    @property
    def at_once(self) -> tuple[str, int]:
        """Return what goes through the network at once."""
        return 'supervised.batch', self.config.supervised.batch

    def learn(self, lesson: Lesson, tell: Tell) -> Outcome:
        """Learn from the best picture and other good ones of the round."""
        good = lesson.is_good.nonzero().flatten().tolist()
        if lesson.best is not None:
            good = [lesson.best, *(i for i in good if i != lesson.best)]
        chosen = torch.tensor(good[:self.config.supervised.most or len(good)])
        losses = self.supervised.learn(
            lesson.trajectories.final[chosen], lesson.prompt,
            lambda done, count: tell('fine-tuning', done, count))
        updates = self.config.supervised.updates
        return Outcome(f'{updates} updates of the model on {len(chosen)} good pictures', (),
                       losses, updates)
