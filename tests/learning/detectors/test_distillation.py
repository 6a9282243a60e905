"""Distillation: views, what is learnt, and going on after an interruption."""

import pytest
import torch

from adapt_learning.detectors.adapt_small import AdaptSmall
from adapt_learning.detectors.distillation import Distillation, DistillationConfig
from adapt_learning.detectors.mobilenet_v2 import MobileNetV2
from adapt_learning.detectors.resnet18 import ResNet18
from adapt_learning.detectors.views import random_views
from adapt_learning.errors import SettingError
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.short_training import one_thread

CONFIG = DistillationConfig(
    OptimizationConfig(steps=12, batch=2, learning_rate=3e-3, warmup_steps=2, gradient_clip=1.0,
                       precision='float32'), crop_px=32)


def pictures():
    generator = torch.Generator().manual_seed(0)
    return [torch.randint(0, 256, (3, 40 + 8 * i, 56), dtype=torch.uint8, generator=generator)
            for i in range(4)]


def training(seed=0):
    torch.manual_seed(0)
    teacher = MobileNetV2()
    return Distillation(AdaptSmall(normalized=True), teacher, pictures(), CONFIG, seed)


def weights(made):
    return torch.cat([x.flatten() for x in made.module.state_dict().values()])


def test_views_have_the_size_and_follow_from_the_seed():
    views = [random_views(pictures(), 3, 64, torch.Generator().manual_seed(seed))
             for seed in (1, 1, 2)]
    assert views[0].shape == (3, 3, 64, 64) and 0 <= views[0].min() and views[0].max() <= 1
    assert torch.equal(views[0], views[1]) and not torch.equal(views[0], views[2])


def test_the_student_comes_nearer_to_the_teacher():
    made = training()
    with one_thread():
        told = [made.update()['direction'] for _ in range(12)]
    assert sum(told[-3:]) < 0.9 * sum(told[:3])


def test_the_teacher_is_not_changed():
    made = training()
    before = [x.clone() for x in made.teacher.state_dict().values()]
    made.update()
    assert all(torch.equal(x, y) for x, y in zip(
        before, made.teacher.state_dict().values(), strict=True))


def test_a_training_that_goes_on_ends_where_an_uninterrupted_one_does():
    whole, first, second = training(), training(), training(seed=3)
    with one_thread():
        for _ in range(4):
            whole.update()
        for _ in range(2):
            first.update()
        second.restore(first.checkpoint())
        assert second.step == 2
        for _ in range(2):
            second.update()
    assert torch.equal(weights(second), weights(whole))


def test_a_folded_student_gives_the_maps_of_the_trained_one():
    made = training()
    for _ in range(3):
        made.update()
    folded = AdaptSmall().eval()
    folded.take_weights(made.module.state_dict(), 'the student')
    picture = random_views(pictures(), 1, 64, torch.Generator().manual_seed(0))
    with torch.no_grad():
        for x, y in zip(made.module.eval()(picture), folded(picture), strict=True):
            torch.testing.assert_close(x, y, rtol=1e-4, atol=1e-4)


def test_what_does_not_fit_is_said():
    with pytest.raises(SettingError, match='same levels'):
        Distillation(AdaptSmall(normalized=True), ResNet18(), pictures(), CONFIG)
    with pytest.raises(SettingError, match='at least one picture'):
        Distillation(AdaptSmall(normalized=True), MobileNetV2(), [], CONFIG)
    with pytest.raises(SettingError, match='multiple of 16'):
        DistillationConfig(crop_px=40)
