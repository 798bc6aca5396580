"""Networks in the layout of Hugging Face diffusers, such as the published google/ddpm-cifar10-32: read and written.

Whatever a `UNet2DModel` or a `DDPMScheduler` can be told is obeyed here, or refused by name.
"""

import json
import math
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import nn

from ddpm_notes.checkpoints import Checkpoint, check_count, network_of, savable
from ddpm_notes.files import write_atomically
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.schedule import Schedule, linear_schedule
from ddpm_notes.unet import UNet, UNetConfig

_TOP = {
    "conv_in": "conv_in",
    "time_embedding.linear_1": "time1",
    "time_embedding.linear_2": "time2",
    "conv_norm_out": "norm_out",
    "conv_out": "conv_out",
}
_BLOCK = {
    "norm1": "norm1",
    "conv1": "conv1",
    "time_emb_proj": "time",
    "norm2": "norm2",
    "conv2": "conv2",
    "conv_shortcut": "shortcut",
}
_ATTENTION = {
    "query": "query",  # these four are the names of diffusers before 0.16, which published files keep
    "key": "key",
    "value": "value",
    "proj_attn": "out",
    "group_norm": "norm",
    "to_q": "query",
    "to_k": "key",
    "to_v": "value",
    "to_out.0": "out",
}
_WEIGHTS, _SCHEDULER = "diffusion_pytorch_model.safetensors", "scheduler_config.json"

UNET_OBEYED = {
    "sample_size": None,
    "in_channels": 3,
    "out_channels": 3,
    "block_out_channels": [224, 448, 672, 896],
    "down_block_types": ["DownBlock2D"] + 3 * ["AttnDownBlock2D"],
    "up_block_types": 3 * ["AttnUpBlock2D"] + ["UpBlock2D"],
    "layers_per_block": 2,
    "dropout": 0.0,
    "norm_num_groups": 32,
}
"""Settings of `UNet2DModel` that `UNetConfig` can follow, with diffusers' defaults."""
UNET_FIXED = {
    "center_input_sample": (False, False),
    "time_embedding_type": ("positional", "positional"),
    "time_embedding_dim": (None, None),
    "freq_shift": (1, 0),
    "flip_sin_to_cos": (False, True),
    "mid_block_type": ("UNetMidBlock2D", "UNetMidBlock2D"),
    "mid_block_scale_factor": (1, 1),
    "downsample_padding": (0, 1),
    "downsample_type": ("conv", "conv"),
    "upsample_type": ("conv", "conv"),
    "act_fn": ("silu", "silu"),
    "attention_head_dim": (None, 8),
    "attn_norm_num_groups": (None, None),
    "norm_eps": (1e-6, 1e-5),
    "resnet_time_scale_shift": ("default", "default"),
    "add_attention": (True, True),
    "class_embed_type": (None, None),
    "num_class_embeds": (None, None),
}
"""Settings that this U-Net has in one way alone: that way, and diffusers' default for a file that does not say."""
UNET_IDLE = {"num_train_timesteps"}
"""Without effect on such a U-Net: its clock is not learned."""

SCHEDULER_OBEYED = {
    "num_train_timesteps": 1000,
    "beta_start": 1e-4,
    "beta_end": 0.02,
    "beta_schedule": "linear",
    "trained_betas": None,
    "variance_type": "fixed_small",
    "clip_sample": True,
    "prediction_type": "epsilon",
}
SCHEDULER_FIXED = {
    "thresholding": (False, False),
    "clip_sample_range": (1.0, 1.0),
    "rescale_betas_zero_snr": (False, False),
    "steps_offset": (0, 0),
}
SCHEDULER_IDLE = {"dynamic_thresholding_ratio", "sample_max_value", "timestep_spacing"}
"""Without effect on the whole chain, unthresholded."""

_PREDICTS = {"epsilon": "eps", "sample": "x0"}
_VARIANCES = {"fixed_large": "beta", "fixed_small": "beta_tilde", "fixed_small_log": "beta_tilde"}


