"""The reverse process: two forms of the mean, two variances, and the last step without noise."""

import math

import pytest
import torch

from ddpm_notes.forward import forward_posterior, forward_process
from ddpm_notes.reverse import predict_eps, predict_mean, predict_x0, reverse_moments, reverse_process, reverse_variance

T_VALUES = torch.tensor([1, 2, 3, 250, 999, 1000])


@pytest.fixture
def chain(paper_schedule, generator):
    x0 = torch.rand(6, 1, 3, 3, generator=generator, dtype=torch.float64) * 2 - 1
    eps = torch.randn(x0.shape, generator=generator, dtype=torch.float64)
    return x0, eps, forward_process(x0, T_VALUES, paper_schedule, eps)


def test_the_true_noise_gives_back_the_image(chain, paper_schedule):
    x0, eps, xt = chain
    torch.testing.assert_close(predict_x0(xt, T_VALUES, eps, paper_schedule), x0, atol=1e-10, rtol=0)
    torch.testing.assert_close(predict_eps(xt, T_VALUES, x0, paper_schedule), eps, atol=1e-10, rtol=0)


def test_eq_11_equals_eq_7_at_the_predicted_image(chain, paper_schedule, generator):
    _, _, xt = chain
    eps = torch.randn(xt.shape, generator=generator, dtype=torch.float64)
    x0_hat = predict_x0(xt, T_VALUES, eps, paper_schedule)
    expected, _ = forward_posterior(x0_hat, xt, T_VALUES, paper_schedule)
    torch.testing.assert_close(predict_mean(xt, T_VALUES, eps, paper_schedule), expected, atol=1e-9, rtol=0)


def test_the_mean_written_out_with_plain_numbers(paper_schedule):
    alpha_bar, beta = 0.0785872, 1e-4 + (0.02 - 1e-4) * 499 / 999
    expected = (0.3 - beta / math.sqrt(1 - alpha_bar) * -1.1) / math.sqrt(1 - beta)
    xt, eps = torch.tensor([[0.3]], dtype=torch.float64), torch.tensor([[-1.1]], dtype=torch.float64)
    assert predict_mean(xt, torch.tensor([500]), eps, paper_schedule).item() == pytest.approx(expected, rel=1e-8)


def test_both_variances_are_beta_tilde_2_at_the_first_step(paper_schedule):
    t = torch.tensor([1, 2, 1000])
    beta = reverse_variance(t, paper_schedule, "beta").tolist()
    assert beta == pytest.approx([5.45318766e-5, 1e-4 + 0.0199 / 999, 0.02], rel=1e-8)
    tilde = reverse_variance(t, paper_schedule, "beta_tilde").tolist()
    assert tilde[:2] == pytest.approx([5.45318766e-5] * 2, rel=1e-8)
    assert 0.0199 < tilde[2] < 0.02
    with pytest.raises(ValueError, match="fixedlarge"):
        reverse_variance(t, paper_schedule, "fixedlarge")


def test_noise_is_added_with_standard_deviation_sigma_and_not_at_t_1(paper_schedule):
    xt, z, t = torch.zeros(2, 1, dtype=torch.float64), torch.ones(2, 1, dtype=torch.float64), torch.tensor([1, 1000])
    out = reverse_process(xt, t, lambda x, t: torch.zeros_like(x), paper_schedule, noise=z)
    assert out.flatten().tolist() == pytest.approx([0, math.sqrt(0.02)])


def test_clipping_moves_the_mean_onto_the_posterior_of_the_clipped_image(paper_schedule):
    xt, t = torch.full((1, 1), 3.0, dtype=torch.float64), torch.tensor([500])

    def zero(x, t):
        return torch.zeros_like(x)

    mean, _, x0_hat = reverse_moments(xt, t, zero, paper_schedule, clip_x0=True)
    assert x0_hat.item() == 1
    assert mean.item() == forward_posterior(torch.ones_like(xt), xt, t, paper_schedule)[0].item()
    unclipped, _, far = reverse_moments(xt, t, zero, paper_schedule)
    assert far > 10 and unclipped > mean
    assert reverse_moments(-xt, t, zero, paper_schedule, clip_x0=True)[2].item() == -1


def test_a_model_with_the_wrong_output_is_refused(paper_schedule):
    with pytest.raises(ValueError, match="shaped like x_t"):
        reverse_process(torch.zeros(1, 2), torch.tensor([5]), lambda x, t: x[:, :1], paper_schedule)
    with pytest.raises(ValueError, match="Parameterized"):
        reverse_process(torch.zeros(1, 2), torch.tensor([5]), lambda x, t: x, paper_schedule, variance="learned")
