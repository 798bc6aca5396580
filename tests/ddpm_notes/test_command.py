"""python -m ddpm_notes, as a user types it."""

import json
import re
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from ddpm_notes import reverse
from ddpm_notes.__main__ import main
from ddpm_notes.checkpoints import load_checkpoint, save_checkpoint
from ddpm_notes.commands import shared
from ddpm_notes.commands import train as train_module
from ddpm_notes.commands.arguments import parsed
from ddpm_notes.commands.settings import RECIPES, arguments_of, settings_of
from ddpm_notes.data import Images, load
from ddpm_notes.files import read_tensors
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.schedule import rescaled_linear_schedule
from ddpm_notes.unet import DIGITS, UNet, UNetConfig

from .conftest import stopping_at

SMALL = "--width 8 --multipliers 1,2 --groups 4 --T 25 --schedule rescaled"


def run(typed):
    """A command that ends well."""
    assert main(typed.split()) == 0


def complaint(capsys, typed):
    """The one line on standard error of a command that fails."""
    try:
        code = main(typed.split())
    except SystemExit as exit:
        code = exit.code
    error = capsys.readouterr().err
    assert code in (1, 2) and error.startswith("ddpm_notes: ") and error.count("\n") == 1, error
    return error


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "digits.safetensors"
    run(f"train --data digits --steps 3 --batch 4 --out {out}")
    return out


def test_train_leaves_both_networks_a_report_and_its_configuration_and_no_state(trained):
    kinds = (".json", ".last.safetensors", ".safetensors", ".toml")
    assert sorted(p.name for p in trained.parent.iterdir()) == [f"digits{kind}" for kind in kinds]
    average, last = (load_checkpoint(trained.with_suffix(kind)).model for kind in kinds[2:0:-1])
    assert not torch.equal(average.net.conv_in.weight, last.net.conv_in.weight)
    report = json.loads(trained.with_suffix(".json").read_text())
    assert report["steps"] == 3 and report["data_checksum"] and report["mean_loss_of_last_1000_steps"] > 0


def test_the_configuration_repeats_the_run_and_what_is_typed_comes_after_it(trained, tmp_path):
    config = trained.with_suffix(".toml")
    run(f"train --config {config} --out {tmp_path / 'again.safetensors'}")
    (first, _), (again, _) = read_tensors(trained), read_tensors(tmp_path / "again.safetensors")
    assert all(torch.equal(first[name], again[name]) for name in first)
    args = parsed(f"train --batch 8 --config {config} --no-flips".split())
    assert (args.batch, args.steps, args.attention, args.flips) == (8, 3, (4,), False)


def test_a_network_of_hours_is_not_overwritten(trained, capsys):
    before = trained.read_bytes()
    assert "is there already, from a run that ended" in complaint(capsys, f"train --steps 1 --out {trained}")
    assert trained.read_bytes() == before


def test_a_configuration_that_cannot_be_obeyed_is_refused_by_name(tmp_path, capsys):
    file = tmp_path / "run.toml"
    for text, message in (
        ("steps = ", "cannot be read as TOML"),
        ("stpes = 5", f"{file} has stpes, which is no setting of a run; there is"),
        ('steps = "many"', "expected a whole number from 0 on"),
        ("steps = 1e3", f"{file}: argument --steps"),
    ):
        file.write_text(text)
        assert message in complaint(capsys, f"train --config {file}")
    assert "cannot be read as TOML" in complaint(capsys, f"train --config {tmp_path / 'none.toml'}")


