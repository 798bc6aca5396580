"""The three packages and the machine itself, each with the tasks that it can do.

A contestant is built from a preset and the folder with the shared weights. Its tasks are methods without
arguments, and each does the work once, as the package's own example or trainer does it: the same batch,
the same linear schedule, x0_hat clipped (denoising-diffusion-pytorch knows no other sampler), Adam, the
gradient clipped to norm 1, an average of the weights. Data and noise are drawn inside the tasks.
"""

import sys
import types
from abc import ABC, abstractmethod
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.shapes import (
    BATCHES,
    CLIP,
    EMA,
    LEARNING_RATE,
    MULTIPLIERS,
    SAMPLES,
    SIZES,
    WIDTH,
    T,
    diffusers_settings,
)


class Contestant(ABC):
    """What all share: images to train on, an x_t to sample from, and the network's output on a fixed input."""

    net: nn.Module

    def __init__(self, preset: str):
        torch.manual_seed(0)
        self.preset, size = preset, SIZES[preset]
        levels = torch.randint(256, (512, 1, size, size))
        self.images = levels.float() / 127.5 - 1
        self.few = self.images[: SAMPLES[preset]]
        self.xt = torch.randn(SAMPLES[preset], 1, size, size)

    def batch(self) -> Tensor:
        """A batch drawn with replacement."""
        return self.images[torch.randint(len(self.images), (BATCHES[self.preset],))]

    @abstractmethod
    def probe(self) -> Tensor:
        """The network on a fixed input, in evaluation mode: equal for equal weights."""


class DDPMNotes(Contestant):
    """This package. The weights are those of the diffusers network, read by `diffusers_layout`."""

    def __init__(self, preset: str, weights: Path):
        super().__init__(preset)
        from ddpm_notes.diffusers_layout import load_diffusers
        from ddpm_notes.schedule import linear_schedule, rescaled_linear_schedule
        from ddpm_notes.training_run import TrainingConfig

        self.net = load_diffusers(weights).model.net
        self.schedule, self.short = linear_schedule(), rescaled_linear_schedule(T[preset])
        self.config = TrainingConfig(batch=BATCHES[preset], learning_rate=LEARNING_RATE, warmup=0, ema=EMA, clip=CLIP)

    def probe(self) -> Tensor:
        with torch.inference_mode():
            return self.net(self.few, torch.full((len(self.few),), 501))

    def gradient(self) -> None:
        from ddpm_notes.losses import simple_loss

        self.net.requires_grad_(True).train()
        simple_loss(self.net, self.batch(), self.schedule).mean().backward()

    def training_step(self) -> None:
        from ddpm_notes.training import Objective, training_step
        from ddpm_notes.training_run import TrainingRun

        if not hasattr(self, "run"):
            objective = Objective(self.net.requires_grad_(True), self.schedule, self.config)
            self.run = TrainingRun(objective, self.images, self.config, state=None)
            self.generators = self.run.steps()
        generator = next(self.generators)
        loss = training_step(self.run.objective, self.run.optimizer, self.images, self.schedule, self.config, generator)
        self.run.record(*loss)

    def sampling_step(self) -> None:
        from ddpm_notes.reverse import reverse_process

        with torch.inference_mode():
            reverse_process(self.xt, torch.full((len(self.xt),), 501), self.net, self.schedule, clip_x0=True)

    def algorithm_2(self) -> None:
        from ddpm_notes.sampling import sample

        sample(self.net, self.xt.shape, self.short, clip_x0=True)

    def bound(self) -> None:
        from ddpm_notes.likelihood import variational_bound

        variational_bound(self.net, self.few, self.short)


