"""What stands around Algorithm 1: settings, warm-up, moving average, several processes, a state to go on from."""

import math
import time
import zlib
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, cast, get_args

import torch
import torch.distributed as dist
from torch import Generator, Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ddpm_notes.data import Images, to_levels
from ddpm_notes.distributed import gathered, in_any_process, rank_and_world
from ddpm_notes.files import read_tensors, write_tensors
from ddpm_notes.interrupts import noted_interrupts
from ddpm_notes.precision import PRECISIONS, Precision
from ddpm_notes.progress import progress_bar
from ddpm_notes.reverse import Variance, check_schedule
from ddpm_notes.schedule import Schedule

Loss = Literal["eps", "x0", "mean", "bound"]


@dataclass(frozen=True)
class TrainingConfig:
    """The settings of a run. The defaults are the paper's for CIFAR10 (App. B, pp. 14-15) and its code's, but
    for `flips`, which the paper's run has.

    steps: gradient steps. batch: images per step, over all processes. learning_rate: of Adam, reached
    after `warmup` steps (from 0 at the first, as in the released code). ema: decay of the averaged
    weights. ema_ramp: after n steps the decay is at most (1 + n) / (10 + n), so that a short run does not
    average its random start; the released code has no such ramp. clip: the gradient's norm is clipped to
    this. flips: flip images at random, left to right. loss: "eps" is L_simple (Eq. 14); "x0" and "mean"
    the same squared error on x0_hat or mu_theta; "bound" a random term of Eq. (5), with `variance` and
    `levels`. precision: of products and convolutions (`precision.arithmetic`); weights, their average and
    the loss stay float32. compile: let `torch.compile` fuse a step, which takes a C++ compiler. draw_on:
    "cpu" makes a run the same on every device and for any number of processes; "device" spares a GPU the
    copies, and each process draws its own images alone. seed: of everything random. save_every: steps
    between two saved states.
    """

    steps: int = 800_000
    batch: int = 128
    learning_rate: float = 2e-4
    warmup: int = 5000
    ema: float = 0.9999
    ema_ramp: bool = False
    clip: float = 1.0
    flips: bool = False
    loss: Loss = "eps"
    variance: Variance = "beta"
    levels: int = 256
    precision: Precision = "float32"
    compile: bool = False
    draw_on: Literal["cpu", "device"] = "cpu"
    seed: int = 0
    save_every: int = 500

    def __post_init__(self):
        for name in ("steps", "batch", "save_every"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, a whole number, got {getattr(self, name)}")
        choices_of = {"loss": get_args(Loss), "variance": get_args(Variance), "precision": PRECISIONS}
        for name, choices in (choices_of | {"draw_on": ("cpu", "device")}).items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}, got {getattr(self, name)!r}")
        if not (0 <= self.ema < 1 and self.learning_rate > 0 and self.warmup >= 0):
            raise ValueError(
                "ema must be in 0..1 (1 excluded), learning_rate above 0 and warmup not negative, "
                f"got {self.ema}, {self.learning_rate} and {self.warmup}"
            )
        if not self.clip > 0 or self.learning_rate == math.inf or self.seed < 0 or self.levels < 2:
            raise ValueError(
                "clip must be above 0, learning_rate finite, levels at least 2 and seed not negative, "
                f"got {self.clip}, {self.learning_rate}, {self.levels} and {self.seed}"
            )

    def decay(self, step: int) -> float:
        """Of the average at step 0, 1, ..."""
        return min(self.ema, (2 + step) / (11 + step)) if self.ema_ramp else self.ema

    @property
    def random_start(self) -> float:
        """The share of the random start in the averaged weights at the end of the run."""
        return math.prod(self.decay(step) for step in range(self.steps))


class TrainingDiverged(RuntimeError):
    """The loss or the gradient became NaN or infinite."""


