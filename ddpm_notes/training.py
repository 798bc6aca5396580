"""Training: Algorithm 1, p. 4, with what App. B and the released code add (EMA, warm-up, clipping, flips).

Everything random in step k is drawn from a generator seeded by (seed, k), so a run that was killed and
resumed gives the same bits as one that was not, on a CPU at equal thread counts.
"""

import copy
import time
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import torch
import torch.distributed as dist
from torch import Generator, Tensor, nn

from ddpm_notes.checkpoints import read_tensors, write_tensors
from ddpm_notes.distributed import gathered, progress, rank_and_world, share
from ddpm_notes.forward import draw_noise
from ddpm_notes.losses import bound_loss, draw_t, simple_loss
from ddpm_notes.schedule import Schedule


@dataclass(frozen=True)
class TrainingConfig:
    """The settings of a run. The defaults are the paper's for CIFAR10 (App. B, pp. 14-15) and its code's.

    steps: gradient steps. batch: images per step, over all processes. learning_rate: of Adam, reached
    after `warmup` steps (from 0 at the first, as in the released code). ema: decay of the averaged
    weights. clip: the gradient's norm is clipped to this. flips: flip images at random, left to right.
    loss: "eps" is L_simple (Eq. 14); "x0" and "mean" the same squared error on x0_hat or mu_theta;
    "bound" a random term of Eq. (5), with `variance` and `levels`. precision: "bfloat16" multiplies and
    convolves in bfloat16 (autocast); weights, their average and the loss stay float32. seed: of everything
    random. save_every: steps between two saved states.
    """

    steps: int = 800_000
    batch: int = 128
    learning_rate: float = 2e-4
    warmup: int = 5000
    ema: float = 0.9999
    clip: float = 1.0
    flips: bool = False
    loss: Literal["eps", "x0", "mean", "bound"] = "eps"
    variance: Literal["beta", "beta_tilde", "learned"] = "beta"
    levels: int = 256
    precision: Literal["float32", "bfloat16"] = "float32"
    seed: int = 0
    save_every: int = 500

    def __post_init__(self):
        for name in ("steps", "batch", "save_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.precision not in ("float32", "bfloat16"):
            raise ValueError(f'precision must be "float32" or "bfloat16", got {self.precision!r}')
        if not (0 <= self.ema < 1 and self.learning_rate > 0 and self.warmup >= 0):
            raise ValueError(
                "ema must be in 0..1 (1 excluded), learning_rate above 0 and warmup not negative, "
                f"got {self.ema}, {self.learning_rate} and {self.warmup}"
            )


@dataclass(frozen=True)
class Trained:
    """The averaged network, in evaluation mode; the loss of every step, (steps,); and the seconds it took in all."""

    model: nn.Module
    losses: Tensor
    seconds: float


class TrainingDiverged(RuntimeError):
    """The loss or the gradient became NaN or infinite."""


class _Loss(nn.Module):
    """The loss of each image as a module, so that DistributedDataParallel can wrap it."""

    def __init__(self, model: nn.Module, schedule: Schedule, config: TrainingConfig):
        super().__init__()
        self.model, self.schedule, self.config = model, schedule, config

    def forward(self, x0: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        c = self.config
        with torch.autocast(x0.device.type, torch.bfloat16, enabled=c.precision == "bfloat16"):
            if c.loss == "bound":
                return bound_loss(self.model, x0, self.schedule, t, noise, variance=c.variance, levels=c.levels)
            return simple_loss(self.model, x0, self.schedule, t, noise, target=c.loss)


def train(
    model: nn.Module, data: Tensor, schedule: Schedule, config: TrainingConfig, state: Path | None = None
) -> Trained:
    """Algorithm 1, p. 4: draw x_0, t and epsilon, take a gradient step on ||epsilon - epsilon_theta(x_t, t)||^2.

    The template's five points are the body of `_gradient_step`: sample t, make x_t, predict the noise,
    compute the loss, back-propagate.

    model: a module that is a model of epsilon; it is trained in place. data: x_0, (N, C, H, W) in
    [-1, 1], from which batches are drawn with replacement. state: a file in which the run is saved every
    `config.save_every` steps and from which it goes on if it exists. Under torchrun the batch is divided
    among the processes (DistributedDataParallel): they take the steps that one process would, to within
    rounding (and but for dropout, which each draws for itself). Process 0 saves, where all can read.
    Raises ValueError if `state` belongs to another run, `TrainingDiverged` at the first NaN.
    """
    _check_data(data)
    rank, world = rank_and_world()
    if config.batch % world:
        raise ValueError(f"the batch of {config.batch} cannot be divided among {world} processes")
    run = _Run(model, config, data)
    if state is not None and Path(state).exists():
        run.load(Path(state))
    _check_together(run)
    loss = _Loss(model, schedule, config)
    loss = nn.parallel.DistributedDataParallel(loss) if world > 1 else loss
    model.train()
    device = run.parameters[0].device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        steps = range(run.step, config.steps)
        bar = progress(steps, desc="training", unit="step", initial=run.step, total=config.steps)
        for _ in bar:
            value = _gradient_step(loss, run, data, schedule, state)
            if run.step % 20 == 0:
                bar.set_postfix(loss=f"{value:.4f}", refresh=False)
            if state is not None and rank == 0 and (run.step % config.save_every == 0 or run.step == config.steps):
                run.save(Path(state))
    return Trained(run.ema.eval().requires_grad_(False), torch.tensor(run.losses), run.seconds)


def _gradient_step(loss: nn.Module, run: "_Run", data: Tensor, schedule: Schedule, state: Path | None) -> float:
    config, (rank, world) = run.config, rank_and_world()
    generator = Generator().manual_seed(config.seed * 1_000_003 + run.step)
    x0 = data[torch.randint(len(data), (config.batch,), generator=generator)]
    if config.flips:
        flip = (torch.rand(config.batch, generator=generator) < 0.5).to(x0.device)
        x0 = torch.where(flip.view(-1, 1, 1, 1), x0.flip(-1), x0)
    t = draw_t(config.batch, schedule, generator)
    noise = draw_noise(x0, generator)
    # Dropout draws from the global generator, whose seed has 32 bits: ranks stay far apart, modulo 2^32, for any step.
    torch.manual_seed(config.seed * 1_000_003 + run.step + rank * 0x9E3779B9)

    device = run.parameters[0].device
    x0, t, noise = (share(each).to(device) for each in (x0, t, noise))
    mean_loss = loss(x0, t, noise).mean()
    run.optimizer.zero_grad()
    mean_loss.backward()
    norm = nn.utils.clip_grad_norm_(loss.parameters(), config.clip)
    value = mean_loss.detach()
    if world > 1:
        dist.all_reduce(value)
        value /= world
    if not (torch.isfinite(value) and torch.isfinite(norm)):
        kept = f"the last good state is {state}" if state is not None and Path(state).exists() else "nothing was saved"
        raise TrainingDiverged(
            f"step {run.step}: loss {value.item()}, gradient norm {norm.item()}; {kept}; try a smaller learning rate"
        )
    run.update()
    run.losses.append(value.item())
    return run.losses[-1]


class _Run:
    """What changes while training: the network, its average, Adam's moments, the step and the losses so far."""

    def __init__(self, model: nn.Module, config: TrainingConfig, data: Tensor):
        self.model, self.config = model, config
        self.identity = {k: v for k, v in asdict(config).items() if k not in ("steps", "save_every")}
        self.identity["data"] = zlib.crc32(data.cpu().contiguous().numpy())
        self.identity["network"] = zlib.crc32(repr(model).encode())
        self.ema = copy.deepcopy(model)
        self.step, self.losses = 0, []
        self.seconds_before, self.started = 0.0, time.monotonic()
        self.parameters = list(model.parameters())
        self.optimizer = torch.optim.Adam(self.parameters, lr=config.learning_rate, fused=True)

    @property
    def seconds(self) -> float:
        """Time spent on this run, over all its interruptions."""
        return self.seconds_before + time.monotonic() - self.started

    def update(self) -> None:
        """One step of Adam and of the moving average."""
        warm = min(self.step / self.config.warmup, 1.0) if self.config.warmup else 1.0
        self.optimizer.param_groups[0]["lr"] = self.config.learning_rate * warm
        self.optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(list(self.ema.parameters()), self.parameters, 1 - self.config.ema)
        self.step += 1

    def save(self, path: Path) -> None:
        tensors = {"losses": torch.tensor(self.losses, dtype=torch.float64)}
        tensors |= {f"model.{name}": p for name, p in self.model.state_dict().items()}
        tensors |= {f"ema.{name}": p for name, p in self.ema.state_dict().items()}
        for i, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{i}.{name}": value for name, value in moments.items()}
        write_tensors(path, tensors, {"step": self.step, "seconds": self.seconds, "config": self.identity})

    def load(self, path: Path) -> None:
        tensors, about = read_tensors(path)
        if "config" not in about:
            raise ValueError(f"{path} is no saved state of a run; give another file")
        theirs = about["config"]
        differ = sorted(name for name, value in self.identity.items() if theirs.get(name, value) != value)
        if differ:
            raise ValueError(
                f"{path} belongs to a run with another {', '.join(differ)}; remove it or give another file"
            )
        part = {kind: {} for kind in ("model", "ema", "adam")}
        for name, tensor in tensors.items():
            kind, _, rest = name.partition(".")
            part.get(kind, {})[rest] = tensor
        self.model.load_state_dict(part["model"])
        self.ema.load_state_dict(part["ema"])
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in part["adam"].items():
            index, name = name.split(".")
            moments.setdefault(int(index), {})[name] = tensor
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": moments})
        self.step, self.losses, self.seconds_before = about["step"], tensors["losses"].tolist(), about["seconds"]


def _check_together(run: _Run) -> None:
    """All processes must have read the same state, or they would wait for one another in vain."""
    step = torch.tensor([run.step], device=run.parameters[0].device)
    steps = gathered(step, rank_and_world()[1]).tolist()
    if len(set(steps)) > 1:
        raise ValueError(f"the processes would go on from different steps {steps}; put the state on a shared disk")


def _check_data(data: Tensor) -> None:
    if data.ndim != 4 or not data.is_floating_point():
        raise ValueError(f"data must be floating point images (N, C, H, W), got {data.dtype} of {tuple(data.shape)}")
    if bool((data.abs() > 1).any()):
        raise ValueError(
            f"images must lie in [-1, 1], got {data.min():.4g}..{data.max():.4g}; convert them with data.to_model"
        )