def load_diffusers(folder: Path) -> Checkpoint:
    """A network saved by diffusers: the folder of a `DDPMPipeline`, or of its `UNet2DModel` with or without scheduler.

    The scheduler's settings give the schedule and what the network predicts; without any it is epsilon, and the
    paper's schedule. `about["sampler"]` has what they say of sampling, as options of `sampling.sample`: variance and
    clip_x0. diffusers counts t from 0, this package from 1. Weights in half precision are computed with in single.
    Raises ValueError for a setting that cannot be followed, by its name, or for weights that do not fit.
    """
    folder = Path(folder).resolve()  # since a scheduler may lie above it
    unet, scheduler = _parts(folder)
    settings = _read(unet / "config.json", "UNet2DModel", UNET_OBEYED, UNET_FIXED, UNET_IDLE)
    config = _unet_config(settings)
    model: dict[str, Any] = {"schedule": linear_schedule()}
    about: dict[str, Any] = {"diffusers": settings.get("_name_or_path", folder.name)}
    if scheduler:
        told = _read(scheduler, "DDPMScheduler", SCHEDULER_OBEYED, SCHEDULER_FIXED, SCHEDULER_IDLE)
        variance = _one_of("variance_type", told["variance_type"], _VARIANCES)
        about["sampler"] = {"variance": variance, "clip_x0": told["clip_sample"]}
        predicts = _one_of("prediction_type", told["prediction_type"], _PREDICTS)
        model = {"schedule": _schedule(told), "predicts": predicts}
    net = _network(unet, config)
    return Checkpoint(Parameterized(net, **model).eval().requires_grad_(False), model["schedule"], about)


def save_diffusers(folder: Path, model: nn.Module, variance: str = "beta", clip_x0: bool = True) -> None:
    """Write the folder of a `DDPMPipeline` that draws the samples of `sampling.sample` with this variance and clipping.

    model: a `Parameterized` U-Net; its schedule, whatever it is, goes along. Raises ValueError for what diffusers has
    no word for: a network of mu_tilde, a learned variance (there it is not the logarithm that is predicted), and for
    what `checkpoints.savable` refuses.
    """
    plain, net = savable(model)
    predicts = {ours: theirs for theirs, ours in _PREDICTS.items()}
    variances = {ours: theirs for theirs, ours in _VARIANCES.items()}
    if plain.predicts not in predicts or plain.learned_variance or variance not in variances:
        what = f"predicts={plain.predicts!r}, learned_variance={plain.learned_variance}, variance={variance!r}"
        raise ValueError(f"diffusers has no word for all of {what}; keep the checkpoint, or export it to onnx")
    if net.config.multipliers[0] != 1:
        raise ValueError(
            f"diffusers has this U-Net only where its multipliers begin with 1, got {net.config.multipliers}"
        )
    scheduler = {"prediction_type": predicts[plain.predicts], "clip_sample": clip_x0}
    scheduler |= {"variance_type": variances[variance]} | _betas(plain.schedule)
    theirs = {ours: theirs for theirs, ours in _layers(net.config).items()}
    weights = {}
    for name, tensor in net.state_dict().items():
        layer, _, kind = name.rpartition(".")
        weights[f"{theirs[layer]}.{kind}"] = tensor.contiguous()
    folder = Path(folder)
    write_atomically(folder / "unet" / _WEIGHTS, safetensors.torch.save(weights, {"format": "pt"}))
    _write(folder / "unet" / "config.json", "UNet2DModel", _unet_settings(net.config))
    _write(folder / "scheduler" / _SCHEDULER, "DDPMScheduler", scheduler)
    parts = {"unet": ["diffusers", "UNet2DModel"], "scheduler": ["diffusers", "DDPMScheduler"]}
    _write(folder / "model_index.json", "DDPMPipeline", parts)


def _parts(folder: Path) -> tuple[Path, Path | None]:
    """The folder of the U-Net and the file of the scheduler's settings, wherever diffusers has put them."""
    root = folder.parent if folder.name == "unet" else folder
    unet = root / "unet" if (root / "unet").is_dir() else root
    is_pipeline = (root / "model_index.json").exists()
    if is_pipeline:
        _read(root / "model_index.json", "DDPMPipeline", {}, {}, {"unet", "scheduler"})
    places = [place / _SCHEDULER for place in (unet, root / "scheduler", root)]
    scheduler = next((path for path in places if path.exists()), None)
    if is_pipeline and scheduler is None:
        raise ValueError(f"the pipeline in {root} lacks its {_SCHEDULER}; download that too")
    return unet, scheduler


