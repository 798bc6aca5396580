"""Engines beside plain PyTorch: the network at every batch, samples, and what is said where one cannot run."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from ddpm_notes import engines
from ddpm_notes.checkpoints import load_checkpoint
from ddpm_notes.engines import ENGINES, choose_engine, engine
from ddpm_notes.onnx_graph import save_onnx
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.schedule import rescaled_linear_schedule
from ddpm_notes.unet import UNet, UNetConfig

CHECKPOINTS = Path(__file__).parents[2] / "experiments" / "checkpoints"

SCHEDULE = rescaled_linear_schedule(25)
TINY = UNetConfig(size=8, channels=1, width=8, multipliers=(1, 2), attention=(4,), groups=4)
WIDE = UNetConfig(size=(8, 12), channels=2, width=4, multipliers=(2, 1, 3), blocks=1, attention=(8, 2), groups=2)
ONE_LEVEL = UNetConfig(size=5, channels=3, width=6, multipliers=(1,), blocks=3, attention=(), groups=3, dropout=0.5)


def random_model(config, predicts="eps", learned=False):
    torch.manual_seed(0)
    net = UNet(replace(config, out_channels=2 * config.channels) if learned else config)
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.2)
    return Parameterized(net, SCHEDULE, predicts, learned).eval().requires_grad_(False)


def relative_error(ours, expected):
    return ((ours - expected).norm() / expected.norm()).item()


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("data, batches", [("digits", (1, 2, 16, 128)), ("fashion", (1, 8))])
def test_an_engine_gives_what_pytorch_gives_at_every_batch(name, data, batches):
    model = load_checkpoint(CHECKPOINTS / f"{data}.safetensors").model
    fast = engine(model, name)
    for batch in batches:
        x, t = torch.randn(batch, *model.net.config.shape), torch.randint(1, 1001, (batch,))
        with torch.inference_mode():
            assert relative_error(fast(x, t), model(x, t)) < 1e-5


@pytest.mark.parametrize("config", [TINY, WIDE, ONE_LEVEL], ids=["tiny", "not square", "one level"])
@pytest.mark.parametrize("predicts, learned", [("eps", False), ("x0", True), ("mean", False)])
def test_any_u_net_and_whatever_it_predicts(config, predicts, learned):
    model = random_model(config, predicts, learned)
    fast, x, t = engine(model, "onnxruntime"), torch.randn(3, *config.shape), torch.tensor([1, 13, 25])
    assert relative_error(fast(x, t), model(x, t)) < 1e-5
    if learned:
        ours, expected = (each.eps_and_log_variance(x, t)[1] for each in (fast, model))
        assert relative_error(ours, expected) < 1e-5


@pytest.mark.parametrize("threads", [1, 2])
def test_an_engine_uses_as_many_threads_as_pytorch(threads, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    session = engine(random_model(TINY), "onnxruntime").net.session
    assert session.get_session_options().intra_op_num_threads == threads
    assert session.get_providers() == ["CPUExecutionProvider"]


def test_the_choice_depends_on_what_is_installed_and_on_the_device(monkeypatch):
    model = random_model(TINY)
    assert choose_engine(model) == "onnxruntime"
    assert choose_engine(model.to("meta")) == "pytorch"
    monkeypatch.setattr(engines, "find_spec", lambda package: None if package == "onnxruntime" else True)
    assert choose_engine(random_model(TINY)) == "pytorch"


def test_what_an_engine_cannot_do_is_said_in_one_line(monkeypatch):
    model = random_model(TINY)
    fast, x, t = engine(model, "onnxruntime"), torch.zeros(1, 1, 8, 8), torch.tensor([1])
    for given, expected in (
        ((torch.zeros(1, 1, 8, 9), t), r"\(B, 1, 8, 8\), got \(1, 1, 8, 9\)"),
        ((x, t - 1), "t must be in 1.."),
        ((x, torch.tensor([1, 2])), "one entry for each of the 1 images"),
        ((x.double(), t), "float32 images and int64 t on the CPU, got torch.float64"),
        ((x, t.int()), "t must be an int64 tensor"),
        ((x.clone().requires_grad_(), t), 'no gradient; use the engine "pytorch"'),
    ):
        with pytest.raises(ValueError, match=expected):
            fast(*given)
    with pytest.raises(ValueError, match="one of pytorch, onnxruntime, got 'tensorrt'"):
        engine(model, "tensorrt")
    with pytest.raises(ValueError, match="only a UNet of this package"):
        engine(Parameterized(nn.Conv2d(1, 1, 1), SCHEDULE), "onnxruntime")
    with pytest.raises(ValueError, match="the model is on meta"):
        engine(random_model(TINY).to("meta"), "onnxruntime")
    for package in ("onnx", "onnxruntime"):
        with monkeypatch.context() as without:
            without.setitem(sys.modules, package, None)
            without.setitem(sys.modules, f"{package}.helper", None)
            with pytest.raises(ValueError, match=r"pip install '\.\[fast\]'"):
                engine(model, "onnxruntime")


@pytest.mark.parametrize("predicts, learned", [("eps", False), ("mean", True)])
def test_an_onnx_file_says_what_it_is_and_gives_the_network_s_output(predicts, learned, tmp_path):
    model = random_model(WIDE, predicts, learned)
    save_onnx(tmp_path / "net.onnx", model)
    onnx.checker.check_model(str(tmp_path / "net.onnx"), full_check=True)
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    assert [(each.name, each.shape) for each in session.get_inputs()] == [("x", ["batch", 2, 8, 12]), ("t", ["batch"])]
    about = session.get_modelmeta().custom_metadata_map
    assert about["t"].startswith("the paper's t") and about["T"] == "25" and about["predicts"] == predicts
    assert json.loads(about["beta"]) == SCHEDULE.beta[1:].tolist()
    assert json.loads(about["learned_variance"]) is learned
    for batch in (1, 5):
        x, t = torch.randn(batch, *WIDE.shape), torch.randint(1, 26, (batch,))
        (output,) = session.run([predicts], {"x": x.numpy(), "t": t.numpy()})
        assert relative_error(torch.from_numpy(output), model.net(x, t)) < 1e-5


def test_an_onnx_file_is_the_same_every_time_and_names_no_machine(tmp_path):
    for name in ("a.onnx", "b.onnx"):
        save_onnx(tmp_path / name, random_model(TINY))
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    with pytest.raises(ValueError, match=r"ends in \.onnx"):
        save_onnx(tmp_path / "net", random_model(TINY))
