"""The drawings are made from the real things, and show all of them."""

import pytest
import torch
from matplotlib import pyplot as plt

from ddpm_notes.figures import chain_diagram, unet_diagram
from ddpm_notes.unet import CIFAR10, DIGITS, LSUN256, SelfAttention, Stage, UNet


@pytest.mark.parametrize("config", [DIGITS, CIFAR10, LSUN256])
def test_the_unet_is_drawn_with_a_box_for_every_block_and_a_frame_for_every_attention(config):
    with torch.device("meta"):
        net = UNet(config)
    figure = unet_diagram(net)
    (ax,) = figure.axes
    channels = sorted(int(text.get_text()) for text in ax.texts if text.get_text().isdigit())
    stages = [module for module in net.modules() if isinstance(module, Stage)]
    assert channels == sorted(stage.block.conv2.out_channels for stage in stages)
    frames = [patch for patch in ax.patches if not patch.get_fill()]
    assert len(frames) == sum(isinstance(module, SelfAttention) for module in net.modules())
    plt.close(figure)


def test_the_chains_are_drawn_side_by_side_from_data_to_noise():
    forward, reverse = torch.full((3, 1, 8, 8), -1.0), torch.full((3, 1, 8, 8), 1.0)
    figure = chain_diagram(forward, reverse, (0, 500, 1000))
    (ax,) = figure.axes
    shown = [int(image.get_array().max()) for image in ax.images]
    assert shown == [0, 0, 0, 255, 255, 255]
    lefts = [image.get_extent()[0] for image in ax.images]
    assert lefts == [0, 1, 2, 0, 1, 2]
    plt.close(figure)
