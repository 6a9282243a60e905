"""The decomposition: what is fixed, what learns, and whether swaps come out."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from adapt_learning import catalog
from adapt_learning.errors import SettingError
from adapt_learning.generation.decgan.ac_gan import AcGan, AcGanConfig, AcGanTraining
from adapt_learning.generation.decgan.backbone import BackboneConfig, kl_to_standard
from adapt_learning.generation.decgan.batches import as_images
from adapt_learning.generation.decgan.class_normal import ClassNormal
from adapt_learning.generation.decgan.classifier import (
    Classifier,
    ClassifierConfig,
    ClassifierTraining,
)
from adapt_learning.generation.decgan.decomposition import (
    Decomposition,
    DecompositionConfig,
    DecompositionTraining,
)
from adapt_learning.generation.decgan.generator_training import (
    GeneratorConfig,
    GeneratorTraining,
    frozen_call,
)
from adapt_learning.generation.decgan.independent import IndependentClassifier
from adapt_learning.generation.decgan.linear_split import LinearSplit
from adapt_learning.generation.decgan.measures import (
    MeasureConfig,
    frechet_distance,
    measure_split,
)
from adapt_learning.generation.decgan.moment_split import MomentSplit
from adapt_learning.generation.decgan.pictures import interpolation, swap_grid
from adapt_learning.generation.decgan.probes import ProbeConfig, probe_accuracy
from adapt_learning.generation.decgan.split import EncoderSplit, WholeLatent
from adapt_learning.stacked.config import OptimizationConfig

NETWORK = BackboneConfig(latent=8, width=8)
BRIEF = OptimizationConfig(steps=80, batch=16, learning_rate=5e-3, warmup_steps=5,
                           precision='float32')
SWAP = dict(guide='classes', swap_weight=1.0, class_normal=True, begin='moments',
            moments_weight=1.0)
"""All that is not in the text."""
MEASURES = MeasureConfig(200, 60, ProbeConfig(16, 60))


def run(training, steps=None):
    return [training.update() for _ in range(steps or training.optimization.steps)]


def new(name='vae_gan'):
    torch.manual_seed(0)
    return catalog.load('generator', name)(1, 16, NETWORK)


@pytest.fixture(scope='module')
def backbone(bars):
    """Return a generator of bars."""
    made = new()
    told = run(GeneratorTraining(made, bars.train, GeneratorConfig(
        replace(BRIEF, steps=150), kl_weight=1e-3, pixel_weight=10, feature_weight=0.0,
        adversarial_weight=0.0)))
    assert told[-1]['pixels'] < 0.6 * told[0]['pixels']
    return made


def classifier_of(made, bars, attribute='place'):
    classifier = Classifier(made.trunk(), made.features, len(bars.classes[attribute]))
    run(ClassifierTraining(classifier, bars.train, attribute,
                           ClassifierConfig(replace(BRIEF, steps=40))))
    return classifier


@pytest.fixture(scope='module')
def classifier(backbone, bars):
    """Return a classifier of places."""
    return classifier_of(backbone, bars)


def decompose(backbone, classifier, bars, steps=120, **changes):
    torch.manual_seed(0)
    config = DecompositionConfig(replace(BRIEF, steps=steps), 4, 4, **changes)
    parts = Decomposition(backbone, config, classifier.head.out_features)
    return parts, DecompositionTraining(parts, backbone, classifier, bars.train, config)


@pytest.fixture(scope='module')
def split(backbone, classifier, bars):
    """Return the split that was learnt."""
    parts, training = decompose(backbone, classifier, bars, content_kl_weight=1e-3,
                                attribute_kl_weight=1e-3, swap_weight=1.0)
    run(training)
    return EncoderSplit(backbone, parts, classifier)


@pytest.mark.parametrize('name', ['vae_gan', 'res_gan'])
def test_a_backbone_has_the_shapes_it_says(name):
    made = catalog.load('generator', name)(3, 24, NETWORK)
    images = torch.rand(2, 3, 24, 24)
    mean, log_variance = made.encoder(images)
    assert mean.shape == log_variance.shape == (2, 8)
    assert made.generator(mean).shape == images.shape
    logits, features = made.discriminator(images)
    assert logits.shape == (2, 1) and features.shape == (2, made.features)


def test_kl_of_the_standard_normal_is_zero_and_grows_with_the_mean():
    zero = torch.zeros(3, 4)
    assert kl_to_standard(zero, zero) == 0
    assert kl_to_standard(zero + 1, zero) == pytest.approx(2.0)


def test_neither_player_of_a_gan_has_the_gradient_of_the_other():
    made = new()
    images = made.generator(torch.randn(2, 8))
    logits, _ = frozen_call(made.discriminator, images)
    logits.sum().backward()
    assert all(x.grad is None for x in made.discriminator.parameters())
    assert all(x.grad is not None for x in made.generator.parameters())


def test_generator_and_classifier_stay_as_they_are(backbone, classifier, bars):
    fixed = torch.nn.ModuleList((backbone, classifier))
    before = {name: x.clone() for name, x in fixed.state_dict().items()}
    parts, training = decompose(backbone, classifier, bars, **SWAP)
    first = [x.clone() for x in parts.parameters()]
    run(training, 2)
    assert all(torch.equal(x, before[name]) for name, x in fixed.state_dict().items())
    assert not any(torch.equal(x, y) for x, y in zip(first, parts.parameters(), strict=True))


def test_parts_that_were_added_to_the_text_are_off_and_told_when_on(backbone, classifier, bars):
    text = {'reconstruction', 'content_kl', 'attribute_kl', 'guide', 'content', 'attribute'}
    assert decompose(backbone, classifier, bars)[1].losses()[1].keys() == text
    _, training = decompose(backbone, classifier, bars, **SWAP)
    assert training.losses()[1].keys() == text | {'swap', 'moments'}


def test_normal_codes_have_the_same_mean_and_covariance_in_every_class():
    random = np.random.default_rng(0)
    labels = torch.arange(3000) % 3
    spread = torch.tensor([[[1.0, 0.0], [0.9, 0.3]], [[0.5, 0.0], [0.0, 2.0]],
                           [[3.0, 0.0], [0.0, 3.0]]])
    codes = torch.from_numpy(random.normal(size=(3000, 2))).float()
    codes = torch.einsum('ni,nij->nj', codes, spread[labels]) + 5 * labels[:, None]
    shares = torch.nn.functional.one_hot(labels, 3).float()
    normal = ClassNormal(2, 3)
    assert torch.allclose(normal(codes, shares * 0 + torch.eye(3)[0]), codes)  # before `fit`
    normal.fit(codes, shares)
    made = normal(codes, shares)
    for one in range(3):
        assert made[labels == one].mean(0).abs().max() < 1e-3
        assert torch.allclose(torch.cov(made[labels == one].T), torch.eye(2), atol=0.1)
    probe = ProbeConfig(16, 200)
    told = [probe_accuracy(x[:2000].numpy(), labels[:2000].numpy(), x[2000:].numpy(),
                           labels[2000:].numpy(), probe) for x in (codes, made)]
    assert told[0] > 0.7 and told[1] < 0.45


def test_content_begins_as_the_moments_and_is_normal_by_class_at_the_end(
        backbone, classifier, bars):
    parts, training = decompose(backbone, classifier, bars, 3, **SWAP)
    images = as_images(training.fitted)
    training._refresh(len(images))
    wanted, _ = training.moments.codes(images)
    found, _ = parts.content_codes(images, classifier)
    assert torch.allclose(found, wanted, atol=1e-3)
    assert torch.equal(parts.content.last.weight, training.moments.content_basis)
    run(training)
    codes, _ = parts.content_codes(images, classifier)
    shares = classifier(images).softmax(1)
    assert (shares.T @ codes / shares.sum(0)[:, None]).abs().max() < 0.05


def test_moments_of_classes_are_a_split_by_themselves(backbone, classifier, bars):
    split = MomentSplit(backbone, classifier, bars.train.images)
    parts = split.parts(bars.train.images)
    labels = bars.train.labels['place']
    assert np.linalg.matrix_rank(parts.attribute.numpy() - parts.attribute.numpy().mean(0),
                                 tol=1e-2) == 2
    means = torch.stack([parts.content[torch.from_numpy(labels == i)].mean(0) for i in range(3)])
    assert means.abs().max() < 0.2 * parts.content.std()
    rebuilt = split.draw(parts.whole) - as_images(bars.train.images)
    assert rebuilt.abs().mean() < 0.15


def test_a_decomposition_that_goes_on_ends_where_an_uninterrupted_one_does(
        backbone, classifier, bars):
    ends = []
    for stop in (None, 3):
        parts, training = decompose(backbone, classifier, bars, 6, **SWAP)
        run(training, stop or 6)
        if stop:
            kept = training.checkpoint()
            parts, training = decompose(backbone, classifier, bars, 6, **SWAP)
            training.restore(kept)
            run(training, 3)
        ends.append(torch.cat([x.flatten() for x in parts.parameters()]))
    assert torch.equal(*ends)


@pytest.fixture(scope='module')
def judges(bars):
    """Return independent classifiers of places and greys."""
    made = {name: IndependentClassifier(1, len(bars.classes[name]), 4) for name in bars.classes}
    for name, judge in made.items():
        run(ClassifierTraining(judge, bars.train, name, ClassifierConfig(replace(BRIEF, steps=80))))
    return made


def test_swaps_take_the_attribute_of_the_donor(split, bars, judges):
    found = measure_split(split, bars, 'place', judges, MEASURES)
    assert found['swap_place'] > 0.9 and found['probe_place_z_a'] > 0.95
    assert found['l1'] < 0.2 and found['frechet'] >= 0
    whole = measure_split(WholeLatent(split.backbone), bars, 'place', judges, MEASURES)
    assert whole['swap_place'] > 0.9 and whole['swap_grey'] < 0.8  # the donor itself
    assert whole['probe_place_z_c'] < 0.6 and whole['content'] == 0 < found['content']


def test_with_the_losses_of_the_text_alone_swaps_take_the_attribute_too(
        backbone, classifier, bars, judges):
    """By eq. 2.4: without it they do not. Content comes along in so few updates."""
    swapped = []
    for guide_weight in (1.0, 0.0):
        parts, training = decompose(backbone, classifier, bars, guide_weight=guide_weight)
        told = run(training)
        assert told[-1]['reconstruction'] < 0.5 * told[0]['reconstruction']
        found = measure_split(EncoderSplit(backbone, parts, classifier), bars, 'place', judges,
                              MEASURES)
        assert found['l1'] < 0.1
        swapped.append(found['swap_place'])
    assert swapped[0] > 0.9 and swapped[1] < 0.7


def test_the_linear_split_adds_up_and_hides_the_class_means(backbone, bars):
    linear = LinearSplit(backbone, bars.train.images, bars.train.labels['place'])
    parts = linear.parts(bars.train.images)
    whole = WholeLatent(backbone).parts(bars.train.images)
    assert torch.allclose(parts.whole, whole.whole, atol=1e-5)
    means = [parts.content[torch.from_numpy(bars.train.labels['place']) == i].mean(0)
             for i in range(3)]
    assert max((m - means[0]).abs().max() for m in means) < 1e-3 * parts.content.std()
    rank = np.linalg.matrix_rank(parts.attribute.double().numpy(), tol=1e-3)
    assert rank == 2


def test_the_same_generator_serves_another_attribute(backbone, bars):
    classifier = classifier_of(backbone, bars, 'grey')
    parts, training = decompose(backbone, classifier, bars, 5)
    run(training)
    assert EncoderSplit(backbone, parts, classifier).parts(bars.test.images).whole.shape == (60, 8)


def test_a_probe_finds_what_is_there_and_nothing_else():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 800)
    told = np.eye(4)[labels] * 1e-6 + 1e-8 * rng.normal(size=(800, 4))  # tiny, and still there
    noise = rng.normal(size=(800, 4))
    config = ProbeConfig(32, 200)
    for codes, low, high in ((told, 0.99, 1.0), (noise, 0.1, 0.4)):
        found = probe_accuracy(codes[:600], labels[:600], codes[600:], labels[600:], config)
        assert low <= found <= high


def test_the_frechet_distance_of_a_set_to_itself_is_zero_and_grows(bars):
    judge = IndependentClassifier(1, 3, 4)
    images = as_images(bars.test.images)
    assert frechet_distance(judge, images, images) == pytest.approx(0, abs=1e-4)
    near, far = (frechet_distance(judge, (images + x).clamp(0, 1), images) for x in (0.05, 0.5))
    assert 0 < near < far


def test_an_ac_gan_draws_what_it_is_asked_for(bars):
    gan = AcGan(new(), 3)
    training = AcGanTraining(gan, bars.train, 'place', AcGanConfig(replace(BRIEF, steps=60)))
    told = run(training)
    assert told[-1]['classes'] < 0.5 * told[0]['classes']
    assert gan.draw(torch.arange(3), training.random).shape == (3, 1, 16, 16)


def test_pictures_for_people(split, bars):
    table = swap_grid(split, bars.test.images[:3])
    assert table.shape == (3 * (2 + 4 * 18), 3 * (2 + 4 * 18), 3) and table.dtype == np.uint8
    rows = interpolation(split, bars.test.images[:2], bars.test.images[:2],
                         bars.test.images[2:4], 5)
    assert rows.shape == (3 * (2 + 2 * 18), 3 * (2 + 6 * 18), 3)


def test_settings_out_of_range_are_refused():
    for kind, change in ((DecompositionConfig, {'swap_weight': -1.0}),
                         (DecompositionConfig, {'content_code': 0}),
                         (DecompositionConfig, {'guide': 'words'}),
                         (DecompositionConfig, {'begin': 'end'}),
                         (DecompositionConfig, {'moments_weight': 1.0}),
                         (BackboneConfig, {'width': 1}),
                         (GeneratorConfig, {'kl_weight': -1.0}), (AcGanConfig, {'class_weight': 0}),
                         (MeasureConfig, {'pairs': 1})):
        with pytest.raises(SettingError, match=next(iter(change))):
            kind(**change)
