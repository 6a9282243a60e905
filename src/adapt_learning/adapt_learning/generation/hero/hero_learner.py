"""HERO: an embedding learns from the answer, its similarities are the rewards of DDPO."""

from torch import nn

from adapt_learning.generation.hero.ddpo import Ddpo
from adapt_learning.generation.hero.embedding import EmbeddingTraining
from adapt_learning.generation.hero.learner import Learner, Lesson, Outcome, Tell
from adapt_learning.generation.hero.rewards import REWARDS, Liked, advantages
from adapt_learning.stacked.training import Training


class HeroLearner(Learner):
    """Feedback-aligned representation learning and DDPO (section 2.2.4)."""

    def make(self, weights: nn.ParameterList) -> dict[str, Training]:
        """Return the updates of the LoRA weights and, where rewards need it, the embedding."""
        config, seed = self.config, self.config.seed
        self.reward = REWARDS[config.reward]()
        self.ddpo = Ddpo(self.model, weights, config.sampling, config.ddpo, seed)
        self.embedding = EmbeddingTraining(
            config.embedding, self.model.shape, self.model.device, seed)
        return {'ddpo': self.ddpo, 'embedding': self.embedding}

    @property
    def at_once(self) -> tuple[str, int]:
        """Return what goes through the network at once."""
        return 'ddpo.at_once', self.config.ddpo.at_once

    def learn(self, lesson: Lesson, tell: Tell) -> Outcome:
        """Train the embedding, reward every picture, update by DDPO."""
        latents = lesson.trajectories.embedded(self.config.embedding.latent)
        liked = Liked(latents, lesson.is_good, lesson.collected.best_latent)
        losses, words = self._embed(liked, lesson, tell)
        if self.reward.embeds and not self.embedding.step:
            return Outcome(f'{words}; without it there are no rewards, so the model stays as it is')
        rewards = self.reward(liked, self.embedding.represent)
        weighed = advantages(rewards, self.config.ddpo.advantage_clip)
        told = tuple(rewards.tolist())
        if not weighed.any():
            return Outcome(f'{words}; all rewards are equal, so the model stays as it is', told,
                           losses)
        before = self.ddpo.step
        losses.update(self.ddpo.learn(
            lesson.trajectories, weighed, lesson.prompt,
            lambda done, count: tell('fine-tuning', done, count)))
        updates = self.ddpo.step - before
        return Outcome(f'{words}; {updates} updates of the model by rewards from '
                       f'{min(told):.2f} to {max(told):.2f}', told, losses, updates)

    def _embed(self, liked: Liked, lesson: Lesson, tell: Tell) -> tuple[dict[str, float], str]:
        """Train the embedding where there are triplets; return its loss, and what was done."""
        if not self.reward.embeds:
            return {}, f'rewards by {self.config.reward}, without an embedding'
        if liked.is_good.all():
            return {}, ('no picture is bad, so the embedding learns nothing in this round'
                        + ' and stays as it was' * bool(self.embedding.step))
        examples = liked.is_good.clone()
        if lesson.best is not None:  # in the published code the anchor is no example of itself
            examples[lesson.best] = self.config.best_among_good
        good = liked.latents[examples if examples.any() else liked.is_good]
        count = self.config.embedding.updates
        loss = self.embedding.learn(liked.best, good, liked.latents[~liked.is_good],
                                    lambda done: tell('embedding', done, count))
        anchor = 'without a best picture every good one was an anchor' if liked.best is None else (
            'the best picture was the anchor')
        return {'triplet': loss}, f'the embedding learnt ({anchor})'
