"""The reverse process p_theta with epsilon-prediction: Section 3.2, Eqs. (1), (11), (15), Algorithm 2."""

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Generator, Tensor, nn

from ddpm_notes.forward import draw_noise, forward_posterior
from ddpm_notes.schedule import Schedule

Model = Callable[[Tensor, Tensor], Tensor]
Variance = Literal["beta", "beta_tilde", "learned"]


def refuse_dropout(model: Model) -> None:
    """ValueError if the network would drop features at random: it was left in training mode."""
    layers = model.modules() if isinstance(model, nn.Module) else ()
    if any(isinstance(layer, nn.Dropout) and layer.training and layer.p > 0 for layer in layers):
        raise ValueError("the network is in training mode, where dropout is drawn; call model.eval() first")


def check_schedule(model: Model, schedule: Schedule) -> None:
    """ValueError if the model has a `schedule`, and that is another one; a strided one of it is its own."""
    own = getattr(model, "schedule", None)
    if not isinstance(own, Schedule) or schedule is own:
        return
    levels = torch.arange(schedule.T + 1) if schedule.levels is None else schedule.levels.cpu()
    theirs = own.alpha_bar.cpu()[levels] if levels.max() <= own.T else None
    if theirs is None or not torch.allclose(theirs, schedule.alpha_bar.cpu(), rtol=1e-9, atol=0):
        raise ValueError(
            "the model has another schedule than the given one; give model.schedule, or a strided one of it"
        )


def check_prediction(xt: Tensor, t: Tensor, predicted: Tensor, schedule: Schedule) -> None:
    """ValueError unless there is a t, 1..T, for each x_t, and what is predicted from it has its shape."""
    schedule.check(t, batch=len(xt))
    if predicted.shape != xt.shape:
        raise ValueError(f"what is predicted must be shaped like x_t {tuple(xt.shape)}, got {tuple(predicted.shape)}")


def predict_x0(xt: Tensor, t: Tensor, eps: Tensor, schedule: Schedule) -> Tensor:
    """x0_hat = (x_t - sqrt(1 - alpha_bar_t) eps) / sqrt(alpha_bar_t): Eq. (15), p. 7.

    An error in eps is multiplied by sqrt((1 - alpha_bar_t) / alpha_bar_t), which is 157 at t = T = 1000.
    The paper drops the argument t of eps_theta here; the network does receive it.
    """
    check_prediction(xt, t, eps, schedule)
    noise = schedule.at((1 - schedule.alpha_bar).sqrt(), t, xt) * eps
    return (xt - noise) / schedule.at(schedule.alpha_bar.sqrt(), t, xt)


def predict_eps(xt: Tensor, t: Tensor, x0: Tensor, schedule: Schedule) -> Tensor:
    """The eps that belongs to a given x0_hat: Eq. (15) solved for epsilon."""
    check_prediction(xt, t, x0, schedule)
    signal = schedule.at(schedule.alpha_bar.sqrt(), t, xt) * x0
    return (xt - signal) / schedule.at((1 - schedule.alpha_bar).sqrt(), t, xt)


def predict_mean(xt: Tensor, t: Tensor, eps: Tensor, schedule: Schedule) -> Tensor:
    """mu_theta(x_t, t) = (x_t - beta_t / sqrt(1 - alpha_bar_t) eps) / sqrt(alpha_t): Eq. (11), p. 4."""
    check_prediction(xt, t, eps, schedule)
    factor = torch.cat([schedule.beta[:1], schedule.beta[1:] / (1 - schedule.alpha_bar[1:]).sqrt()])
    return (xt - schedule.at(factor, t, xt) * eps) / schedule.at(schedule.alpha.sqrt(), t, xt)


def reverse_variance(t: Tensor, schedule: Schedule, kind: Variance = "beta") -> Tensor:
    """sigma_t^2, shape (B,), float64: beta_t ("beta") or beta_tilde_t ("beta_tilde"), Section 3.2, p. 3.

    At t = 1 both give beta_tilde_2: there a density of positive width is needed (Eq. 13), and
    beta_tilde_1 = 0. So does the released CIFAR10 code, which logs and clips it ("fixedlarge", "fixedsmall").
    """
    schedule.check(t)
    if kind not in ("beta", "beta_tilde"):
        raise ValueError(f'the fixed variance is "beta" or "beta_tilde", got {kind!r}')
    table = (schedule.beta if kind == "beta" else schedule.beta_tilde).clone()
    table[1] = schedule.beta_tilde[2] if schedule.T > 1 else schedule.beta[1]
    return schedule.values(table, t)


