"""Identities of the chain, for any schedule, shape, T and t; float64, so that rounding stays out of the way."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Normal

from ddpm_notes.forward import forward_posterior, forward_process, forward_step
from ddpm_notes.losses import bound_term, bound_weight
from ddpm_notes.parameterizations import eps_from_mean
from ddpm_notes.reverse import predict_eps, predict_mean, predict_x0, reverse_moments, reverse_process, reverse_variance
from ddpm_notes.sampling import sample_from
from ddpm_notes.schedule import Schedule, strided

SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
CLOSE = {"rtol": 1e-7, "atol": 1e-9}


@st.composite
def schedules(draw):
    """Any betas in [1e-4, 0.5] that do not decrease, T from 2 to 40."""
    betas = draw(st.lists(st.floats(1e-4, 0.5), min_size=2, max_size=40))
    return Schedule.from_betas(torch.tensor(sorted(betas), dtype=torch.float64))


@st.composite
def chains(draw, first=1):
    """A schedule, a t for each image (from `first` on), and x_0, epsilon and another epsilon of any shape."""
    schedule, shape = draw(schedules()), draw(SHAPES)
    t = torch.tensor(draw(st.lists(st.integers(first, schedule.T), min_size=1, max_size=4)))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**20)))
    x0 = torch.rand(len(t), *shape, generator=generator, dtype=torch.float64) * 2 - 1
    eps, other = torch.randn(2, *x0.shape, generator=generator, dtype=torch.float64)
    return schedule, t, x0, eps, other


@given(chains(first=2))
def test_jumping_to_t_is_jumping_to_t_minus_1_and_one_step_more(chain):
    """Eqs. (2) and (4): means compose, and the variances of two independent noises add up."""
    schedule, t, x0, _, _ = chain
    none, one = torch.zeros_like(x0), torch.ones_like(x0)
    stepped = forward_step(forward_process(x0, t - 1, schedule, none), t, schedule, none)
    torch.testing.assert_close(stepped, forward_process(x0, t, schedule, none), **CLOSE)
    early = forward_step(forward_process(none, t - 1, schedule, one), t, schedule, none)
    late = forward_step(none, t, schedule, one)
    torch.testing.assert_close(early**2 + late**2, forward_process(none, t, schedule, one) ** 2, **CLOSE)


@given(chains(first=2))
def test_the_posterior_obeys_bayes_rule_everywhere(chain):
    """q(x_{t-1} | x_0) q(x_t | x_{t-1}) = q(x_t | x_0) q(x_{t-1} | x_t, x_0), as densities of torch.distributions."""
    schedule, t, x0, before, xt = chain
    none, one = torch.zeros_like(x0), torch.ones_like(x0)

    def marginal(s):
        return Normal(forward_process(x0, s, schedule, none), forward_process(none, s, schedule, one))

    step = Normal(forward_step(before, t, schedule, none), forward_step(none, t, schedule, one))
    mean, variance = forward_posterior(x0, xt, t, schedule)
    left = marginal(t - 1).log_prob(before) + step.log_prob(xt)
    right = marginal(t).log_prob(xt) + Normal(mean, variance.sqrt()).log_prob(before)
    torch.testing.assert_close(left, right, rtol=1e-6, atol=1e-6)


@given(chains())
def test_x0_eps_and_the_mean_say_the_same(chain):
    """Eqs. (15) and (11) can be solved for epsilon, and Eq. (7) at x0_hat is Eq. (11)."""
    schedule, t, x0, eps, guess = chain
    xt = forward_process(x0, t, schedule, eps)
    torch.testing.assert_close(predict_x0(xt, t, eps, schedule), x0, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(predict_eps(xt, t, x0, schedule), eps, rtol=1e-6, atol=1e-6)
    mean = predict_mean(xt, t, guess, schedule)
    torch.testing.assert_close(eps_from_mean(xt, t, mean, schedule), guess, rtol=1e-6, atol=1e-6)
    posterior, _ = forward_posterior(predict_x0(xt, t, guess, schedule), xt, t, schedule)
    torch.testing.assert_close(posterior, mean, rtol=1e-6, atol=1e-6)


@given(chains(first=2), st.sampled_from(["beta", "beta_tilde"]))
def test_the_weight_of_eq_12_is_what_a_wrong_epsilon_costs(chain, variance):
    schedule, t, x0, eps, guess = chain
    terms = [bound_term(lambda x, t, e=e: e, x0, schedule, t, eps, variance)[0] for e in (guess, eps)]
    square = ((guess - eps) ** 2).flatten(1).mean(1)
    nats = (terms[0] - terms[1]) * torch.log(torch.tensor(2.0, dtype=torch.float64))
    torch.testing.assert_close(nats, bound_weight(t, schedule, variance) * square, rtol=1e-6, atol=1e-6)


@given(schedules())
def test_the_two_variances_are_ordered_and_agree_at_t_1(schedule):
    t = torch.arange(1, schedule.T + 1)
    beta, tilde = (reverse_variance(t, schedule, kind) for kind in ("beta", "beta_tilde"))
    assert (tilde > 0).all() and (tilde[1:] < beta[1:]).all() and tilde[0] == beta[0] == schedule.beta_tilde[2]
    precision = 1 / (1 - schedule.alpha_bar[1:-1]) + schedule.alpha[2:] / schedule.beta[2:]  # completing the square
    torch.testing.assert_close(tilde[1:], 1 / precision, rtol=1e-9, atol=0)


@given(chains(), st.sampled_from(["beta", "beta_tilde"]), st.booleans())
def test_a_batch_is_its_images_one_by_one(chain, variance, clip):
    """Each image has its own t: nothing leaks from one to the next."""
    schedule, t, xt, z, _ = chain

    def model(x, t):
        return x / t.view(-1, *[1] * (x.ndim - 1))

    together = reverse_process(xt, t, model, schedule, variance, clip, noise=z)
    for i in range(len(t)):
        one = slice(i, i + 1)
        alone = reverse_process(xt[one], t[one], model, schedule, variance, clip, noise=z[one])
        torch.testing.assert_close(together[one], alone, **CLOSE)


@given(chains(), st.sampled_from([torch.float32, torch.float64]))
def test_shape_and_dtype_are_those_of_the_images(chain, dtype):
    schedule, t, x0, eps, _ = chain
    x0, eps = x0.to(dtype), eps.to(dtype)
    xt = forward_process(x0, t, schedule, eps)
    results = [xt, forward_step(x0, t, schedule, eps), predict_x0(xt, t, eps, schedule)]
    results += [predict_mean(xt, t, eps, schedule), *reverse_moments(xt, t, lambda x, t: eps, schedule)[::2]]
    assert all(r.shape == x0.shape and r.dtype == dtype for r in results)


@given(chains())
def test_a_model_that_knows_x0_leads_any_x_t_back_to_it(chain):
    schedule, t, x0, eps, _ = chain
    start = int(t[0])

    def knows(x, t):
        return predict_eps(x, t, x0, schedule)

    torch.testing.assert_close(sample_from(knows, eps, start, schedule), x0, rtol=1e-6, atol=1e-6)


@given(schedules(), st.data())
def test_a_strided_chain_visits_levels_of_the_old_one_and_ends_in_its_noise(schedule, data):
    steps = data.draw(st.integers(1, schedule.T))
    short = strided(schedule, steps)
    assert short.T == steps and (short.levels.diff() > 0).all()
    assert short.levels[0] == 0 and short.levels[-1] == schedule.T
    torch.testing.assert_close(short.alpha_bar, schedule.alpha_bar[short.levels], **CLOSE)
