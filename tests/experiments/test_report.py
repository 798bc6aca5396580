"""The baselines of the report, on data whose code length is known."""

import math

import pytest
import torch
from torch import Generator

from ddpm_notes.data import Images
from experiments.report import SET, full_gaussian, histograms, pixel_gaussian


class AnyDistance:
    """A judge that notes what it was given."""

    def distance(self, x: torch.Tensor) -> float:
        self.seen = x
        return 0.0


def images(pixels: torch.Tensor, levels: int) -> Images:
    return Images("digits", levels, pixels.to(torch.uint8), torch.zeros(len(pixels), dtype=torch.int64))


@pytest.fixture
def noise() -> Images:
    """Four independent pixels, Gaussian with a standard deviation of 12 of 256 levels, around 100 to 160."""
    generator = Generator().manual_seed(0)
    means = torch.tensor([100.0, 120, 140, 160]).view(1, 1, 2, 2)
    return images((means + 12 * torch.randn((4000, 1, 2, 2), generator=generator)).round(), 256)


def test_a_fair_coin_in_every_pixel_costs_one_bit_in_histograms():
    coins = torch.randint(0, 2, (4000, 1, 2, 2), generator=Generator().manual_seed(0))
    bits = histograms(images(coins, 2), images(coins[:1000], 2))["bits"]
    assert bits["mean"] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("baseline", [pixel_gaussian, full_gaussian])
def test_gaussian_noise_costs_its_entropy(noise, baseline):
    report = baseline(noise, noise, AnyDistance())
    entropy = math.log2(12 * math.sqrt(2 * math.pi * math.e))
    assert report["bits"]["mean"] == pytest.approx(entropy, abs=5 * report["bits"]["standard_error"] + 0.002)


def test_the_full_gaussian_uses_what_pixels_share_and_the_independent_one_cannot():
    generator = Generator().manual_seed(0)
    common = 128 + 12 * torch.randn((4000, 1, 1, 1), generator=generator)
    shared = images((common + 2 * torch.randn((4000, 1, 2, 2), generator=generator)).round(), 256)
    independent, full = (f(shared, shared, AnyDistance())["bits"]["mean"] for f in (pixel_gaussian, full_gaussian))
    assert independent - full > 1.5


@pytest.mark.parametrize("baseline", [pixel_gaussian, full_gaussian])
def test_baselines_draw_images_like_those_they_saw(noise, baseline):
    judge = AnyDistance()
    baseline(noise, noise, judge)
    assert judge.seen.shape == (SET, 1, 2, 2)
    x0 = noise.x0
    assert (judge.seen.mean(0) - x0.mean(0)).abs().max() < 0.03
    assert (judge.seen.std(0) / x0.std(0) - 1).abs().max() < 0.15
