"""The three forms of the bound on enumerable spaces, against a sum over every trajectory."""

import math
from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ddpm_notes.discrete import (
    Chain,
    autoregressive,
    bound_by_eq_3,
    bound_by_eq_5,
    bound_by_eq_16,
    entropy,
    negative_log_likelihood,
)


def random_chain(states, steps, seed):
    generator = torch.Generator().manual_seed(seed)

    def rows(*shape):
        return torch.rand(*shape, generator=generator, dtype=torch.float64).add(0.05).pow(2)

    def normal(table):
        return table / table.sum(-1, keepdim=True)

    forward = tuple(normal(rows(states, states)) for _ in range(steps))
    reverse = tuple(normal(rows(states, states)) for _ in range(steps))
    return Chain(normal(rows(states)), forward, normal(rows(states)), reverse)


def bound_over_trajectories(chain):
    """E_q[-log2 p(x_{0:T}) / q(x_{1:T} | x_0)], one trajectory at a time."""
    total, T = 0.0, len(chain.forward)
    for path in product(range(len(chain.q0)), repeat=T + 1):
        q = math.prod(chain.forward[t][path[t], path[t + 1]].item() for t in range(T))
        p = chain.prior[path[T]].item() * math.prod(chain.reverse[t][path[t + 1], path[t]].item() for t in range(T))
        total += chain.q0[path[0]].item() * q * -math.log2(p / q)
    return total


@given(states=st.integers(2, 3), steps=st.integers(1, 4), seed=st.integers(0, 10_000))
def test_all_three_forms_are_the_sum_over_every_trajectory(states, steps, seed):
    chain = random_chain(states, steps, seed)
    expected = bound_over_trajectories(chain)
    for bound in (bound_by_eq_3, bound_by_eq_5, bound_by_eq_16):
        assert bound(chain) == pytest.approx(expected, rel=1e-10)
    assert expected >= negative_log_likelihood(chain) - 1e-12 >= entropy(chain.q0).item() - 1e-9


def test_masking_is_an_autoregressive_model_whose_bound_is_the_entropy():
    images = torch.rand(2, 2, 2, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    images = images / images.sum()
    chain = autoregressive(images)
    expected = -sum(p * math.log2(p) for p in images.flatten().tolist())
    for value in (bound_by_eq_3, bound_by_eq_5, bound_by_eq_16, negative_log_likelihood):
        assert value(chain) == pytest.approx(expected, rel=1e-12)


def test_step_t_blanks_coordinate_t_and_its_reverse_is_the_conditional_of_that_coordinate():
    images = torch.rand(2, 2, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    images = images / images.sum()
    chain, blank = autoregressive(images), 2
    for t, marginal in enumerate(chain.marginals()):
        by_string = marginal.view(3, 3, 3)
        only_first_t = by_string[(blank,) * t + (slice(2),) * (3 - t)]
        torch.testing.assert_close(only_first_t, images.sum(tuple(range(t))) if t else images)
    before, after = (9 * blank + 3 * 1 + 1), (9 * blank + 3 * blank + 1)  # "blank 1 1" and "blank blank 1"
    expected = images[:, 1, 1].sum() / images[:, :, 1].sum()
    assert chain.reverse[1][after, before].item() == pytest.approx(expected.item())


def test_rows_that_are_no_distributions_are_refused():
    half = torch.full((2, 2), 0.5, dtype=torch.float64)
    with pytest.raises(ValueError, match="distribution"):
        Chain(half[0], (half,), half[0], (half * 2,))
    with pytest.raises(ValueError, match="as many reverse steps"):
        Chain(half[0], (half,), half[0], ())
