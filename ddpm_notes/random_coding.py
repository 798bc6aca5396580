"""Minimal random coding (Havasi et al., 2019): the plainest way to "send x ~ q using p". Algorithms 3 and 4, p. 6.

Sender and receiver draw the same candidates of p from a common seed. The sender picks one with a probability
proportional to q / p and sends its number. If the candidates are many more than 2^KL(q || p), with the
divergence in bits, the choice is nearly a sample of q. `ddpm_notes.coding` has a shorter code, which is exact.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.distributions import Normal, kl_divergence

from ddpm_notes.data import to_model
from ddpm_notes.forward import forward_posterior
from ddpm_notes.losses import NATS_PER_BIT, discretized_log_likelihood
from ddpm_notes.reverse import Model, Variance, reverse_moments
from ddpm_notes.sampling import Step
from ddpm_notes.schedule import Schedule


@dataclass(frozen=True)
class Shared:
    """What both sides have: p_theta for images of `shape` (C, H, W), and the number of candidates of each line.

    model: takes float64, as an oracle or `net.double()` does.
    """

    model: Model
    schedule: Schedule
    shape: tuple[int, ...]
    variance: Variance = "beta"
    levels: int = 256
    count: int = 256

    def prior(self) -> Normal:
        """p(x_T)."""
        zeros = torch.zeros(1, *self.shape, dtype=torch.float64)
        return Normal(zeros, zeros + 1)

    def reverse(self, xt: Tensor, t: int) -> tuple[Normal, Tensor]:
        """p_theta(x_{t-1} | x_t), and x0_hat of Eq. (15)."""
        ts = torch.tensor([t])
        mean, log_variance, x0_hat = reverse_moments(xt, ts, self.model, self.schedule, self.variance)
        return Normal(mean, (log_variance / 2).exp()), x0_hat

    def candidates(self, p: Normal, t: int) -> Tensor:
        """Draws of p for the line of x_t, (count, C, H, W): the seed is t."""
        z = torch.randn(self.count, *self.shape, generator=Generator().manual_seed(t), dtype=torch.float64)
        return p.mean + p.stddev * z


@torch.inference_mode()
def send(x0: Tensor, shared: Shared, generator: Generator | None = None) -> tuple[list[int], Tensor]:
    """Algorithm 3, p. 6, of one image x0, (1, C, H, W): the numbers of x_T, ..., x_1, and their bits.

    The bits are the terms of Eq. (5), (T + 1,): each line's divergence, then -log2 p_theta(x_0 | x_1).
    """
    schedule, message, bits = shared.schedule, [], []
    alpha_bar = schedule.alpha_bar[-1]
    p, q = shared.prior(), Normal(alpha_bar.sqrt() * x0.double(), (1 - alpha_bar).sqrt())
    for t in range(schedule.T, 0, -1):  # lines 1 and 3: send x_t ~ q using p
        x = shared.candidates(p, t)
        log_weights = (q.log_prob(x) - p.log_prob(x)).flatten(1).sum(1)
        message.append(int(torch.multinomial(log_weights.softmax(0), 1, generator=generator)))
        bits.append(kl_divergence(q, p).sum() / NATS_PER_BIT)
        xt = x[message[-1]][None]
        p, _ = shared.reverse(xt, t)
        if t > 1:
            mean, variance = forward_posterior(x0.double(), xt, torch.tensor([t]), schedule)
            q = Normal(mean, variance.sqrt())
    log_p = discretized_log_likelihood(x0.double(), p.mean, p.stddev.log(), shared.levels)  # line 5
    return message, torch.stack([*bits, -log_p.sum() / NATS_PER_BIT])


@torch.inference_mode()
def receive(message: Sequence[int], shared: Shared) -> Iterator[Step]:
    """Algorithm 4, p. 6: x_T, ..., x_1, each with its x0_hat, then the most probable x_0."""
    p = shared.prior()
    for t, number in zip(range(shared.schedule.T, 0, -1), message, strict=True):
        xt = shared.candidates(p, t)[number][None]
        p, x0_hat = shared.reverse(xt, t)
        yield Step(t, xt, x0_hat)
    pixels = ((p.mean.clamp(-1, 1) + 1) * (shared.levels - 1) / 2).round().long()
    x0 = to_model(pixels, shared.levels)
    yield Step(0, x0, x0)
