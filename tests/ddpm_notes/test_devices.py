"""Where tensors live, tried without a GPU: PyTorch's fake tensors know their device and refuse to be mixed."""

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from ddpm_notes.forward import draw_noise, forward_posterior, forward_process, forward_step
from ddpm_notes.likelihood import prior_kl
from ddpm_notes.losses import bound_loss, bound_weight, discretized_log_likelihood, draw_t, simple_loss
from ddpm_notes.oracle import GaussianMixtureDenoiser
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.reverse import predict_eps, predict_mean, predict_x0, reverse_process
from ddpm_notes.sampling import mix, sample
from ddpm_notes.schedule import Schedule, rescaled_linear_schedule

GPU = torch.device("cuda", 0)
SCHEDULE = rescaled_linear_schedule(25)
for table in ("alpha", "alpha_bar", "beta_tilde", "snr"):
    getattr(SCHEDULE, table)  # tables are made once, on the CPU, before the fakes begin


@pytest.fixture
def fake_gpu(monkeypatch):
    """x and t on a GPU that does not exist; what looks at values (t in 1..T, images in range) is left out."""
    monkeypatch.setattr(Schedule, "check", lambda *args, **options: None)
    monkeypatch.setattr(torch.Tensor, "__bool__", lambda self: False)
    monkeypatch.setattr(torch.Tensor, "__invert__", lambda self: self.eq(0))
    plain = torch.Tensor.__getitem__  # like ~ it asks for a real GPU, and the operation behind it does not

    def getitem(self, index):
        return torch.ops.aten.index.Tensor(self, [index]) if isinstance(index, torch.Tensor) else plain(self, index)

    monkeypatch.setattr(torch.Tensor, "__getitem__", getitem)
    randn = torch.randn

    def randn_like_the_real_one(*size, generator=None, device="cpu", **options):
        assert generator is None or torch.device(device) == generator.device, "a generator draws where it lives"
        return randn(*size, device=device, **options)

    monkeypatch.setattr(torch, "randn", randn_like_the_real_one)
    with FakeTensorMode(allow_non_fake_inputs=True):
        yield torch.zeros(2, 1, 8, 8, device=GPU), torch.ones(2, dtype=torch.int64, device=GPU)


class TimesT(nn.Module):
    """A network that mixes its arguments, and so refuses x and t of different devices."""

    def forward(self, x, t):
        return x * t.view(-1, 1, 1, 1)


def test_the_fakes_do_refuse_to_be_mixed(fake_gpu):
    x, _ = fake_gpu
    with pytest.raises(RuntimeError, match="device"):
        x + torch.zeros(2, 1, 8, 8)


def test_noise_of_a_cpu_generator_reaches_the_gpu(fake_gpu):
    x, t = fake_gpu
    generator = torch.Generator().manual_seed(0)
    assert draw_noise(x, generator).device == GPU
    assert forward_process(x, t, SCHEDULE, generator=generator).device == GPU
    assert mix(x, x, 0.5, 3, SCHEDULE, "independent", generator).device == GPU
    assert draw_t(2, SCHEDULE, generator).device.type == "cpu"


@pytest.mark.parametrize(
    "function",
    [
        lambda x, t, model: forward_step(x, t, SCHEDULE),
        lambda x, t, model: forward_posterior(x, x, t, SCHEDULE)[0],
        lambda x, t, model: predict_x0(x, t, x, SCHEDULE),
        lambda x, t, model: predict_eps(x, t, x, SCHEDULE),
        lambda x, t, model: predict_mean(x, t, x, SCHEDULE),
        lambda x, t, model: reverse_process(x, t, model, SCHEDULE, clip_x0=True),
        lambda x, t, model: simple_loss(model, x, SCHEDULE, target="mean"),
        lambda x, t, model: bound_loss(model, x, SCHEDULE, generator=torch.Generator()),
        lambda x, t, model: bound_weight(t, SCHEDULE, "beta_tilde"),
        lambda x, t, model: discretized_log_likelihood(x, x, x),
        lambda x, t, model: prior_kl(x, SCHEDULE),
        lambda x, t, model: sample(model, x.shape, SCHEDULE, torch.Generator(), device=GPU),
    ],
)
def test_what_goes_in_on_the_gpu_comes_out_on_it(fake_gpu, function):
    x, t = fake_gpu
    model = Parameterized(TimesT(), SCHEDULE, predicts="x0")
    assert function(x, t, model).device == GPU


def test_an_oracle_lives_where_its_means_do(fake_gpu, monkeypatch):
    x, t = fake_gpu
    monkeypatch.setattr(torch.Tensor, "__bool__", lambda self: True)  # its weights are positive
    assert GaussianMixtureDenoiser(x, 0.1, SCHEDULE)(x, t).device == GPU
