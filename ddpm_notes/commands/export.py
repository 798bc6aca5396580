"""`python -m ddpm_notes export`."""

import argparse
from pathlib import Path

import torch

from ddpm_notes.commands.shared import load_network, say
from ddpm_notes.diffusers_layout import save_diffusers
from ddpm_notes.onnx_graph import save_onnx


def export_command(args: argparse.Namespace, device: torch.device) -> None:
    """The network for other programs: a pipeline folder of Hugging Face diffusers, or an ONNX graph."""
    checkpoint = load_network(args.checkpoint)
    if args.to == "onnx":
        out = Path(args.out or args.checkpoint.with_suffix(".onnx").name)
        save_onnx(out, checkpoint.model)
    else:
        out = Path(args.out or args.checkpoint.with_suffix("").name)
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise ValueError(f"{out} is there already; give --out, a new or empty folder")
        save_diffusers(out, checkpoint.model, **checkpoint.about.get("sampler", {}))
    say(f"{out}: {args.checkpoint} for {args.to}")
