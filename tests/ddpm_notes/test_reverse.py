"""The reverse process: two forms of the mean, two variances, and the last step without noise."""

import math

import pytest
import torch

from ddpm_notes.forward import forward_posterior
from ddpm_notes.parameterizations import eps_from_mean
from ddpm_notes.reverse import predict_eps, predict_mean, predict_x0, reverse_moments, reverse_process, reverse_variance


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


@pytest.mark.parametrize("convert", [predict_x0, predict_eps, predict_mean, eps_from_mean])
def test_a_prediction_of_another_shape_is_not_stretched_to_fit(paper_schedule, convert):
    with pytest.raises(ValueError, match=r"shaped like x_t \(3, 1, 8, 8\), got \(3, 8, 8\)"):
        convert(torch.zeros(3, 1, 8, 8), torch.tensor([1, 2, 3]), torch.zeros(3, 8, 8), paper_schedule)


def test_a_model_with_the_wrong_output_is_refused(paper_schedule):
    with pytest.raises(ValueError, match="shaped like x_t"):
        reverse_process(torch.zeros(1, 2), torch.tensor([5]), lambda x, t: x[:, :1], paper_schedule)
    with pytest.raises(ValueError, match="Parameterized"):
        reverse_process(torch.zeros(1, 2), torch.tensor([5]), lambda x, t: x, paper_schedule, variance="learned")
