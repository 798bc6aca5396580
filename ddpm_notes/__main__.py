"""python -m ddpm_notes train | sample | evaluate"""

import argparse
import json
import sys
from pathlib import Path

import torch
from torch import Generator

from ddpm_notes import data as images
from ddpm_notes.checkpoints import load_checkpoint, save_checkpoint, write_atomically
from ddpm_notes.likelihood import mean_and_error, variational_bound
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.sampling import sample, strided
from ddpm_notes.schedule import linear_schedule
from ddpm_notes.training import TrainingConfig, TrainingDiverged, train
from ddpm_notes.unet import DIGITS, FASHION, UNet

PRESETS = {"digits": DIGITS, "fashion-mnist": FASHION}


def train_command(args: argparse.Namespace) -> None:
    """Algorithm 1. Goes on where an interrupted run stopped; writes the averaged network and a report beside it."""
    out = Path(args.out or f"{args.data}.safetensors")
    data = images.load(args.data)
    config = TrainingConfig(
        steps=args.steps,
        batch=args.batch,
        learning_rate=args.learning_rate,
        warmup=args.warmup,
        ema=args.ema,
        levels=data.levels,
        seed=args.seed,
    )
    torch.manual_seed(args.seed)
    model = Parameterized(UNet(PRESETS[args.data]), linear_schedule())
    state = out.with_suffix(".state")
    trained = train(model, data.x0, model.schedule, config, state=state)
    last = trained.losses[-1000:]
    report = {
        "data": args.data,
        "data_checksum": data.checksum,
        "steps": args.steps,
        "seed": args.seed,
        "batch": args.batch,
        "learning_rate": args.learning_rate,
        "warmup": args.warmup,
        "ema": args.ema,
        "threads": torch.get_num_threads(),
        "seconds": round(trained.seconds),
        "mean_loss_of_last_1000_steps": last.mean().item(),
    }
    save_checkpoint(out, trained.model, report)
    write_atomically(out.with_suffix(".json"), json.dumps(report, indent=1).encode() + b"\n")
    state.unlink()
    print(f"{out}: {args.steps} steps, mean loss of the last {len(last)}: {last.mean():.4f}")


def sample_command(args: argparse.Namespace) -> None:
    """Algorithm 2, with x0_hat clipped as in the released code; a picture (.png) or an array (.npz)."""
    checkpoint = load_checkpoint(args.checkpoint)
    config = checkpoint.model.net.config
    model, schedule = checkpoint.model, checkpoint.schedule
    if args.steps is not None:
        model, schedule = strided(model, schedule, args.steps)
    generator = Generator().manual_seed(args.seed)
    shape = (args.count, config.channels, config.size, config.size)
    x0 = sample(model, shape, schedule, generator=generator, clip_x0=True)
    _write_images(Path(args.out), images.to_uint8(x0))
    print(f"{args.out}: {args.count} samples of {schedule.T} steps, seed {args.seed}")


def _write_images(path: Path, pixels: torch.Tensor) -> None:
    if path.suffix == ".npz":
        import io

        import numpy as np

        buffer = io.BytesIO()
        np.savez_compressed(buffer, samples=pixels.numpy())
        write_atomically(path, buffer.getvalue())
    elif path.suffix == ".png":
        from ddpm_notes.figures import picture_of

        write_atomically(path, picture_of(pixels))
    else:
        raise ValueError(f"--out must end in .png or .npz, got {path}")


def evaluate_command(args: argparse.Namespace) -> None:
    """The bound of Eq. (5) on held-out images, in bits/dim, for both fixed variances."""
    checkpoint = load_checkpoint(args.checkpoint)
    data = images.load(args.data, "test")
    x0 = data.x0[: args.images]
    report = {"data": args.data, "split": "test", "images": len(x0), "seed": args.seed, "variance": {}}
    for variance in ("beta", "beta_tilde"):
        generator = Generator().manual_seed(args.seed)
        bound = variational_bound(
            checkpoint.model, x0, checkpoint.schedule, variance, data.levels, clip_x0=True, generator=generator
        )
        parts = {"prior": bound.prior, "rate": bound.rate, "distortion": bound.distortion, "total": bound.total}
        report["variance"][variance] = {
            **{
                name: dict(zip(("mean", "standard_error"), mean_and_error(part), strict=False))
                for name, part in parts.items()
            },
            "terms": bound.terms.mean(0).tolist(),
        }
        mean, error = mean_and_error(bound.total)
        print(f"{variance}: {mean:.3f} ± {error:.3f} bits/dim on {len(x0)} images")
    write_atomically(Path(args.out), json.dumps(report, indent=1).encode())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ddpm_notes", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="train | sample | evaluate")

    def command(function, name: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=function.__doc__,
            description=function.__doc__,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        sub.set_defaults(run=function)
        sub.add_argument("--seed", type=int, default=0, help="of everything random")
        return sub

    sub = command(train_command, "train")
    sub.add_argument("--data", choices=PRESETS, default="digits", help="the images; they decide the U-Net's preset")
    sub.add_argument("--steps", type=int, default=10_000, help="gradient steps")
    sub.add_argument("--batch", type=int, default=128, help="images per step")
    sub.add_argument("--learning-rate", type=float, default=1e-3, help="Adam's, after the warm-up")
    sub.add_argument("--warmup", type=int, default=500, help="steps in which the rate rises linearly")
    sub.add_argument("--ema", type=float, default=0.999, help="decay of the averaged weights")
    sub.add_argument("--out", help="the checkpoint to write (default: DATA.safetensors)")

    sub = command(sample_command, "sample")
    sub.add_argument("--checkpoint", type=Path, required=True, help="a .safetensors file written by train")
    sub.add_argument("--count", type=int, default=64, help="samples")
    sub.add_argument("--steps", type=int, help="of a strided chain (later work); default: all T steps of the paper")
    sub.add_argument("--out", default="samples.png", help="a .png picture or an .npz array")

    sub = command(evaluate_command, "evaluate")
    sub.add_argument("--checkpoint", type=Path, required=True, help="a .safetensors file written by train")
    sub.add_argument("--data", choices=PRESETS, default="digits", help="the images; their test split is used")
    sub.add_argument("--images", type=int, default=256, help="at most so many")
    sub.add_argument("--out", default="report.json", help="the report to write")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; errors a user can mend are one line on standard error."""
    args = _parser().parse_args(arguments)
    try:
        args.run(args)
    except (ValueError, TrainingDiverged) as error:
        print(f"ddpm_notes: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("ddpm_notes: interrupted; the same command goes on from the last saved state", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
