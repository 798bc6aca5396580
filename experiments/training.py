"""One way to train a committed checkpoint, with its provenance beside it.

The weights are kept in half precision, so that a browser fetches half the bytes; what the notes measure and draw is
this same rounded network.
"""

import json
from dataclasses import asdict

import torch

from ddpm_notes import Parameterized, TrainingConfig, UNet, UNetConfig, linear_schedule, save_checkpoint, train
from ddpm_notes.data import load
from experiments.results import STATES, provenance, write_json
from experiments.stale import CHECKPOINTS


def train_checkpoint(experiment: str, data: str, unet: UNetConfig, config: TrainingConfig) -> None:
    """Train `checkpoints/EXPERIMENT.safetensors` unless it is there by the same code; an interrupted run goes on."""
    out, origin = CHECKPOINTS / f"{experiment}.safetensors", provenance(experiment, data, config.seed)
    about = out.with_suffix(".json")
    if about.exists() and json.loads(about.read_text())["code"] == origin["code"]:
        return
    torch.manual_seed(config.seed)
    model = Parameterized(UNet(unet), linear_schedule())
    state = STATES / f"{experiment}.state"
    trained = train(model, load(data, "train").x0, model.schedule, config, state=state)
    report = asdict(config) | {
        "dropout": unet.dropout,
        "kept_in": "float16",
        "duration": round(trained.seconds),
        "mean_loss_of_last_1000_steps": trained.losses[-1000:].mean().item(),
        **origin,
    }
    trained.model.net.half()
    # By which code it is stands in the description alone, where `accept` changes it.
    save_checkpoint(out, trained.model, {key: value for key, value in report.items() if key != "code"})
    write_json(about, report)
