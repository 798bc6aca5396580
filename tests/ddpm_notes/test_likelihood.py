"""The bound against entropies that are known exactly."""

import math

import pytest
import torch

from ddpm_notes.likelihood import (
    Bound,
    mean_and_error,
    prior_kl,
    rate_distortion,
    variational_bound,
    variational_bounds,
)
from ddpm_notes.oracle import EmpiricalDenoiser
from ddpm_notes.schedule import linear_schedule, rescaled_linear_schedule


def test_l_T_is_the_kl_of_two_gaussians_with_plain_numbers(paper_schedule):
    a = 4.035829765e-5
    expected = 0.5 * (a * 0.25 + (1 - a) - 1 - math.log(1 - a)) / math.log(2)
    assert prior_kl(torch.full((1, 1, 2, 2), 0.5), paper_schedule).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("variance", ["beta", "beta_tilde"])
def test_a_perfect_network_stays_above_the_entropy_of_the_digits(digits, generator, variance):
    """Within 4 standard errors; the digits' entropy is log2(1797) / 64 bits/dim."""
    schedule = rescaled_linear_schedule(50)
    x0 = digits.x0[::9]
    bound = variational_bound(
        EmpiricalDenoiser(digits.x0, schedule), x0, schedule, variance, levels=17, generator=generator
    )
    mean, error = mean_and_error(bound.total)
    assert mean > math.log2(1797) / 64 - 4 * error
    assert bound.terms.shape == (200, 50) and (bound.terms[:, 1:] >= 0).all()


def test_the_error_of_x0_hat_of_a_network_that_says_nothing_is_noise_over_signal(digits, generator):
    """epsilon_theta = 0 makes x0_hat = x_t / sqrt(alpha_bar_t), off by (1 - alpha_bar_t) / alpha_bar_t; 5 errors."""
    schedule = linear_schedule(8, 0.02, 0.4)
    x0 = digits.x0[:100]
    bound = variational_bound(lambda x, t: torch.zeros_like(x), x0, schedule, levels=17, generator=generator)
    expected = (1 - schedule.alpha_bar[1:]) / schedule.alpha_bar[1:]
    torch.testing.assert_close(bound.x0_mse.mean(0), expected, rtol=5 * math.sqrt(2 / 6400), atol=0)


def test_rate_is_cumulated_from_T_down_and_distortion_is_on_0_to_255():
    bound = Bound(
        prior=torch.tensor([0.5]), terms=torch.tensor([[3.0, 2.0, 1.0]]), x0_mse=torch.tensor([[0.01, 0.04, 0.25]])
    )
    curve = rate_distortion(bound)
    assert curve.t.tolist() == [3, 2, 1]
    assert curve.rate.tolist() == [0.5, 1.5, 3.5]
    assert curve.rmse.tolist() == pytest.approx([0.5 * 127.5, 0.2 * 127.5, 0.1 * 127.5])
    assert bound.total.item() == 6.5 and bound.rate.item() == 3.5 and bound.distortion.item() == 3.0


def test_the_standard_error_is_that_of_the_mean():
    assert mean_and_error(torch.tensor([1.0, 3.0])) == pytest.approx((2.0, 1.0))


def test_images_off_the_grid_are_refused(digits, paper_schedule):
    """The mistake of forgetting levels=17 for the digits, and its kin."""
    short = rescaled_linear_schedule(25)
    for x0, levels in ((digits.x0[:2], 256), (digits.x0[:2] * 1.01, 17), (digits.x0[:2] + torch.nan, 17)):
        with pytest.raises(ValueError, match=f"on the grid of {levels} levels in .-1, 1., got"):
            variational_bound(lambda x, t: x, x0, short, levels=levels)


def test_several_variances_from_one_run_are_the_bits_of_runs_of_their_own(digits):
    short, model = rescaled_linear_schedule(25), lambda x, t: x / 2
    generators = [torch.Generator().manual_seed(3) for _ in range(3)]
    both = variational_bounds(model, digits.x0[:3], short, levels=17, generator=generators[0])
    for variance, generator in zip(("beta", "beta_tilde"), generators[1:], strict=True):
        alone = variational_bound(model, digits.x0[:3], short, variance, levels=17, generator=generator)
        assert all(torch.equal(mine, vars(both[variance])[name]) for name, mine in vars(alone).items())
