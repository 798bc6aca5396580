"""The schedule against numbers computed by hand from the paper's definitions (float64, T = 1000)."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ddpm_notes.schedule import (
    Schedule,
    constant_schedule,
    linear_schedule,
    quadratic_schedule,
    rescaled_linear_schedule,
    strided,
)


@pytest.mark.parametrize("t, expected", [(1, 0.9999), (100, 0.8970181), (500, 0.0785872), (1000, 4.035829765e-5)])
def test_alpha_bar_of_the_papers_schedule(paper_schedule, t, expected):
    assert paper_schedule.alpha_bar[t].item() == pytest.approx(expected, rel=1e-6)


def test_entry_zero_is_clean_data(paper_schedule):
    s = paper_schedule
    assert (s.beta[0], s.alpha[0], s.alpha_bar[0], s.beta_tilde[0]) == (0, 1, 1, 0)
    assert s.T == 1000 and len(s.beta) == 1001


def test_beta_tilde_is_zero_at_one_and_5_45e_minus_5_at_two(paper_schedule):
    assert paper_schedule.beta_tilde[1] == 0
    assert paper_schedule.beta_tilde[2].item() == pytest.approx(5.45318766e-5, rel=1e-8)


def test_signal_equals_noise_between_259_and_260(paper_schedule):
    assert paper_schedule.snr[259] > 1 > paper_schedule.snr[260]
    assert paper_schedule.snr[500].item() == pytest.approx(0.0785872 / (1 - 0.0785872), rel=1e-6)


def test_the_three_schedules_start_and_end_where_they_say():
    for make in (linear_schedule, quadratic_schedule):
        s = make(200, 1e-3, 0.05)
        assert (s.beta[1].item(), s.beta[200].item()) == pytest.approx((1e-3, 0.05), rel=1e-12)
    assert quadratic_schedule(3, 0.01, 0.09).beta[2].item() == pytest.approx(0.04)
    assert set(constant_schedule(10, 0.02).beta[1:].tolist()) == {0.02}


def test_rescaling_keeps_the_end_in_noise_and_not_rescaling_does_not():
    assert linear_schedule(50).alpha_bar[-1].item() == pytest.approx(0.603, abs=1e-3)
    assert linear_schedule(200).alpha_bar[-1].item() == pytest.approx(0.132, abs=1e-3)
    assert rescaled_linear_schedule(200).alpha_bar[-1] < 5e-5
    assert rescaled_linear_schedule(200).beta[[1, 200]].tolist() == pytest.approx([5e-4, 0.1])
    torch.testing.assert_close(rescaled_linear_schedule(1000).beta, linear_schedule().beta)


def test_levels_that_do_not_divide_are_rounded_up():
    assert strided(rescaled_linear_schedule(50), 4).levels.tolist() == [0, 13, 25, 38, 50]


@given(T=st.integers(2, 60), seed=st.integers(0, 2**20))
def test_from_alpha_bar_undoes_alpha_bar(T, seed):
    betas = torch.rand(T, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).sort().values
    schedule = Schedule.from_betas(betas.clamp(1e-6, 0.5))
    again = Schedule.from_alpha_bar(schedule.alpha_bar[1:])
    torch.testing.assert_close(again.beta, schedule.beta, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("betas", [[0.0, 0.1], [0.1, 1.0], [0.2, 0.1], [], [-0.1], [float("nan")], [[0.1, 0.2]]])
def test_an_impossible_schedule_is_refused(betas):
    with pytest.raises(ValueError, match="a schedule is beta_0 = 0|must not decrease"):
        Schedule.from_betas(torch.tensor(betas))


@pytest.mark.parametrize("alpha_bar", [[], [1.0], [0.5, 0.5], [0.4, 0.5], [0.5, 0.0], [float("nan")]])
def test_an_impossible_alpha_bar_is_refused(alpha_bar):
    with pytest.raises(ValueError, match=r"a schedule is .*\(alpha_bar decreases"):
        Schedule.from_alpha_bar(torch.tensor(alpha_bar))


@pytest.mark.parametrize(
    "t, message",
    [
        (torch.tensor([0, 3]), r"1\.\.1000 \(the paper's t\), got 0"),
        (torch.tensor([1001, 3]), "got 1001"),
        (torch.tensor([1.0, 2.0]), "int64"),
        (torch.tensor([[1], [2]]), "shape"),
        (torch.tensor([1]), "each of the 2 images"),
        (3, "int64 tensor"),
    ],
)
def test_a_wrong_t_is_named(paper_schedule, t, message):
    with pytest.raises(ValueError, match=message):
        paper_schedule.check(t, batch=2)


@pytest.mark.parametrize("table", [linear_schedule(5).beta[1:], linear_schedule(5).beta.float(), torch.zeros(2, 3)])
def test_a_table_that_begins_with_beta_1_is_refused_with_the_way_out(table):
    with pytest.raises(ValueError, match="a schedule is beta_0 = 0 .* got .* alone there is Schedule.from_betas"):
        Schedule(table)


def test_a_schedule_is_on_a_device_once(paper_schedule):
    short = strided(paper_schedule, 10)
    there = short.on("meta")
    assert there.beta.device.type == there.levels.device.type == "meta"
    assert short.on("meta") is there and short.on("cpu") is short
