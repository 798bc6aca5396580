"""Training: Algorithm 1 learns, resumes to the same bits, and stops at NaN."""

import os
import signal
from dataclasses import replace
from itertools import count

import pytest
import torch

from ddpm_notes import data
from ddpm_notes.files import read_tensors
from ddpm_notes.losses import simple_loss
from ddpm_notes.oracle import EmpiricalDenoiser
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.schedule import linear_schedule
from ddpm_notes.training import Objective, train, training_step
from ddpm_notes.training_run import TrainingConfig, TrainingDiverged, TrainingRun
from ddpm_notes.unet import UNet, UNetConfig

TINY = UNetConfig(size=8, channels=1, width=16, multipliers=(1,), attention=(), groups=4, blocks=1, dropout=0.1)
SCHEDULE = linear_schedule()


def tiny_model(seed=0):
    torch.manual_seed(seed)
    return Parameterized(UNet(TINY), SCHEDULE)


def config(**changes):
    settings = {"steps": 6, "batch": 8, "warmup": 2, "save_every": 2, "learning_rate": 1e-3, "ema": 0.9}
    return TrainingConfig(**{**settings, **changes})


@pytest.fixture(scope="module")
def x0():
    return data.load("digits").x0[:64]


def test_the_loss_falls_well_below_that_of_predicting_nothing_and_stays_above_the_floor(x0):
    """Predicting 0 costs 1 per dimension; the floor is what the optimal denoiser of the same 64 images leaves."""
    trained = train(tiny_model(), x0, SCHEDULE, config(steps=150, batch=64, warmup=10))
    assert trained.losses[0] > 0.9
    mean = trained.losses[-30:].mean()
    t = torch.arange(1, 1001, 10)
    images = x0[torch.arange(100) % 64]
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    floor = simple_loss(EmpiricalDenoiser(x0, SCHEDULE), images, SCHEDULE, t, noise).mean()
    assert floor < mean < 0.35


def test_bfloat16_learns_the_same_to_its_precision_and_keeps_float32_weights(x0):
    losses = {}
    for precision in ("float32", "bfloat16"):
        trained = train(tiny_model(), x0, SCHEDULE, config(steps=30, batch=32, precision=precision))
        assert {p.dtype for p in trained.model.parameters()} == {torch.float32}
        losses[precision] = trained.losses
    assert not torch.equal(losses["float32"], losses["bfloat16"])
    torch.testing.assert_close(losses["float32"], losses["bfloat16"], rtol=0.03, atol=0)


def test_the_seed_decides_and_the_callers_random_state_is_left_alone(x0):
    torch.manual_seed(123)
    before = torch.get_rng_state()
    model = tiny_model()
    torch.set_rng_state(before)
    a = train(model, x0, SCHEDULE, config(steps=2)).losses
    assert torch.equal(torch.get_rng_state(), before)
    b = train(tiny_model(), x0, SCHEDULE, config(steps=2)).losses
    c = train(tiny_model(), x0, SCHEDULE, config(steps=2, seed=99999999999999999)).losses
    assert torch.equal(a, b) and not torch.equal(a, c)


def breaking():
    """A network that gives NaN from its third call on."""
    model, calls = tiny_model(), count(1)
    model.register_forward_hook(lambda module, given, output: output * (1 if next(calls) < 3 else torch.nan))
    return model


def test_nan_stops_with_the_step_and_the_last_good_state(x0, tmp_path):
    with pytest.raises(TrainingDiverged, match=r"step 2: .*last good state is .*state, .* remove it and try a smaller"):
        train(breaking(), x0, SCHEDULE, config(), tmp_path / "state")
    with pytest.raises(TrainingDiverged, match="nothing was saved"):
        train(breaking(), x0, SCHEDULE, config())


@pytest.mark.parametrize("loss, variance, channels", [("x0", "beta", 1), ("mean", "beta", 1), ("bound", "learned", 2)])
def test_every_loss_of_table_2_trains(x0, loss, variance, channels):
    torch.manual_seed(0)
    unet = UNet(replace(TINY, out_channels=channels))
    model = Parameterized(unet, SCHEDULE, learned_variance=variance == "learned")
    trained = train(model, x0, SCHEDULE, config(steps=30, loss=loss, variance=variance, levels=17))
    assert torch.isfinite(trained.losses).all() and trained.losses[-5:].mean() < trained.losses[:5].mean()


