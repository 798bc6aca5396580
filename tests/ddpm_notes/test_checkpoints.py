"""Checkpoints: whole or not at all, and never trusted blindly."""

import errno
import os
from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

from ddpm_notes.__main__ import main
from ddpm_notes.checkpoints import load_checkpoint, save_checkpoint
from ddpm_notes.files import read_header, read_tensors, write_atomically
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.schedule import linear_schedule, rescaled_linear_schedule, strided
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


def test_a_network_for_images_that_are_not_square_is_kept_and_draws_them(tmp_path):
    path, out = tmp_path / "wide.safetensors", tmp_path / "samples.npz"
    save_checkpoint(path, Parameterized(UNet(replace(TINY, size=(8, 12))), rescaled_linear_schedule(25)), {})
    assert load_checkpoint(path).model.net.config.size == (8, 12)
    assert main(["sample", "--checkpoint", str(path), "--count", "2", "--steps", "3", "--out", str(out)]) == 0
    assert np.load(out)["samples"].shape == (2, 1, 8, 12)
    assert main(["sample", "--checkpoint", str(path), "--count", "2", "--out", str(out.with_suffix(".png"))]) == 0
    assert Image.open(out.with_suffix(".png")).size == (5 * (8 * 12 + 7), 5 * 8)


def test_the_configuration_of_a_square_network_says_one_size(saved):
    assert read_tensors(saved[0])[1]["unet"]["size"] == 8


def test_the_header_says_where_the_numbers_of_every_tensor_are(saved):
    data, (tensors, _) = saved[0].read_bytes(), read_tensors(saved[0])
    header, begin = read_header(data)
    assert header.keys() == {"__metadata__", *tensors}
    for name, tensor in tensors.items():
        first, end = header[name]["data_offsets"]
        assert data[begin + first : begin + end] == tensor.numpy().tobytes()
        assert header[name]["shape"] == list(tensor.shape)


def test_a_strided_schedule_is_not_saved(tmp_path):
    with pytest.raises(ValueError, match="got a strided one"):
        save_checkpoint(tmp_path / "net", Parameterized(UNet(TINY), strided(linear_schedule(), 50)), {})


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


def test_a_state_file_is_not_taken_for_a_network(tmp_path):
    from ddpm_notes.files import write_tensors

    write_tensors(tmp_path / "state", {"losses": torch.zeros(3)}, {"step": 3})
    with pytest.raises(ValueError, match="does not hold a U-Net"):
        load_checkpoint(tmp_path / "state")
    assert read_tensors(tmp_path / "state")[1] == {"step": 3}


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "x"
    write_atomically(path, b"old")

    def full(fd):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ValueError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["x"]
