"""All that decides a training run, as one table of plain values: of the data set, of a file, of the command line."""

import json
import os
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from math import gcd
from pathlib import Path
from typing import Any

import torch

from ddpm_notes.data import Images
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.schedule import (
    Schedule,
    constant_schedule,
    linear_schedule,
    quadratic_schedule,
    rescaled_linear_schedule,
)
from ddpm_notes.training_run import TrainingConfig
from ddpm_notes.unet import CIFAR10, DIGITS, FASHION, LSUN256, UNet, UNetConfig

Settings = dict[str, Any]

RECIPES: dict[str, tuple[UNetConfig, TrainingConfig]] = {
    "digits": (DIGITS, TrainingConfig(steps=12_000, batch=64, learning_rate=1e-3, warmup=500, ema=0.999, levels=17)),
    "fashion-mnist": (FASHION, TrainingConfig(steps=45_000, batch=32, learning_rate=5e-4, warmup=500, ema=0.999)),
    "cifar10": (CIFAR10, TrainingConfig(flips=True)),
}
"""The U-Net and the settings of each data set; those of cifar10 are the paper's (App. B, pp. 14-15)."""

FASTEST = {"fashion-mnist"}
"""Data sets whose precision is the machine's fastest unless another is given; the others take float32."""

SCHEDULES: dict[str, Callable[[int], Schedule]] = {
    "linear": linear_schedule,
    "rescaled": rescaled_linear_schedule,
    "quadratic": quadratic_schedule,
    "constant": constant_schedule,
}
_UNET = {field.name for field in fields(UNetConfig)} - {"out_channels"}
_TRAINING = {field.name for field in fields(TrainingConfig)}


def settings_of(images: Images, given: Settings) -> Settings:
    """All settings of a run: those of the images, and over them those that were given."""
    _, channels, height, width = images.pixels.shape
    size = height if height == width else (height, width)
    own = TrainingConfig(batch=64, learning_rate=2e-5) if min(height, width) >= 256 else TrainingConfig()
    unet, config = RECIPES.get(images.name) or (_unet_for(height, width, channels), own)
    values = {k: v for k, v in asdict(unet).items() if k in _UNET} | asdict(config)
    values |= {"T": 1000, "schedule": "linear", "predicts": "eps", "fit": "exact"}
    values["loss"] = given.get("predicts", "eps")
    if images.name in FASTEST or images.name not in RECIPES:
        values["precision"] = "auto"
    values |= given | {"data": images.name, "size": size, "channels": channels, "levels": images.levels}
    if "groups" not in given:
        values["groups"] = gcd(values["groups"], values["width"])
    halvings = len(values["multipliers"]) - 1
    low, narrow = height // 2**halvings, width // 2**halvings
    if "multipliers" not in given and low * narrow > 64 * 64:
        raise ValueError(
            f"pictures of {height}×{width} are halved {halvings} times only, and attention over {low}×{narrow} pixels "
            "takes too long; give a smaller --size, of multiples of 32, and --fit crop; or --multipliers"
        )
    if values["variance"] != "beta" and values["loss"] != "bound":
        raise ValueError(f"a variance is of the bound alone; give --loss bound with --variance {values['variance']}")
    compilers = filter(None, [os.environ.get("CXX"), "c++", "g++", "clang++"])
    if values["compile"] and not torch.cuda.is_available() and not any(map(shutil.which, compilers)):
        raise ValueError("--compile needs a C++ compiler, and there is none; install one (g++), or leave --compile out")
    return values


def _unet_for(height: int, width: int, channels: int) -> UNetConfig:
    """The paper's U-Net for one's own images: CIFAR10's, LSUN's from 128 pixels on; as deep as the size allows."""
    like, side = LSUN256 if min(height, width) >= 128 else CIFAR10, gcd(height, width)
    levels = 1
    while levels < len(like.multipliers) and side % 2**levels == 0 and min(height, width) // 2**levels >= 4:
        levels += 1
    heights = [height // 2**level for level in range(levels)]
    attention = tuple(each for each in heights if each <= 16)[:1]
    multipliers = like.multipliers[:levels]
    return replace(like, size=(height, width), channels=channels, multipliers=multipliers, attention=attention)


def fresh_network(values: Settings) -> Parameterized:
    """A fresh network, with the schedule it is to be trained with."""
    if values["T"] < 1:
        raise ValueError(f"--T must be at least 1, got {values['T']}")
    try:
        schedule = SCHEDULES[values["schedule"]](values["T"])
    except ValueError as error:
        raise ValueError(f"--schedule {values['schedule']} --T {values['T']}: {error}") from error
    learned = values["variance"] == "learned"
    unet = UNetConfig(**{k: values[k] for k in _UNET}, out_channels=values["channels"] * (2 if learned else 1))
    return Parameterized(UNet(unet), schedule, values["predicts"], learned)


def config_of(values: Settings) -> TrainingConfig:
    """The settings of Algorithm 1 among all."""
    return TrainingConfig(**{k: values[k] for k in _TRAINING})


def toml_of(values: Settings, heading: str) -> bytes:
    """The configuration that repeats a run, for `--config`, under a comment."""
    said = {key: json.dumps(value, ensure_ascii=False) for key, value in sorted(values.items()) if key != "levels"}
    lines = [f"{key} = {'inf' if value == 'Infinity' else value}" for key, value in said.items()]
    return "\n".join([f"# {heading}", *lines, ""]).encode()


def arguments_of(file: Path, known: set[str]) -> list[str]:
    """The settings of a configuration file, as they would be typed. ValueError for a file that is none."""
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} cannot be read as TOML ({error}); it holds lines like steps = 500") from error
    if unknown := sorted(set(values) - known):
        raise ValueError(
            f"{file} has {', '.join(unknown)}, which is no setting of a run; there is {', '.join(sorted(known))}"
        )
    arguments = []
    for key, value in values.items():
        option = key.replace("_", "-")
        if isinstance(value, bool):
            arguments.append(f"--{option}" if value else f"--no-{option}")
        else:
            arguments.append(f"--{option}={','.join(map(str, value)) if isinstance(value, list) else value}")
    return arguments
