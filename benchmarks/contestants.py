"""The packages that are timed and the machine itself, each with the two tasks: a training step and a sampling step.

All do the same: Adam in one fused call, the gradient clipped to norm 1, an average of the weights at every step; one
step of Algorithm 2 with x0_hat clipped. Data and noise are drawn inside the tasks.
"""

import sys
import types
from abc import ABC, abstractmethod
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ddpm_notes import DIGITS, FASHION, TrainingConfig
from ddpm_notes.diffusers_layout import load_diffusers
from ddpm_notes.engines import engine
from ddpm_notes.reverse import reverse_process
from ddpm_notes.training import Objective, training_step
from ddpm_notes.training_run import TrainingRun

PRESETS = {"digits": DIGITS, "fashion": FASHION}
LEARNING_RATE, CLIP, EMA, T = 2e-4, 1.0, 0.9999, 501


class Contestant(ABC):
    """What all share: images to train on, and an x_t to sample from."""

    net: nn.Module

    def __init__(self, preset: str, batch: int, weights: Path):
        torch.manual_seed(0)
        self.batch, self.shape = batch, PRESETS[preset].shape
        self.images = torch.randint(256, (512, *self.shape)).float() / 127.5 - 1
        self.xt, self.t = torch.randn(batch, *self.shape), torch.full((batch,), T)

    @abstractmethod
    def eps(self) -> Tensor:
        """The network at x_t: equal for equal weights."""

    @abstractmethod
    def sampling_step(self) -> None: ...

    @abstractmethod
    def training_step(self) -> None: ...


class Peer(Contestant):
    """One that leaves the loop to its user: here ours, with the same optimiser and the same average."""

    @abstractmethod
    def loss(self) -> Tensor:
        """L_simple of a batch drawn with replacement."""

    def training_step(self) -> None:
        if not hasattr(self, "optimizer"):
            self.net.train()
            self.optimizer = torch.optim.Adam(self.net.parameters(), lr=LEARNING_RATE, fused=True)
            self.average = AveragedModel(self.net, multi_avg_fn=get_ema_multi_avg_fn(EMA))
        loss = self.loss()
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), CLIP)
        self.optimizer.step()
        self.average.update_parameters(self.net)
        loss.item()

    def drawn(self) -> Tensor:
        return self.images[torch.randint(len(self.images), (self.batch,))]


class DDPMNotes(Contestant):
    """This package, with the weights that diffusers has too."""

    def __init__(self, preset: str, batch: int, weights: Path, name: str = "pytorch"):
        super().__init__(preset, batch, weights)
        plain = load_diffusers(weights).model
        self.net, self.schedule, self.model = plain.net, plain.schedule, engine(plain, name)

    def eps(self) -> Tensor:
        return self.model(self.xt, self.t)

    def training_step(self) -> None:
        if not hasattr(self, "run"):
            settings = {"batch": self.batch, "learning_rate": LEARNING_RATE, "warmup": 0, "ema": EMA, "clip": CLIP}
            config = TrainingConfig(**settings, precision="float32")
            objective = Objective(self.net.requires_grad_(True), self.schedule, config)
            self.run = TrainingRun(objective, self.images, self.schedule, config, state=None)
            self.generators = self.run.steps()
        run = self.run
        run.record(
            *training_step(run.objective, run.optimizer, self.images, self.schedule, run.config, next(self.generators))
        )

    def sampling_step(self) -> None:
        reverse_process(self.xt, self.t, self.model, self.schedule, clip_x0=True)


class Diffusers(Peer):
    """Hugging Face diffusers: `UNet2DModel` and `DDPMScheduler`, in the loop of its example."""

    def __init__(self, preset: str, batch: int, weights: Path):
        super().__init__(preset, batch, weights)
        from diffusers import DDPMPipeline

        pipeline = DDPMPipeline.from_pretrained(weights, low_cpu_mem_usage=False)
        self.net, self.scheduler = pipeline.unet, pipeline.scheduler

    def eps(self) -> Tensor:
        return self.net(self.xt, self.t - 1).sample

    def loss(self) -> Tensor:
        x0 = self.drawn()
        noise, t = torch.randn_like(x0), torch.randint(0, 1000, (len(x0),))
        return F.mse_loss(self.net(self.scheduler.add_noise(x0, noise, t), t).sample, noise)

    def sampling_step(self) -> None:
        self.scheduler.step(self.net(self.xt, T - 1).sample, T - 1, self.xt)


class _Absent(types.ModuleType):
    """A module whose every public name is an empty class."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class Lucidrains(Peer):
    """lucidrains/denoising-diffusion-pytorch, with its U-Net of the same width.

    Its network is another one: RMS norm, two blocks a level on the way up, linear attention at the higher
    resolutions, four heads; 5 to 7 per cent fewer multiplications than ours. Its modules import torchvision and
    accelerate at their head for the `Trainer` alone (files, pictures, FID), and torchvision's wheel does not import
    beside this torch: an empty stand-in takes their place. U-Net and GaussianDiffusion run unchanged.
    """

    def __init__(self, preset: str, batch: int, weights: Path):
        super().__init__(preset, batch, weights)
        for name in ("torchvision", "accelerate"):
            sys.modules[name] = _Absent(name)
        from denoising_diffusion_pytorch import GaussianDiffusion, Unet

        (channels, size, _), c = self.shape, PRESETS[preset]
        self.net = Unet(c.width, dim_mults=c.multipliers, channels=channels, dropout=c.dropout, flash_attn=True)
        settings = {"image_size": size, "objective": "pred_noise", "beta_schedule": "linear"}
        self.diffusion = GaussianDiffusion(self.net, **settings, auto_normalize=False)

    def eps(self) -> Tensor:
        return self.net(self.xt, self.t - 1)

    def loss(self) -> Tensor:
        return self.diffusion(self.drawn())

    def sampling_step(self) -> None:
        self.diffusion.p_sample(self.xt, T - 1)


class Machine:
    """What a large matrix multiplication in float32 reaches here: the peak that shares are of."""

    side = 1024

    def __init__(self, preset: str, batch: int, weights: Path):
        self.a, self.b = torch.randn(2, self.side, self.side)

    def matmul(self) -> None:
        self.a @ self.b


CONTESTANTS = {
    "diffusers": Diffusers,
    "ddpm_notes": DDPMNotes,
    "ddpm_notes, onnxruntime": partial(DDPMNotes, name="onnxruntime"),
    "denoising-diffusion-pytorch": Lucidrains,
    "machine": Machine,
}
