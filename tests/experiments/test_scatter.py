"""The error of a mean over networks and sets, against the scatter of many such means."""

import pytest
import torch

from experiments.scatter import of_networks_and_sets

NETWORKS, SETS = 3, 4


@pytest.mark.parametrize("scales", [(2.0, 0.0, 0.0), (0.0, 2.0, 0.0), (1.0, 2.0, 0.5)])
def test_the_error_is_the_scatter_of_the_mean(scales):
    generator = torch.Generator().manual_seed(0)
    shapes = ((NETWORKS, 1), (1, SETS), (NETWORKS, SETS))

    def draw():
        parts = (scale * torch.randn(shape, generator=generator) for scale, shape in zip(scales, shapes, strict=True))
        return of_networks_and_sets(7 + sum(parts))

    means, errors = torch.tensor([draw() for _ in range(4000)]).T
    assert means.mean().item() == pytest.approx(7, abs=0.1)
    counted_twice = scales[2] ** 2 / (NETWORKS * SETS)
    assert errors.square().mean().item() == pytest.approx(means.var().item() + counted_twice, rel=0.1)
