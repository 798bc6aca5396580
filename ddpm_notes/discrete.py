"""Diffusion on a space small enough to enumerate: Section 4.3, p. 8, and Eqs. (3), (5), (16), exactly.

Here x_0, ..., x_T take one of S states, and q and p_theta are tables. The three forms of the bound are
computed from three different sets of conditionals, with no sampling, and must agree. `masking` builds
the diffusion of Section 4.3 that makes an autoregressive model of it.
"""

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor


@dataclass(frozen=True)
class Chain:
    """A diffusion on S states, all tables in float64.

    q0: q(x_0), (S,). forward: T tables (S, S), row x_{t-1}, column x_t, of q(x_t | x_{t-1}).
    prior: p(x_T), (S,). reverse: T tables (S, S), row x_t, column x_{t-1}, of p_theta(x_{t-1} | x_t).
    Raises ValueError unless every row is a distribution.
    """

    q0: Tensor
    forward: tuple[Tensor, ...]
    prior: Tensor
    reverse: tuple[Tensor, ...]

    def __post_init__(self):
        for table in (self.q0, self.prior, *self.forward, *self.reverse):
            total = table.sum(-1)
            if bool((table < 0).any()) or not torch.allclose(total, torch.ones_like(total)):
                raise ValueError("every row of every table must be a distribution: non-negative, with sum 1")
        if len(self.forward) != len(self.reverse):
            raise ValueError(f"{len(self.forward)} forward steps need as many reverse steps, got {len(self.reverse)}")

    def marginals(self) -> list[Tensor]:
        """q(x_t) for t = 0..T, each (S,)."""
        found = [self.q0]
        for step in self.forward:
            found.append(found[-1] @ step)
        return found


def _expect_log(weight: Tensor, value: Tensor) -> Tensor:
    """sum weight log2(value), where a weight of 0 counts nothing; -inf where a value of 0 has weight."""
    return torch.special.xlogy(weight, value).sum() / torch.log(torch.tensor(2.0, dtype=torch.float64))


def backward_conditionals(q_before: Tensor, step: Tensor) -> Tensor:
    """q(x_{t-1} | x_t) from q(x_{t-1}) and q(x_t | x_{t-1}) by Bayes' rule: rows x_t, (S, S).

    A state x_t that never occurs gets the uniform distribution.
    """
    joint = (q_before[:, None] * step).T
    total = joint.sum(1, keepdim=True)
    uniform = torch.full_like(joint, 1 / len(joint))
    return torch.where(total > 0, joint / total.clamp(min=1e-300), uniform)


def bound_by_eq_3(chain: Chain) -> float:
    """L in bits from Eq. (3), p. 2: E_q[-log p(x_T) - sum_t log p_theta(x_{t-1} | x_t) / q(x_t | x_{t-1})]."""
    marginals = chain.marginals()
    total = -_expect_log(marginals[-1], chain.prior)
    for before, step, back in zip(marginals, chain.forward, chain.reverse, strict=False):
        pair = before[:, None] * step  # (x_{t-1}, x_t)
        total = total - _expect_log(pair, back.T) + _expect_log(pair, step)
    return total.item()


def bound_by_eq_5(chain: Chain) -> float:
    """L in bits from Eq. (5), p. 3: L_T, the KLs of the forward posteriors q(x_{t-1} | x_t, x_0), and L_0."""
    states = len(chain.q0)
    from_x0 = torch.eye(states, dtype=torch.float64)  # q(x_t | x_0), row x_0
    total = torch.zeros((), dtype=torch.float64)
    for t, (step, back) in enumerate(zip(chain.forward, chain.reverse, strict=True), 1):
        joint = chain.q0[:, None, None] * from_x0[:, :, None] * step[None]  # (x_0, x_{t-1}, x_t)
        if t == 1:
            total = total - _expect_log(joint.sum(0), back.T)  # L_0, since x_{t-1} is x_0
        else:
            given = joint / joint.sum(1, keepdim=True).clamp(min=1e-300)  # q(x_{t-1} | x_t, x_0)
            total = total + _expect_log(joint, given) - _expect_log(joint, back.T.expand_as(joint))
        from_x0 = from_x0 @ step
    last = chain.q0[:, None] * from_x0
    return (total + _expect_log(last, from_x0) - _expect_log(last, chain.prior.expand_as(last))).item()


def bound_by_eq_16(chain: Chain) -> float:
    """L in bits from Eq. (16), p. 7: KL(q(x_T) || p(x_T)) + E_q sum_t KL(q(x_{t-1} | x_t) || p_theta) + H(x_0)."""
    marginals = chain.marginals()
    total = _expect_log(marginals[-1], marginals[-1]) - _expect_log(marginals[-1], chain.prior)
    for before, step, back in zip(marginals, chain.forward, chain.reverse, strict=False):
        pair = (before[:, None] * step).T  # (x_t, x_{t-1})
        total = total + _expect_log(pair, backward_conditionals(before, step)) - _expect_log(pair, back)
    return (total + entropy(chain.q0)).item()


def entropy(q0: Tensor) -> Tensor:
    """H(x_0) in bits."""
    return -_expect_log(q0, q0)


def negative_log_likelihood(chain: Chain) -> float:
    """E[-log2 p_theta(x_0)], which the bound bounds: the prior pushed through the reverse tables."""
    p = chain.prior
    for back in reversed(chain.reverse):
        p = p @ back
    return -_expect_log(chain.q0, p).item()


def masking(image_probabilities: Tensor) -> tuple[Tensor, tuple[Tensor, ...], Tensor]:
    """Section 4.3's forward process on binary images of D coordinates: step t blanks coordinate t; T = D.

    image_probabilities: (2, ..., 2), D axes, summing to 1. Returns q0, the forward tables, and the prior that
    puts all mass on the blank image. States are the 3^D strings over 0, 1, blank, the first coordinate slowest.
    """
    dimensions = image_probabilities.ndim
    states = list(product(range(3), repeat=dimensions))
    index = {state: i for i, state in enumerate(states)}
    q0 = torch.zeros(len(states), dtype=torch.float64)
    for image in product(range(2), repeat=dimensions):
        q0[index[image]] = image_probabilities[image]
    forward = []
    for coordinate in range(dimensions):
        step = torch.zeros(len(states), len(states), dtype=torch.float64)
        for i, state in enumerate(states):
            step[i, index[(*state[:coordinate], 2, *state[coordinate + 1 :])]] = 1
        forward.append(step)
    prior = torch.zeros(len(states), dtype=torch.float64)
    prior[index[(2,) * dimensions]] = 1
    return q0, tuple(forward), prior


def autoregressive(image_probabilities: Tensor) -> Chain:
    """The masking diffusion with the best reverse process: an autoregressive model, last coordinate first (p. 8)."""
    q0, forward, prior = masking(image_probabilities)
    marginals = Chain(q0, forward, prior, forward).marginals()
    reverse = tuple(backward_conditionals(q, step) for q, step in zip(marginals, forward, strict=False))
    return Chain(q0, forward, prior, reverse)
