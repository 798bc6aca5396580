"""The sampler with a perfect network must draw from the data's distribution."""

import math

import pytest
import torch

from ddpm_notes.forward import forward_process
from ddpm_notes.likelihood import variational_bound
from ddpm_notes.losses import bound_term, simple_loss
from ddpm_notes.oracle import EmpiricalDenoiser, GaussianMixtureDenoiser
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.reverse import reverse_process
from ddpm_notes.sampling import ddim, mix, sample, sample_from, sample_steps
from ddpm_notes.schedule import linear_schedule, rescaled_linear_schedule, strided
from ddpm_notes.unet import UNet, UNetConfig


def test_samples_of_a_perfect_network_have_the_mixtures_proportions_and_spread(generator):
    """4,000 samples of 0.3 N(-0.8, 0.1^2) + 0.7 N(0.5, 0.1^2); limits at 5 standard errors."""
    schedule = rescaled_linear_schedule(200)
    oracle = GaussianMixtureDenoiser(torch.tensor([[-0.8], [0.5]]), 0.01, schedule, weights=torch.tensor([0.3, 0.7]))
    x = sample(oracle, (4000, 1), schedule, generator=generator).flatten()
    left = x < -0.15
    assert left.float().mean().item() == pytest.approx(0.3, abs=5 * math.sqrt(0.21 / 4000))
    assert x[left].mean().item() == pytest.approx(-0.8, abs=0.02)
    assert x[~left].std().item() == pytest.approx(0.1, rel=0.1)


def test_the_steps_count_down_from_T_and_follow_reverse_process():
    schedule = linear_schedule(5, 0.05, 0.3)
    oracle = GaussianMixtureDenoiser(torch.tensor([[0.4]]), 0.1, schedule)
    noise = {t: torch.full((2, 1), 0.1 * t) for t in range(1, 6)}
    steps = list(sample_steps(oracle, torch.ones(2, 1), schedule, noises=noise.get))
    assert [s.t for s in steps] == [5, 4, 3, 2, 1, 0]
    x = torch.ones(2, 1)
    for step in steps[:-1]:
        torch.testing.assert_close(step.x, x)
        torch.testing.assert_close(step.x0_hat, oracle.x0(x, torch.full((2,), step.t)))
        x = reverse_process(x, torch.full((2,), step.t), oracle, schedule, noise=noise[step.t])
    torch.testing.assert_close(steps[-1].x, x)


def test_starting_late_keeps_what_x_t_already_says(digits, generator):
    """From x_t at a small t the empirical oracle returns the very image that was noised."""
    schedule = rescaled_linear_schedule(100)
    x0 = digits.x0[:10]
    xt = forward_process(x0, torch.full((10,), 6), schedule, generator=generator)
    again = sample_from(EmpiricalDenoiser(digits.x0, schedule), xt, 6, schedule, generator=generator)
    torch.testing.assert_close(again, x0, atol=0.05, rtol=0)
    with pytest.raises(ValueError, match=r"1\.\.100"):
        sample_from(None, xt, 101, schedule)


@pytest.mark.parametrize(
    "noise, factor", [("independent", math.sqrt(0.5)), ("shared", 1.0), ("variance-preserving", 1.0)]
)
def test_the_noise_of_a_mixed_latent_at_one_half(paper_schedule, generator, noise, factor):
    """Standard deviation over 40,000 pixels, against sqrt(1 - alpha_bar_500) times the factor; 5 standard errors."""
    x0 = torch.zeros(10, 1, 64, 64)[..., :63]
    x = mix(x0, x0, 0.5, 500, paper_schedule, noise, generator)
    expected = factor * math.sqrt(1 - paper_schedule.alpha_bar[500].item())
    assert x.std().item() == pytest.approx(expected, rel=5 / math.sqrt(2 * x.numel()))


def test_interpolation_ends_at_its_ends(digits, generator):
    schedule = rescaled_linear_schedule(100)
    a, b = digits.x0[:3], digits.x0[10:13]
    oracle = EmpiricalDenoiser(digits.x0, schedule)
    for lam, expected in ((0.0, a), (1.0, b)):
        x = sample_from(oracle, mix(a, b, lam, 6, schedule, "independent", generator), 6, schedule, generator=generator)
        torch.testing.assert_close(x, expected, atol=0.05, rtol=0)
    with pytest.raises(ValueError, match="lam"):
        mix(a, b, 1.5, 20, schedule, "shared")
    with pytest.raises(ValueError, match="independent"):
        mix(a, b, 0.5, 20, schedule, "same")


