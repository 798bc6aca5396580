"""A network that predicts x_0, mu_tilde or Sigma as well, seen as a model of epsilon."""

import pytest
import torch
from torch import nn

from ddpm_notes.forward import forward_posterior, forward_process
from ddpm_notes.parameterizations import Parameterized

T_VALUES = torch.tensor([1, 2, 500, 1000])


class Knows(nn.Module):
    """A "network" that returns what it was given."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, xt, t):
        return self.answer


@pytest.fixture
def chain(paper_schedule, generator):
    x0 = torch.rand(4, 1, 3, 3, generator=generator, dtype=torch.float64) * 2 - 1
    eps = torch.randn(x0.shape, generator=generator, dtype=torch.float64)
    return x0, eps, forward_process(x0, T_VALUES, paper_schedule, eps)


@pytest.mark.parametrize("predicts", ["eps", "x0", "mean"])
def test_a_network_that_knows_the_answer_gives_the_true_noise(chain, paper_schedule, predicts):
    x0, eps, xt = chain
    answer = {"eps": eps, "x0": x0, "mean": forward_posterior(x0, xt, T_VALUES, paper_schedule)[0]}[predicts]
    model = Parameterized(Knows(answer), paper_schedule, predicts)
    torch.testing.assert_close(model(xt, T_VALUES), eps, atol=1e-8, rtol=0)


def test_the_second_half_of_the_channels_is_the_log_variance(chain, paper_schedule):
    _, eps, xt = chain
    model = Parameterized(Knows(torch.cat([eps, eps - 3], dim=1)), paper_schedule, learned_variance=True)
    assert torch.equal(model(xt, T_VALUES), eps)
    assert torch.equal(model.eps_and_log_variance(xt, T_VALUES)[1], eps - 3)


def test_mistakes_are_named(chain, paper_schedule):
    _, eps, xt = chain
    with pytest.raises(ValueError, match="eps, x0, mean"):
        Parameterized(Knows(eps), paper_schedule, "v")
    with pytest.raises(ValueError, match="2 channels"):
        Parameterized(Knows(eps), paper_schedule, learned_variance=True)(xt, T_VALUES)
    with pytest.raises(ValueError, match="no learned variance"):
        Parameterized(Knows(eps), paper_schedule).eps_and_log_variance(xt, T_VALUES)
