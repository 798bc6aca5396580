"""The settings of a training run."""

from dataclasses import dataclass
from typing import Literal


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
