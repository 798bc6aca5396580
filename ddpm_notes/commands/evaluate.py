"""`python -m ddpm_notes evaluate`."""

import argparse
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ddpm_notes.checkpoints import Checkpoint
from ddpm_notes.commands.settings import RECIPES
from ddpm_notes.commands.shared import (
    check_enough,
    drawing,
    finish,
    in_parts,
    load_images,
    load_network,
    noise_of,
    say,
    settle,
)
from ddpm_notes.data import Images
from ddpm_notes.distributed import gathered, share
from ddpm_notes.files import check_writable
from ddpm_notes.finished_parts import Parts, Tensors, model_checksum
from ddpm_notes.likelihood import Bound, bound_steps, prior_kl, summary
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.precision import arithmetic
from ddpm_notes.reverse import Variance


def evaluate_command(args: argparse.Namespace, device: torch.device) -> None:
    """The bound L of Eq. (5), p. 3, on test images, in bits/dim, for both fixed variances of Section 3.2."""
    out = Path(args.out)
    check_writable(out)
    checkpoint = load_network(args.checkpoint)
    images, model = _images(args, checkpoint), settle(args, checkpoint.model, device)
    count = min(args.images, len(images))
    check_enough(count, "--images" if count == args.images else f"the images of {images.name}", least=2)
    split = "test" if images.name in RECIPES else "all"
    run = {"data": images.name, "split": split, "images": count, "seed": args.seed} | drawing(args)
    parts = Parts(out, run | {"data_checksum": images.checksum, "model": model_checksum(checkpoint.model)})
    learned: tuple[Variance, ...] = ("learned",) if model.learned_variance else ()
    bounds = _bounds(parts, model, images[:count], ("beta", "beta_tilde", *learned), images.levels, args, device)
    report: dict[str, Any] = run | {"variance": {variance: _summary(bound) for variance, bound in bounds.items()}}
    finish(parts, out, lambda: json.dumps(report, indent=1, allow_nan=False).encode() + b"\n")
    for variance, of_it in report["variance"].items():
        mean, error = of_it["total"].values()
        say(f"{variance}: {mean:.3f} ± {error:.3f} bits/dim on {count} images, by {args.engine} on {device}")


def _images(args: argparse.Namespace, checkpoint: Checkpoint) -> Images:
    name = args.data or checkpoint.about.get("data")
    if not isinstance(name, str):
        raise ValueError(f"{args.checkpoint} does not say what it was trained on; give --data {', '.join(RECIPES)}")
    if not args.data and name not in RECIPES:
        say(f"warning: {name} is what this network was trained on; give --data with images that it has not seen")
    C, H, W = checkpoint.model.net.config.shape
    size, channels = ((H, W), C) if Path(name).is_dir() and name not in RECIPES else (None, None)
    images = load_images(name, "test", size, channels, args.fit)
    if tuple(images.pixels.shape[1:]) != (C, H, W):
        have = "×".join(map(str, images.pixels.shape[1:]))
        raise ValueError(f"the images of {name} are {have}, this network takes {C}×{H}×{W}; give other --data")
    return images


def _bounds(
    parts: Parts,
    model: Parameterized,
    x0: Tensor,
    variances: tuple[Variance, ...],
    levels: int,
    args: argparse.Namespace,
    device: torch.device,
) -> dict[Variance, Bound]:
    """`variational_bounds` of many images, some at a time, each time divided among the processes."""

    def compute(numbers: Tensor, begun: Tensors) -> Iterator[Callable[[], Tensors]]:
        mine, count = share(numbers), len(numbers)
        noise, images = noise_of(args, mine, tuple(x0.shape[1:]), device), x0[mine].to(device)
        done = int(begun["t"]) if begun else 0
        noise.skip(done)
        columns: dict[str, list[Tensor]] = {name: [] for name in ("x0_mse", *variances)}

        def told() -> Tensors:
            values = {name: gathered(torch.stack(found, 1), count).cpu() for name, found in columns.items() if found}
            values = {name: torch.cat([begun[name], value], 1) if begun else value for name, value in values.items()}
            reached = torch.tensor(done + len(columns["x0_mse"]))
            return begun | values | {"prior": gathered(prior_kl(images, model.schedule), count).cpu(), "t": reached}

        if done == model.schedule.T:
            yield told
        with arithmetic(device, args.precision):
            steps = bound_steps(model, images, model.schedule, variances, levels, clips, noises=noise, first=done + 1)
            for terms, error in steps:
                columns["x0_mse"].append(error)
                for variance in variances:
                    columns[variance].append(terms[variance])
                yield told

    clips = model.predicts != "mean"  # as in the released code
    parted = in_parts(len(x0), model.net.config, device)
    done = [parts.part(f"{numbers[0]}-{numbers[-1]}", partial(compute, numbers)) for numbers in parted]
    whole = {name: torch.cat([part[name] for part in done]) for name in ("prior", "x0_mse", *variances)}
    return {variance: Bound(whole["prior"], whole[variance], whole["x0_mse"]) for variance in variances}


def _summary(bound: Bound) -> dict[str, Any]:
    """The parts of the bound, each with its standard error over images; and the mean of each term."""
    values = {name: summary(getattr(bound, name)) for name in ("prior", "rate", "distortion", "total")}
    return values | {"terms": bound.terms.mean(0).tolist()}