@pytest.mark.parametrize("schedule_of", [lambda s: strided(s, 4), lambda s: strided(strided(s, 8), 4)])
def test_whatever_takes_a_strided_schedule_hands_the_network_the_old_t(paper_schedule, schedule_of, digits):
    short, seen, x0 = schedule_of(paper_schedule), [], digits.x0[:2]

    def model(xt, t):
        assert t.tolist() == [seen.append(t[0].item()) or seen[-1]] * 2
        return 0.1 * xt

    sample(model, (2, 1), short)
    sample(model, (2, 1), short, clip_x0=True, variance="beta_tilde")
    ddim(model, torch.zeros(2, 1), short)
    variational_bound(model, x0, short, levels=17)
    assert seen == [1000, 750, 500, 250] * 3 + [250, 500, 750, 1000]
    simple_loss(model, x0, short, torch.tensor([3, 3]))
    bound_term(model, x0, short, torch.tensor([3, 3]), x0, levels=17)
    assert seen[-2:] == [750, 750]


def test_a_learned_variance_is_refused_on_a_strided_chain(paper_schedule):
    """It is that of one step of the whole chain."""
    net = UNet(UNetConfig(size=8, channels=1, out_channels=2, width=8, multipliers=(1,), attention=(), groups=4))
    model = Parameterized(net, paper_schedule, "x0", learned_variance=True).eval()
    with pytest.raises(ValueError, match='on a strided chain use "beta"'):
        sample(model, (1, 1, 8, 8), strided(paper_schedule, 2), variance="learned", clip_x0=True)


def test_a_chain_of_another_schedule_than_the_models_is_refused(paper_schedule):
    net = UNet(UNetConfig(size=8, channels=1, width=8, multipliers=(1,), attention=(), groups=4, dropout=0.0))
    for model in (Parameterized(net, paper_schedule), EmpiricalDenoiser(torch.zeros(1, 1, 8, 8), paper_schedule)):
        for other in (linear_schedule(50), linear_schedule(beta_T=0.03), strided(linear_schedule(beta_T=0.03), 5)):
            with pytest.raises(ValueError, match="another schedule than the given one"):
                sample(model, (1, 1, 8, 8), other)
        sample(model, (1, 1, 8, 8), strided(linear_schedule(), 2))


def test_ddim_with_eta_1_is_algorithm_2_with_beta_tilde():
    schedule = linear_schedule(12, 0.02, 0.4)
    oracle = GaussianMixtureDenoiser(torch.tensor([[0.4], [-0.7]]), 0.1, schedule)
    xT = torch.linspace(-2, 2, 6)[:, None]
    a = ddim(oracle, xT, schedule, eta=1.0, generator=torch.Generator().manual_seed(1))
    b = sample_from(oracle, xT, 12, schedule, variance="beta_tilde", generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(a, b, atol=1e-5, rtol=0)


def test_a_network_in_training_mode_is_refused_where_it_would_drop_features(paper_schedule):
    tiny = UNetConfig(size=8, channels=1, width=8, multipliers=(1,), attention=(), groups=4, blocks=1, dropout=0.1)
    model, short = Parameterized(UNet(tiny), paper_schedule), strided(paper_schedule, 2)
    x0 = torch.zeros(2, 1, 8, 8)
    for draw in (
        lambda: sample(model, x0.shape, short),
        lambda: ddim(model, x0, short),
        lambda: variational_bound(model, x0, short, levels=17),
    ):
        model.train()
        with pytest.raises(ValueError, match=r"training mode, where dropout is drawn; call model.eval\(\) first"):
            draw()
        model.eval()
        draw()


def test_samples_can_be_differentiated(paper_schedule):
    x = sample(lambda x, t: x / 2, (2, 1, 3, 3), strided(paper_schedule, 3)).requires_grad_()
    x.square().sum().backward()
    assert torch.equal(x.grad, 2 * x.detach())


@pytest.mark.parametrize("eta", [-1, 2, math.nan])
def test_an_eta_outside_0_to_1_is_refused(paper_schedule, eta):
    with pytest.raises(ValueError, match="eta must be in 0..1"):
        ddim(lambda x, t: x, torch.zeros(1, 1, 2, 2), paper_schedule, eta=eta)
