"""Noise that can be had again, and that is normal."""

import torch
from scipy import stats


def test_the_same_key_gives_the_same_noise_and_another_key_other_noise(javascript):
    keys = [[1, 2, 3], [1, 2, 3], [1, 2, 4], [1, 3, 3], [2, 2, 3], [2, 1, 3]]
    first, again, *others = javascript("keys.map(key => random.gaussian(7, ...key))", keys=keys)
    assert first == again
    assert len({tuple(noise) for noise in [first, *others]}) == len(others) + 1


def test_less_noise_is_the_beginning_of_more(javascript):
    few, many = javascript("[5, 64].map(count => random.gaussian(count, 9))")
    assert many[: len(few)] == few


def test_noise_is_standard_normal_within_a_key_and_across_keys(javascript):
    many, first = javascript(
        """[random.gaussian(50000, 7), Array.from({length: 50000}, (_, t) => random.gaussian(1, 7, 3, t)[0])]"""
    )
    for values in (many, first):
        assert stats.kstest(values, "norm").pvalue > 1e-3


def test_neighbouring_keys_share_nothing(javascript):
    noise = torch.tensor(javascript("Array.from({length: 200}, (_, t) => random.gaussian(500, 1, t))"))
    correlation = torch.corrcoef(noise)[~torch.eye(200, dtype=torch.bool)]
    assert correlation.abs().max() < 5.5 / 500**0.5
