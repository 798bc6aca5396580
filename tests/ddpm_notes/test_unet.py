"""The U-Net: the released layout, its parameter counts, its padding and its clock."""

import json
from dataclasses import asdict, replace

import pytest
import torch
from torch import nn

from ddpm_notes.unet import CIFAR10, DIGITS, FASHION, LSUN256, UNet, UNetConfig, count_parameters


def on_meta(config):
    with torch.device("meta"):
        return UNet(config)


TINY = UNetConfig(size=8, channels=1, width=8, multipliers=(1, 2), attention=(4,), groups=4, dropout=0.0)


@pytest.mark.parametrize("config, expected", [(CIFAR10, 35_746_307), (LSUN256, 113_673_219)])
def test_the_released_models_have_the_papers_parameter_counts(config, expected):
    """35.7M and 114M (App. B, p. 14)."""
    net = on_meta(config)
    assert count_parameters(net) == count_parameters(net.requires_grad_(False)) == expected


def test_the_presets_of_these_notes_fit_into_eight_megabytes():
    for config in (DIGITS, FASHION):
        assert count_parameters(on_meta(config)) * 4 < 8e6


def test_a_new_network_predicts_almost_nothing():
    torch.manual_seed(0)
    net = UNet(TINY)
    assert net(torch.randn(2, 1, 8, 8), torch.tensor([1, 1000])).abs().max() < 1e-3


def test_dropout_is_on_in_training_and_off_in_evaluation():
    torch.manual_seed(0)
    net = UNet(UNetConfig(size=8, channels=1, width=8, multipliers=(1,), attention=(), groups=4, dropout=0.5))
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.1)
    x, t = torch.randn(1, 1, 8, 8), torch.tensor([3])
    assert not torch.equal(net(x, t), net(x, t))
    net.eval()
    assert torch.equal(net(x, t), net(x, t))


def test_images_need_not_be_square_and_attention_goes_by_their_height():
    config = replace(TINY, size=(8, 12))
    net = UNet(config)
    assert net(torch.zeros(1, 1, 8, 12), torch.tensor([1])).shape == (1, 1, 8, 12)
    assert [stage.attention is not None for stage in net.down if hasattr(stage, "block")] == [False] * 2 + [True] * 2
    assert UNetConfig.from_dict(json.loads(json.dumps(asdict(config)))) == config
    with pytest.raises(ValueError, match=r"8×13 pixels cannot be halved 1 times"):
        replace(TINY, size=(8, 13))
    with pytest.raises(ValueError, match=r"\(B, 1, 8, 12\)"):
        net(torch.zeros(1, 1, 12, 8), torch.tensor([1]))


@pytest.mark.parametrize(
    "change, message",
    [
        ({"size": 30}, "30×30 pixels cannot be halved 3 times"),
        ({"size": (8, 12)}, "8×12 pixels cannot be halved 3 times"),
        ({"size": (8, 8, 8)}, r"size of a U-Net must be pixels, one number or two, got \(8, 8, 8\)"),
        ({"width": 40}, "groups must divide the width, got 32 groups for width 40"),
        ({"width": 33, "groups": 33}, "width of a U-Net must be even and at least 4"),
        ({"groups": 0}, "groups of a U-Net must be a whole number, at least 1, got 0"),
        ({"multipliers": ()}, r"multipliers of a U-Net must be whole numbers, one for each level, got \(\)"),
        ({"attention": (16, 64)}, r"attention of a U-Net must be some of the heights 32, 16, 8, 4, got \(16, 64\)"),
        ({"blocks": 0}, "blocks of a U-Net must be"),
        ({"dropout": 1.0}, "dropout of a U-Net must be in 0..1"),
        ({"out_channels": 0}, "out_channels of a U-Net must be"),
        ({"channels": "3"}, "channels of a U-Net must be"),
    ],
)
def test_a_network_that_cannot_be_is_named_in_one_line(change, message):
    with pytest.raises(ValueError, match=message) as error:
        UNetConfig(**change)
    assert "\n" not in str(error.value)


def test_images_and_t_that_it_does_not_expect_are_named():
    net, x = UNet(TINY), torch.zeros(2, 1, 8, 8)
    for t, message in (([0, 1], "1..T .*, got 0"), ([-3, 5], "got -3"), ([1], "each of the 2 images, got \\(1,\\)")):
        with pytest.raises(ValueError, match=message):
            net(x, torch.tensor(t))
    with pytest.raises(ValueError, match=r"\(B, 1, 8, 8\)"):
        net(torch.zeros(1, 3, 8, 8), torch.tensor([1]))


def test_t_is_not_looked_at_on_a_gpu_or_while_compiling(monkeypatch):
    """Reading it would wait for the GPU; a graph has no values to look at."""
    net = on_meta(TINY)
    x = torch.zeros(2, 1, 8, 8)
    assert net(x.to("meta"), torch.zeros(2, dtype=torch.int64, device="meta")).shape == x.shape
    exported = torch.export.export(UNet(TINY), (x, torch.tensor([1, 2])))
    assert not [node for node in exported.graph.nodes if "item" in node.name]
