"""The variance schedule beta_1..beta_T and what follows from it: Section 2, Eqs. (2), (4), (7)."""

import math
import zlib
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import pad


@dataclass(frozen=True, eq=False)
class Schedule:
    """The forward process variances, in float64, indexed by the paper's t.

    Every table has T + 1 entries; entry 0 is clean data: beta_0 = 0, alpha_0 = alpha_bar_0 = 1,
    beta_tilde_0 = 0. So `alpha_bar[t - 1]` needs no special case at t = 1.

    Build one with `linear_schedule`, or with `Schedule.from_betas` from beta_1..beta_T. One made by `strided` has
    `levels`, what t is in the schedule that the network was trained with; None where that is t itself.

    A loop on a GPU takes the schedule `on` it, whose tables are there; else they are copied at each use.
    """

    beta: Tensor  # (T + 1,)
    levels: Tensor | None = None  # (T + 1,), int64

    def __post_init__(self):
        beta, given = self.beta, f"{self.beta.dtype} of shape {tuple(self.beta.shape)}"
        right = beta.ndim == 1 and len(beta) > 1 and beta.dtype == torch.float64
        if right and beta.is_cpu:
            first, low, high = beta[0].item(), beta[1:].min().item(), beta[1:].max().item()
            right, given = first == 0 and 0 < low and high < 1, f"{first:.4g} and then {low:.4g}..{high:.4g}"
        if not right:
            raise ValueError(
                "a schedule is beta_0 = 0 and then beta_1..beta_T, float64, each strictly between 0 and 1 (alpha_bar "
                f"decreases; one rescaled by 1000/T has T > 20), got {given}; for beta_1..beta_T alone there is "
                "Schedule.from_betas"
            )

    @classmethod
    def from_betas(cls, betas: Tensor) -> "Schedule":
        """The schedule with the given beta_1..beta_T, shape (T,), each strictly between 0 and 1.

        Raises ValueError if a beta is outside (0, 1) or if they decrease (the paper's three
        schedules are constant or increasing, App. B, p. 14).
        """
        betas = torch.as_tensor(betas, dtype=torch.float64)
        if bool((betas.diff() < 0).any()):
            raise ValueError("the betas must not decrease with t; sort them, or build the schedule from alpha_bar")
        return cls(pad(betas, (1, 0)))

    @classmethod
    def from_alpha_bar(cls, alpha_bar: Tensor) -> "Schedule":
        """The schedule whose alpha_bar_1..alpha_bar_T are given: beta_t = 1 - alpha_bar_t / alpha_bar_{t-1}.

        The betas may decrease, as they may in a sub-sequence of another schedule (`strided`).
        """
        alpha_bar = torch.as_tensor(alpha_bar, dtype=torch.float64)
        with_clean = pad(alpha_bar, (1, 0), value=1.0)
        return cls(pad(1 - with_clean[1:] / with_clean[:-1], (1, 0)))

    @property
    def checksum(self) -> int:
        """CRC-32 of the betas and the levels."""
        tables = [self.beta] if self.levels is None else [self.beta, self.levels]
        return zlib.crc32(b"".join(table.cpu().numpy().tobytes() for table in tables))

    @property
    def T(self) -> int:
        """The number of steps of the chain."""
        return len(self.beta) - 1

    @cached_property
    def alpha(self) -> Tensor:
        """alpha_t := 1 - beta_t (p. 2)."""
        return 1 - self.beta

    @cached_property
    def alpha_bar(self) -> Tensor:
        """alpha_bar_t := prod_{s=1}^t alpha_s (p. 2)."""
        return self.alpha.cumprod(0)

    @cached_property
    def beta_tilde(self) -> Tensor:
        """beta_tilde_t := (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t) beta_t, Eq. (7); beta_tilde_1 = 0."""
        before = 1 - self.alpha_bar[:-1]
        return torch.cat([self.beta[:1], before / (1 - self.alpha_bar[1:]) * self.beta[1:]])

    @cached_property
    def snr(self) -> Tensor:
        """The signal-to-noise ratio alpha_bar_t / (1 - alpha_bar_t); infinite at t = 0."""
        return self.alpha_bar / (1 - self.alpha_bar)

    def on(self, device: torch.device | str) -> "Schedule":
        """The same schedule with its tables on a device, made once for each."""
        device = torch.device(device)
        if device == self.beta.device:
            return self
        if device not in self._copies:
            levels = None if self.levels is None else self.levels.to(device)
            self._copies[device] = Schedule(self.beta.to(device), levels)
        return self._copies[device]

    @cached_property
    def _copies(self) -> dict[torch.device, "Schedule"]:
        return {}

    def check(self, t: Tensor, batch: int | None = None) -> None:
        """Raise ValueError unless t is an int64 vector with values in 1..T, one for each of `batch` images.

        The values are read where that is free, on the CPU. On a GPU it would wait at every step for all that came
        before; there a t below 1 gives NaN, and one above T torch's own error.
        """
        if not isinstance(t, Tensor) or t.dtype != torch.int64 or t.ndim != 1:
            what = f"{t.dtype} of shape {tuple(t.shape)}" if isinstance(t, Tensor) else type(t).__name__
            raise ValueError(f"t must be an int64 tensor of shape (B,), got {what}; write torch.full((B,), t)")
        if batch is not None and len(t) != batch:
            raise ValueError(f"t must have one entry for each of the {batch} images, got {len(t)}")
        if t.is_cpu and len(t) and not (1 <= int(t.min()) and int(t.max()) <= self.T):
            wrong = int(t.min()) if t.min() < 1 else int(t.max())
            raise ValueError(f"t must be in 1..{self.T} (the paper's t), got {wrong}")

    def network_t(self, t: Tensor) -> Tensor:
        """What a network is told at step t, (B,): t, or its level in the schedule that this one was made from."""
        return t if self.levels is None else self.levels.to(t.device)[t]

    def values(self, table: Tensor, t: Tensor) -> Tensor:
        """`table[t]`, (B,), where t is."""
        value = table.to(t.device)[t]
        return value if t.is_cpu else value.masked_fill(t < 1, math.nan)  # what `check` did not read

    def at(self, table: Tensor, t: Tensor, like: Tensor) -> Tensor:
        """`table[t]` with the dtype and device of `like`, shaped (B, 1, ..., 1) to multiply it."""
        return self.values(table, t).to(like).view(-1, *[1] * (like.ndim - 1))  # (B,) to (B, 1, ..., 1)