def test_every_setting_goes_through_a_configuration_unchanged(tmp_path):
    typed = "--size 8,12 --channels 3 --fit crop --width 12 --multipliers 1,2 --blocks 1 --attention  --groups 4"
    typed += " --dropout 0.2 --T 50 --schedule rescaled --predicts x0 --loss mean --variance beta_tilde --steps 5"
    typed += " --batch 2 --learning-rate 1e-05 --warmup 1 --ema 0.5 --ema-ramp --clip inf --no-flips --seed 7"
    typed += " --precision bfloat16 --compile --draw-on device --save-every 3 --data a/b.npz"
    args = parsed(["train", *typed.split(" ")])
    settings = {k: v for k, v in vars(args).items() if k not in ("run", "out", "config", "device")}
    (tmp_path / "run.toml").write_bytes(train_module.toml_of(settings, "a heading"))
    again = parsed(["train", *arguments_of(tmp_path / "run.toml", set(settings))])
    assert {k: v for k, v in vars(again).items() if k in settings} == settings
    assert (settings["attention"], settings["size"], settings["learning_rate"]) == ((), (8, 12), 1e-5)


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """A folder of eight small grey pictures."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "pictures"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (8, 8, 12), dtype=np.uint8)
    for i, pixels in enumerate(noise):
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


def test_pictures_of_ones_own_from_training_to_bits(pictures, tmp_path, capsys):
    """A folder of images that are not square, a small network, a short chain; then the same as an .npz."""
    out, report = tmp_path / "own.safetensors", tmp_path / "report.json"
    run(f"train --data {pictures} {SMALL} --steps 2 --batch 4 --out {out}")
    said = capsys.readouterr().out
    assert "8 images of 1×8×12" in said and "random start" in said
    assert load_checkpoint(out).schedule.T == 25
    run(f"sample --checkpoint {out} --count 2 --out {tmp_path / 'a.npz'}")
    assert np.load(tmp_path / "a.npz")["samples"].shape == (2, 1, 8, 12)
    run(f"evaluate --checkpoint {out} --images 3 --out {report}")
    assert "is what this network was trained on" in capsys.readouterr().out
    found = json.loads(report.read_text())
    assert (found["split"], found["images"]) == ("all", 3)
    said = complaint(capsys, f"evaluate --checkpoint {out} --data digits --out {report}")
    assert "network takes 1×8×12" in said


def test_one_image_is_too_few_for_a_standard_error(pictures, short, tmp_path, capsys):
    np.savez(one := tmp_path / "one.npz", np.zeros((1, 8, 8), np.uint8))
    said = complaint(capsys, f"evaluate --checkpoint {short} --data {one} --out {tmp_path / 'a.json'}")
    assert f"the images of {one} must be at least 2 here, got 1" in said


def test_a_folder_with_the_name_of_a_data_set_is_a_folder(pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pictures.rename(tmp_path / "digits")
    run(f"train --data ./digits {SMALL} --steps 1 --batch 4")
    report = json.loads((tmp_path / "digits.json").read_text())
    assert report["data"] == str(tmp_path / "digits") and report["size"] == [8, 12] and report["levels"] == 256


def test_a_persons_configuration_stays_and_names_with_dots_stay_apart(pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pictures.rename(tmp_path / "photos.2023")
    mine = '# mine\ndata = "photos.2023"\nwidth = 8\nmultipliers = [1, 2]\ngroups = 4\nsteps = 1\nbatch = 2\n'
    (tmp_path / "my.toml").write_text(mine)
    run("train --config my.toml")
    assert (tmp_path / "my.toml").read_text() == mine and (tmp_path / "my.run.toml").exists()
    run(f"train --data photos.2023 {SMALL} --steps 1 --batch 4")
    assert (tmp_path / "photos.2023.safetensors").exists()


def test_samples_say_how_they_were_drawn(trained, tmp_path):
    for name in ("a.npz", "a.png"):
        run(f"sample --checkpoint {trained} --count 2 --steps 3 --seed 4 --out {tmp_path / name}")
    expected = {"seed": 4, "steps": 3, "engine": "onnxruntime", "precision": "float32"}
    for told in (np.load(tmp_path / "a.npz")["run"].item(), Image.open(tmp_path / "a.png").text["Comment"]):
        assert expected.items() <= json.loads(told).items()


def test_damaged_weights_give_no_pictures(tmp_path, capsys):
    net, out = UNet(DIGITS), tmp_path / "a.npz"
    torch.nn.init.constant_(net.conv_out.bias, torch.nan)
    save_checkpoint(tmp_path / "nan.safetensors", Parameterized(net, rescaled_linear_schedule(25)), {})
    said = complaint(capsys, f"sample --checkpoint {tmp_path / 'nan.safetensors'} --count 1 --out {out}")
    assert "NaN or infinite numbers" in said and not out.exists()


def test_compiling_without_a_compiler_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert "needs a C++ compiler" in complaint(capsys, f"train --compile --out {tmp_path / 'a.safetensors'}")


def test_large_pictures_are_drawn_few_at_a_time():
    large, cpu = UNetConfig(size=256, width=128, attention=()), torch.device("cpu")
    assert [len(part) for part in shared.in_parts(20, large, cpu)] == [7, 7, 6]
    assert [len(part) for part in shared.in_parts(130, DIGITS, cpu)] == [44, 43, 43]


def test_the_same_picture_for_the_same_seed_and_number_whatever_the_count(trained, tmp_path, monkeypatch):
    monkeypatch.setitem(shared.AT_ONCE, "cpu", 3)
    drawn = {}
    for count in (2, 7):
        out = tmp_path / f"{count}.npz"
        run(f"sample --checkpoint {trained} --count {count} --steps 4 --seed 5 --out {out}")
        drawn[count] = np.load(out)["samples"].astype(int)
    assert abs(drawn[7][:2] - drawn[2]).max() <= 1 and abs(drawn[7][1] - drawn[7][0]).max() > 1


def test_evaluate_reports_every_part_of_the_bound_from_one_run_of_the_network(short, tmp_path, monkeypatch):
    out, calls = tmp_path / "report.json", stopping_at(0, monkeypatch)
    run(f"evaluate --checkpoint {short} --data digits --images 2 --engine pytorch --out {out}")
    report = json.loads(out.read_text())["variance"]
    assert set(report) == {"beta", "beta_tilde"} and len(calls) == 25
    for parts in report.values():
        total = parts["rate"]["mean"] + parts["distortion"]["mean"]
        assert parts["total"]["mean"] == pytest.approx(total) and len(parts["terms"]) == 25


def test_engines_draw_the_same_pictures_and_say_so(trained, tmp_path, capsys):
    drawn = {}
    for engine in ("pytorch", "onnxruntime"):
        out = tmp_path / f"{engine}.npz"
        run(f"sample --checkpoint {trained} --count 3 --steps 50 --engine {engine} --out {out}")
        assert f"by {engine} on cpu" in capsys.readouterr().out
        drawn[engine] = np.load(out)["samples"].astype(int)
    assert abs(drawn["pytorch"] - drawn["onnxruntime"]).max() <= 1


@pytest.mark.parametrize("name, kind, count", [("sample", "npz", "--count"), ("evaluate", "json", "--images")])
def test_an_unfinished_run_keeps_its_engine(short, tmp_path, monkeypatch, capsys, name, kind, count):
    """What was begun where there is no onnxruntime goes on by PyTorch where there is."""
    command = f"{name} --checkpoint {short} {count} 2 --out {tmp_path / f'out.{kind}'}"
    with monkeypatch.context() as patch:
        stopping_at(3, patch, signal.SIGTERM)
        patch.setattr(shared, "choose_engine", lambda model: "pytorch")
        assert main(command.split()) == 130
    for engine in ("pytorch", "onnxruntime"):
        run(command)
        assert f"by {engine} on cpu" in capsys.readouterr().out


def test_a_folder_of_diffusers_is_sampled_as_its_scheduler_says(trained, tmp_path, capsys):
    folder = tmp_path / "folder"
    export = f"export --checkpoint {trained} --to diffusers --out {folder}"
    run(export)
    settings = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
    settings |= {"variance_type": "fixed_small", "clip_sample": False}
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(settings))
    run(f"sample --checkpoint {folder} --count 2 --steps 3 --out {tmp_path / 'a.npz'}")
    assert "beta_tilde, by" in capsys.readouterr().out
    assert f"{folder} is there already" in complaint(capsys, export)


def test_export_writes_a_graph(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(f"export --checkpoint {trained} --to onnx")
    assert (tmp_path / "digits.onnx").stat().st_size > 1_000_000


def test_a_learned_variance_is_trained_by_the_bound_sampled_and_evaluated(tmp_path):
    out, report = tmp_path / "learned.safetensors", tmp_path / "report.json"
    run(f"train --variance learned --loss bound --T 25 --schedule rescaled --batch 4 --steps 2 --out {out}")
    run(f"sample --checkpoint {out} --count 2 --out {tmp_path / 'a.png'}")
    run(f"evaluate --checkpoint {out} --images 2 --out {report}")
    assert set(json.loads(report.read_text())["variance"]) == {"beta", "beta_tilde", "learned"}


def test_the_fastest_precision_is_the_machines_and_an_unfinished_run_keeps_its_own(tmp_path, monkeypatch, capsys):
    values = settings_of(load("digits"), {"precision": "auto"})
    monkeypatch.setattr(train_module, "fast_precision", lambda device: ("bfloat16", "it has units for it"))
    assert train_module._choose_precision(values, tmp_path / "none", torch.device("cpu")) == " (it has units for it)"
    assert values["precision"] == "bfloat16"
    train = f"train --steps 2 --batch 2 --save-every 1 --out {tmp_path / 'net.safetensors'}"
    with monkeypatch.context() as patch:
        patch.setattr(train_module, "_save", lambda *arguments: sys.exit(9))
        with pytest.raises(SystemExit):
            run(f"{train} --precision float32")
    run(f"{train} --precision auto")
    assert "in float32 (as it began)" in capsys.readouterr().out


def test_a_chain_that_does_not_end_in_noise_is_warned_of(tmp_path, capsys):
    run(f"train --T 50 --steps 1 --batch 2 --out {tmp_path / 'net.safetensors'}")
    assert "x_T keeps 60% of the image's variance; --schedule rescaled" in capsys.readouterr().out


def test_an_error_is_one_line_and_exit_1(tmp_path):
    command = [sys.executable, "-m", "ddpm_notes", "sample", "--checkpoint", str(tmp_path / "none")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("ddpm_notes: no checkpoint at")


def test_what_is_given_reaches_the_run_and_the_rest_is_the_data_sets(tmp_path):
    out = tmp_path / "few.safetensors"
    options = "--steps 1 --batch 2 --learning-rate 0.5 --warmup 7 --ema 0.25 --flips --precision bfloat16"
    run(f"train {options} --dropout 0.3 --save-every 9 --seed 4 --out {out}")
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


def own_images(height, width):
    return Images("own", 256, torch.zeros(1, 3, height, width, dtype=torch.uint8), torch.zeros(1))


@pytest.mark.parametrize("size, batch, rate", [((256, 512), 64, 2e-5), ((128, 512), 128, 2e-4)])
def test_large_pictures_are_trained_as_the_paper_trained_lsun(size, batch, rate):
    """App. B, pp. 14-15: at 256 pixels batches of 64, and a rate at which that was stable."""
    values = settings_of(own_images(*size), {})
    assert (values["batch"], values["learning_rate"]) == (batch, rate)


@pytest.mark.parametrize("size", [(375, 500), (333, 500), (481, 321), (4096, 4096)])
def test_pictures_that_cannot_be_halved_are_refused_with_a_size_that_can(size):
    with pytest.raises(ValueError, match="give a smaller --size, of multiples of 32, and --fit crop"):
        settings_of(own_images(*size), {})
    assert settings_of(own_images(*size), {"multipliers": (1,)})["multipliers"] == (1,)
    assert settings_of(own_images(352, 480), {})["multipliers"] == (1, 1, 2, 2, 4, 4)


@pytest.mark.parametrize("predicts, clips", [("eps", True), ("x0", True), ("mean", False)])
def test_x0_hat_is_clipped_where_the_released_code_clips_it(short, tmp_path, monkeypatch, predicts, clips):
    save_checkpoint(short, Parameterized(load_checkpoint(short).model.net, rescaled_linear_schedule(25), predicts), {})
    calls, real = [], reverse.forward_posterior  # the mean by Eq. (7), which is taken where x0_hat is clipped
    monkeypatch.setattr(reverse, "forward_posterior", lambda *given: calls.append(1) or real(*given))
    for command in ("sample --count 1", "evaluate --data digits --images 2"):
        calls.clear()
        run(f"{command} --checkpoint {short} --out {tmp_path / ('a.npz' if 'sample' in command else 'a.json')}")
        assert bool(calls) is clips


@pytest.mark.parametrize(
    "arguments, message",
    [
        ("train --data mnist", "or a folder or .npz that exists; got mnist"),
        ("train --size 9", "the images of digits are 8×8; --size, --channels and --fit are for images of ones own"),
        ("train --seed -1", "expected a whole number from 0 on, got -1; see"),
        ("train --T 0 --schedule rescaled", "--T must be at least 1, got 0"),
        ("train --data=", "or a folder or .npz that exists"),
        ("train --variance beta_tilde", "a variance is of the bound alone"),
        ("evaluate --checkpoint {net} --out {tmp}/a.json --data digits --fit crop", "--size, --channels and --fit are"),
        ("train --multipliers 1,two", "expected a whole number from 0 on, got two"),
        ("train --size 1,2,3", "expected a number, or HEIGHT,WIDTH, got 1,2,3"),
        ("train --variance learned", "a variance is of the bound alone; give --loss bound with --variance learned"),
        ("train --schedule rescaled --T 20", "--schedule rescaled --T 20: a schedule is beta_0 = 0"),
        ("train --precision tf32", "tf32 is a GPUs precision, and this is cpu"),
        ("train --device mps", "--device is cpu, cuda or cuda:N (tables in float64 are on no other), got mps"),
        ("sample --checkpoint {net} --device cuda:7", "there is no GPU 7, this machine has 0"),
        ("train --out {tmp}/net.json", "--out must end in .safetensors, got"),
        ("train --out {tmp}/file/net.safetensors", "cannot write"),
        ("train --ema 1.5", "ema must be in 0..1"),
        ("train --dropout 2", "dropout of a U-Net must be in 0..1 (1 excluded), got 2.0"),
        ("sample --checkpoint {tmp}/file", "damaged or not a safetensors file"),
        ("sample --checkpoint {tmp}", "holds no model saved by diffusers"),
        ("sample --checkpoint {net} --out {tmp}/a.jpg", "--out must end in .png or .npz, got"),
        ("sample --checkpoint {net} --out {tmp}/file/a.png", "cannot write"),
        ("sample --checkpoint {net} --out {tmp}/a.png --count 0", "--count must be at least 1 here, got 0"),
        ("sample --checkpoint {net} --out {tmp}/a.png --steps 26", "steps must be in 1..25, got 26"),
        ("evaluate --checkpoint {net} --out {tmp}", "it is a directory"),
        ("evaluate --checkpoint {net} --out {tmp}/a.json", "give --data digits, fashion-mnist, cifar10"),
        ("evaluate --checkpoint {net} --out {tmp}/a.json --data digits --images 1", "--images must be at least 2"),
        ("sample --checkpoint {net} --precision bfloat16 --engine onnxruntime", "onnxruntime computes in float32"),
        ("sample --checkpoint {net} --precision tf32", "tf32 is a GPUs precision, and this is cpu"),
        ("export --checkpoint {net} --to onnx --out {tmp}/a.json", "an ONNX file ends in .onnx"),
        ("train --steps 99999999999999", "--steps, --count or --images"),
        ("train --steps 9223372036854775807", "or a number is too large ("),
        ("sample --checkpoint {net} --count 99999999999999999999", "too large (int too big to convert)"),
        ("sample --checkpoint {net} --count 0 --out {tmp}/new/folder/a.png", "--count must be at least 1 here, got 0"),
        ("sample --checkpoint {tmp}/net.state", "becomes a checkpoint when its run ends"),
        ("", "required: train | sample | evaluate | export"),
    ],
)
def test_bad_input_is_one_line_before_any_work(tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    for name in ("file", "net.state"):
        (tmp_path / name).write_text("no checkpoint, and no folder either")
    net = tmp_path / "net.safetensors"
    save_checkpoint(net, Parameterized(UNet(DIGITS), rescaled_linear_schedule(25)), {})
    said = complaint(capsys, arguments.format(tmp=tmp_path, net=net))
    assert message in said.replace("'", "")  # which some versions of argparse put around names
    assert not (tmp_path / "new").exists()


def test_a_fault_of_the_program_is_not_taken_for_one_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setattr(train_module, "train", lambda *arguments, **options: torch.zeros(2) + torch.zeros(3))
    with pytest.raises(RuntimeError, match="must match"):
        main(f"train --out {tmp_path / 'net.safetensors'}".split())


def test_no_room_is_one_line_and_the_state_stays(tmp_path, capsys):
    """The limit is on a file's size: the system refuses the write as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        line = complaint(capsys, f"train --steps 1 --batch 2 --out {tmp_path / 'net.safetensors'}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "could not write" in line and "make room" in line
    assert [path.name for path in tmp_path.iterdir()] == ["net.toml"]


