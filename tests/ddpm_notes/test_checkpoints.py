"""Checkpoints: whole or not at all, and never trusted blindly."""

import errno
import os
from unittest.mock import Mock

import pytest
import safetensors.torch
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.utils import prune
from torch.optim.swa_utils import AveragedModel

from ddpm_notes.checkpoints import load_checkpoint, save_checkpoint
from ddpm_notes.files import read_header, read_tensors, write_atomically, write_tensors
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.schedule import linear_schedule, strided
from ddpm_notes.unet import UNet, UNetConfig

TINY = UNetConfig(size=8, channels=1, width=8, multipliers=(1, 2), attention=(4,), groups=4)


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(0)
    model = Parameterized(UNet(TINY), linear_schedule(50), predicts="x0")
    path = tmp_path / "net.safetensors"
    save_checkpoint(path, model, {"steps": 3})
    return path, model


def test_a_checkpoint_gives_back_the_same_network(saved):
    path, model = saved
    loaded = load_checkpoint(path)
    x, t = torch.randn(2, 1, 8, 8), torch.tensor([1, 50])
    assert torch.equal(loaded.model(x, t), model.eval()(x, t))
    assert torch.equal(loaded.schedule.beta, model.schedule.beta)
    assert loaded.about["steps"] == 3 and loaded.model.predicts == "x0"
    assert read_tensors(path)[1]["unet"]["size"] == 8, "one number says that it is square"


def test_the_header_says_where_the_numbers_of_every_tensor_are(saved):
    data, (tensors, _) = saved[0].read_bytes(), read_tensors(saved[0])
    header, begin = read_header(data)
    assert header.keys() == {"__metadata__", *tensors}
    for name, tensor in tensors.items():
        first, end = header[name]["data_offsets"]
        assert data[begin + first : begin + end] == tensor.numpy().tobytes()
        assert header[name]["shape"] == list(tensor.shape)


def test_a_truncated_a_corrupt_a_missing_and_a_foreign_file_are_refused(saved, tmp_path):
    path, _ = saved
    data = path.read_bytes()
    for name, content, message in (
        ("truncated", data[: len(data) // 2], "damaged"),
        ("empty", b"", "damaged"),
        ("text", b"hello, this is no checkpoint at all", "damaged"),
        ("header", b"\xff" + data[1:], "damaged"),
        ("foreign", safetensors.torch.save({"a": torch.zeros(1)}), "not written by ddpm_notes"),
    ):
        bad = tmp_path / name
        bad.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            load_checkpoint(bad)
    with pytest.raises(ValueError, match="no checkpoint at"):
        load_checkpoint(tmp_path / "nowhere")


def crafted(path, change):
    """The checkpoint with another header."""
    tensors, about = read_tensors(path)
    change(about, tensors)
    write_tensors(path.with_name("crafted"), tensors, about)
    return path.with_name("crafted")


UNET_SAYS = {
    "size": [0, -8, None, "8", [8], [8, 0], [8, 8, 8], 8.0, {}, True],
    "channels": [0, None, "1", 3],
    "out_channels": [0, "1", [], 2],
    "width": [0, 2, 7, 12, -8, None, 8.0, 10**30],
    "multipliers": [[], 1, [0], [1, 2, 2, 2, 2], [1.5], ["a"], [[1]], None, [1, 3], [1] * 10_000],
    "blocks": [0, -1, None, 10_000, 10**30, 1.5, 3],
    "attention": [16, [16], [[4]], None, [4.5], [8]],
    "dropout": [-0.1, 1, None, "0.1", float("nan")],
    "groups": [0, None, 3, -4, 8.0, "4"],
    "unknown": [1],
}


@pytest.mark.parametrize("name, value", [(name, value) for name, values in UNET_SAYS.items() for value in values])
def test_a_network_that_cannot_be_is_refused_in_one_line_and_at_once(saved, name, value, monkeypatch):
    path = crafted(saved[0], lambda about, tensors: about["unet"].update({name: value}))
    if name == "blocks" and value != 3:
        monkeypatch.setattr(torch.nn.init, "xavier_uniform_", lambda *args, **options: pytest.fail("a layer was made"))
    with pytest.raises(ValueError, match="does not hold a U-Net of this package") as error:
        load_checkpoint(path)
    assert "\n" not in str(error.value)


BIAS = "net.time1.bias"


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda about, tensors: about.pop("unet"), "no 'unet'"),
        (lambda about, tensors: about.pop("predicts"), "no 'predicts'"),
        (lambda about, tensors: about.update(unet=[1]), "does not hold"),
        (lambda about, tensors: about.update(unet={}), "weights in all|is missing|is no weight|must be numbers"),
        (lambda about, tensors: about.update(predicts=["eps"]), "does not hold"),
        (lambda about, tensors: about.update(predicts="v"), "predicts must be one of"),
        (lambda about, tensors: about.update(learned_variance="no"), "learned_variance must be true or false"),
        (lambda about, tensors: about.update(learned_variance=True), "2 channels"),
        (lambda about, tensors: tensors.pop("schedule.beta"), "no 'schedule.beta'"),
        (lambda about, tensors: tensors.update({"schedule.beta": torch.zeros(3, 3)}), "a schedule is"),
        (lambda about, tensors: tensors.update({"schedule.beta": torch.tensor([0.0, 2.0])}), "a schedule is"),
        (lambda about, tensors: tensors.update({"schedule.beta": torch.tensor([0.1, 0.2])}), "a schedule is"),
        (lambda about, tensors: tensors.pop("net.conv_in.weight"), "conv_in.weight is missing"),
        (lambda about, tensors: tensors.update({"net.more": torch.zeros(1)}), "more is no weight"),
        (lambda about, tensors: tensors.update({BIAS: torch.zeros(3)}), r"time1.bias .* of shape \(32,\)"),
        (lambda about, tensors: tensors.update({BIAS: tensors[BIAS].long()}), "got torch.int64"),
    ],
)
def test_a_damaged_header_or_table_is_named_in_one_line(saved, change, message):
    with pytest.raises(ValueError, match=message) as error:
        load_checkpoint(crafted(saved[0], change))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("about", ["[1]", "3", "{", "[" * 100_000, None])
