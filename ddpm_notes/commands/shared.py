"""What several commands do."""

import argparse
from collections.abc import Callable
from pathlib import Path

import torch

from ddpm_notes import data
from ddpm_notes.checkpoints import Checkpoint, load_checkpoint
from ddpm_notes.commands.settings import RECIPES
from ddpm_notes.diffusers_layout import load_diffusers
from ddpm_notes.distributed import first_process_first, rank_and_world
from ddpm_notes.engines import choose_engine, engine
from ddpm_notes.files import write_atomically
from ddpm_notes.finished_parts import Parts, begun
from ddpm_notes.image_noise import ImageNoise
from ddpm_notes.own_data import Fit, Size, load_own
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.precision import check_precision
from ddpm_notes.unet import UNetConfig

AT_ONCE = {"cpu": 64, "cuda": 256}
"""At most so many images are in memory at one time while sampling or evaluating: of large ones fewer."""
FEATURES = {"cpu": 2**26, "cuda": 2**28}
"""At most so many features of the first level: a batch of 64 at 256 pixels and a width of 16, for instance."""


def load_images(
    name: str, split: str, size: Size | None = None, channels: int | None = None, fit: Fit = "exact"
) -> data.Images:
    """A data set by its name, else a folder or an .npz, of which all images are taken. Process 0 fetches or reads."""
    with first_process_first():
        if name not in RECIPES:
            if not name or not Path(name).exists():
                raise ValueError(f"--data is {', '.join(RECIPES)}, or a folder or .npz that exists; got {name}")
            return load_own(Path(name), size, channels, fit)
        images = data.load(name, split)
    H, W = images.pixels.shape[2:]
    if size not in (None, H, (H, W)) or channels not in (None, images.pixels.shape[1]) or fit != "exact":
        raise ValueError(f"the images of {name} are {H}×{W}; --size, --channels and --fit are for images of one's own")
    return images


def load_network(path: Path) -> Checkpoint:
    """A file of this package, or a folder that diffusers saved."""
    if path.suffix == ".state" and path.is_file():
        raise ValueError(
            f"{path} is a state, which becomes a checkpoint when its run ends; give its train command again"
        )
    return load_diffusers(path) if path.is_dir() else load_checkpoint(path)


def drawing(args: argparse.Namespace) -> dict[str, str]:
    """What else decides the noise and the network's arithmetic."""
    return {"precision": args.precision, "draw_on": args.draw_on, "engine": args.engine}


def settle(args: argparse.Namespace, model: Parameterized, device: torch.device) -> Parameterized:
    """The model on its device, run by its engine, which is settled in `args`.

    That is the one that was asked for, or with which an unfinished run of the same OUT began, else the fastest here.
    """
    check_precision(args.precision, device)
    model = model.to(device)
    if device.type == "cuda":
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # its convolutions' order
    if args.precision != "float32":
        if args.engine == "onnxruntime":
            raise ValueError(f"onnxruntime computes in float32, not in {args.precision}; leave out one of the two")
        args.engine = "pytorch"
    args.engine = args.engine or begun(Path(args.out)).get("engine") or choose_engine(model)
    return engine(model, args.engine)


def noise_of(args: argparse.Namespace, numbers: torch.Tensor, shape: tuple[int, ...], device: torch.device):
    """The noise of this process's images."""
    return ImageNoise(args.seed, numbers.tolist(), shape, device, device if args.draw_on == "device" else "cpu")


def in_parts(count: int, config: UNetConfig, device: torch.device) -> list[torch.Tensor]:
    """The numbers 0..count-1, as many at a time as fit."""
    _, height, width = config.shape
    at_once = min(AT_ONCE[device.type], FEATURES[device.type] // (height * width * config.width))
    return list(torch.arange(count).tensor_split(-(-count // max(1, at_once))))


def finish(parts: Parts, out: Path, content: Callable[[], bytes]) -> None:
    """Write the file, by process 0, and remove what it was made of."""
    if rank_and_world()[0] == 0:
        write_atomically(out, content())
    parts.remove()


def check_enough(count: int, option: str, least: int = 1) -> None:
    """ValueError unless there is work for each process."""
    least = max(least, rank_and_world()[1])
    if count < least:
        raise ValueError(f"{option} must be at least {least} here, got {count}")


def say(line: str) -> None:
    """Print a line, once for all processes."""
    if rank_and_world()[0] == 0:
        print(line, flush=True)
