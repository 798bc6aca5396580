"""python -m ddpm_notes, as a user types it."""

import json
import resource
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from ddpm_notes.__main__ import RECIPES, _parser, main
from ddpm_notes.checkpoints import load_checkpoint, save_checkpoint
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
    options = ["--checkpoint", str(checkpoint), "--data", "digits", "--images", "2"]
    assert main(["evaluate", *options, "--out", str(out)]) == 0
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


def test_what_is_given_reaches_the_run_and_the_rest_is_the_data_sets(tmp_path):
    out = tmp_path / "few.safetensors"
    options = ["--steps", "1", "--batch", "2", "--learning-rate", "0.5", "--warmup", "7", "--ema", "0.25", "--flips"]
    options += ["--precision", "bfloat16"]
    assert main(["train", *options, "--dropout", "0.3", "--save-every", "9", "--seed", "4", "--out", str(out)]) == 0
    report = json.loads(out.with_suffix(".json").read_text())
    given = {"steps": 1, "batch": 2, "learning_rate": 0.5, "warmup": 7, "ema": 0.25, "flips": True, "dropout": 0.3}
    given["precision"] = "bfloat16"
    assert given.items() <= report.items() and (report["save_every"], report["seed"]) == (9, 4)
    assert (report["data"], report["levels"], report["clip"], report["processes"]) == ("digits", 17, 1.0, 1)
    assert load_checkpoint(out).model.net.config.dropout == 0.3


def test_the_recipe_of_cifar10_is_the_papers():
    """App. B, p. 14, and the released code: 800,000 steps of 128 images at 2e-4, EMA 0.9999, dropout 0.1, flips."""
    unet, config = RECIPES["cifar10"]
    assert (config.steps, config.batch, config.learning_rate, config.warmup) == (800_000, 128, 2e-4, 5000)
    assert (config.ema, config.flips, config.clip, config.levels) == (0.9999, True, 1.0, 256)
    assert (unet.dropout, unet.width, unet.multipliers, unet.size) == (0.1, 128, (1, 2, 2, 2), 32)


def complaint(capsys, *arguments):
    """The one line on standard error of a command that fails."""
    try:
        code = main(list(arguments))
    except SystemExit as exit:
        code = exit.code
    error = capsys.readouterr().err
    assert code in (1, 2) and error.startswith("ddpm_notes: ") and error.count("\n") == 1, error
    return error


@pytest.mark.parametrize(
    "arguments, message",
    [
        ("train --data mnist", "mnist (choose from digits, fashion-mnist, cifar10); see"),
        ("train --out {tmp}/net.json", "--out must end in .safetensors, got"),
        ("train --out {tmp}/file/net.safetensors", "cannot write"),
        ("train --steps 0", "steps must be at least 1, got 0"),
        ("train --ema 1.5", "ema must be in 0..1"),
        ("train --dropout 2", "dropout probability has to be between 0 and 1, but got 2"),
        ("sample --checkpoint {tmp}/file", "damaged or not a safetensors file"),
        ("sample --checkpoint {tmp}", "holds no model saved by diffusers"),
        ("sample --checkpoint {net} --out {tmp}/a.jpg", "--out must end in .png or .npz, got"),
        ("sample --checkpoint {net} --out {tmp}/file/a.png", "cannot write"),
        ("sample --checkpoint {net} --out {tmp}/a.png --count 0", "--count must be at least 1 here, got 0"),
        ("sample --checkpoint {net} --out {tmp}/a.png --steps 26", "steps must be in 1..25, got 26"),
        ("evaluate --checkpoint {net} --out {tmp}", "it is a directory"),
        ("evaluate --checkpoint {net} --out {tmp}/a.json", "give --data digits or fashion-mnist or cifar10"),
        ("evaluate --checkpoint {net} --out {tmp}/a.json --data digits --images 1", "--images must be at least 2"),
        ("", "required: train | sample | evaluate"),
    ],
)
def test_bad_input_is_one_line_before_any_work(tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("no checkpoint, and no folder either")
    net = tmp_path / "net.safetensors"
    save_checkpoint(net, Parameterized(UNet(DIGITS), rescaled_linear_schedule(25)), {})
    said = complaint(capsys, *arguments.format(tmp=tmp_path, net=net).split())
    assert message in said.replace("'", "")  # which some versions of argparse put around names


def test_no_room_is_one_line_and_the_state_stays(tmp_path, capsys):
    """The limit is on a file's size: the system refuses the write as it does on a full disk."""
    out = tmp_path / "net.safetensors"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        line = complaint(capsys, "train", "--steps", "1", "--batch", "2", "--out", str(out))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "could not write" in line and "make room" in line and not list(tmp_path.iterdir())


def test_a_state_of_another_network_is_refused_and_kept(tmp_path, capsys):
    out, state = tmp_path / "net.safetensors", tmp_path / "net.state"
    short = ["train", "--steps", "1", "--batch", "2", "--out", str(out)]
    with pytest.MonkeyPatch.context() as patch:  # a run that is stopped before its checkpoint
        patch.setattr("ddpm_notes.__main__.save_checkpoint", lambda *arguments: sys.exit(9))
        with pytest.raises(SystemExit):
            main(short)
    before = state.read_bytes()
    assert "another network" in complaint(capsys, *short, "--dropout", "0.2")
    assert "another flips" in complaint(capsys, *short, "--flips")
    state.write_bytes(before[:1000])
    assert "damaged" in complaint(capsys, *short)
    state.write_bytes(before)
    assert main(short) == 0 and not state.exists()


@pytest.mark.parametrize("name", ["train", "sample", "evaluate"])
def test_help_teaches_with_examples_that_can_be_typed(capsys, name):
    with pytest.raises(SystemExit):
        main([name, "--help"])
    printed = capsys.readouterr().out
    examples = [
        line.split("#")[0].split() for line in printed.splitlines() if line.startswith("  ") and "-m ddpm" in line
    ]
    assert len(examples) >= 2
    for words in examples:
        assert words[words.index("ddpm_notes") + 1] == name
        _parser().parse_args(words[words.index("ddpm_notes") + 1 :])


def test_help_names_the_three_commands(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    printed = capsys.readouterr().out
    assert all(f"-m ddpm_notes {name}" in printed for name in ("train", "sample", "evaluate"))
