"""What stands around Algorithm 1: settings, warm-up, moving average, several processes, a state to go on from."""

import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import torch
import torch.distributed as dist
from torch import Generator, Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ddpm_notes.distributed import gathered, rank_and_world
from ddpm_notes.files import read_tensors, write_tensors
from ddpm_notes.progress import progress_bar


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


class TrainingDiverged(RuntimeError):
    """The loss or the gradient became NaN or infinite."""


class TrainingRun:
    """What changes while training: the network, its average, Adam's moments and the losses so far.

    objective: a module of the loss, with the network as its `model`. state: where the run is saved, and from where
    it goes on if that exists. As App. B and the released code have it, the learning rate is warmed up and the weights
    are averaged (EMA); the average begins at the initial weights.
    """

    def __init__(self, objective: nn.Module, data: Tensor, config: TrainingConfig, state: Path | None):
        _check_data(data)
        self.rank, self.world = rank_and_world()
        if config.batch % self.world:
            raise ValueError(f"the batch of {config.batch} cannot be divided among {self.world} processes")
        self.model, self.config = objective.get_submodule("model"), config
        self.state = Path(state) if state else None
        self.identity = {k: v for k, v in asdict(config).items() if k not in ("steps", "save_every")}
        self.identity["data"] = zlib.crc32(data.cpu().contiguous().numpy().data)
        self.identity["network"] = zlib.crc32(repr(self.model).encode())
        self.averaging = AveragedModel(self.model, multi_avg_fn=get_ema_multi_avg_fn(config.ema))
        self.averaging.update_parameters(self.model)  # the first time it copies
        self.average = self.averaging.module
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=config.learning_rate, fused=True)
        self.losses: list[float] = []
        self.started = time.monotonic()
        if self.state and self.state.exists():
            self._load(self.state)
        self.device = next(self.model.parameters()).device
        self._check_together()
        self.objective = nn.parallel.DistributedDataParallel(objective) if self.world > 1 else objective
        self.model.train()

    @property
    def seconds(self) -> float:
        """Time spent on this run, over all its interruptions."""
        return time.monotonic() - self.started

    def steps(self) -> Iterator[Generator]:
        """For every step that is still to be taken, the generator of all that is random in it; saves in between."""
        c, first = self.config, len(self.losses)
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            bar = progress_bar(range(first, c.steps), desc="training", unit="step", initial=first, total=c.steps)
            for step in bar:
                warm = min(step / c.warmup, 1.0) if c.warmup else 1.0
                self.optimizer.param_groups[0]["lr"] = c.learning_rate * warm
                seed = c.seed * 1_000_003 + step
                # Dropout draws from the global generator, whose seed has 32 bits: ranks stay far apart, modulo 2^32.
                torch.manual_seed(seed + self.rank * 0x9E3779B9)
                yield Generator().manual_seed(seed)
                if (done := step + 1) % 20 == 0:
                    bar.set_postfix(loss=f"{self.losses[-1]:.4f}", refresh=False)
                if self.state and self.rank == 0 and (done % c.save_every == 0 or done == c.steps):
                    self._save(self.state)

    def record(self, loss: Tensor, norm: Tensor) -> None:
        """Once a step is taken: average the weights and keep the loss; `TrainingDiverged` if it was not finite."""
        if self.world > 1:
            dist.all_reduce(loss)
            loss /= self.world
        if not (torch.isfinite(loss) and torch.isfinite(norm)):
            saved = self.state and self.state.exists()
            kept = f"the last good state is {self.state}" if saved else "nothing was saved"
            where = f"step {len(self.losses)}: loss {loss.item()}, gradient norm {norm.item()}"
            raise TrainingDiverged(f"{where}; {kept}; try a smaller learning rate")
        self.averaging.update_parameters(self.model)
        self.losses.append(loss.item())

    def _save(self, path: Path) -> None:
        parts = {"model": self.model.state_dict(), "ema": self.average.state_dict()}
        parts |= {f"adam.{i}": moments for i, moments in self.optimizer.state_dict()["state"].items()}
        tensors = {f"{part}.{name}": value for part, values in parts.items() for name, value in values.items()}
        tensors["losses"] = torch.tensor(self.losses, dtype=torch.float64)
        write_tensors(path, tensors, {"seconds": self.seconds, "config": self.identity})

    def _load(self, path: Path) -> None:
        tensors, about = read_tensors(path)
        if "config" not in about:
            raise ValueError(f"{path} is no saved state of a run; give another file")
        if differ := sorted(k for k, value in self.identity.items() if about["config"].get(k, value) != value):
            raise ValueError(
                f"{path} belongs to a run with another {', '.join(differ)}; remove it or give another file"
            )

        def part(name: str) -> dict[str, Tensor]:
            return {key.removeprefix(f"{name}."): x for key, x in tensors.items() if key.startswith(f"{name}.")}

        self.model.load_state_dict(part("model"))
        self.average.load_state_dict(part("ema"))
        adam = self.optimizer.state_dict()
        moments = {i: part(f"adam.{i}") for i in adam["param_groups"][0]["params"]}
        self.optimizer.load_state_dict(adam | {"state": moments})
        self.losses, self.started = tensors["losses"].tolist(), self.started - about["seconds"]

    def _check_together(self) -> None:
        """All processes must have read the same state, or they would wait for one another in vain."""
        steps = gathered(torch.tensor([len(self.losses)], device=self.device), self.world).tolist()
        if len(set(steps)) > 1:
            raise ValueError(f"the processes would go on from different steps {steps}; put the state on a shared disk")


def _check_data(data: Tensor) -> None:
    if data.ndim != 4 or not data.is_floating_point():
        raise ValueError(f"data must be floating point images (N, C, H, W), got {data.dtype} of {tuple(data.shape)}")
    if bool((data.abs() > 1).any()):
        raise ValueError(
            f"images must lie in [-1, 1], got {data.min():.4g}..{data.max():.4g}; convert them with data.to_model"
        )
