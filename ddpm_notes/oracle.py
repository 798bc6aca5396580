"""The optimal denoiser in closed form: a perfect network, for data that is known exactly.

For data that is a mixture of points or of isotropic Gaussians, q(x_t) is a mixture of Gaussians, and
E[x_0 | x_t] and the score of q(x_t) have closed forms. So the forward process, the loss, the bound and the
sampler can be tested against the truth, with no training in between.
"""

import math

import torch
from torch import Tensor

from ddpm_notes.reverse import predict_eps
from ddpm_notes.schedule import Schedule


class GaussianMixtureDenoiser:
    """epsilon*(x_t, t) = E[epsilon | x_t] for x_0 ~ sum_k w_k N(m_k, s_k^2 I): the minimiser of Eq. (14) at every t.

    means: m_k, (K, ...), shaped like the images. variances: s_k^2, (K,) or a number; 0 makes points.
    weights: w_k, (K,), positive; uniform if None. Computed in float64, returned in the dtype of x_t. x_t and
    the means must be on one device.
    """

    def __init__(self, means: Tensor, variances: Tensor | float, schedule: Schedule, weights: Tensor | None = None):
        self.schedule, self.shape = schedule, means.shape[1:]
        self.means = means.double().flatten(1)  # (K, D)
        self.variances = torch.as_tensor(variances, dtype=torch.float64, device=means.device).expand(len(means))
        weights = torch.ones(len(means), device=means.device) if weights is None else weights
        if weights.shape != (len(means),) or not bool((weights > 0).all()) or not bool((self.variances >= 0).all()):
            raise ValueError(f"give one positive weight and one variance >= 0 for each of the {len(means)} components")
        self.log_weights = (weights.double() / weights.double().sum()).log()

    def __call__(self, xt: Tensor, t: Tensor) -> Tensor:
        """epsilon*(x_t, t), shaped like x_t."""
        x = xt.double()
        return predict_eps(x, t, self.x0(x, t), self.schedule).to(xt.dtype)

    def x0(self, xt: Tensor, t: Tensor) -> Tensor:
        """E[x_0 | x_t], shaped like x_t.

        sum_k p(k | x_t) (m_k + gain_k (x_t - sqrt(alpha_bar_t) m_k)), the gain of a Kalman filter.
        """
        x, alpha_bar, variance = self._levels(xt, t)
        weights = self.posterior(xt, t)
        gain = alpha_bar.sqrt() * self.variances / variance  # (B, K)
        from_means = (weights * (1 - gain * alpha_bar.sqrt())) @ self.means  # (B, K) and (K, D) to (B, D)
        return (from_means + (weights * gain).sum(1, keepdim=True) * x).reshape(xt.shape).to(xt.dtype)

    def log_density(self, xt: Tensor, t: Tensor) -> Tensor:
        """log q(x_t), (B,), in nats. Differentiable: its gradient is the score."""
        return self._log_joint(xt, t).logsumexp(1)

    def posterior(self, xt: Tensor, t: Tensor) -> Tensor:
        """The probability of each component given x_t, (B, K)."""
        return self._log_joint(xt, t).softmax(1)

    def _levels(self, xt: Tensor, t: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        if xt.shape[1:] != self.shape:
            raise ValueError(f"x_t must be shaped (B, {', '.join(map(str, self.shape))}), got {tuple(xt.shape)}")
        self.schedule.check(t, batch=len(xt))
        alpha_bar = self.schedule.values(self.schedule.alpha_bar, t).view(-1, 1)  # (B, 1)
        return xt.double().flatten(1), alpha_bar, alpha_bar * self.variances + 1 - alpha_bar  # (B, D), (B, 1), (B, K)

    def _log_joint(self, xt: Tensor, t: Tensor) -> Tensor:
        """log w_k + log q(x_t | component k), (B, K): a normal of variance alpha_bar_t s_k^2 + 1 - alpha_bar_t."""
        x, alpha_bar, variance = self._levels(xt, t)
        means = self.means
        squared = (
            x.square().sum(1, keepdim=True) - 2 * alpha_bar.sqrt() * (x @ means.T) + alpha_bar * means.square().sum(1)
        )
        return self.log_weights - 0.5 * (squared / variance + x.shape[1] * (2 * math.pi * variance).log())


class EmpiricalDenoiser(GaussianMixtureDenoiser):
    """epsilon* for data that is a finite set of images, each as likely as the others: a softmax over the set.

    data: (N, ...). The entropy of this distribution is known: log2(N) bits if the images differ (`entropy`).
    """

    def __init__(self, data: Tensor, schedule: Schedule):
        super().__init__(data, 0.0, schedule)

    def entropy(self) -> float:
        """H(x_0) in bits per dimension, a repeated image counting as often as it occurs."""
        _, counts = self.means.unique(dim=0, return_counts=True)
        p = counts.double() / len(self.means)
        return (-(p * p.log2()).sum() / self.means.shape[1]).item()