def reverse_moments(
    xt: Tensor, t: Tensor, model: Model, schedule: Schedule, variance: Variance = "beta", clip_x0: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Mean and log-variance of p_theta(x_{t-1} | x_t), Eq. (1), and the x0_hat they rest on.

    variance: "beta", "beta_tilde", or "learned" for a model with `eps_and_log_variance`
    (`parameterizations.Parameterized`). clip_x0: clip x0_hat to [-1, 1] and take the mean from
    Eq. (7), as the released sampler does where epsilon or x_0 is predicted; the paper's Algorithm 2 does
    not clip, and then Eq. (7) with x0_hat and Eq. (11) are the same number.
    Returns (mean, log_variance, x0_hat); log_variance broadcasts against the mean, in nats.
    """
    mean, log_variances, x0_hat = moments_of_each(xt, t, model, schedule, (variance,), clip_x0)
    return mean, log_variances[variance], x0_hat


def moments_of_each(
    xt: Tensor, t: Tensor, model: Model, schedule: Schedule, variances: Sequence[Variance], clip_x0: bool = False
) -> tuple[Tensor, dict[Variance, Tensor], Tensor]:
    """`reverse_moments` for several variances, which have the mean in common: the network runs once."""
    log_variances: dict[Variance, Tensor] = {}
    if "learned" in variances:
        if not hasattr(model, "eps_and_log_variance"):
            raise ValueError('variance="learned" needs a network wrapped by parameterizations.Parameterized')
        if schedule.levels is not None:
            raise ValueError('a learned variance is of the steps it was trained for; on a strided chain use "beta"')
        eps, log_variances["learned"] = model.eps_and_log_variance(xt, schedule.network_t(t))
    else:
        eps = model(xt, schedule.network_t(t))
    for kind in set(variances) - {"learned"}:
        log_variance = reverse_variance(t, schedule, kind).log().to(xt.dtype)  # (B,)
        log_variances[kind] = log_variance.view(-1, *[1] * (xt.ndim - 1))  # (B, 1, ..., 1)
    x0_hat = predict_x0(xt, t, eps, schedule)
    if clip_x0:
        x0_hat = x0_hat.clamp(-1, 1)
        mean, _ = forward_posterior(x0_hat, xt, t, schedule)
    else:
        mean = predict_mean(xt, t, eps, schedule)
    return mean, log_variances, x0_hat


def reverse_process(
    xt: Tensor,
    t: Tensor,
    model: Model,
    schedule: Schedule,
    variance: Variance = "beta",
    clip_x0: bool = False,
    noise: Tensor | None = None,
    generator: Generator | None = None,
) -> Tensor:
    """One step of Algorithm 2, p. 4: x_{t-1} = mu_theta(x_t, t) + sigma_t z, with z = 0 at t = 1.

    The template's three points: apply epsilon_theta, compute the mean of p_theta(x_{t-1} | x_t), sample;
    where t = 1 the mean itself is returned, since the paper shows mu_theta(x_1, 1) noiselessly (p. 4).

    xt: (B, ...). t: (B,), 1..T. noise: z, standard normal shaped like xt, drawn if None.
    Returns x_{t-1}. The released code clips x0_hat inside this step (clip_x0=True); the paper's text does not.
    """
    mean, log_variance, _ = reverse_moments(xt, t, model, schedule, variance, clip_x0)
    return add_reverse_noise(mean, log_variance, t, noise, generator)


def add_reverse_noise(
    mean: Tensor, log_variance: Tensor, t: Tensor, noise: Tensor | None = None, generator: Generator | None = None
) -> Tensor:
    """mean + sigma_t z where t > 1, the mean alone where t = 1: the last line of Algorithm 2's loop."""
    noise = draw_noise(mean, generator) if noise is None else noise
    not_last = (t > 1).to(mean.dtype).view(-1, *[1] * (mean.ndim - 1))  # (B, 1, ..., 1)
    return mean + not_last * (log_variance / 2).exp() * noise
