"""Which width, batch and learning rate for Fashion-MNIST: short runs of equal time.

Each run has the same number of seconds, not of steps, so small networks and batches take more steps. The
judge is L_simple on held-out images, with the same t and noise for all.
"""

from dataclasses import replace
from functools import partial

import torch
from torch import Generator

from ddpm_notes import FASHION, Parameterized, TrainingConfig, UNet, draw_t, linear_schedule, simple_loss, train
from ddpm_notes.data import load
from experiments.results import Result

SECONDS = 110
TRIED = [  # width, batch, learning rate
    (32, 64, 1e-3),
    (32, 64, 3e-4),
    (32, 64, 2e-3),
    (32, 32, 1e-3),
    (24, 64, 1e-3),
    (48, 64, 1e-3),
]


def pilot(width: int, batch: int, learning_rate: float) -> dict:
    """One pilot: its steps and its held-out loss."""
    data, schedule = load("fashion-mnist", "train").x0, linear_schedule()
    config = TrainingConfig(
        steps=8, batch=batch, learning_rate=learning_rate, warmup=50, ema=0.98, precision="bfloat16"
    )

    def fresh() -> Parameterized:
        torch.manual_seed(0)
        return Parameterized(UNet(replace(FASHION, width=width)), schedule)

    seconds_per_step = train(fresh(), data, schedule, config).seconds / config.steps
    trained = train(fresh(), data, schedule, replace(config, steps=round(SECONDS / seconds_per_step)))
    held_out = load("fashion-mnist", "test").x0[:1024]
    generator = Generator().manual_seed(1)
    t, noise = draw_t(len(held_out), schedule, generator), torch.randn(held_out.shape, generator=generator)
    with torch.no_grad():
        losses = simple_loss(trained.model, held_out, schedule, t, noise)
    return {
        "width": width,
        "batch": batch,
        "learning_rate": learning_rate,
        "steps": len(trained.losses),
        "seconds": round(trained.seconds, 1),
        "held_out_loss": losses.mean().item(),
    }


def main() -> None:
    """All pilots, one after the other."""
    with Result("fashion-pilot", "fashion_pilot", "fashion-mnist") as result:
        for width, batch, learning_rate in TRIED:
            name = f"width {width}, batch {batch}, learning rate {learning_rate:g}"
            result.part(name, partial(pilot, width, batch, learning_rate))
