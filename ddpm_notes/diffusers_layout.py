"""Weights in the layout of Hugging Face diffusers, such as the published google/ddpm-cifar10-32."""

import json
import re
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from ddpm_notes.checkpoints import Checkpoint
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.schedule import linear_schedule
from ddpm_notes.unet import UNet, UNetConfig

_LAYERS = {
    "norm1": "norm1",
    "conv1": "conv1",
    "time_emb_proj": "time",
    "norm2": "norm2",
    "conv2": "conv2",
    "conv_shortcut": "shortcut",
    "group_norm": "norm",
    "to_q": "query",
    "to_k": "key",
    "to_v": "value",
    "to_out.0": "out",
    "query": "query",  # the names of diffusers before 0.16, which published files keep
    "key": "key",
    "value": "value",
    "proj_attn": "out",
}
_TOP = {
    "conv_in": "conv_in",
    "time_embedding.linear_1": "time1",
    "time_embedding.linear_2": "time2",
    "conv_norm_out": "norm_out",
    "conv_out": "conv_out",
}
_EXPECTED = {
    "act_fn": "silu",
    "center_input_sample": False,
    "downsample_padding": 0,
    "flip_sin_to_cos": False,
    "freq_shift": 1,
    "norm_eps": 1e-6,
    "attention_head_dim": None,
    "time_embedding_type": "positional",
}


def load_diffusers(folder: Path) -> Checkpoint:
    """A `UNet2DModel` saved by diffusers, from its folder (config.json, diffusion_pytorch_model.safetensors).

    The network predicts epsilon and the schedule is the paper's; diffusers counts t from 0, this package from 1.
    Raises ValueError for a configuration that is not the released layout, or for weights that do not fit it.
    """
    folder = Path(folder)
    try:
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        # read by Python's `open`, as in `files.read_tensors`
        weights = safetensors.torch.load((folder / "diffusion_pytorch_model.safetensors").read_bytes())
    except (OSError, ValueError, SafetensorError) as error:
        raise ValueError(
            f"{folder} holds no model saved by diffusers ({error}); download config.json and "
            "diffusion_pytorch_model.safetensors"
        ) from error
    config = _config(settings)
    with torch.device("meta"):
        net = UNet(config)
    try:
        net.load_state_dict(_renamed(weights, config), assign=True)
    except (KeyError, RuntimeError) as error:
        raise ValueError(
            f"the weights in {folder} do not fit its config.json ({str(error).splitlines()[0]})"
        ) from error
    schedule = linear_schedule()
    model = Parameterized(net, schedule).eval().requires_grad_(False)
    return Checkpoint(model, schedule, {"diffusers": settings.get("_name_or_path", folder.name)})


def _config(settings: dict) -> UNetConfig:
    """The U-Net that a diffusers config.json describes."""
    for name, expected in _EXPECTED.items():
        if settings.get(name) != expected:
            raise ValueError(f"this U-Net needs {name}={expected!r} in config.json, got {settings.get(name)!r}")
    widths, size = settings["block_out_channels"], settings["sample_size"]
    height, width = size if isinstance(size, list) else (size, size)
    attends = ["Attn" in kind for kind in settings["down_block_types"]]
    return UNetConfig(
        size=height if height == width else (height, width),
        channels=settings["in_channels"],
        out_channels=settings["out_channels"],
        width=widths[0],
        multipliers=tuple(w // widths[0] for w in widths),
        blocks=settings["layers_per_block"],
        attention=tuple(height // 2**level for level, yes in enumerate(attends) if yes),
        dropout=settings.get("dropout", 0.0),
        groups=settings["norm_num_groups"],
    )


def _renamed(weights: dict[str, Tensor], config: UNetConfig) -> dict[str, Tensor]:
    renamed = {}
    for name, tensor in weights.items():
        layer, _, kind = name.rpartition(".")
        ours = _TOP[layer] if layer in _TOP else _place(layer, config)
        renamed[f"{ours}.{kind}"] = tensor
    return renamed


def _place(layer: str, config: UNetConfig) -> str:
    """The name of one of diffusers' layers here: down_blocks.1.resnets.0.conv1 is down.3.block.conv1."""
    if sampler := re.fullmatch(r"(down|up)_blocks\.(\d+)\.(?:down|up)samplers\.0\.conv", layer):
        path, level = sampler[1], int(sampler[2])
        per_level = config.blocks + (2 if path == "up" else 1)
        return f"{path}.{level * per_level + per_level - 1}.conv"
    if part := re.fullmatch(r"mid_block\.(resnets|attentions)\.(\d)\.(.+)", layer):
        return f"middle{int(part[2]) + 1}.{_kind(part[1])}.{_LAYERS[part[3]]}"
    part = re.fullmatch(r"(down|up)_blocks\.(\d+)\.(resnets|attentions)\.(\d+)\.(.+)", layer)
    if part is None:
        raise KeyError(f"unexpected layer {layer}")
    per_level = config.blocks + (2 if part[1] == "up" else 1)
    return f"{part[1]}.{int(part[2]) * per_level + int(part[4])}.{_kind(part[3])}.{_LAYERS[part[5]]}"


def _kind(group: str) -> str:
    return "block" if group == "resnets" else "attention"