def linear_schedule(T: int = 1000, beta_1: float = 1e-4, beta_T: float = 0.02) -> Schedule:
    """The paper's choice: beta_t linear in t from beta_1 = 1e-4 to beta_T = 0.02, T = 1000 (Section 4, p. 5)."""
    return Schedule.from_betas(torch.linspace(beta_1, beta_T, T, dtype=torch.float64))


def quadratic_schedule(T: int = 1000, beta_1: float = 1e-4, beta_T: float = 0.02) -> Schedule:
    """sqrt(beta_t) linear in t: the paper's "quadratic" candidate (App. B, p. 14), as in the released code."""
    return Schedule.from_betas(torch.linspace(beta_1**0.5, beta_T**0.5, T, dtype=torch.float64) ** 2)


def constant_schedule(T: int = 1000, beta: float = 0.01) -> Schedule:
    """beta_t = beta for every t: the paper's "constant" candidate (App. B, p. 14).

    The paper gives no value; 0.01 keeps L_T about as close to 0 as the linear schedule does. The released code's
    "const" takes beta_T, 0.02.
    """
    return Schedule.from_betas(torch.full((T,), beta, dtype=torch.float64))


def rescaled_linear_schedule(T: int) -> Schedule:
    """The linear schedule for another T, with every beta multiplied by 1000 / T.

    This keeps sum(beta), and so alpha_bar_T, near the paper's: the chain still ends in noise.
    The end points without the factor leave alpha_bar_T = 0.60 at T = 50. Needs T > 20, so that beta_T < 1.
    """
    return linear_schedule(T, 1e-4 * 1000 / T, 0.02 * 1000 / T)


def strided(schedule: Schedule, steps: int) -> Schedule:
    """A chain of `steps` of the T noise levels, for the same network. Not in the paper: Nichol & Dhariwal (2021).

    Step i of the new chain leads from level ceil(i T / steps) of the old, so that level 0 is clean data and the last
    is T: both ends are kept. Wherever this schedule is given, the network is told the old level (`network_t`).
    """
    if not 1 <= steps <= schedule.T:
        raise ValueError(f"steps must be in 1..{schedule.T}, got {steps}")
    levels = -(-torch.arange(steps + 1) * schedule.T // steps)  # rounded up
    return replace(Schedule.from_alpha_bar(schedule.alpha_bar[levels[1:]]), levels=schedule.network_t(levels))
