"""Samples of a network: image i comes from a generator of its own, made of i, so more are only added."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor

from ddpm_notes import ImageNoise, Parameterized, Schedule, ddim, sample_from
from ddpm_notes.reverse import Variance

Sampler = Variance | Literal["ddim"]
SET = 256  # images whose feature distance is one number


def draw(
    model: Parameterized,
    schedule: Schedule,
    numbers: Sequence[int],
    sampler: Sampler = "beta",
    clip_x0: bool = True,
) -> Tensor:
    """The images of these numbers by the whole chain: Algorithm 2 with one of its variances, or DDIM with eta = 0."""
    noise = ImageNoise(0, numbers, model.net.config.shape)
    xT = noise(schedule.T)
    if sampler == "ddim":
        return ddim(model, xT, schedule, clip_x0=clip_x0)
    return sample_from(model, xT, schedule.T, schedule, variance=sampler, clip_x0=clip_x0, noises=noise)


def set_of(k: int, size: int = SET) -> range:
    """The numbers of the k-th set of new images."""
    return range(k * size, (k + 1) * size)
