"""`python -m ddpm_notes train`."""

import argparse
import json
from pathlib import Path
from typing import cast

import torch

from ddpm_notes.checkpoints import save_checkpoint
from ddpm_notes.commands.settings import Settings, config_of, fresh_network, settings_of, toml_of
from ddpm_notes.commands.shared import load_images, say
from ddpm_notes.distributed import rank_and_world
from ddpm_notes.files import check_writable, read_tensors, write_atomically
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.precision import check_precision, fast_precision
from ddpm_notes.training import Trained, train
from ddpm_notes.unet import count_parameters


def train_command(args: argparse.Namespace, device: torch.device) -> None:
    """Algorithm 1, p. 4, with the U-Net of the released code and L_simple."""
    given = {key: value for key, value in vars(args).items() if key not in ("run", "out", "config", "device")}
    named_after = args.config.stem if args.config else Path(args.data).resolve().name
    out = Path(args.out or f"{named_after}.safetensors")
    state, record = out.with_suffix(".state"), out.with_suffix(".toml")
    if args.config and record.resolve() == args.config.resolve():
        record = out.with_suffix(".run.toml")  # a person's file stays as it is
    if out.suffix != ".safetensors":
        raise ValueError(f"--out must end in .safetensors, got {out}")
    if out.exists() and not state.exists():
        raise ValueError(f"{out} is there already, from a run that ended; remove it, or give another --out")
    check_writable(out)
    images = load_images(args.data, "train", given.get("size"), given.get("channels"), given.get("fit", "exact"))
    values = settings_of(images, given)
    why = _choose_precision(values, state, device)
    config = config_of(values)
    torch.manual_seed(config.seed % 2**63)
    model = fresh_network(values).to(device)
    _, C, H, W = images.pixels.shape
    parameters = f"{count_parameters(model):,} parameters"
    say(f"{len(images):,} images of {C}×{H}×{W}; a U-Net of {parameters}; on {device} in {config.precision}{why}")
    if (left := model.schedule.alpha_bar[-1].item()) > 0.01:
        say(f"warning: x_T keeps {left:.0%} of the image's variance; --schedule rescaled ends in noise for any T > 20")
    threads = f"{rank_and_world()[1]} process(es) of {torch.get_num_threads()} thread(s)"
    heading = f"A run on {device}, {threads}, PyTorch {torch.__version__}; python -m ddpm_notes train --config THIS"
    if rank_and_world()[0] == 0 and not state.exists():  # that may be another run's, whose record stays
        write_atomically(record, toml_of(values, heading))
    trained = train(model, images.to(device), model.schedule, config, state=state)
    if rank_and_world()[0] == 0:
        write_atomically(record, toml_of(values, heading))
        _save(out, model, trained, values, images.checksum, device)
        state.unlink()


def _choose_precision(values: Settings, state: Path, device: torch.device) -> str:
    """Settle "auto": an unfinished run keeps its own, another takes the machine's. Returns why, in brackets."""
    check_precision(values["precision"], device)
    if values["precision"] == "bfloat16" and fast_precision(device)[0] == "float32":
        return f", which is slow here: {fast_precision(device)[1]}"
    if values["precision"] != "auto":
        return ""
    if state.exists():
        values["precision"] = read_tensors(state)[1].get("config", {}).get("precision", "float32")
        return " (as it began)"
    values["precision"], why = fast_precision(device)
    return f" ({why})"


def _save(
    out: Path, model: Parameterized, trained: Trained, values: Settings, checksum: str, device: torch.device
) -> None:
    """The network with averaged weights, the network as it is at the last step, and a report."""
    last, config = trained.losses[-1000:], config_of(values)
    report = values | {
        "data_checksum": checksum,
        "device": device.type,
        "processes": rank_and_world()[1],
        "threads": torch.get_num_threads(),
        "seconds": round(trained.seconds),
        "mean_loss_of_last_1000_steps": last.mean().item(),
        "random_start_in_average": config.random_start,
    }
    save_checkpoint(out, cast(Parameterized, trained.model), report)
    save_checkpoint(out.with_suffix(".last.safetensors"), model.eval(), report)
    write_atomically(out.with_suffix(".json"), json.dumps(report, indent=1).encode() + b"\n")
    say(f"{out}: {config.steps} steps, mean loss of the last {len(last)}: {last.mean():.4f}")
    if config.random_start > 0.01:
        say(
            f"warning: the average in {out} is {config.random_start:.0%} its random start; "
            f"{out.with_suffix('.last.safetensors')} has none of it; a short run wants --ema-ramp, or a smaller --ema"
        )
