"""Train a diffusion model, sample from it, evaluate its bound.

  python -m ddpm_notes train --data digits                             # about an hour on one core
  python -m ddpm_notes sample --checkpoint digits.safetensors          # writes samples.png
  python -m ddpm_notes evaluate --checkpoint digits.safetensors        # writes report.json

A GPU is used where there is one. Several processes share the work if torchrun starts them:

  torchrun --nproc-per-node 2 -m ddpm_notes train --data cifar10
"""

import argparse
import io
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Generator, Tensor

from ddpm_notes import data as images
from ddpm_notes.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from ddpm_notes.diffusers_layout import load_diffusers
from ddpm_notes.distributed import first_process_first, gathered, process_group, rank_and_world, share
from ddpm_notes.files import check_writable, write_atomically
from ddpm_notes.finished_parts import Parts, weights_checksum
from ddpm_notes.likelihood import Bound, mean_and_error, variational_bound
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.reverse import Variance
from ddpm_notes.sampling import sample_from
from ddpm_notes.schedule import linear_schedule, strided
from ddpm_notes.training import train
from ddpm_notes.training_run import TrainingConfig, TrainingDiverged
from ddpm_notes.unet import CIFAR10, DIGITS, FASHION, UNet

RECIPES = {
    "digits": (DIGITS, TrainingConfig(steps=12_000, batch=64, learning_rate=1e-3, warmup=500, ema=0.999, levels=17)),
    "fashion-mnist": (
        FASHION,
        TrainingConfig(steps=45_000, batch=32, learning_rate=5e-4, warmup=500, ema=0.999, precision="bfloat16"),
    ),
    "cifar10": (CIFAR10, TrainingConfig(flips=True)),
}
"""The U-Net and the settings of each data set; those of cifar10 are the paper's (App. B, pp. 14-15)."""

AT_ONCE = 256
"""Images in memory at one time while sampling or evaluating."""


def train_command(args: argparse.Namespace, device: torch.device) -> None:
    """Algorithm 1, p. 4, with the U-Net of the released code and L_simple."""
    out = Path(args.out or f"{args.data}.safetensors")
    if out.suffix != ".safetensors":
        raise ValueError(f"--out must end in .safetensors, got {out}")
    unet, config = RECIPES[args.data]
    config = replace(config, **{f.name: vars(args)[f.name] for f in fields(config) if f.name in args})
    unet = replace(unet, dropout=args.dropout) if "dropout" in args else unet
    check_writable(out)
    data = _load_data(args.data, "train")
    torch.manual_seed(config.seed)
    model = Parameterized(UNet(unet), linear_schedule()).to(device)
    state = out.with_suffix(".state")
    trained = train(model, data.x0, model.schedule, config, state=state)
    rank, world = rank_and_world()
    if rank > 0:
        return
    last = trained.losses[-1000:]
    report = {
        "data": args.data,
        "data_checksum": data.checksum,
        **asdict(config),
        "dropout": unet.dropout,
        "device": device.type,
        "processes": world,
        "threads": torch.get_num_threads(),
        "seconds": round(trained.seconds),
        "mean_loss_of_last_1000_steps": last.mean().item(),
    }
    save_checkpoint(out, cast(Parameterized, trained.model), report)
    write_atomically(out.with_suffix(".json"), json.dumps(report, indent=1).encode() + b"\n")
    state.unlink()
    print(f"{out}: {config.steps} steps, mean loss of the last {len(last)}: {last.mean():.4f}")