def test_a_header_that_is_no_dictionary_is_refused(about, tmp_path):
    metadata = {"format": "ddpm_notes-1"} | ({} if about is None else {"about": about})
    (tmp_path / "x").write_bytes(safetensors.torch.save({"schedule.beta": torch.zeros(2)}, metadata))
    with pytest.raises(ValueError) as error:
        load_checkpoint(tmp_path / "x")
    assert "\n" not in str(error.value) and str(tmp_path / "x") in str(error.value)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_are_computed_with_in_single_precision_whatever_they_are_kept_in(kind, tmp_path):
    torch.manual_seed(0)
    save_checkpoint(tmp_path / "net", Parameterized(UNet(TINY).to(kind), linear_schedule(50)), {})
    assert {weight.dtype for weight in load_checkpoint(tmp_path / "net").model.parameters()} == {torch.float32}


@pytest.fixture
def one_process(tmp_path):
    dist.init_process_group("gloo", init_method=f"file://{tmp_path / 'rendezvous'}", rank=0, world_size=1)
    yield
    dist.destroy_process_group()


WRAPPERS = [torch.compile, nn.DataParallel, nn.parallel.DistributedDataParallel, AveragedModel]


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_what_pytorch_wraps_around_a_network_changes_nothing_of_its_checkpoint(wrap, tmp_path, one_process):
    torch.manual_seed(0)
    net, schedule = UNet(TINY), linear_schedule(50)
    save_checkpoint(tmp_path / "plain", Parameterized(net, schedule), {})
    for name, model in (
        ("inside", Parameterized(wrap(net), schedule)),
        ("outside", wrap(Parameterized(net, schedule))),
        ("twice", nn.DataParallel(wrap(Parameterized(torch.compile(net), schedule)))),
    ):
        save_checkpoint(tmp_path / name, model, {})
        written, plain = read_tensors(tmp_path / name), read_tensors(tmp_path / "plain")
        assert written[1] == plain[1] and written[0].keys() == plain[0].keys(), name
        assert all(torch.equal(tensor, plain[0][key]) for key, tensor in written[0].items())
        assert load_checkpoint(tmp_path / name).schedule.T == 50


class Scaled(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net, self.config = net, net.config


def test_what_could_not_be_read_again_is_not_written(tmp_path):
    schedule, path = linear_schedule(50), tmp_path / "net"
    pruned = UNet(TINY)
    prune.l1_unstructured(pruned.conv_in, "weight", 0.5)
    for model, message in (
        (UNet(TINY), r"as Parameterized\(net, schedule\), got UNet"),
        (Parameterized(Scaled(UNet(TINY)), schedule), "got Scaled"),
        (Parameterized(nn.Conv2d(1, 1, 1), schedule), "got Conv2d"),
        (Parameterized(pruned, schedule), "conv_in.weight is missing"),
        (Parameterized(UNet(TINY), strided(schedule, 5)), "got a strided one"),
        (Parameterized(nn.utils.parametrizations.weight_norm(UNet(TINY).conv_in), schedule), "got ParametrizedConv2d"),
    ):
        with pytest.raises(ValueError, match=message):
            save_checkpoint(path, model, {})
    assert not path.exists()


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "x"
    write_atomically(path, b"old")
    monkeypatch.setattr(os, "fsync", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(ValueError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["x"]


def test_the_same_network_gives_the_same_bytes(tmp_path):
    """safetensors alone writes its metadata in another order each time."""
    for i in range(8):
        write_tensors(tmp_path / f"{i}", {"x": torch.zeros(2), "ä": torch.ones(1)}, {"b": "é", "a": [1]})
    assert len({(tmp_path / f"{i}").read_bytes() for i in range(8)}) == 1
    tensors, about = read_tensors(tmp_path / "0")
    assert tensors["ä"].item() == 1 and about == {"b": "é", "a": [1]}