def _read(path: Path, kind: str, obeyed: dict, fixed: dict, idle: set) -> dict:
    """The settings of one part, complete; those that are not obeyed are as they must be."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path.parent} holds no model saved by diffusers ({error}); download {path.name}") from error
    if not isinstance(said, dict) or said.get("_class_name", kind) != kind:
        other = said.get("_class_name") if isinstance(said, dict) else type(said).__name__
        raise ValueError(f"{path} describes a {other}; this package reads a {kind}")
    for name, (needed, default) in fixed.items():
        value = said.get(name, default)
        if value != needed or (isinstance(value, bool) != isinstance(needed, bool)):
            raise ValueError(f"this package needs {name}={needed!r} in {path.name}, got {value!r}")
    for name, value in said.items():
        if not name.startswith("_") and name not in obeyed | fixed and name not in idle and value is not None:
            raise ValueError(f"{path.name} has a setting that is unknown here, {name}={value!r}; save it without")
    return obeyed | said


def _write(path: Path, kind: str, settings: dict) -> None:
    write_atomically(path, json.dumps({"_class_name": kind} | settings, indent=2).encode() + b"\n")


def _one_of(name: str, value: object, table: dict[str, str]) -> str:
    if not isinstance(value, str) or value not in table:
        raise ValueError(f"this package reads {name} {' or '.join(table)}, got {value!r}; retrain, or use diffusers")
    return table[value]


def _unet_config(settings: dict) -> UNetConfig:
    """The U-Net that a diffusers config.json describes. ValueError, with the setting, for one of another kind."""
    widths, size, channels = (settings[name] for name in ("block_out_channels", "sample_size", "in_channels"))
    first = widths[0] if isinstance(widths, list) and widths else None
    if not first or not all(isinstance(width, int) and width % first == 0 for width in widths):
        raise ValueError(f"block_out_channels must be whole multiples of the first, got {widths!r}")
    height, width = size if isinstance(size, list) and len(size) == 2 else (size, size)
    if not isinstance(height, int):
        raise ValueError(f"sample_size must be the images' pixels, one number or two, got {size!r}")
    down, up = settings["down_block_types"], settings["up_block_types"]
    attends = [kind == "AttnDownBlock2D" for kind in down]
    if down != _blocks("Down", attends) or up != _blocks("Up", attends[::-1]) or len(down) != len(widths):
        raise ValueError(
            "down_block_types must be DownBlock2D or AttnDownBlock2D, one for each of block_out_channels, and "
            f"up_block_types their mirror image, got {down!r} and {up!r}"
        )
    if settings["out_channels"] != channels:
        raise ValueError(
            f"out_channels must be in_channels, {channels!r}, got {settings['out_channels']!r}: a learned variance is "
            f"unknown here; keep the first {channels!r} filters of conv_out, out_channels={channels!r} and "
            "variance_type fixed_large"
        )
    return UNetConfig(
        size=height if height == width else (height, width),
        channels=channels,
        out_channels=channels,
        width=first,
        multipliers=tuple(w // first for w in widths),
        blocks=settings["layers_per_block"],
        attention=tuple(height // 2**level for level, yes in enumerate(attends) if yes),
        dropout=settings["dropout"],
        groups=settings["norm_num_groups"],
    )


def _blocks(way: str, attends: list[bool]) -> list[str]:
    return [f"{'Attn' if yes else ''}{way}Block2D" for yes in attends]


def _unet_settings(c: UNetConfig) -> dict:
    """The inverse of `_unet_config`."""
    channels, height, width = c.shape
    attends = [height // 2**level in c.attention for level in range(len(c.multipliers))]
    fixed = {name: needed for name, (needed, _) in UNET_FIXED.items()}
    return fixed | {
        "sample_size": height if height == width else [height, width],
        "in_channels": channels,
        "out_channels": channels,
        "block_out_channels": [c.width * m for m in c.multipliers],
        "down_block_types": _blocks("Down", attends),
        "up_block_types": _blocks("Up", attends[::-1]),
        "layers_per_block": c.blocks,
        "dropout": c.dropout,
        "norm_num_groups": c.groups,
    }


def _schedule(settings: dict) -> Schedule:
    """beta_1..beta_T of a `DDPMScheduler`; diffusers computes them in float32, this in float64."""
    T, kind = settings["num_train_timesteps"], settings["beta_schedule"]
    start, end, trained = settings["beta_start"], settings["beta_end"], settings["trained_betas"]
    if not isinstance(T, int) or not 1 <= T <= 1_000_000:
        raise ValueError(f"num_train_timesteps must be a number of steps in 1..1000000, got {T!r}")
    try:
        if trained is not None:
            betas = torch.tensor(trained, dtype=torch.float64)
        elif kind == "linear":
            betas = torch.linspace(start, end, T, dtype=torch.float64)
        elif kind == "scaled_linear":
            betas = torch.linspace(start**0.5, end**0.5, T, dtype=torch.float64) ** 2
        elif kind == "sigmoid":
            betas = torch.linspace(-6, 6, T, dtype=torch.float64).sigmoid() * (end - start) + start
        elif kind == "squaredcos_cap_v2":
            alpha_bar = ((torch.arange(T + 1, dtype=torch.float64) / T + 0.008) / 1.008 * math.pi / 2).cos() ** 2
            betas = (1 - alpha_bar[1:] / alpha_bar[:-1]).clamp(max=0.999)
        else:
            raise ValueError(f"beta_schedule {kind!r} is unknown here; save its betas as trained_betas")
        if len(betas) != T:
            raise ValueError(f"num_train_timesteps is {T!r}, but trained_betas has {len(betas)} numbers")
        return Schedule(torch.cat([betas.new_zeros(1), betas]))
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"beta_start={start!r} and beta_end={end!r}, or trained_betas, are no numbers") from error


def _betas(schedule: Schedule) -> dict:
    """The inverse of `_schedule`: two ends where the betas are linear, else all of them."""
    first, last = schedule.beta[1].item(), schedule.beta[-1].item()
    said = {"num_train_timesteps": schedule.T, "beta_schedule": "linear", "beta_start": first, "beta_end": last}
    linear = torch.equal(_schedule(SCHEDULER_OBEYED | said).beta, schedule.beta)
    return said if linear else said | {"trained_betas": schedule.beta[1:].tolist()}


def _network(folder: Path, config: UNetConfig) -> UNet:
    """The weights of a `UNet2DModel`, in single or half precision, under this package's names."""
    paths = [folder / _WEIGHTS, *folder.glob("diffusion_pytorch_model.*.safetensors")]  # such as .fp16
    path = next((path for path in paths if path.exists()), None)
    if path is None:
        raise ValueError(
            f"{folder} holds no model saved by diffusers: there is no {_WEIGHTS}; download it, or write it by "
            "UNet2DModel.from_pretrained(…).save_pretrained(…)"
        )
    try:  # read by Python's `open`, as in `files.read_tensors`
        weights = safetensors.torch.load(path.read_bytes())
        check_count(config, weights)
        layers, renamed = _layers(config), {}
        for name, tensor in weights.items():
            layer, _, kind = name.rpartition(".")
            renamed[f"{layers.get(layer, layer)}.{kind}"] = tensor
        return network_of(config, renamed)
    except (OSError, ValueError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"the weights in {path} do not fit the config.json beside them ({reason})") from error


def _layers(config: UNetConfig) -> dict[str, str]:
    """Every layer by its name in diffusers, to its name here: down_blocks.1.resnets.0.conv1 is down.3.block.conv1."""
    stages = {"mid_block.%s.0": "middle1", "mid_block.%s.1": "middle2"}
    layers = dict(_TOP)
    for way, blocks in (("down", config.blocks), ("up", config.blocks + 1)):
        for level in range(len(config.multipliers)):
            theirs, first = f"{way}_blocks.{level}", level * (blocks + 1)
            stages |= {f"{theirs}.%s.{k}": f"{way}.{first + k}" for k in range(blocks)}
            layers[f"{theirs}.{way}samplers.0.conv"] = f"{way}.{first + blocks}.conv"
    for stage, ours in stages.items():
        layers |= {f"{stage % 'resnets'}.{layer}": f"{ours}.block.{name}" for layer, name in _BLOCK.items()}
        layers |= {f"{stage % 'attentions'}.{layer}": f"{ours}.attention.{name}" for layer, name in _ATTENTION.items()}
    return layers
