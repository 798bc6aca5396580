"""What the paper's CIFAR10 run would cost: operations counted, seconds measured here."""

import statistics
from functools import partial

import torch
from torch import Generator
from torch.utils.flop_counter import FlopCounterMode

from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.schedule import linear_schedule
from ddpm_notes.training import train
from ddpm_notes.training_run import TrainingConfig
from ddpm_notes.unet import CIFAR10, DIGITS, FASHION, UNet, UNetConfig, count_parameters
from experiments.results import Result

NETWORKS = {"digits": (DIGITS, 64), "fashion": (FASHION, 64), "cifar10": (CIFAR10, 4)}
REPEATS = 3


def operations(unet: UNetConfig) -> int:
    """Floating-point operations of one forward pass of one image (a multiplication and an addition are two)."""
    model = UNet(unet).eval()
    x, t = torch.zeros(1, *unet.shape), torch.ones(1, dtype=torch.int64)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(x, t)
    return counter.get_total_flops()


def seconds_per_image(unet: UNetConfig, batch: int, precision: str) -> float:
    """Of a whole training step, the median of several short runs."""
    data = torch.rand((16, *unet.shape), generator=Generator().manual_seed(0)) * 2 - 1
    schedule, steps = linear_schedule(), 4
    seconds = []
    for _ in range(REPEATS):
        model = Parameterized(UNet(unet), schedule)
        config = TrainingConfig(steps=steps, batch=batch, precision=precision)
        seconds.append(train(model, data, schedule, config).seconds / steps / batch)
    return statistics.median(seconds)


def measured(unet: UNetConfig, batch: int) -> dict:
    """Parameters, operations, and the cost of an image in training."""
    return {
        "parameters": count_parameters(UNet(unet)),
        "operations": operations(unet),
        "batch": batch,
        "seconds_per_image": {p: seconds_per_image(unet, batch, p) for p in ("float32", "bfloat16")},
    }


def main() -> None:
    """The three presets."""
    with Result("projection", "projection", "digits") as result:
        for name, (unet, batch) in NETWORKS.items():
            result.part(name, partial(measured, unet, batch))
