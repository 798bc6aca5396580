"""The browser computes what the package computes: schedules, steps back, latents, and the perfect denoiser."""

import pytest
import torch
from torch.testing import assert_close

from ddpm_notes import sampling, schedule
from ddpm_notes.forward import forward_process
from ddpm_notes.oracle import GaussianMixtureDenoiser
from ddpm_notes.reverse import predict_x0, reverse_process

LINEAR = schedule.linear_schedule()
SCHEDULES = {"constant": schedule.constant_schedule(), "linear": LINEAR, "quadratic": schedule.quadratic_schedule()}


def doubles(values: list) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_tables_are_the_package_s(javascript, name):
    ours, theirs = SCHEDULES[name], javascript(f"schedule.SCHEDULES.{name}()")
    assert theirs["T"] == ours.T
    for table, values in (("beta", ours.beta), ("alphaBar", ours.alpha_bar), ("betaTilde", ours.beta_tilde)):
        assert_close(doubles(theirs[table]), values, rtol=1e-11, atol=0)


@pytest.mark.parametrize("steps", [1, 2, 7, 20, 50, 999, 1000])
def test_a_strided_chain_is_the_package_s(javascript, steps):
    short = schedule.strided(LINEAR, steps)
    theirs = javascript("schedule.strided(schedule.linear(), steps)", steps=steps)
    assert theirs["levels"] == short.levels.tolist()
    assert_close(doubles(theirs["schedule"]["alphaBar"]), short.alpha_bar, rtol=1e-10, atol=0)
    assert_close(doubles(theirs["schedule"]["beta"]), short.beta, rtol=1e-10, atol=0)


@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("kind", ["beta", "beta_tilde"])
@pytest.mark.parametrize("t", [1, 2, 300, 1000])
def test_a_step_back_is_the_package_s(javascript, t, kind, clip):
    x, eps, z = normal(1, 6, seed=1), normal(1, 6, seed=2), normal(1, 6, seed=3)
    at = torch.tensor([t])
    previous = reverse_process(x, at, lambda *_: eps, LINEAR, kind, clip_x0=clip, noise=z)
    x0_hat = predict_x0(x, at, eps, LINEAR)
    call = "chain.step(x, eps, schedule.linear(), t, {kind, clip}, z)"
    theirs = javascript(call, x=x[0], eps=eps[0], z=z[0], t=t, kind=kind, clip=clip)
    assert_close(doubles(theirs["x"]), previous[0], rtol=1e-6, atol=1e-6)
    assert_close(doubles(theirs["x0Hat"]), (x0_hat.clamp(-1, 1) if clip else x0_hat)[0], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("steps", [1, 10, 1000])
def test_ddim_is_the_package_s(javascript, steps, clip):
    """With a model that says the same of x and t in both languages."""
    xT = normal(3, 2, seed=4)
    short = schedule.strided(LINEAR, steps)
    expected = sampling.ddim(lambda x, t: 0.9 * x + 1e-4 * t[:, None], xT, short, clip_x0=clip)
    ends = javascript(
        """(async () => {
            const model = (x, t) => x.map(value => 0.9 * value + 1e-4 * t);
            const short = schedule.strided(schedule.linear(), steps);
            let last;
            const walk = chain.chain({model, ...short, x: Float32Array.from(x), kind: "ddim", clip});
            for await (const step of walk) last = step;
            return last;
        })()""",
        **{"x": xT.flatten(), "steps": steps, "clip": clip},
    )
    assert ends["t"] == 0
    assert_close(doubles(ends["x"]).view(3, 2), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("t", [1, 500, 1000])
def test_latents_are_the_package_s(javascript, t):
    x0, other, noise = normal(1, 5, seed=5), normal(1, 5, seed=6), normal(1, 5, seed=7)
    given = {"x0": x0[0], "other": other[0], "noise": noise[0], "t": t}
    mixed = javascript("chain.mix(x0, other, 0.3, noise, schedule.linear(), t)", **given)
    between = forward_process(0.7 * x0 + 0.3 * other, torch.tensor([t]), LINEAR, noise)
    assert_close(doubles(mixed), between[0], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("variances", [[0.05, 0.2, 0.01], [0.0, 0.0, 0.0]])
@pytest.mark.parametrize("t", [1, 40, 400, 1000])
def test_the_perfect_denoiser_is_the_package_s(javascript, t, variances):
    means, weights = doubles([[1.0, 0.5], [-1.0, 0.2], [0.1, -1.3]]), doubles([0.2, 0.5, 0.3])
    x = means.repeat(5, 1) + normal(15, 2, seed=8)
    perfect = GaussianMixtureDenoiser(means, doubles(variances), LINEAR, weights)
    call = "mixture.epsilon({means, variances, weights}, schedule.linear().alphaBar[t], x)"
    theirs = javascript(call, means=means, variances=variances, weights=weights, t=t, x=x.flatten())
    assert_close(doubles(theirs).view(15, 2), perfect(x, torch.full((15,), t)), rtol=1e-5, atol=1e-5)


def test_draws_from_a_mixture_have_its_moments(javascript):
    means, variances, weights = doubles([[1.0, 0.0], [-1.0, 2.0]]), doubles([0.04, 0.25]), doubles([0.25, 0.75])
    call = "mixture.draws({means, variances, weights}, random.gaussian(80000, 1), random.stream([2]))"
    points = doubles(javascript(call, means=means, variances=variances, weights=weights)).view(-1, 2)
    mean = weights @ means
    variance = weights @ (variances[:, None] + means.square()) - mean.square()
    assert_close(points.mean(0), mean, rtol=0, atol=5 * (variance.max() / 40000).sqrt().item())
    assert_close(points.var(0), variance, rtol=0.05, atol=0)


def test_every_point_has_its_nearest_centre(javascript):
    given = {"means": [[0, 0], [2, 0]], "x": [0.1, 0.2, 2, 0.5, 0.8, 0]}
    found = javascript("mixture.nearest({means}, Float32Array.from(x))", **given)
    assert found["owner"] == [0, 1, 0]
    assert found["variance"] == pytest.approx((0.05 + 0.25 + 0.64) / 6, rel=1e-6)