def assert_same_bits(one, other):
    assert torch.equal(one.losses, other.losses)
    assert all(map(torch.equal, one.model.state_dict().values(), other.model.state_dict().values()))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_saves_at_once_and_goes_on_to_the_same_bits(x0, tmp_path, number):
    """The signal comes in the middle of a step; that step is finished, and is in the state."""
    whole = train(tiny_model(), x0, SCHEDULE, config())
    before, model, calls = signal.getsignal(number), tiny_model(), count(1)
    model.register_forward_hook(lambda *_: os.kill(os.getpid(), number) if next(calls) == 3 else None)
    with pytest.raises(KeyboardInterrupt):
        train(model, x0, SCHEDULE, config(save_every=100), tmp_path / "state")
    assert next(calls) == 4 and len(read_tensors(tmp_path / "state")[0]["losses"]) == 3
    assert signal.getsignal(number) is before
    resumed = train(tiny_model(), x0, SCHEDULE, config(save_every=100), tmp_path / "state")
    assert_same_bits(whole, resumed)


@pytest.mark.parametrize("ema_ramp", [False, True])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_resumed_run_gives_the_same_bits(x0, tmp_path, layout, ema_ramp):
    """A GPU's convolutions are channels-last, and Adam in one call walks through memory: so lie the moments too."""

    def run(*state, seed=0, **changes):
        model = tiny_model(seed).to(memory_format=layout)
        return train(model, x0, SCHEDULE, config(ema_ramp=ema_ramp, **changes), *state)

    whole = run()
    run(tmp_path / "state", steps=4)
    resumed = run(tmp_path / "state", seed=9)
    assert len(whole.losses) == 6
    assert_same_bits(whole, resumed)


@pytest.mark.parametrize(
    "change, what",
    [
        (lambda model: setattr(model, "schedule", linear_schedule(beta_T=0.03)), "network, schedule"),
        (lambda model: setattr(model, "predicts", "x0"), "network"),
        (lambda model: setattr(model.net.norm_out, "eps", 1e-2), "network"),
    ],
)
def test_a_state_of_another_meaning_is_refused(x0, tmp_path, change, what):
    train(tiny_model(), x0, SCHEDULE, config(steps=2), tmp_path / "state")
    model = tiny_model()
    change(model)
    with pytest.raises(ValueError, match=f"another {what}; remove it"):
        train(model, x0, model.schedule, config(), tmp_path / "state")
    with pytest.raises(ValueError, match="another data"):
        train(tiny_model(), x0.reshape(32, 1, 16, 8)[:, :, :8], SCHEDULE, config(), tmp_path / "state")


def test_two_schedules_and_frozen_networks_are_refused(x0):
    with pytest.raises(ValueError, match="another schedule than the given one; give model.schedule"):
        train(tiny_model(), x0, linear_schedule(50), config())
    with pytest.raises(ValueError, match=r"call model.requires_grad_\(True\)"):
        train(tiny_model().requires_grad_(False), x0, SCHEDULE, config())


def test_a_second_interrupt_does_not_wait_for_the_step(x0, tmp_path):
    model = tiny_model()
    model.register_forward_hook(lambda *_: [os.kill(os.getpid(), signal.SIGINT) for _ in range(2)] and None)
    with pytest.raises(KeyboardInterrupt):
        train(model, x0, SCHEDULE, config(), tmp_path / "state")
    assert not (tmp_path / "state").exists()


def test_the_ramp_keeps_the_random_start_out_of_a_short_runs_average(x0):
    """(1 + n) / (10 + n) after n steps, as TensorFlow's ExponentialMovingAverage has it: shares and weights."""
    plain, ramp = config(steps=5, ema=0.999), config(steps=5, ema=0.999, ema_ramp=True)
    assert plain.random_start == pytest.approx(0.999**5)
    assert ramp.random_start == pytest.approx(2 / 11 * 3 / 12 * 4 / 13 * 5 / 14 * 6 / 15)
    assert [replace(ramp, ema=0.3).decay(step) for step in (0, 1, 2)] == [2 / 11, 3 / 12, 0.3]
    model, seen = tiny_model(), []
    expected = next(model.parameters()).detach().clone()
    model.register_forward_pre_hook(lambda *_: seen.append(next(model.parameters()).detach().clone()))
    average = next(train(model, x0, SCHEDULE, ramp).model.parameters())
    for n, weight in enumerate([*seen[1:], next(model.parameters()).detach()], 1):
        decay = (1 + n) / (10 + n)
        expected = decay * expected + (1 - decay) * weight
    torch.testing.assert_close(average, expected)


