"""The forward process q: it has no parameters. Section 2, Eqs. (2), (4), (6), (7)."""

import torch
from torch import Generator, Tensor

from ddpm_notes.schedule import Schedule


def draw_noise(like: Tensor, generator: Generator | None = None) -> Tensor:
    """Standard normal noise with the shape, dtype and device of `like`, drawn from `generator`.

    It is drawn where the generator lives and then moved, so that one seed on the CPU serves every device.
    """
    device = like.device if generator is None else generator.device
    return torch.randn(like.shape, generator=generator, dtype=like.dtype, device=device).to(like.device)


def _checked_noise(
    x: Tensor, t: Tensor, schedule: Schedule, noise: Tensor | None, generator: Generator | None
) -> Tensor:
    if not isinstance(x, Tensor) or not x.is_floating_point():
        given = x.dtype if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(f"images must be a floating point tensor in [-1, 1], got {given}; see data.to_model")
    schedule.check(t, batch=len(x))
    if noise is None:
        return draw_noise(x, generator)
    if noise.shape != x.shape:
        raise ValueError(f"noise must be shaped like the images {tuple(x.shape)}, got {tuple(noise.shape)}")
    return noise.to(x.dtype)  # so that x_t is of the images' type


def forward_step(
    x_prev: Tensor, t: Tensor, schedule: Schedule, noise: Tensor | None = None, generator: Generator | None = None
) -> Tensor:
    """One step of the forward process, x_t ~ q(x_t | x_{t-1}) = N(sqrt(1 - beta_t) x_{t-1}, beta_t I): Eq. (2), p. 2.

    x_prev: x_{t-1}, (B, ...). t: (B,), 1..T. noise: standard normal shaped like x_prev, drawn if None.
    Returns x_t. beta_t is a variance: the noise is multiplied by sqrt(beta_t).
    """
    noise = _checked_noise(x_prev, t, schedule, noise, generator)
    return schedule.at(schedule.alpha.sqrt(), t, x_prev) * x_prev + schedule.at(schedule.beta.sqrt(), t, x_prev) * noise


def forward_process(
    x0: Tensor, t: Tensor, schedule: Schedule, noise: Tensor | None = None, generator: Generator | None = None
) -> Tensor:
    """Jump from x_0 to x_t: x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) epsilon, Eq. (4), p. 2.

    The template asks for "sqrt(alpha_t) x_{t-1}, plus noise of (1 - alpha_t)": that is one step, Eq. (2)
    (`forward_step`). From x_0 the same law needs alpha_bar_t, and a variance enters by its square root.

    x0: (B, ...) in [-1, 1]. t: (B,), 1..T. noise: epsilon, standard normal shaped like x0, drawn if None.
    Returns x_t, shaped like x0. Raises ValueError for t outside 1..T, integer images, or shapes that differ.
    """
    noise = _checked_noise(x0, t, schedule, noise, generator)
    signal = schedule.at(schedule.alpha_bar.sqrt(), t, x0)  # (B, 1, ..., 1)
    return signal * x0 + schedule.at((1 - schedule.alpha_bar).sqrt(), t, x0) * noise


def forward_posterior(x0: Tensor, xt: Tensor, t: Tensor, schedule: Schedule) -> tuple[Tensor, Tensor]:
    """Mean mu_tilde_t(x_t, x_0) and variance beta_tilde_t of q(x_{t-1} | x_t, x_0): Eqs. (6), (7), p. 3.

    Returns (mean shaped like xt, variance shaped (B, 1, ..., 1)). At t = 1 the posterior is the point
    x_0 itself: the coefficients are (1, 0) and the variance is 0.
    """
    schedule.check(t, batch=len(xt))
    if x0.shape != xt.shape:
        raise ValueError(f"x0 and xt must have one shape, got {tuple(x0.shape)} and {tuple(xt.shape)}")
    alpha_bar, before = schedule.alpha_bar[1:], schedule.alpha_bar[:-1]
    of_x0 = torch.cat([alpha_bar.new_ones(1), before.sqrt() * schedule.beta[1:] / (1 - alpha_bar)])
    of_xt = torch.cat([alpha_bar.new_zeros(1), schedule.alpha[1:].sqrt() * (1 - before) / (1 - alpha_bar)])
    mean = schedule.at(of_x0, t, xt) * x0 + schedule.at(of_xt, t, xt) * xt
    return mean, schedule.at(schedule.beta_tilde, t, xt)