def test_a_state_of_another_network_is_refused_and_kept(tmp_path, capsys):
    train, state = f"train --steps 1 --batch 2 --out {tmp_path / 'net.safetensors'}", tmp_path / "net.state"
    with pytest.MonkeyPatch.context() as patch:  # a run that is stopped before its checkpoint
        patch.setattr(train_module, "save_checkpoint", lambda *arguments: sys.exit(9))
        with pytest.raises(SystemExit):
            run(train)
    before, record = state.read_bytes(), tmp_path / "net.toml"
    how = record.read_bytes()
    assert "another network; " in complaint(capsys, f"{train} --dropout 0.2")
    assert "another batch (2), flips (False); " in complaint(capsys, f"{train} --flips --batch 4")
    state.write_bytes(before[:1000])
    assert "damaged" in complaint(capsys, train)
    assert record.read_bytes() == how
    state.write_bytes(before)
    run(train.replace("--steps 1", "--steps 2"))
    assert not state.exists() and "steps = 2\n" in record.read_text()


@pytest.mark.parametrize("name", ["train", "sample", "evaluate", "export"])
def test_help_teaches_with_examples_that_can_be_typed(capsys, name):
    with pytest.raises(SystemExit):
        main([name, "--help"])
    printed = capsys.readouterr().out
    examples = re.findall(r"^  .*-m ddpm_notes ([^#\n]*)", printed, re.MULTILINE)
    assert len(examples) >= 2
    for words in map(str.split, examples):
        assert words[0] == name
        if "--config" not in words:
            parsed(words)


def test_help_names_the_three_commands(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    printed = capsys.readouterr().out
    assert all(f"-m ddpm_notes {name}" in printed for name in ("train", "sample", "evaluate"))
