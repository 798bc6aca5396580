"""Minimal random coding: what is sent arrives, costs what the bound says, and is sampling where nothing is sent."""

from dataclasses import replace

import pytest
import torch

from ddpm_notes.likelihood import variational_bound
from ddpm_notes.oracle import EmpiricalDenoiser
from ddpm_notes.random_coding import Shared, receive, send
from ddpm_notes.sampling import sample_from
from ddpm_notes.schedule import rescaled_linear_schedule


@pytest.fixture(scope="module")
def shared(digits):
    schedule = rescaled_linear_schedule(50)
    return Shared(EmpiricalDenoiser(digits.x0, schedule), schedule, (1, 8, 8), "beta_tilde", levels=17)


def test_what_the_receiver_has_at_the_end_is_what_was_sent(digits, shared):
    for seed, x0 in enumerate(digits.x0[::400].split(1)):
        message, _ = send(x0, shared, torch.Generator().manual_seed(seed))
        *steps, last = receive(message, shared)
        assert [step.t for step in steps] == list(range(50, 0, -1))
        assert torch.equal(last.x, x0)


def test_the_terms_are_those_of_the_bound_on_average(digits, shared):
    few = digits.x0[::60]
    generator = torch.Generator().manual_seed(0)
    terms = torch.stack([send(x0, shared, generator)[1] for x0 in few.split(1)])
    bound = variational_bound(shared.model, few, shared.schedule, "beta_tilde", 17, generator=generator)
    ours, theirs = terms.sum(1), 64 * bound.total
    assert abs(ours.mean() - theirs.mean()) < 4 * (ours.var() + theirs.var()).div(len(few)).sqrt()
    assert torch.allclose(terms[:, 0], 64 * bound.prior, rtol=1e-5)  # L_T hangs on no noise


def test_with_one_candidate_a_line_the_receiver_samples_by_algorithm_2(shared):
    alone = replace(shared, count=1)
    *steps, _ = receive([0] * 50, alone)
    z = {t: torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(t), dtype=torch.float64) for t in range(51)}
    mean = sample_from(shared.model, z[50], 50, shared.schedule, variance="beta_tilde", noises=lambda t: z[t - 1])
    p, _ = alone.reverse(steps[-1].x, 1)
    assert torch.allclose(p.mean, mean, atol=1e-10)


def test_a_message_of_another_length_is_refused(shared):
    with pytest.raises(ValueError, match="zip"):
        list(receive([0] * 49, shared))
