"""`python -m ddpm_notes sample`."""

import argparse
import io
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ddpm_notes.commands.shared import check_enough, drawing, in_parts, load_network, noise_of, say, settle
from ddpm_notes.data import to_uint8
from ddpm_notes.distributed import gathered, rank_and_world, share
from ddpm_notes.files import check_writable, write_atomically
from ddpm_notes.finished_parts import Parts, weights_checksum
from ddpm_notes.pictures import png_of
from ddpm_notes.precision import arithmetic
from ddpm_notes.sampling import sample_from
from ddpm_notes.schedule import strided


def sample_command(args: argparse.Namespace, device: torch.device) -> None:
    """Algorithm 2, p. 4, with x0_hat clipped to [-1, 1] as in the released code."""
    out = Path(args.out)
    if out.suffix not in (".png", ".npz"):
        raise ValueError(f"--out must end in .png or .npz, got {out}")
    check_writable(out)
    check_enough(args.count, "--count")
    checkpoint = load_network(args.checkpoint)
    shape, schedule, asked = checkpoint.model.net.config.shape, checkpoint.schedule, checkpoint.about.get("sampler", {})
    model = settle(args, checkpoint.model, device)
    if args.steps is not None:
        schedule = strided(schedule, args.steps)
    variance = args.variance or asked.get("variance") or ("learned" if model.learned_variance else "beta")
    clip_x0 = asked.get("clip_x0", True)
    run = {"seed": args.seed, "steps": schedule.T, "variance": variance} | drawing(args)
    parts = Parts(out, run | {"count": args.count, "checkpoint": weights_checksum(checkpoint.model)})

    def draw(numbers: Tensor) -> dict[str, Tensor]:
        noise = noise_of(args, share(numbers), shape, device)
        with arithmetic(device, args.precision):
            x0 = sample_from(
                model, noise(schedule.T), schedule.T, schedule, variance=variance, clip_x0=clip_x0, noises=noise
            )
        return {"x0": gathered(x0, len(numbers)).cpu()}

    x0 = [parts.part(f"{numbers[0]}", partial(draw, numbers))["x0"] for numbers in in_parts(args.count, device)]
    if rank_and_world()[0] == 0:
        write_atomically(out, _file(to_uint8(torch.cat(x0)), out.suffix))
        parts.remove()
        how = f"{args.count} samples of {schedule.T} steps, seed {args.seed}, {variance}"
        say(f"{out}: {how}, by {args.engine} on {device}")


def _file(pixels: Tensor, suffix: str) -> bytes:
    """The contents of a .png with all images in a grid, or of an .npz with the array `samples`, (N, C, H, W) uint8."""
    if suffix == ".png":
        return png_of(pixels)
    np.savez_compressed(buffer := io.BytesIO(), samples=pixels.numpy())
    return buffer.getvalue()
