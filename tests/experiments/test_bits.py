"""Initial weights, training, samples and bounds keep their bits, whatever becomes of the code around them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Generator

from ddpm_notes import data
from ddpm_notes.likelihood import variational_bound
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.sampling import ddim, mix, sample, sample_from
from ddpm_notes.schedule import linear_schedule, strided
from ddpm_notes.training import train
from ddpm_notes.training_run import TrainingConfig
from ddpm_notes.unet import CIFAR10, DIGITS, FASHION, LSUN256, UNet, UNetConfig
from experiments.bits import differences, machine, summary

BITS = json.loads(Path(__file__).with_name("bits.json").read_text())
SCHEDULE = linear_schedule()
SMALL = UNetConfig(size=8, channels=1, width=16, multipliers=(1, 2), blocks=1, attention=(4,), groups=4, dropout=0.1)
CONFIG = TrainingConfig(steps=6, batch=16, learning_rate=3e-3, warmup=3, ema=0.9, clip=0.5, flips=True, levels=17)
LOSSES = {
    "eps": {},
    "eps, bfloat16": {"precision": "bfloat16"},
    "eps, at once": {"warmup": 0, "ema": 0.0},
    "x0": {"loss": "x0"},
    "mean": {"loss": "mean"},
    "bound, learned": {"loss": "bound", "variance": "learned"},
}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def model_of(config=SMALL, learned=False):
    torch.manual_seed(7)
    unet = UNet(replace(config, out_channels=(2 if learned else 1) * config.channels))
    return Parameterized(unet, SCHEDULE, learned_variance=learned)


def trained(settings):
    config = TrainingConfig(**vars(CONFIG) | settings)
    model = model_of(learned=config.variance == "learned")
    result = train(model, data.load("digits").x0, SCHEDULE, config)
    return [result.losses, *model.state_dict().values(), *result.model.state_dict().values()]


def measured():
    """The name of each thing, and a function that computes its tensors."""
    for name, config in {"DIGITS": DIGITS, "FASHION": FASHION, "CIFAR10": CIFAR10, "LSUN256": LSUN256}.items():
        yield f"initial weights of {name}", lambda config=config: model_of(config).state_dict().values()
    for name, settings in LOSSES.items():
        yield f"training, {name}", lambda settings=settings: trained(settings)
    yield "sample", lambda: [ancestral(SCHEDULE, clip_x0=True)]
    yield "strided sample", lambda: [ancestral(strided(SCHEDULE, 7), variance="beta_tilde")]
    yield "strided ddim", lambda: [ddim_half_way()]
    yield "interpolation", interpolated
    yield "bound", bounded


def drawn_by(schedule=SCHEDULE):
    """A network whose output is not near 0."""
    model = model_of()
    model.schedule = schedule
    torch.nn.init.normal_(model.net.conv_out.weight, std=0.1)
    return model.eval()


def few():
    return data.load("digits").x0[:3], linear_schedule(20, 0.01, 0.3)


def ancestral(schedule, **options):
    return sample(drawn_by(), (2, 1, 8, 8), schedule, Generator().manual_seed(1), **options)


def ddim_half_way():
    xT = torch.randn(2, 1, 8, 8, generator=(generator := Generator().manual_seed(1)))
    return ddim(drawn_by(), xT, strided(SCHEDULE, 7), 0.5, True, generator)


def interpolated():
    (x0, schedule), generator = few(), Generator().manual_seed(1)
    latent = mix(x0[:1], x0[1:2], 0.3, 15, schedule, "independent", generator)
    return [sample_from(drawn_by(schedule), latent, 15, schedule, generator=generator)]


def bounded():
    x0, schedule = few()
    return vars(variational_bound(drawn_by(schedule), x0, schedule, "beta", 17, generator=Generator())).values()


MEASURED = dict(measured())


def test_all_is_stored_and_nothing_else():
    assert BITS.keys() == {"machine", *MEASURED}


@pytest.mark.parametrize("name", MEASURED)
def test_no_bit_has_changed(name):
    assert list(differences(BITS[name], summary(MEASURED[name]()), exact=BITS["machine"] == machine())) == []
