"""Where tensors live, tried without a GPU: on the meta device, which has no values to read and is not to be mixed.

So whatever runs here neither waits for a GPU nor leaves it.
"""

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from ddpm_notes.forward import draw_noise, forward_posterior, forward_process, forward_step
from ddpm_notes.image_noise import ImageNoise
from ddpm_notes.likelihood import prior_kl
from ddpm_notes.losses import bound_term, bound_weight, discretized_log_likelihood, draw_t, simple_loss
from ddpm_notes.oracle import GaussianMixtureDenoiser
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.reverse import predict_eps, predict_mean, predict_x0, reverse_process
from ddpm_notes.sampling import ddim, mix, sample, sample_from
from ddpm_notes.schedule import rescaled_linear_schedule, strided

GPU = torch.device("meta")
SCHEDULE = rescaled_linear_schedule(25)
X, T = torch.zeros(2, 1, 8, 8, device=GPU), torch.ones(2, dtype=torch.int64, device=GPU)


class TimesT(nn.Module):
    """A network that mixes its arguments, and so refuses x and t of different devices."""

    def forward(self, x, t):
        return x * t.view(-1, 1, 1, 1)


MODEL = Parameterized(TimesT(), SCHEDULE, predicts="x0")


class Copies(TorchDispatchMode):
    """Counts what goes from one device to another."""

    count = 0

    def __torch_dispatch__(self, operation, types, arguments=(), options=None):
        result = operation(*arguments, **(options or {}))
        if operation is torch.ops.aten._to_copy.default:
            self.count += result.device != arguments[0].device
        return result


def test_the_device_refuses_to_be_mixed_and_to_be_read():
    with pytest.raises(RuntimeError, match="device"):
        X + torch.zeros(2, 1, 8, 8)
    with pytest.raises(RuntimeError, match="item"):
        bool((X > 0).any())


def test_noise_of_a_cpu_generator_reaches_the_gpu():
    generator = torch.Generator().manual_seed(0)
    assert draw_noise(X, generator).device == GPU
    assert forward_process(X, T, SCHEDULE, generator=generator).device == GPU
    assert mix(X, X, 0.5, 3, SCHEDULE, "independent", generator).device == GPU
    assert draw_t(2, SCHEDULE, generator).device.type == "cpu"


@pytest.mark.parametrize(
    "function",
    [
        lambda: forward_step(X, T, SCHEDULE),
        lambda: forward_posterior(X, X, T, SCHEDULE)[0],
        lambda: predict_x0(X, T, X, SCHEDULE),
        lambda: predict_eps(X, T, X, SCHEDULE),
        lambda: predict_mean(X, T, X, SCHEDULE),
        lambda: reverse_process(X, T, MODEL, SCHEDULE, clip_x0=True),
        lambda: simple_loss(MODEL, X, SCHEDULE, target="mean"),
        lambda: bound_term(MODEL, X, SCHEDULE, T, X)[0],
        lambda: bound_weight(T, SCHEDULE, "beta_tilde"),
        lambda: discretized_log_likelihood(X, X, X),
        lambda: prior_kl(X, SCHEDULE),
        lambda: sample(MODEL, X.shape, SCHEDULE, torch.Generator(), device=GPU),
        lambda: ddim(MODEL, X, SCHEDULE, eta=1.0, generator=torch.Generator()),
    ],
)
def test_what_goes_in_on_the_gpu_comes_out_on_it_and_is_never_waited_for(function):
    assert function().device == GPU


def test_a_chain_copies_its_noise_and_nothing_else():
    """Tables are there already: after the first chain, a step of the strided chain copies z alone."""
    short = strided(SCHEDULE, 5)
    noise = ImageNoise(0, range(2), (1, 8, 8), device=GPU)
    sample_from(MODEL, X, short.T, short, noises=noise)
    with Copies() as copies:
        sample_from(MODEL, X, short.T, short, noises=noise)
    assert copies.count == short.T


def test_an_oracle_lives_where_its_means_do(monkeypatch):
    monkeypatch.setattr(torch.Tensor, "__bool__", lambda self: True)  # its weights are positive: read once, when made
    oracle = GaussianMixtureDenoiser(X, 0.1, SCHEDULE)
    monkeypatch.undo()
    assert oracle(X, T).device == GPU


def test_a_t_that_was_not_read_gives_nan_below_1():
    """A GPU's t is not read, so its value is masked: shown on the CPU by a t that says it is elsewhere."""

    class Elsewhere(torch.Tensor):
        is_cpu = False

    t = torch.tensor([0, 1]).as_subclass(Elsewhere)
    assert SCHEDULE.values(SCHEDULE.beta, t).isnan().tolist() == [True, False]
