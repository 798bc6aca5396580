"""The losses against torch.distributions, scipy, and each other."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from torch.distributions import Normal, kl_divergence

from ddpm_notes.forward import forward_posterior, forward_process
from ddpm_notes.losses import (
    bound_term,
    bound_weight,
    discretized_log_likelihood,
    draw_t,
    error_weight,
    simple_loss,
)
from ddpm_notes.reverse import predict_mean, predict_x0, reverse_variance
from ddpm_notes.schedule import linear_schedule


@pytest.fixture
def draw(paper_schedule, generator):
    t = torch.tensor([2, 10, 400, 1000])
    x0 = torch.rand(4, 1, 3, 3, generator=generator, dtype=torch.float64) * 2 - 1
    noise, guess = torch.randn(2, *x0.shape, generator=generator, dtype=torch.float64)
    return x0, t, noise, guess


def test_l_simple_is_the_mean_squared_error_of_the_noise(draw, paper_schedule):
    x0, t, noise, guess = draw
    loss = simple_loss(lambda x, t: guess, x0, paper_schedule, t, noise)
    torch.testing.assert_close(loss, ((noise - guess) ** 2).sum((1, 2, 3)) / 9)


def test_the_model_sees_x_t_and_the_papers_t(draw, paper_schedule):
    x0, t, noise, _ = draw
    seen = []
    simple_loss(lambda x, t: seen.append((x, t)) or x, x0, paper_schedule, t, noise)
    assert torch.equal(seen[0][0], forward_process(x0, t, paper_schedule, noise)) and torch.equal(seen[0][1], t)


@pytest.mark.parametrize("target", ["x0", "mean"])
def test_an_error_of_epsilon_weighs_as_much_as_the_error_it_causes(draw, paper_schedule, target):
    x0, t, noise, guess = draw
    xt = forward_process(x0, t, paper_schedule, noise)
    if target == "x0":
        error = predict_x0(xt, t, guess, paper_schedule) - x0
    else:
        error = predict_mean(xt, t, guess, paper_schedule) - forward_posterior(x0, xt, t, paper_schedule)[0]
    loss = simple_loss(lambda x, t: guess, x0, paper_schedule, t, noise, target=target)
    torch.testing.assert_close(loss, error.square().mean((1, 2, 3)), rtol=1e-6, atol=0)


def test_t_is_uniform_on_one_to_T(generator):
    """40,000 draws over 20 values; a chi-squared test at 1 in 100,000."""
    counts = torch.bincount(draw_t(40_000, linear_schedule(20), generator), minlength=21)
    assert counts[0] == 0 and len(counts) == 21
    chi2 = ((counts[1:] - 2000.0) ** 2 / 2000).sum().item()
    assert chi2 < 60.5  # the 0.99999 quantile for 19 degrees of freedom


@pytest.mark.parametrize("variance", ["beta", "beta_tilde", "learned"])
def test_a_term_of_the_bound_is_the_kl_of_torch_distributions(draw, paper_schedule, variance):
    x0, t, noise, guess = draw
    learned = guess * 0.5 - 4  # one for each coordinate

    class Network:
        def __call__(self, xt, t):
            return guess

        def eps_and_log_variance(self, xt, t):
            return guess, learned

    term, _ = bound_term(Network(), x0, paper_schedule, t, noise, variance)
    xt = forward_process(x0, t, paper_schedule, noise)
    mean, var = forward_posterior(x0, xt, t, paper_schedule)
    given = learned.exp() if variance == "learned" else reverse_variance(t, paper_schedule, variance).view(-1, 1, 1, 1)
    p = Normal(predict_mean(xt, t, guess, paper_schedule), given.sqrt())
    expected = kl_divergence(Normal(mean, var.sqrt()), p).mean((1, 2, 3)) / math.log(2)
    torch.testing.assert_close(term, expected, rtol=1e-8, atol=1e-12)


def test_the_weight_of_eq_12_written_out_with_plain_numbers(paper_schedule):
    beta_1, beta_2 = 1e-4, 1e-4 + 0.0199 / 999
    expected_1 = beta_1**2 / (2 * beta_1 * (1 - beta_1) * beta_1)
    expected_2 = beta_2**2 / (2 * beta_2 * (1 - beta_2) * (1 - (1 - beta_1) * (1 - beta_2)))
    weight = bound_weight(torch.tensor([1, 2]), paper_schedule)
    assert weight.tolist() == pytest.approx([expected_1, expected_2], rel=1e-9)
    assert bound_weight(torch.tensor([1]), paper_schedule, "beta_tilde").item() == math.inf
    with pytest.raises(ValueError, match='"mean", and of a loss may be "eps", got'):
        error_weight(torch.tensor([1]), paper_schedule, "v")
    with pytest.raises(ValueError, match="fixedlarge"):
        bound_weight(torch.tensor([1]), paper_schedule, "fixedlarge")


@given(mean=st.floats(-1.5, 1.5), log_sigma=st.floats(-9, 2), levels=st.sampled_from([2, 17, 256]))
def test_the_decoder_is_a_probability_over_its_levels(mean, log_sigma, levels):
    grid = torch.linspace(-1, 1, levels, dtype=torch.float64)
    logp = discretized_log_likelihood(grid, torch.tensor(mean), torch.tensor(log_sigma), levels)
    assert torch.isfinite(logp).all()
    assert logp.exp().sum().item() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("k, mean, sigma", [(100, -0.2, 0.01), (0, -0.9, 0.02), (255, 0.7, 0.3), (128, 0.1, 0.005)])
def test_the_decoder_is_scipys_normal_integrated_over_the_bin(k, mean, sigma):
    x = 2 * k / 255 - 1
    low, high = (-math.inf if k == 0 else x - 1 / 255), (math.inf if k == 255 else x + 1 / 255)
    expected = math.log(norm.cdf(high, mean, sigma) - norm.cdf(low, mean, sigma))
    logp = discretized_log_likelihood(torch.tensor(x), torch.tensor(mean), torch.tensor(math.log(sigma)))
    assert logp.item() == pytest.approx(expected, rel=1e-5)


def test_the_decoder_stays_finite_far_from_the_mean_and_its_gradient_points_home():
    mean = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    logp = discretized_log_likelihood(torch.tensor(-0.5, dtype=torch.float64), mean, torch.tensor(math.log(0.007)))
    logp.backward()
    assert logp < -1000 and torch.isfinite(logp) and mean.grad < 0


def test_the_term_of_t_1_is_the_decoder(digits, generator):
    schedule, x0 = linear_schedule(30, 1e-3, 0.4), digits.x0[:3]

    def model(x, t):
        return 0.5 * x

    noise = torch.randn(x0.shape, generator=generator)
    ones = torch.ones(3, dtype=torch.int64)
    x1 = forward_process(x0, ones, schedule, noise)
    log_sigma = reverse_variance(ones, schedule).log().view(-1, 1, 1, 1) / 2
    mean = predict_mean(x1, ones, model(x1, ones), schedule)
    expected = -discretized_log_likelihood(x0, mean, log_sigma, 17).mean((1, 2, 3)) / math.log(2)
    torch.testing.assert_close(bound_term(model, x0, schedule, ones, noise, levels=17)[0], expected)


def test_images_outside_the_range_are_refused():
    with pytest.raises(ValueError, match=r"\[-1, 1\]"):
        discretized_log_likelihood(torch.tensor(255.0), torch.tensor(0.0), torch.tensor(0.0))


@pytest.mark.parametrize("sigma", [1e-8, 1e-12, 1e-30])
def test_the_decoder_is_no_nan_however_far_the_bin_is(sigma):
    """Many more than 10^9 standard deviations away: about -z^2 / 2, and 0 in the bin of the mean."""
    x0, mean = torch.tensor([-1.0, 0.0, 1.0]), torch.tensor(0.0)
    got = discretized_log_likelihood(x0, mean, torch.tensor(sigma, dtype=torch.float64).log())
    z = (1 - 1 / 255) / sigma
    assert got.tolist() == pytest.approx([-(z**2) / 2, 0, -(z**2) / 2], rel=1e-6)


def test_on_a_gpu_every_image_gets_its_decoder_and_the_first_alone_keep_it(monkeypatch, generator, paper_schedule):
    """The way without a look at t, taken on the CPU by a t that says it is elsewhere."""

    class Elsewhere(torch.Tensor):
        is_cpu = False

    x0 = (torch.randint(0, 17, (4, 1, 3, 3), generator=generator)) / 8 - 1
    noise, t = torch.randn(x0.shape, generator=generator), torch.tensor([1, 1, 5, 900])
    terms = [
        bound_term(lambda x, t: x / 2, x0, paper_schedule, at, noise, levels=17)[0]
        for at in (t, t.as_subclass(Elsewhere))
    ]
    torch.testing.assert_close(terms[0], terms[1].as_subclass(torch.Tensor), rtol=0, atol=0)
