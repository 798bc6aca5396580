"""Noise that belongs to an image: image i of a seed is the same, however many are drawn, in what batches, by whom."""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Generator, Tensor

from ddpm_notes.distributed import to_device


def image_generator(seed: int, i: int, device: torch.device | str = "cpu") -> Generator:
    """The generator of image i (0, 1, ...) of a seed (0 or more).

    A CPU's generator has a seed of 32 bits, so the images of one seed take neighbours of one number, and no two
    of them are alike; NumPy's `SeedSequence` mixes the seed into that number.
    """
    first = int(np.random.SeedSequence(seed).generate_state(1)[0])
    return Generator(device).manual_seed((first + i) % 2**32)


class ImageNoise:
    """Standard normal noise of some images, each from the generator of its own number.

    seed: decides all of it. numbers: which images. shape: (C, H, W) of one. device: where the noise is used. draw_on:
    where it is drawn; on the CPU it is the same for every device. A call `noise(t)` gives the next noise of all,
    (len(numbers), C, H, W); t itself does not matter.
    """

    def __init__(
        self,
        seed: int,
        numbers: Iterable[int],
        shape: tuple[int, ...],
        device: torch.device | str = "cpu",
        draw_on: torch.device | str = "cpu",
    ):
        self.generators = [image_generator(seed, i, draw_on) for i in numbers]
        self.shape, self.device, self.draw_on = shape, device, draw_on

    def skip(self, count: int) -> None:
        """Draw so many times for nothing, to go on where another one stopped."""
        for t in range(count):
            self(t)

    def __call__(self, t: int) -> Tensor:
        drawn = torch.empty(len(self.generators), *self.shape, device=self.draw_on)
        for image, generator in zip(drawn, self.generators, strict=True):
            image.normal_(generator=generator)
        return to_device(drawn, torch.device(self.device))
