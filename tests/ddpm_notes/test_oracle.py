"""The perfect denoiser against autograd, brute force and integration."""

import math

import pytest
import torch

from ddpm_notes.forward import forward_process
from ddpm_notes.oracle import EmpiricalDenoiser, GaussianMixtureDenoiser
from ddpm_notes.schedule import linear_schedule


@pytest.fixture
def mixture(paper_schedule):
    means = torch.tensor([[-1.0, 0.3], [0.5, 0.8], [0.2, -0.9]], dtype=torch.float64)
    return GaussianMixtureDenoiser(
        means, torch.tensor([0.1, 0.0, 0.4], dtype=torch.float64), paper_schedule, weights=torch.tensor([1.0, 2.0, 5.0])
    )


def written_out(x, alpha_bar):
    """The density of x_t of each component of this mixture, times its weight, with plain numbers."""
    found = []
    for weight, mean, variance in ((1 / 8, (-1, 0.3), 0.1), (2 / 8, (0.5, 0.8), 0.0), (5 / 8, (0.2, -0.9), 0.4)):
        v = alpha_bar * variance + 1 - alpha_bar
        squared = sum((a - math.sqrt(alpha_bar) * m) ** 2 for a, m in zip(x, mean, strict=True))
        found.append(weight * math.exp(-squared / (2 * v)) / (2 * math.pi * v))
    return found


@pytest.mark.parametrize("t", [1, 30, 400, 1000])
def test_the_optimal_noise_is_minus_the_scaled_score(mixture, paper_schedule, generator, t):
    """epsilon* = -sqrt(1 - alpha_bar_t) grad log q(x_t), the gradient by automatic differentiation."""
    xt = torch.randn(7, 2, generator=generator, dtype=torch.float64).requires_grad_()
    ts = torch.full((7,), t)
    (score,) = torch.autograd.grad(mixture.log_density(xt, ts).sum(), xt)
    expected = -(1 - paper_schedule.alpha_bar[t]).sqrt() * score
    torch.testing.assert_close(mixture(xt.detach(), ts), expected, rtol=1e-8, atol=1e-8)


def test_the_density_of_x_t_integrates_to_one_and_is_the_mixture_written_out(mixture, paper_schedule):
    line = torch.linspace(-6, 6, 601, dtype=torch.float64)
    grid = torch.cartesian_prod(line, line)
    log_q = mixture.log_density(grid, torch.full((len(grid),), 200))
    assert log_q.exp().sum().item() * 0.02**2 == pytest.approx(1, abs=1e-6)
    expected = sum(written_out((1.0, 1.0), paper_schedule.alpha_bar[200].item()))
    at_one = mixture.log_density(torch.ones(1, 2, dtype=torch.float64), torch.tensor([200]))
    assert at_one.item() == pytest.approx(math.log(expected), rel=1e-10)


def test_the_empirical_denoiser_is_a_softmax_over_the_images(digits, generator):
    schedule = linear_schedule()
    x0, t = digits.x0[:50], torch.tensor([150, 600])
    xt = forward_process(x0[:2], t, schedule, generator=generator)
    oracle = EmpiricalDenoiser(x0, schedule)
    for i in range(2):
        a = schedule.alpha_bar[t[i]].item()
        logits = torch.stack([-((xt[i] - a**0.5 * x).double() ** 2).sum() / (2 * (1 - a)) for x in x0])
        expected = (logits.softmax(0)[:, None] * x0.double().flatten(1)).sum(0)
        torch.testing.assert_close(oracle.x0(xt, t)[i].flatten(), expected.float(), atol=1e-6, rtol=0)


def test_the_entropy_of_distinct_images_is_log2_of_their_number(digits, paper_schedule):
    oracle = EmpiricalDenoiser(digits.x0, paper_schedule)
    assert len(digits.pixels.flatten(1).unique(dim=0)) == 1797
    assert oracle.entropy() == pytest.approx(math.log2(1797) / 64, rel=1e-12)
    twice = EmpiricalDenoiser(torch.cat([digits.x0[:4], digits.x0[:4]]), paper_schedule)
    assert twice.entropy() == pytest.approx(2 / 64, rel=1e-12)


def test_the_probability_of_a_component_is_bayes_rule_with_plain_numbers(mixture, paper_schedule):
    joint = written_out((0.3, -0.1), paper_schedule.alpha_bar[200].item())
    xt = torch.tensor([[0.3, -0.1]], dtype=torch.float64)
    expected = [each / sum(joint) for each in joint]
    assert mixture.posterior(xt, torch.tensor([200]))[0].tolist() == pytest.approx(expected, rel=1e-9)


def test_mistakes_are_named(paper_schedule):
    with pytest.raises(ValueError, match="positive weight"):
        GaussianMixtureDenoiser(torch.zeros(2, 3), 0.0, paper_schedule, weights=torch.tensor([1.0, 0.0]))
    oracle = EmpiricalDenoiser(torch.zeros(2, 3), paper_schedule)
    with pytest.raises(ValueError, match=r"\(B, 3\)"):
        oracle(torch.zeros(1, 4), torch.tensor([1]))
