"""Euler's method: straight flows are followed exactly, and the box holds."""

import torch

from adapt_learning.diffusion.euler import euler

LENGTHS = (0.2, 0.3, 0.5)


def test_a_constant_velocity_arrives_whatever_the_steps():
    noise, aim = torch.randn(7, 2), torch.randn(7, 2)
    wide = torch.full((2,), 100.0)
    asked = []

    def velocity(x, i):
        asked.append(i)
        torch.testing.assert_close(x, torch.lerp(noise, aim, sum(LENGTHS[:i])))
        return aim - noise

    torch.testing.assert_close(euler(velocity, LENGTHS, noise, -wide, wide), aim)
    assert asked == [0, 1, 2]


def test_what_arrives_is_held_within_the_box():
    low, high = torch.tensor([-1.0, -0.5]), torch.tensor([1.0, 0.5])
    sample = euler(lambda x, i: torch.full_like(x, 9.0), LENGTHS, torch.zeros(3, 2), low, high)
    torch.testing.assert_close(sample, high.expand(3, 2))
