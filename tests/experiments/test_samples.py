"""Images of a checkpoint, drawn for the results."""

import pytest
import torch

from ddpm_notes import DIGITS, Parameterized, UNet, linear_schedule, strided
from experiments.samples import draw, set_of


@pytest.mark.parametrize("sampler", ["beta", "beta_tilde", "ddim"])
def test_an_image_is_the_same_in_another_batch(sampler):
    """To one grey level, since convolutions round differently by batch."""
    torch.manual_seed(0)
    net = UNet(DIGITS)
    torch.nn.init.normal_(net.conv_out.weight, std=0.1)
    model = Parameterized(net, linear_schedule()).eval()
    short = strided(model.schedule, 20)
    every, one = draw(model, short, range(4), sampler=sampler), draw(model, short, [2], sampler=sampler)
    assert (every[2] - one[0]).abs().max() < 1 / 127.5 and (every[2] - every[1]).abs().max() > 1 / 127.5


def test_sets_follow_one_another():
    assert [*set_of(0, 3), *set_of(1, 3)] == list(range(6))
