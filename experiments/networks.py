"""Small digits networks for the comparisons: trained, sampled and judged in one way."""

from dataclasses import replace

import torch
from torch import Generator

from ddpm_notes.data import Images
from ddpm_notes.likelihood import mean_and_error, variational_bound
from ddpm_notes.losses import draw_t, simple_loss
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.reverse import Variance
from ddpm_notes.schedule import Schedule
from ddpm_notes.training import train
from ddpm_notes.training_run import TrainingConfig
from ddpm_notes.unet import DIGITS, UNet
from experiments.quality import Judge
from experiments.results import STATES
from experiments.samples import draw, set_of

WIDTH = 16
SETS = 3
CONFIG = TrainingConfig(steps=1500, batch=64, learning_rate=1e-3, warmup=100, ema=0.99, levels=17)


def small_network(schedule: Schedule, seed: int, width: int = WIDTH, predicts: str = "eps", learned: bool = False):
    """A fresh U-Net for the digits, `width` features wide."""
    torch.manual_seed(seed)
    unet = replace(DIGITS, width=width, out_channels=2 if learned else 1)
    return Parameterized(UNet(unet), schedule, predicts, learned)


def trained(name: str, model: Parameterized, data: Images, config: TrainingConfig) -> Parameterized:
    """The model with averaged weights after training; an interrupted run goes on."""
    state = STATES / f"{name}.state"
    return train(model, data.x0, model.schedule, config, state=state).model


def quality(model: Parameterized, judge: Judge, held_out: Images, variance: Variance) -> dict:
    """The bound on held-out digits, bits/dim, and the feature distance of several sets of samples.

    x0_hat is clipped, in both, as the released code clips it: not where the network predicts mu_tilde itself.
    """
    x0, generator, clip_x0 = held_out.x0[:64], Generator().manual_seed(2), model.predicts != "mean"
    bound = variational_bound(model, x0, model.schedule, variance, held_out.levels, clip_x0, generator)
    mean, error = mean_and_error(bound.total)
    sets = [
        judge.distance(draw(model, model.schedule, set_of(k), sampler=variance, clip_x0=clip_x0)) for k in range(SETS)
    ]
    return {"bound": mean, "bound_error": error, "distance": sum(sets) / SETS, "distance_of_sets": sets}


@torch.no_grad()
def held_out_loss(model: Parameterized, images: Images, draws: int = 8) -> float:
    """L_simple, with the same t and noise for every model."""
    x0 = images.x0.repeat(draws, 1, 1, 1)
    generator = Generator().manual_seed(1)
    t, noise = draw_t(len(x0), model.schedule, generator), torch.randn(x0.shape, generator=generator)
    return simple_loss(model, x0, model.schedule, t, noise).mean().item()