class TrainingRun:
    """What changes while training: the network, its average, Adam's moments and the losses so far.

    objective: a module of the loss, with the network as its `model`. state: where the run is saved, and from where
    it goes on if that exists. As in the released code the learning rate is warmed up and, also in App. B, the weights
    are averaged (EMA); the average begins at the initial weights.
    """

    def __init__(
        self,
        objective: nn.Module,
        data: Tensor | Images,
        schedule: Schedule,
        config: TrainingConfig,
        state: Path | None,
    ):
        _check_data(data, config)
        check_schedule(objective.get_submodule("model"), schedule)
        if not any(weight.requires_grad for weight in objective.parameters()):
            raise ValueError("the network has no weights to train; if it was loaded, call model.requires_grad_(True)")
        self.rank, self.world = rank_and_world()
        if config.batch % self.world:
            raise ValueError(f"the batch of {config.batch} cannot be divided among {self.world} processes")
        self.model, self.config = objective.get_submodule("model"), config
        self.device = next(self.model.parameters()).device
        if self.device.type == "cuda":
            self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # its convolutions' order
        self.state = Path(state) if state else None
        self.identity = {k: v for k, v in asdict(config).items() if k not in ("steps", "save_every")}
        values = data.pixels if isinstance(data, Images) else data
        shape = zlib.crc32(str(tuple(values.shape)).encode())
        self.identity["data"] = zlib.crc32(values.cpu().contiguous().numpy().data, shape)
        self.identity["network"] = zlib.crc32(repr(self.model).encode())
        self.identity["schedule"] = schedule.checksum
        self.averaging = AveragedModel(self.model, multi_avg_fn=self._average)
        self.averaging.update_parameters(self.model)  # the first time it copies
        self.average = self.averaging.module
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=config.learning_rate, fused=True)
        self.done, self.checked = 0, 0  # steps taken; steps whose loss was seen to be finite
        self.measured = torch.zeros(2, config.steps, device=self.device)  # loss and gradient norm of each step
        self.started = time.monotonic()
        if self.state and self.state.exists():
            self._load(self.state)
        self._check_together()
        self.objective: nn.Module = cast(nn.Module, torch.compile(objective)) if config.compile else objective
        if self.world > 1:
            self.objective = nn.parallel.DistributedDataParallel(self.objective)
        self.model.train()

    @property
    def seconds(self) -> float:
        """Time spent on this run, over all its interruptions."""
        return time.monotonic() - self.started

    @property
    def losses(self) -> Tensor:
        """Of every step taken, (done,), on the CPU."""
        return self.measured[0, : self.done].cpu().clone()

    def steps(self) -> Iterator[Generator]:
        """For every step that is still to be taken, the generator of all that is random in it; saves in between.

        With a state, an interrupt is waited with until the step is whole, saved, and then raised.
        """
        c, first = self.config, self.done
        look_every = 1 if self.device.type == "cpu" else 20
        interrupts = noted_interrupts() if self.state else nullcontext(lambda: False)
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []), interrupts as noted:
            bar = progress_bar(range(first, c.steps), desc="training", unit="step", initial=first, total=c.steps)
            for step in bar:
                warm = min(step / c.warmup, 1.0) if c.warmup else 1.0
                self.optimizer.param_groups[0]["lr"] = c.learning_rate * warm
                yield self._generator(step)
                if self.done % 20 == 0:
                    bar.set_postfix(loss=f"{self.measured[0, step]:.4f}", refresh=False)
                saves = self.done % c.save_every == 0 or self.done == c.steps
                stops = self.done % look_every == 0 and in_any_process(noted())
                if saves or stops or self.done % look_every == 0:
                    self._check_finite()
                if self.state and self.rank == 0 and (saves or stops):
                    self._save(self.state)
                if stops:
                    raise KeyboardInterrupt

    def record(self, loss: Tensor, norm: Tensor) -> None:
        """Once a step is taken: average the weights, and note its loss and its gradient's norm."""
        if self.world > 1:
            dist.all_reduce(loss)
            loss /= self.world
        self.averaging.update_parameters(self.model)
        self.measured[:, self.done] = torch.stack([loss, norm])
        self.done += 1

    def _average(self, averaged, current, count) -> None:
        get_ema_multi_avg_fn(self.config.decay(self.done))(averaged, current, count)

    def _generator(self, step: int) -> Generator:
        c = self.config
        seed = (c.seed * 1_000_003 + step) % 2**63
        # Dropout draws from the global generator, whose seed has 32 bits: ranks stay far apart, modulo 2^32.
        own = seed + self.rank * 0x9E3779B9
        torch.manual_seed(own)
        return Generator().manual_seed(seed) if c.draw_on == "cpu" else Generator(self.device).manual_seed(own)

    def _check_finite(self) -> None:
        """`TrainingDiverged` at the first loss or norm since the last look that is not finite."""
        new = self.measured[:, self.checked : self.done].cpu()
        bad = (~torch.isfinite(new)).any(0).nonzero().flatten().tolist()
        if bad:
            kept = "nothing was saved;"
            if self.state and self.state.exists():
                kept = f"the last good state is {self.state}, which no other rate can go on from; remove it and"
            loss, norm = new[:, bad[0]].tolist()
            where = f"step {self.checked + bad[0]}: loss {loss}, gradient norm {norm}"
            raise TrainingDiverged(f"{where}; {kept} try a smaller learning rate")
        self.checked = self.done

    def _save(self, path: Path) -> None:
        parts = {"model": self.model.state_dict(), "ema": self.average.state_dict()}
        parts |= {f"adam.{i}": moments for i, moments in self.optimizer.state_dict()["state"].items()}
        tensors = {f"{part}.{name}": value for part, values in parts.items() for name, value in values.items()}
        tensors["losses"] = self.losses.double()
        write_tensors(path, tensors, {"seconds": self.seconds, "config": self.identity})

    def _load(self, path: Path) -> None:
        tensors, about = read_tensors(path)
        if "config" not in about:
            raise ValueError(f"{path} is no saved state of a run; give another file")
        old = about["config"]
        if differ := sorted(k for k, value in self.identity.items() if old.get(k, value) != value):
            told = ", ".join(f"{k} ({old[k]})" if hasattr(self.config, k) else k for k in differ)  # else a checksum
            raise ValueError(f"{path} belongs to a run with another {told}; remove it or give another file")

        def part(name: str) -> dict[str, Tensor]:
            return {key.removeprefix(f"{name}."): x for key, x in tensors.items() if key.startswith(f"{name}.")}

        self.model.load_state_dict(part("model"))
        self.average.load_state_dict(part("ema"))
        adam = self.optimizer.state_dict()
        weights = dict(enumerate(self.model.parameters()))
        moments = {
            i: {name: torch.empty_like(weights[i]).copy_(x) if x.ndim else x for name, x in part(f"adam.{i}").items()}
            for i in adam["param_groups"][0]["params"]
        }  # laid out in memory as the weights are, as the fused step expects
        self.optimizer.load_state_dict(adam | {"state": moments})
        losses = tensors["losses"].float()
        self.done = self.checked = len(losses)
        if self.done > self.config.steps:
            raise ValueError(f"{path} has {self.done} steps behind it already; give more --steps, or remove it")
        self.measured[0, : self.done] = losses.to(self.device)
        self.started -= about["seconds"]

    def _check_together(self) -> None:
        """All processes must have read the same state, or they would wait for one another in vain."""
        steps = gathered(torch.tensor([self.done], device=self.device), self.world).tolist()
        if len(set(steps)) > 1:
            raise ValueError(f"the processes would go on from different steps {steps}; put the state on a shared disk")


def _check_data(data: Tensor | Images, config: TrainingConfig) -> None:
    if not len(data):
        raise ValueError("there are no images to train on, got an empty set")
    if isinstance(data, Images):
        if config.loss == "bound" and config.levels != data.levels:
            raise ValueError(f"the images have {data.levels} levels, got levels={config.levels}; give theirs")
        return
    if data.ndim != 4 or not data.is_floating_point():
        raise ValueError(f"data must be floating point images (N, C, H, W), got {data.dtype} of {tuple(data.shape)}")
    if not bool((data.abs() <= 1).all()):
        raise ValueError(
            f"images must lie in [-1, 1], got {data.min():.4g}..{data.max():.4g}; convert them with data.to_model"
        )
    if config.loss == "bound":
        to_levels(data, config.levels)  # refuses what is not on the grid
