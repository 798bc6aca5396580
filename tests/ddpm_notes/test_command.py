"""python -m ddpm_notes, as a user types it."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from ddpm_notes.__main__ import main
from ddpm_notes.checkpoints import save_checkpoint
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.schedule import rescaled_linear_schedule
from ddpm_notes.unet import DIGITS, UNet


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "digits.safetensors"
    assert main(["train", "--data", "digits", "--steps", "3", "--batch", "4", "--out", str(out)]) == 0
    return out


def test_train_leaves_a_checkpoint_and_a_report_and_no_state(trained):
    assert sorted(p.name for p in trained.parent.iterdir()) == ["digits.json", "digits.safetensors"]
    report = json.loads(trained.with_suffix(".json").read_text())
    assert report["steps"] == 3 and report["data_checksum"] and report["mean_loss_of_last_1000_steps"] > 0


def test_sample_writes_a_picture_and_an_array_that_the_seed_decides(trained, tmp_path):
    for name in ("a.npz", "b.npz", "c.png"):
        options = ["--checkpoint", str(trained), "--count", "3", "--steps", "4", "--seed", "7"]
        assert main(["sample", *options, "--out", str(tmp_path / name)]) == 0
    a, b = (np.load(tmp_path / name)["samples"] for name in ("a.npz", "b.npz"))
    assert a.shape == (3, 1, 8, 8) and a.dtype == np.uint8 and np.array_equal(a, b)
    assert Image.open(tmp_path / "c.png").size[0] > 8 * 64


def test_evaluate_reports_every_part_of_the_bound(tmp_path):
    out, checkpoint = tmp_path / "report.json", tmp_path / "short.safetensors"
    save_checkpoint(checkpoint, Parameterized(UNet(DIGITS), rescaled_linear_schedule(25)), {})
    assert main(["evaluate", "--checkpoint", str(checkpoint), "--images", "2", "--out", str(out)]) == 0
    report = json.loads(out.read_text())["variance"]
    assert set(report) == {"beta", "beta_tilde"}
    for parts in report.values():
        total = parts["rate"]["mean"] + parts["distortion"]["mean"]
        assert parts["total"]["mean"] == pytest.approx(total) and len(parts["terms"]) == 25


def test_an_error_is_one_line_and_exit_1(tmp_path):
    command = [sys.executable, "-m", "ddpm_notes", "sample", "--checkpoint", str(tmp_path / "none")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("ddpm_notes: no checkpoint at")


def test_help_names_the_three_commands(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("train", "sample", "evaluate"))