def sample_command(args: argparse.Namespace, device: torch.device) -> None:
    """Algorithm 2, p. 4, with x0_hat clipped to [-1, 1] as in the released code."""
    out = Path(args.out)
    if out.suffix not in (".png", ".npz"):
        raise ValueError(f"--out must end in .png or .npz, got {out}")
    check_writable(out)
    _check_enough(args.count, "--count")
    checkpoint = _load_checkpoint(args.checkpoint)
    image, model, schedule = checkpoint.model.net.config.shape, checkpoint.model.to(device), checkpoint.schedule
    if args.steps is not None:
        schedule = strided(schedule, args.steps)
    run = {"seed": args.seed, "count": args.count, "steps": schedule.T}
    parts = Parts(out, run | {"checkpoint": weights_checksum(checkpoint.model)})

    def draw(count: int, k: int) -> dict[str, Tensor]:
        noise = _shared_noise((count, *image), args.seed, k, device)
        x0 = sample_from(model, noise(schedule.T), schedule.T, schedule, clip_x0=True, noises=noise)
        return {"x0": gathered(x0, count).cpu()}

    counts = [len(part) for part in torch.arange(args.count).tensor_split(-(-args.count // AT_ONCE))]
    drawn = [parts.part(f"{k}", partial(draw, count, k))["x0"] for k, count in enumerate(counts)]
    if rank_and_world()[0] == 0:
        write_atomically(out, _image_file(images.to_uint8(torch.cat(drawn)), out.suffix))
        parts.remove()
        print(f"{out}: {args.count} samples of {schedule.T} steps, seed {args.seed}")


def evaluate_command(args: argparse.Namespace, device: torch.device) -> None:
    """The bound L of Eq. (5), p. 3, on test images, in bits/dim, for both fixed variances of Section 3.2."""
    out = Path(args.out)
    check_writable(out)
    checkpoint = _load_checkpoint(args.checkpoint)
    name = args.data or checkpoint.about.get("data")
    if name is None:
        raise ValueError(f"{args.checkpoint} does not say what it was trained on; give --data {' or '.join(RECIPES)}")
    data = _load_data(name, "test")
    _check_enough(min(args.images, len(data.pixels)), "--images", least=2)
    x0 = data.x0[: args.images]
    run = {"data": name, "split": "test", "images": len(x0), "seed": args.seed}
    done = Parts(out, run | {"checkpoint": weights_checksum(checkpoint.model)})
    report: dict[str, Any] = {**run, "variance": {}}
    variances: tuple[Variance, ...] = ("beta", "beta_tilde")
    for variance in variances:
        bound = _shared_bound(done, checkpoint, x0, variance, data.levels, args.seed, device)
        parts: dict[str, Any] = report["variance"].setdefault(variance, {})
        for name in ("prior", "rate", "distortion", "total"):
            parts[name] = dict(zip(("mean", "standard_error"), mean_and_error(getattr(bound, name)), strict=True))
        parts["terms"] = bound.terms.mean(0).tolist()
    if rank_and_world()[0] == 0:
        write_atomically(out, json.dumps(report, indent=1).encode() + b"\n")
        done.remove()
        for variance, parts in report["variance"].items():
            total = parts["total"]
            print(f"{variance}: {total['mean']:.3f} ± {total['standard_error']:.3f} bits/dim on {len(x0)} images")


def _shared_bound(
    done: Parts, checkpoint: Checkpoint, x0: Tensor, variance: Variance, levels: int, seed: int, device: torch.device
) -> Bound:
    """`variational_bound` of many images, some at a time, each time divided among the processes."""
    model, schedule = checkpoint.model.to(device), checkpoint.schedule

    def compute(part: Tensor, k: int) -> dict[str, Tensor]:
        noise, mine = _shared_noise(part.shape, seed, k, device), share(part).to(device)
        bound = variational_bound(model, mine, schedule, variance, levels, clip_x0=True, noises=noise)
        return {name: gathered(value, len(part)).cpu() for name, value in vars(bound).items()}

    parts = x0.tensor_split(-(-len(x0) // AT_ONCE))
    bounds = [done.part(f"{variance}-{k}", partial(compute, part, k)) for k, part in enumerate(parts)]
    return Bound(**{name: torch.cat([bound[name] for bound in bounds]) for name in bounds[0]})


def _shared_noise(shape: tuple[int, ...], seed: int, k: int, device: torch.device) -> Callable[[int], Tensor]:
    """Draws part k for all processes and keeps this one's share: a seed means the same for any number of them."""
    generator = Generator().manual_seed(seed * 1_000_003 + k)
    return lambda t: share(torch.randn(shape, generator=generator)).to(device)


def _check_enough(count: int, option: str, least: int = 1) -> None:
    least = max(least, rank_and_world()[1])
    if count < least:
        raise ValueError(f"{option} must be at least {least} here, got {count}")


def _load_data(name: str, split: str) -> images.Images:
    with first_process_first():
        return images.load(name, split)


def _load_checkpoint(path: Path) -> Checkpoint:
    """A file of this package, or a folder that diffusers saved."""
    return load_diffusers(path) if path.is_dir() else load_checkpoint(path)


def _image_file(pixels: Tensor, suffix: str) -> bytes:
    """The contents of a .png with all images in a grid, or of an .npz with the array `samples`, (N, C, H, W) uint8."""
    if suffix == ".png":
        from ddpm_notes.figures import picture_of

        return picture_of(pixels)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, samples=pixels.numpy())
    return buffer.getvalue()


TRAIN = """
Writes OUT, the network with averaged weights (EMA); beside it OUT's .json, the settings and the loss; and,
while it runs, OUT's .state. An interrupted run, even one that was killed, goes on from the state when the
same command is given again, to the same bits (on a CPU, with the same number of threads).

The loss it shows is L_simple, Eq. (14), as a mean over pixels: 1 at the start (the network predicts 0), far
below soon after, and then nearly flat while the samples still improve. The settings not given are those of the
data set:

{table}

examples:
  python -m ddpm_notes train --data digits --steps 500 --out first.safetensors
  python -m ddpm_notes train --data cifar10                      # the paper's run; hours on a good GPU, months here
  torchrun --nproc-per-node 2 -m ddpm_notes train --data cifar10 # the same batches, half on each of two GPUs
"""

SAMPLE = """
Starts from noise x_T and takes T steps of the reverse process with sigma_t^2 = beta_t. A .png shows all samples
in a grid; an .npz holds the array "samples", (COUNT, channels, height, width), values 0..255. An interrupted
command goes on when it is given again: every 256 images are kept in OUT.parts until all are there.

examples:
  python -m ddpm_notes sample --checkpoint digits.safetensors --count 16 --seed 1
  python -m ddpm_notes sample --checkpoint digits.safetensors --steps 50 --out quick.png
  python -m ddpm_notes sample --checkpoint ddpm-cifar10-32/ --count 1000 --out cifar.npz   # weights from diffusers
"""

EVALUATE = """
For each image and each t one noise is drawn, so that a term is estimated from all images. The report gives, for
sigma_t^2 = beta_t ("beta") and beta_tilde_t ("beta_tilde"), in bits per dimension:

  prior         L_T: how far x_T is from pure noise; about 1e-5
  rate          L_1 + ... + L_T, with the prior: the bits that describe x_1 (Section 4.3)
  distortion    L_0: the bits that are left to get x_0 from x_1 exactly, Eq. (13)
  total         rate + distortion: at least the code length; the paper's CIFAR10 model has 3.75
  terms         the mean of each L_{t-1}, t = 1..T; the first is L_0

each with its mean over the images and the standard error of that mean. An interrupted command goes on when it
is given again: every 256 images are kept in OUT.parts until all are there.

examples:
  python -m ddpm_notes evaluate --checkpoint digits.safetensors --images 100
  python -m ddpm_notes evaluate --checkpoint ddpm-cifar10-32/ --data cifar10 --images 10000 --out cifar10.json
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str):
        """One line and exit 2, without the usage."""
        self.exit(2, f"ddpm_notes: {message}; see {self.prog} --help\n")


def _recipe_table() -> str:
    names = ("steps", "batch", "learning_rate", "warmup", "ema", "flips", "precision")
    rows = [["", *names, "dropout"]]
    for data, (unet, config) in RECIPES.items():
        rows.append([data, *(str(getattr(config, name)) for name in names), str(unet.dropout)])
    return "\n".join("  " + "".join(cell.ljust(15) for cell in row).rstrip() for row in rows)


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(prog="python -m ddpm_notes", description=__doc__, formatter_class=raw)
    commands = parser.add_subparsers(required=True, metavar="train | sample | evaluate")

    def command(function, name: str, epilog: str) -> argparse.ArgumentParser:
        summary = function.__doc__
        sub = commands.add_parser(name, help=summary, description=summary, epilog=epilog, formatter_class=raw)
        sub.set_defaults(run=function)
        sub.add_argument("--seed", type=int, default=0, help="decides everything random (default: 0)")
        return sub

    sub = command(train_command, "train", TRAIN.format(table=_recipe_table()))
    sub.add_argument("--data", choices=RECIPES, default="digits", help="the images; they decide U-Net and settings")
    sub.add_argument("--out", help="the checkpoint to write, a .safetensors file (default: DATA.safetensors)")
    given: dict[str, Any] = {"default": argparse.SUPPRESS}
    sub.add_argument("--steps", type=int, help="gradient steps", **given)
    sub.add_argument("--batch", type=int, help="images per step, over all processes", **given)
    sub.add_argument("--learning-rate", type=float, help="Adam's, once warmed up", **given)
    sub.add_argument("--warmup", type=int, help="steps in which the rate rises linearly from 0", **given)
    sub.add_argument("--ema", type=float, help="decay of the averaged weights, 0..1", **given)
    sub.add_argument("--flips", action=argparse.BooleanOptionalAction, help="mirror half, left to right", **given)
    sub.add_argument("--precision", choices=["float32", "bfloat16"], help="of products and convolutions", **given)
    sub.add_argument("--dropout", type=float, help="share of features dropped in each residual block, 0..1", **given)
    sub.add_argument("--save-every", type=int, help="steps between states, a crash's cost (default: 500)", **given)

    sub = command(sample_command, "sample", SAMPLE)
    what = "a .safetensors file that train wrote, or a folder that diffusers saved"
    sub.add_argument("--checkpoint", type=Path, required=True, help=what)
    sub.add_argument("--count", type=int, default=64, help="samples to draw (default: 64)")
    sub.add_argument("--steps", type=int, help="of a chain with fewer levels, later work (default: the paper's T)")
    sub.add_argument("--out", default="samples.png", help="a .png picture or an .npz array (default: samples.png)")

    sub = command(evaluate_command, "evaluate", EVALUATE)
    sub.add_argument("--checkpoint", type=Path, required=True, help=what)
    sub.add_argument("--data", choices=RECIPES, help="whose test images (default: those it was trained on)")
    sub.add_argument("--images", type=int, default=256, help="the first so many test images, at least 2 (default: 256)")
    sub.add_argument("--out", default="report.json", help="the report to write (default: report.json)")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; errors a user can fix are one line on standard error."""
    args = _parser().parse_args(arguments)
    try:
        with process_group() as device:
            args.run(args, device)
    except (ValueError, OSError, TrainingDiverged) as error:
        print(f"ddpm_notes: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("ddpm_notes: interrupted; the same command goes on from what it last saved", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
