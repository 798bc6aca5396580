"""`python -m ddpm_notes sample`."""

import argparse
import io
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ddpm_notes.commands.shared import check_enough, drawing, finish, in_parts, load_network, noise_of, say, settle
from ddpm_notes.data import to_uint8
from ddpm_notes.distributed import gathered, share
from ddpm_notes.files import check_writable
from ddpm_notes.finished_parts import Parts, Tensors, model_checksum
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.pictures import png_of
from ddpm_notes.precision import arithmetic
from ddpm_notes.sampling import Step, sample_steps
from ddpm_notes.schedule import Schedule, strided


def sample_command(args: argparse.Namespace, device: torch.device) -> None:
    """Algorithm 2, p. 4, with x0_hat clipped to [-1, 1] as in the released code, unless mu_tilde is predicted."""
    out = Path(args.out)
    if out.suffix not in (".png", ".npz"):
        raise ValueError(f"--out must end in .png or .npz, got {out}")
    check_writable(out)
    check_enough(args.count, "--count")
    checkpoint = load_network(args.checkpoint)
    config, schedule = checkpoint.model.net.config, checkpoint.schedule
    if out.suffix == ".png" and config.channels not in (1, 3):
        raise ValueError(f"a .png is grey or RGB, these images have {config.channels} channels; give --out an .npz")
    model = settle(args, checkpoint.model, device)
    if args.steps is not None:
        schedule = strided(schedule, args.steps)
    options = _options(args, checkpoint.about, model, schedule)
    run = {"seed": args.seed, "count": args.count, "steps": schedule.T} | options | drawing(args)
    parts = Parts(out, run | {"model": model_checksum(checkpoint.model)})
    x0 = [
        parts.part(f"{numbers[0]}-{numbers[-1]}", partial(_draw, args, numbers, model, schedule, options, device))["x"]
        for numbers in in_parts(args.count, config, device)
    ]
    finish(parts, out, lambda: _file(to_uint8(torch.cat(x0)), out.suffix, run))
    how = f"{args.count} samples of {schedule.T} steps, seed {args.seed}, {options['variance']}"
    say(f"{out}: {how}, by {args.engine} on {device} in {args.precision}")


def _options(args: argparse.Namespace, about: dict, model: Parameterized, schedule: Schedule) -> dict:
    """The variance and the clipping: what was asked for, else what a folder of diffusers says, else the usual."""
    told = about.get("sampler")
    told = told if isinstance(told, dict) else {}
    clips = model.predicts != "mean"  # the released code leaves that prediction as it is
    usual = "learned" if model.learned_variance and schedule.levels is None else "beta"
    return {"variance": args.variance or told.get("variance", usual), "clip_x0": bool(told.get("clip_x0", clips))}


def _draw(
    args: argparse.Namespace,
    numbers: Tensor,
    model: Parameterized,
    schedule: Schedule,
    options: dict,
    device: torch.device,
    begun: Tensors,
) -> Iterator[Callable[[], Tensors]]:
    """The images of these numbers, or what is left to do of them; after each step x_t and t."""
    noise = noise_of(args, share(numbers), model.net.config.shape, device)
    if begun:
        x, t = share(begun["x"]).to(device), int(begun["t"])
        noise.skip(schedule.T - t + 1)  # x_T, and a z for each step behind it
    else:
        x, t = noise(schedule.T), schedule.T
    if t == 0:
        yield lambda: begun
        return
    with arithmetic(device, args.precision):
        for step in sample_steps(model, x, schedule, t, noises=noise, **options):
            yield partial(_reached, step, len(numbers))


def _reached(step: Step, count: int) -> Tensors:
    return {"x": gathered(step.x, count).cpu(), "t": torch.tensor(step.t)}


def _file(pixels: Tensor, suffix: str, run: dict) -> bytes:
    """The contents of a .png with all images in a grid, or of an .npz: `samples`, (N, C, H, W) uint8, and `run`."""
    if suffix == ".png":
        return png_of(pixels, json.dumps(run))
    np.savez_compressed(buffer := io.BytesIO(), samples=pixels.numpy(), run=json.dumps(run))
    return buffer.getvalue()
