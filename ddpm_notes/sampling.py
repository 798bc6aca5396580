"""Sampling: Algorithm 2, progressive generation (Section 4.3), interpolation (Section 4.4); DDIM as later work.

Whoever wants fewer than T steps gives a `strided` schedule.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from ddpm_notes.forward import draw_noise, forward_process
from ddpm_notes.progress import progress_bar
from ddpm_notes.reverse import (
    Model,
    Variance,
    add_reverse_noise,
    check_schedule,
    predict_eps,
    predict_x0,
    refuse_dropout,
    reverse_moments,
)
from ddpm_notes.schedule import Schedule


@dataclass(frozen=True)
class Step:
    """One stop of the chain: x_t, and the x0_hat predicted from it (Eq. 15). The last one has t = 0 and x = x0_hat."""

    t: int
    x: Tensor
    x0_hat: Tensor


@torch.no_grad()
def sample_steps(
    model: Model,
    xt: Tensor,
    schedule: Schedule,
    t: int | None = None,
    variance: Variance = "beta",
    clip_x0: bool = False,
    noises: Callable[[int], Tensor] | None = None,
    generator: Generator | None = None,
) -> Iterator[Step]:
    """The loop of Algorithm 2, p. 4, from x_t down to x_0, as a generator of `Step`s.

    xt: (B, ...). t: where the chain starts, T if None. noises: `noises(t)` gives the z of step t;
    drawn from `generator` if None. Yields t + 1 steps; the last is mu_theta(x_1, 1), without noise.
    Raises ValueError for t outside 1..T, or a network in training mode.
    """
    start = schedule.T if t is None else t
    if not 1 <= start <= schedule.T:
        raise ValueError(f"t must be in 1..{schedule.T} (the paper's t), got {start}")
    refuse_dropout(model)
    check_schedule(model, schedule)
    x, schedule = xt, schedule.on(xt.device)
    for step in progress_bar(range(start, 0, -1), desc="sampling", unit="step", leave=False):
        ts = torch.full((len(x),), step, device=x.device)  # (B,)
        mean, log_variance, x0_hat = reverse_moments(x, ts, model, schedule, variance, clip_x0)
        yield Step(step, x, x0_hat)
        x = add_reverse_noise(mean, log_variance, ts, noises(step) if noises else None, generator)
    yield Step(0, x, x)


def sample_from(model: Model, xt: Tensor, t: int, schedule: Schedule, **options) -> Tensor:
    """x_0 from a given x_t: Algorithm 2 from step t on (Figs. 7, 8). `options` are those of `sample_steps`."""
    return deque(sample_steps(model, xt, schedule, t=t, **options), maxlen=1).pop().x


def sample(
    model: Model,
    shape: tuple[int, ...],
    schedule: Schedule,
    generator: Generator | None = None,
    device: torch.device | str = "cpu",
    **options,
) -> Tensor:
    """Samples x_0 of the given shape (B, ...): Algorithm 2, p. 4. `options` are those of `sample_steps`.

    device: where the model is; the noise is drawn where the generator is, so a seed means the same on both.
    The result is mu_theta(x_1, 1), shown noiselessly (p. 4). It may leave [-1, 1] slightly.
    The released sampler clips x0_hat at every step: clip_x0=True.
    """
    xT = draw_noise(torch.empty(shape, device=device), generator)
    return sample_from(model, xT, schedule.T, schedule, generator=generator, **options)


def mix(
    x0: Tensor, x0_other: Tensor, lam: float, t: int, schedule: Schedule, noise: str, generator: Generator | None = None
) -> Tensor:
    """Interpolation in latent space, Section 4.4, p. 8: x_bar_t = (1 - lam) x_t + lam x_t'.

    `sample_from` decodes it. The paper prints x_0, x_0' in that formula; Fig. 8 and the released code mean
    x_t ~ q(x_t | x_0) and x_t' ~ q(x_t | x_0'). noise: "independent" draws one noise for each endpoint, as
    the released code does; then the mixture's noise has standard deviation sqrt((1 - lam)^2 + lam^2) times
    that of level t. "shared" uses one noise for both, "variance-preserving" rescales the independent
    mixture's noise; with these two x_bar_t lies at level t. For one noise over all lam give a generator
    with the same seed.
    """
    if not 0 <= lam <= 1:
        raise ValueError(f"lam must be in 0..1, got {lam}")
    ts = torch.full((len(x0),), t, device=x0.device)
    first = draw_noise(x0, generator)
    if noise == "shared":
        eps = first
    elif noise in ("independent", "variance-preserving"):
        eps = (1 - lam) * first + lam * draw_noise(x0, generator)
        eps = eps / ((1 - lam) ** 2 + lam**2) ** 0.5 if noise == "variance-preserving" else eps
    else:
        raise ValueError(f'noise must be "independent", "shared" or "variance-preserving", got {noise!r}')
    return forward_process((1 - lam) * x0 + lam * x0_other, ts, schedule, eps)


@torch.no_grad()
def ddim(
    model: Model,
    xT: Tensor,
    schedule: Schedule,
    eta: float = 0.0,
    clip_x0: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """DDIM sampling from x_T. Not in the paper: Song, Meng & Ermon (2021), Eqs. (12), (16), in this paper's letters.

    x_{t-1} = sqrt(alpha_bar_{t-1}) x0_hat + sqrt(1 - alpha_bar_{t-1} - sigma_t^2) eps + sigma_t z with
    sigma_t = eta sqrt(beta_tilde_t). eta = 0 is deterministic; eta = 1 is Algorithm 2 with sigma_t^2 =
    beta_tilde_t.
    """
    if not 0 <= eta <= 1:
        raise ValueError(f"eta must be in 0..1, got {eta}; 0 is deterministic, 1 is Algorithm 2")
    refuse_dropout(model)
    check_schedule(model, schedule)
    alpha_bar, beta_tilde = schedule.alpha_bar.tolist(), schedule.beta_tilde.tolist()
    x, schedule = xT, schedule.on(xT.device)
    for step in progress_bar(range(schedule.T, 0, -1), desc="sampling", unit="step", leave=False):
        t = torch.full((len(x),), step, device=x.device)  # (B,)
        eps = model(x, schedule.network_t(t))
        x0_hat = predict_x0(x, t, eps, schedule)
        if clip_x0:
            x0_hat = x0_hat.clamp(-1, 1)
            eps = predict_eps(x, t, x0_hat, schedule)
        before, sigma2 = alpha_bar[step - 1], eta**2 * beta_tilde[step]
        x = before**0.5 * x0_hat + max(1 - before - sigma2, 0) ** 0.5 * eps
        if sigma2 > 0:
            x = x + sigma2**0.5 * draw_noise(x, generator)
    return x
