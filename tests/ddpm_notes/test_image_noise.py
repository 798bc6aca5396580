"""Image i of a seed has its own noise."""

import torch

from ddpm_notes.image_noise import ImageNoise, image_generator

SHAPE = (1, 4, 5)


def test_an_image_has_the_same_noise_in_any_company_at_every_step():
    every, some = ImageNoise(7, range(6), SHAPE), ImageNoise(7, [4, 1], SHAPE)
    for t in (3, 2, 1):
        assert torch.equal(every(t)[[4, 1]], some(t))


def test_no_two_images_and_no_two_seeds_are_alike():
    drawn = torch.cat([ImageNoise(seed, range(500), SHAPE)(1) for seed in (0, 1, 2**63, 99999999999999999)])
    assert len(drawn.unique(dim=0)) == 2000


def test_it_is_standard_normal_within_and_across_images():
    x = ImageNoise(3, range(4000), SHAPE)(1).flatten(1)
    assert abs(x.mean()) < 5 / x.numel() ** 0.5 and abs(x.var() - 1) < 5 * (2 / x.numel()) ** 0.5
    neighbours = (x[1:] * x[:-1]).mean()
    assert abs(neighbours) < 5 / x.numel() ** 0.5


def test_numbers_wrap_where_a_generators_seed_does():
    assert image_generator(0, 2**32).initial_seed() == image_generator(0, 0).initial_seed()