def test_a_state_with_more_steps_than_are_wanted_is_refused(x0, tmp_path):
    train(tiny_model(), x0, SCHEDULE, config(steps=4), tmp_path / "state")
    with pytest.raises(ValueError, match="has 4 steps behind it already; give more --steps"):
        train(tiny_model(), x0, SCHEDULE, config(steps=2), tmp_path / "state")


def test_images_train_as_their_floats_do(x0):
    images = data.load("digits")
    images = replace(images, pixels=images.pixels[:64], labels=images.labels[:64])
    one, two = (train(tiny_model(), given, SCHEDULE, config(flips=True)).losses for given in (x0, images))
    assert torch.equal(one, two)


def test_a_compiled_step_is_the_same_step_and_leaves_the_networks_names(x0, monkeypatch):
    """By a backend that needs no compiler."""
    compiled, real = [], torch.compile
    monkeypatch.setattr(torch, "compile", lambda module: compiled.append(1) or real(module, backend="eager"))
    plain, fused = (train(tiny_model(), x0, SCHEDULE, config(steps=2, compile=yes)) for yes in (False, True))
    assert compiled == [1] and torch.equal(plain.losses, fused.losses)
    assert plain.model.state_dict().keys() == fused.model.state_dict().keys()


@pytest.mark.parametrize("draw_on", ["cpu", "device"])
def test_processes_share_the_draws_on_the_cpu_alone_and_never_the_dropout(x0, draw_on):
    settings, seeds, dropout = config(draw_on=draw_on), [], []
    run = TrainingRun(Objective(tiny_model(), SCHEDULE, settings), x0, SCHEDULE, settings, None)
    for run.rank in (0, 1):
        with torch.random.fork_rng():
            seeds.append(run._generator(3).initial_seed())
            dropout.append(torch.initial_seed() % 2**32)
    assert (seeds[0] == seeds[1]) == (draw_on == "cpu") and dropout[0] != dropout[1]


@pytest.mark.parametrize("draw_on", ["cpu", "device"])
def test_a_step_on_a_gpu_waits_for_nothing(x0, draw_on):
    """On the meta device, which has no values to read. Its generator lives on the CPU, as it has none of its own."""
    c, device = config(draw_on=draw_on, flips=True), torch.device("meta")
    model = Objective(tiny_model().to(device), SCHEDULE, c)
    optimizer = torch.optim.SGD(model.parameters())
    loss, norm = training_step(model, optimizer, x0.to(device), SCHEDULE, c, torch.Generator())
    assert loss.device == norm.device == device


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"clip": 0.0}, "clip must be above 0"),
        ({"clip": float("nan")}, "clip must be above 0"),
        ({"learning_rate": float("inf")}, "learning_rate finite"),
        ({"levels": 1}, "levels at least 2"),
        ({"variance": "gamma"}, "variance must be one of beta, beta_tilde, learned"),
        ({"steps": 5.0}, "steps must be at least 1, a whole number"),
        ({"seed": -1}, "seed not negative"),
        ({"loss": "l1"}, "loss must be one of eps, x0, mean, bound, got 'l1'"),
        ({"precision": "float16"}, "precision must be one of float32, tf32, bfloat16"),
        ({"draw_on": "gpu"}, "draw_on must be one of cpu, device"),
    ],
)
def test_settings_that_mean_nothing_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        config(**changes)


def test_data_that_cannot_be_trained_on_is_refused(x0):
    with pytest.raises(ValueError, match="no images"):
        train(tiny_model(), x0[:0], SCHEDULE, config())
    with pytest.raises(ValueError, match=r"\[-1, 1\], got nan"):
        train(tiny_model(), torch.full_like(x0, torch.nan), SCHEDULE, config())
    with pytest.raises(ValueError, match="grid of 256 levels"):
        train(tiny_model(), x0 * 0.99, SCHEDULE, config(loss="bound"))
    with pytest.raises(ValueError, match="17 levels, got levels=256"):
        train(tiny_model(), data.load("digits"), SCHEDULE, config(loss="bound"))
    with pytest.raises(ValueError, match=r"\[-1, 1\]"):
        train(tiny_model(), x0 * 2, SCHEDULE, config())
    with pytest.raises(ValueError, match="floating point images"):
        train(tiny_model(), torch.zeros(3, 1, 8, 8, dtype=torch.uint8), SCHEDULE, config())
