"""The variational bound in bits/dim and the rate-distortion curve: Eq. (5), Section 4.3, Tables 1 and 4."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from ddpm_notes.data import to_levels
from ddpm_notes.forward import draw_noise
from ddpm_notes.losses import NATS_PER_BIT, bound_terms, gaussian_kl, per_dimension
from ddpm_notes.progress import progress_bar
from ddpm_notes.reverse import Model, Variance, check_schedule, refuse_dropout
from ddpm_notes.schedule import Schedule


@dataclass(frozen=True)
class Bound:
    """The bound of Eq. (5) of B images, in bits/dim; one noise sample for each image and t.

    prior: L_T, (B,). terms: (B, T); column t - 1 holds L_{t-1}, so column 0 is L_0. x0_mse: (B, T),
    the mean squared error of x0_hat from x_t, on the [-1, 1] scale.
    """

    prior: Tensor
    terms: Tensor
    x0_mse: Tensor

    @property
    def total(self) -> Tensor:
        """L of each image, (B,): an upper bound on -log2 p_theta(x_0) / D."""
        return self.prior + self.terms.sum(1)

    @property
    def rate(self) -> Tensor:
        """L_1 + ... + L_T of each image, (B,): Section 4.3, p. 6."""
        return self.prior + self.terms[:, 1:].sum(1)

    @property
    def distortion(self) -> Tensor:
        """L_0 of each image, (B,)."""
        return self.terms[:, 0]


def mean_and_error(x: Tensor) -> tuple[float, float]:
    """The mean of x (B,) and its standard error, over images and their noise."""
    return x.mean().item(), (x.std() / len(x) ** 0.5).item()


def summary(x: Tensor) -> dict[str, float]:
    """`mean_and_error` by name, for a report."""
    return dict(zip(("mean", "standard_error"), mean_and_error(x), strict=True))


def prior_kl(x0: Tensor, schedule: Schedule) -> Tensor:
    """L_T = D_KL(q(x_T | x_0) || N(0, I)) of each image, (B,), in bits/dim: Eq. (5); about 1e-5 on CIFAR10 (p. 5)."""
    alpha_bar = schedule.alpha_bar[-1].to(x0.device)
    zero = torch.zeros((), dtype=torch.float64, device=x0.device)
    kl = gaussian_kl(alpha_bar.sqrt() * x0.double(), (1 - alpha_bar).log(), zero, zero)
    return per_dimension(kl) / NATS_PER_BIT  # (B, ...) to (B,)


def variational_bound(
    model: Model,
    x0: Tensor,
    schedule: Schedule,
    variance: Variance = "beta",
    levels: int = 256,
    clip_x0: bool = False,
    generator: Generator | None = None,
) -> Bound:
    """All T terms of the bound of every image, with one noise sample each: Eq. (5), p. 3.

    x0: (B, ...) in [-1, 1] on a grid of `levels` levels. It takes T evaluations of the model on B images.
    The released code evaluates with clip_x0=True; the paper's formulas do not clip, and that is the default.
    Raises ValueError for images that are not on the grid, or a network in training mode.
    """
    return variational_bounds(model, x0, schedule, (variance,), levels, clip_x0, generator)[variance]


def variational_bounds(
    model: Model,
    x0: Tensor,
    schedule: Schedule,
    variances: Sequence[Variance] = ("beta", "beta_tilde"),
    levels: int = 256,
    clip_x0: bool = False,
    generator: Generator | None = None,
) -> dict[Variance, Bound]:
    """`variational_bound` for several variances, at the same noise, from one run of the network."""
    terms: dict[Variance, list[Tensor]] = {variance: [] for variance in variances}
    mse = []
    for at_t, error in bound_steps(model, x0, schedule, variances, levels, clip_x0, generator):
        for variance, term in at_t.items():
            terms[variance].append(term)
        mse.append(error)
    prior, x0_mse = prior_kl(x0, schedule), torch.stack(mse, 1)  # (B,), (B, T)
    return {variance: Bound(prior, torch.stack(of_it, 1), x0_mse) for variance, of_it in terms.items()}


@torch.no_grad()
def bound_steps(
    model: Model,
    x0: Tensor,
    schedule: Schedule,
    variances: Sequence[Variance],
    levels: int = 256,
    clip_x0: bool = False,
    generator: Generator | None = None,
    noises: Callable[[int], Tensor] | None = None,
    first: int = 1,
) -> Iterator[tuple[dict[Variance, Tensor], Tensor]]:
    """For t = first..T the term L_{t-1} by each variance, (B,), and the mean squared error of x0_hat, (B,).

    noises: `noises(t)` gives the epsilon of step t; drawn from `generator` if None.
    """
    to_levels(x0, levels)  # refuses what is not on the grid
    refuse_dropout(model)
    check_schedule(model, schedule)
    schedule = schedule.on(x0.device)
    for step in progress_bar(range(first, schedule.T + 1), desc="bound", unit="t", leave=False):
        t = torch.full((len(x0),), step, device=x0.device)  # (B,)
        noise = noises(step) if noises else draw_noise(x0, generator)
        terms, x0_hat = bound_terms(model, x0, schedule, t, noise, variances, levels, clip_x0, decodes=step == 1)
        yield terms, per_dimension((x0_hat - x0).double().square())


@dataclass(frozen=True)
class RateDistortion:
    """Figure 5 and Table 4: t = T..1, the bits/dim received once x_t is known, and the RMSE of x0_hat on [0, 255]."""

    t: Tensor
    rate: Tensor
    rmse: Tensor


def rate_distortion(bound: Bound) -> RateDistortion:
    """The rate-distortion curve of Section 4.3, p. 7: what a receiver knows after each step of Algorithm 4.

    The rate at t is L_T + L_{T-1} + ... + L_t (everything needed for x_t); the distortion is
    sqrt(||x_0 - x0_hat||^2 / D), of x0_hat predicted from x_t, on the paper's scale of 0 to 255.
    The paper's Table 4 counts T - t + 1, its Figure 5 T - t.
    """
    T = bound.terms.shape[1]
    received = torch.cat([bound.terms[:, 1:].mean(0), bound.prior.mean().view(1)])  # (T,), L_1..L_T
    rate = received.flip(0).cumsum(0)
    rmse = bound.x0_mse.mean(0).sqrt().flip(0) * 127.5
    return RateDistortion(torch.arange(T, 0, -1), rate, rmse)
