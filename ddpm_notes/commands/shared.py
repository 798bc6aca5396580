"""What several commands do."""

import argparse
from pathlib import Path

import torch

from ddpm_notes import data
from ddpm_notes.checkpoints import Checkpoint, load_checkpoint
from ddpm_notes.commands.settings import RECIPES
from ddpm_notes.diffusers_layout import load_diffusers
from ddpm_notes.distributed import first_process_first, rank_and_world
from ddpm_notes.engines import choose_engine, engine
from ddpm_notes.finished_parts import begun
from ddpm_notes.image_noise import ImageNoise
from ddpm_notes.own_data import Fit, Size, load_own
from ddpm_notes.parameterizations import Parameterized

AT_ONCE = {"cpu": 64, "cuda": 256}
"""Images in memory at one time while sampling or evaluating: what an interrupted command loses at most."""


def load_images(
    name: str, split: str, size: Size | None = None, channels: int | None = None, fit: Fit = "exact"
) -> data.Images:
    """A data set by its name, else a folder or an .npz, of which all images are taken. Process 0 fetches or reads."""
    with first_process_first():
        if name not in RECIPES:
            if not Path(name).exists():
                raise ValueError(f"--data is {', '.join(RECIPES)}, or a folder or .npz that exists; got {name}")
            return load_own(Path(name), size, channels, fit)
        images = data.load(name, split)
    H, W = images.pixels.shape[2:]
    if size not in (None, H, (H, W)) or channels not in (None, images.pixels.shape[1]) or fit != "exact":
        raise ValueError(f"the images of {name} are {H}×{W}; --size, --channels and --fit are for images of one's own")
    return images


def load_network(path: Path) -> Checkpoint:
    """A file of this package, or a folder that diffusers saved."""
    return load_diffusers(path) if path.is_dir() else load_checkpoint(path)


def drawing(args: argparse.Namespace) -> dict[str, str]:
    """What else decides the noise and the network's arithmetic."""
    return {"precision": args.precision, "draw_on": args.draw_on, "engine": args.engine}


def settle(args: argparse.Namespace, model: Parameterized, device: torch.device) -> Parameterized:
    """The model on its device, run by its engine, which is settled in `args`.

    That is the one that was asked for, or with which an unfinished run of the same OUT began, else the fastest here.
    """
    if args.precision == "tf32" and device.type != "cuda":
        raise ValueError(f"--precision tf32 is a GPU's; this is {device}: give float32 or bfloat16")
    model = model.to(device)
    if args.precision != "float32":
        if args.engine == "onnxruntime":
            raise ValueError(f"onnxruntime computes in float32, not in {args.precision}; leave out one of the two")
        args.engine = "pytorch"
    args.engine = args.engine or begun(Path(args.out)).get("engine") or choose_engine(model)
    return engine(model, args.engine)


def noise_of(args: argparse.Namespace, numbers: torch.Tensor, shape: tuple[int, ...], device: torch.device):
    """The noise of this process's images."""
    return ImageNoise(args.seed, numbers.tolist(), shape, device, device if args.draw_on == "device" else "cpu")


def in_parts(count: int, device: torch.device) -> list[torch.Tensor]:
    """The numbers 0..count-1, as many at a time as fit."""
    return list(torch.arange(count).tensor_split(-(-count // AT_ONCE[device.type])))


def check_enough(count: int, option: str, least: int = 1) -> None:
    """ValueError unless there is work for each process."""
    least = max(least, rank_and_world()[1])
    if count < least:
        raise ValueError(f"{option} must be at least {least} here, got {count}")


def say(line: str) -> None:
    """Print a line, once for all processes."""
    if rank_and_world()[0] == 0:
        print(line, flush=True)