class Diffusers(Contestant):
    """Hugging Face diffusers: `UNet2DModel`, `DDPMScheduler`, `DDPMPipeline`, `EMAModel`, trained as in its example."""

    def __init__(self, preset: str, weights: Path):
        super().__init__(preset)
        from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel

        self.net = UNet2DModel.from_pretrained(weights, low_cpu_mem_usage=False)
        self.scheduler = DDPMScheduler(num_train_timesteps=1000, variance_type="fixed_large", clip_sample=True)
        ends = {"beta_start": 0.1 / T[preset], "beta_end": 20 / T[preset]}
        short = DDPMScheduler(num_train_timesteps=T[preset], variance_type="fixed_large", clip_sample=True, **ends)
        self.pipeline = DDPMPipeline(self.net, short)
        self.pipeline.set_progress_bar_config(disable=True)

    def probe(self) -> Tensor:
        with torch.inference_mode():
            return self.net(self.few, torch.full((len(self.few),), 500)).sample

    def gradient(self) -> None:
        self.net.train()
        x0 = self.batch()
        noise = torch.randn_like(x0)
        t = torch.randint(0, 1000, (len(x0),))
        eps = self.net(self.scheduler.add_noise(x0, noise, t), t).sample
        self.value = F.mse_loss(eps, noise)
        self.value.backward()

    def training_step(self) -> None:
        from diffusers.training_utils import EMAModel

        if not hasattr(self, "ema"):
            self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=LEARNING_RATE)
            self.ema = EMAModel(self.net.parameters(), decay=EMA)
        self.gradient()
        nn.utils.clip_grad_norm_(self.net.parameters(), CLIP)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.ema.step(self.net.parameters())
        self.value.item()

    def sampling_step(self) -> None:
        with torch.inference_mode():
            self.scheduler.step(self.net(self.xt, 500).sample, 500, self.xt)

    def algorithm_2(self) -> None:
        self.pipeline(batch_size=len(self.xt), num_inference_steps=T[self.preset], output_type="np")


class _Absent(types.ModuleType):
    """A module whose every public name is an empty class."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class Lucidrains(Contestant):
    """lucidrains/denoising-diffusion-pytorch, with its U-Net of the same width.

    Its network is another one: RMS norm, two blocks a level on the way up, linear attention at the higher
    resolutions, four heads. At width 32 it does 5 to 7 per cent fewer multiplications than ours, which is
    the nearest width. Its modules import torchvision, accelerate and pytorch-fid at their head for the
    `Trainer` alone (files, pictures, FID), and torchvision's wheel does not import beside this torch: an
    empty stand-in takes their place. U-Net, GaussianDiffusion and EMA run unchanged; the training step is
    the body of `Trainer.train` by hand.
    """

    def __init__(self, preset: str, weights: Path):
        super().__init__(preset)
        for name in ("torchvision", "accelerate"):
            sys.modules[name] = _Absent(name)
        from denoising_diffusion_pytorch import GaussianDiffusion, Unet

        width = {"dim": WIDTH, "dim_mults": MULTIPLIERS[preset]}
        self.net = Unet(**width, channels=1, dropout=0.1, flash_attn=True)
        shape = {"image_size": SIZES[preset], "objective": "pred_noise", "beta_schedule": "linear"}
        self.diffusion = GaussianDiffusion(self.net, **shape, auto_normalize=False)
        self.short = GaussianDiffusion(self.net, **shape, timesteps=T[preset])

    def probe(self) -> Tensor:
        with torch.inference_mode():
            return self.net(self.few, torch.full((len(self.few),), 500))

    def gradient(self) -> None:
        self.net.train()
        self.value = self.diffusion(self.batch())
        self.value.backward()

    def training_step(self) -> None:
        from ema_pytorch import EMA as Average

        if not hasattr(self, "ema"):
            self.optimizer = torch.optim.Adam(self.diffusion.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.99))
            self.ema = Average(self.diffusion, beta=0.995, update_every=10)  # the trainer's own defaults
        self.gradient()
        self.value.item()
        nn.utils.clip_grad_norm_(self.diffusion.parameters(), CLIP)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.ema.update()

    def sampling_step(self) -> None:
        self.diffusion.p_sample(self.xt, 500)

    def algorithm_2(self) -> None:
        self.short.sample(batch_size=len(self.xt))


class Machine:
    """What a large matrix multiplication in float32 reaches here: the peak that shares are of."""

    side = 1024

    def __init__(self, preset: str, weights: Path):
        self.a, self.b = torch.randn(2, self.side, self.side)

    def matmul(self) -> None:
        self.a @ self.b


CONTESTANTS = {
    "ddpm_notes": DDPMNotes,
    "diffusers": Diffusers,
    "denoising-diffusion-pytorch": Lucidrains,
    "machine": Machine,
}


def save_shared_weights(preset: str, folder: Path) -> None:
    """A diffusers network of this shape, saved by diffusers; every layer at a random start, none at zero."""
    from diffusers import UNet2DModel

    torch.manual_seed(0)
    UNet2DModel(**diffusers_settings(preset)).save_pretrained(folder)
