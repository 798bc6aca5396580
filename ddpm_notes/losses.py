"""What training minimises: L_simple, Eq. (14), and the terms of the bound, Eqs. (5), (8), (12), (13)."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Generator, Tensor

from ddpm_notes.forward import draw_noise, forward_posterior, forward_process
from ddpm_notes.reverse import Model, Variance, moments_of_each
from ddpm_notes.schedule import Schedule

NATS_PER_BIT = 0.6931471805599453


def draw_t(batch: int, schedule: Schedule, generator: Generator | None = None) -> Tensor:
    """t ~ Uniform({1, ..., T}), (batch,), where the generator lives: line 3 of Algorithm 1, p. 4."""
    device = None if generator is None else generator.device
    return torch.randint(1, schedule.T + 1, (batch,), generator=generator, device=device)


def per_dimension(x: Tensor) -> Tensor:
    """The mean of x over everything but the batch: (B, ...) to (B,)."""
    return x.flatten(1).mean(1)  # (B, D) to (B,)


def simple_loss(
    model: Model,
    x0: Tensor,
    schedule: Schedule,
    t: Tensor | None = None,
    noise: Tensor | None = None,
    generator: Generator | None = None,
    target: Literal["eps", "x0", "mean"] = "eps",
) -> Tensor:
    """L_simple of each image, (B,): the squared error of epsilon_theta(x_t, t), Eq. (14), p. 5.

    As in the released code it is the mean over the D dimensions; the paper writes the sum ||.||^2, which
    is D times as much and has the same minimum. t and noise are drawn where they are None.
    target: "eps" for Eq. (14); "x0" or "mean" for the same squared error measured on x0_hat or mu_theta
    through `error_weight` ("mean" is an "unweighted MSE" row of Table 2; x_0 is only mentioned, p. 4).
    """
    t = draw_t(len(x0), schedule, generator).to(x0.device) if t is None else t
    noise = draw_noise(x0, generator) if noise is None else noise
    xt = forward_process(x0, t, schedule, noise)
    eps = model(xt, schedule.network_t(t))
    if eps.shape != noise.shape:
        raise ValueError(f"the model must return epsilon shaped like x_t {tuple(xt.shape)}, got {tuple(eps.shape)}")
    error = per_dimension((noise - eps).square())  # (B, ...) to (B,)
    return error if target == "eps" else error * error_weight(t, schedule, target).to(error.dtype)


def error_weight(t: Tensor, schedule: Schedule, target: Literal["x0", "mean"]) -> Tensor:
    """Squared error of x0_hat, or of mu_theta, for one unit of squared error of epsilon; (B,), float64.

    "x0": (1 - alpha_bar_t) / alpha_bar_t, from Eq. (15). "mean": beta_t^2 / (alpha_t (1 - alpha_bar_t)), from Eq. (11).
    """
    schedule.check(t)
    s = schedule
    if target == "x0":
        table = 1 / s.snr
    elif target == "mean":
        table = torch.cat([s.beta[:1], s.beta[1:] ** 2 / (s.alpha[1:] * (1 - s.alpha_bar[1:]))])
    else:
        raise ValueError(f'target must be "x0" or "mean", and of a loss may be "eps", got {target!r}')
    return schedule.values(table, t)  # (T + 1,) to (B,)


def bound_weight(t: Tensor, schedule: Schedule, variance: Literal["beta", "beta_tilde"] = "beta") -> Tensor:
    """beta_t^2 / (2 sigma_t^2 alpha_t (1 - alpha_bar_t)): the weight in Eq. (12), p. 4; (B,), float64.

    sigma_t^2 is the true beta_t or beta_tilde_t, also at t = 1, where the second is 0 and the weight infinite.
    """
    schedule.check(t)
    if variance not in ("beta", "beta_tilde"):
        raise ValueError(f'the fixed variance is "beta" or "beta_tilde", got {variance!r}')
    sigma2 = schedule.beta if variance == "beta" else schedule.beta_tilde
    return error_weight(t, schedule, "mean") / (2 * schedule.values(sigma2, t))


def gaussian_kl(mean_q: Tensor, log_variance_q: Tensor, mean_p: Tensor, log_variance_p: Tensor) -> Tensor:
    """D_KL(N(mean_q, e^log_variance_q) || N(mean_p, e^log_variance_p)) of every coordinate, in nats."""
    ratio = log_variance_q - log_variance_p
    return 0.5 * (ratio.exp() - 1 - ratio + (mean_q - mean_p).square() * (-log_variance_p).exp())


def discretized_log_likelihood(x0: Tensor, mean: Tensor, log_sigma: Tensor, levels: int = 256) -> Tensor:
    """log p_theta(x_0 | x_1) of every coordinate under the discrete decoder, Eq. (13), p. 4; in nats.

    x0: values of the grid of `levels` levels on [-1, 1]; the bin's half-width is 1 / (levels - 1), which is
    the paper's 1/255 for 256 levels. mean, log_sigma: broadcast against x0. Returns float64.
    The normal CDF is taken through `log_ndtr`, so that it stays finite many bins from the mean; the released
    code approximates it by a tanh and clamps probabilities at 1e-12.
    """
    if levels < 2:
        raise ValueError(f"a decoder needs at least 2 levels, got {levels}")
    x0, mean, log_sigma = torch.broadcast_tensors(x0.double(), mean.double(), log_sigma.double())
    if x0.is_cpu and not bool((x0.abs() <= 1 + 1e-6).all()):
        raise ValueError(
            f"images must lie in [-1, 1], got {x0.min():.4g}..{x0.max():.4g}; convert them with data.to_model"
        )
    half = 1 / (levels - 1)
    upper = (x0 - mean + half) * (-log_sigma).exp()
    lower = (x0 - mean - half) * (-log_sigma).exp()
    top, bottom = x0 > 1 - half / 2, x0 < -1 + half / 2
    infinity = 1e9  # finite, so that gradients stay finite; beyond the other end of the bin, wherever that is
    lower, upper = (
        torch.where(bottom, 2 * upper.detach().clamp(max=0) - infinity, lower),
        torch.where(top, 2 * lower.detach().clamp(min=0) + infinity, upper),
    )
    return _log_normal_interval(lower, upper)


def _log_normal_interval(lower: Tensor, upper: Tensor) -> Tensor:
    """log(Phi(upper) - Phi(lower)) without cancellation: mirrored so that it works in the left tail."""
    mirrored = lower + upper > 0
    low, high = torch.where(mirrored, -upper, lower), torch.where(mirrored, -lower, upper)
    log_high = torch.special.log_ndtr(high)
    difference = torch.special.log_ndtr(low) - log_high  # <= 0
    close = difference > -NATS_PER_BIT
    return log_high + torch.where(
        close,
        (-torch.expm1(difference.where(close, -difference.new_ones(())))).log(),
        torch.log1p(-difference.where(~close, -difference.new_ones(())).exp()),
    )


def bound_term(
    model: Model,
    x0: Tensor,
    schedule: Schedule,
    t: Tensor,
    noise: Tensor,
    variance: Variance = "beta",
    levels: int = 256,
    clip_x0: bool = False,
) -> tuple[Tensor, Tensor]:
    """L_{t-1} for t > 1 and L_0 for t = 1, Eq. (5), p. 3, at one x_t; and the x0_hat it used.

    Returns ((B,) in bits/dim, x0_hat shaped like x0). L_{t-1} is a KL divergence between Gaussians in
    closed form, computed in float64; L_0 is the decoder of Eq. (13) with `levels` levels. At a random t it is the
    training loss "L" of Table 2, p. 5: T times its mean over uniform t, plus the constant L_T, is the bound L.
    """
    terms, x0_hat = bound_terms(model, x0, schedule, t, noise, (variance,), levels, clip_x0)
    return terms[variance], x0_hat


def bound_terms(
    model: Model,
    x0: Tensor,
    schedule: Schedule,
    t: Tensor,
    noise: Tensor,
    variances: Sequence[Variance],
    levels: int = 256,
    clip_x0: bool = False,
    decodes: bool | None = None,
) -> tuple[dict[Variance, Tensor], Tensor]:
    """`bound_term` for several variances from one run of the network.

    decodes: whether t is 1, where that is known and the same for all images, so that nothing has to be read from a GPU.
    """
    xt = forward_process(x0, t, schedule, noise)
    mean_p, log_variances, x0_hat = moments_of_each(xt, t, model, schedule, variances, clip_x0)
    mean_q, variance_q = forward_posterior(x0.double(), xt.double(), t, schedule)
    mean_p = mean_p.double()
    tiny = schedule.beta_tilde[1:].clamp(min=1e-300).log().min().to(x0.device)  # at t = 1: the KL is replaced below
    first, terms = t == 1, {}
    for variance, log_variance_p in log_variances.items():
        term = gaussian_kl(mean_q, variance_q.log().clamp(min=tiny), mean_p, log_variance_p.double())
        log_sigma = (log_variance_p.double() / 2).expand_as(mean_p)
        if decodes is False:
            pass
        elif not t.is_cpu:  # of all images: to find the first ones a GPU would have to be waited for
            decoder = -discretized_log_likelihood(x0, mean_p, log_sigma, levels)
            term = torch.where(first.view(-1, *[1] * (x0.ndim - 1)), decoder, term)
        elif first.any():
            term[first] = -discretized_log_likelihood(x0[first], mean_p[first], log_sigma[first], levels)
        terms[variance] = per_dimension(term) / NATS_PER_BIT  # (B, ...) to (B,)
    return terms, x0_hat
