"""The forward process against composition, Bayes' rule and numerical integration."""

import math

import pytest
import torch

from ddpm_notes.forward import forward_posterior, forward_process, forward_step
from ddpm_notes.schedule import linear_schedule


def test_the_jump_is_the_composition_of_the_steps_in_closed_form():
    """Mean and variance pushed through Eq. (2) step by step, as two numbers, against Eq. (4)'s output."""
    schedule, mean, variance = linear_schedule(40), 1.0, 0.0
    for t in range(1, 41):
        beta = 1e-4 + (0.02 - 1e-4) * (t - 1) / 39
        mean, variance = math.sqrt(1 - beta) * mean, (1 - beta) * variance + beta
    t = torch.tensor([40])
    one, zero = torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64)
    assert forward_process(one, t, schedule, noise=zero).item() == pytest.approx(mean, rel=1e-12)
    assert forward_process(zero, t, schedule, noise=one).item() == pytest.approx(math.sqrt(variance), rel=1e-12)


def test_the_posterior_at_t_1_is_the_data_itself(paper_schedule, generator):
    x0, x1 = torch.randn(2, 3, 2, generator=generator, dtype=torch.float64)
    mean, variance = forward_posterior(x0, x1, torch.ones(3, dtype=torch.int64), paper_schedule)
    torch.testing.assert_close(mean, x0, atol=1e-12, rtol=0)
    assert (variance == 0).all()


def test_a_seeded_generator_decides_the_noise(paper_schedule, digits):
    x0, t = digits.x0[:4], torch.tensor([1, 10, 500, 1000])
    draws = [forward_process(x0, t, paper_schedule, generator=torch.Generator().manual_seed(s)) for s in (1, 1, 2)]
    assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])


@pytest.mark.parametrize(
    "x0, t, noise, message",
    [
        (torch.zeros(2, 1, dtype=torch.uint8), torch.tensor([1, 2]), None, "floating point"),
        (torch.zeros(2, 1).numpy(), torch.tensor([1, 2]), None, "floating point tensor .* got ndarray"),
        (torch.zeros(2, 1), torch.tensor([0, 2]), None, "got 0"),
        (torch.zeros(2, 1), torch.tensor([1, 2]), torch.zeros(2, 2), "noise must be shaped"),
        (torch.zeros(2, 1), torch.tensor([1]), None, "one entry for each"),
    ],
)
def test_wrong_arguments_are_named(paper_schedule, x0, t, noise, message):
    with pytest.raises(ValueError, match=message):
        forward_process(x0, t, paper_schedule, noise)


def test_x_t_is_of_the_images_type_whatever_the_noises(paper_schedule):
    x0, t = torch.zeros(2, 1), torch.tensor([1, 2])
    for step in (forward_process, forward_step):
        assert step(x0, t, paper_schedule, noise=torch.ones(2, 1, dtype=torch.float64)).dtype == torch.float32
