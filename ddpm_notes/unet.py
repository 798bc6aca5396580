"""The U-Net of the released code: App. B, p. 14. Widths and initialisation are in the code alone.

What the code fixes and the paper leaves open: three residual blocks per level on the way up, attention
after every block at the attention resolutions and always in the middle, downsampling by a strided
convolution padded on the right and bottom only, and last layers initialised to (nearly) zero.
"""

import math
import reprlib
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)


@dataclass(frozen=True)
class UNetConfig:
    """The shape of a U-Net. The defaults are the released CIFAR10 model: 35,746,307 parameters.

    size: height and width of the images, in pixels; one number where they are square. channels: image
    channels. out_channels: None for the image channels; twice as many for a learned variance. width:
    feature channels of the first level. multipliers: the width of each level in units of `width`; each
    level halves height and width. blocks: residual blocks per level on the way down (one more on the way
    up). attention: the resolutions with self-attention besides the middle, each by its height in pixels,
    as in the released code. dropout: in every residual block. groups: of the group normalisation, which
    must divide every width. Raises ValueError for anything else: an odd width, an attention height that never occurs.
    """

    size: int | tuple[int, int] = 32
    channels: int = 3
    out_channels: int | None = None
    width: int = 128
    multipliers: tuple[int, ...] = (1, 2, 2, 2)
    blocks: int = 2
    attention: tuple[int, ...] = (16,)
    dropout: float = 0.1
    groups: int = 32

    def __post_init__(self):
        for name in ("channels", "width", "blocks", "groups"):
            _check(name, getattr(self, name), _positive(getattr(self, name)), "a whole number, at least 1")
        sides = self.size if isinstance(self.size, tuple | list) else (self.size, self.size)
        _check("size", self.size, len(sides) == 2 and all(map(_positive, sides)), "pixels, one number or two")
        _check("out_channels", self.out_channels, self.out_channels is None or _positive(self.out_channels), "a number")
        several = isinstance(self.multipliers, tuple | list) and len(self.multipliers) > 0
        numbers = several and all(map(_positive, self.multipliers))
        _check("multipliers", self.multipliers, numbers, "whole numbers, one for each level")
        drops = isinstance(self.dropout, int | float) and 0 <= self.dropout < 1
        _check("dropout", self.dropout, drops, "in 0..1 (1 excluded)")
        _check(
            "width", self.width, self.width % 2 == 0 and self.width > 2, "even and at least 4: sines and cosines of t"
        )
        halvings, (height, width) = len(self.multipliers) - 1, sides
        if height % 2**halvings or width % 2**halvings:
            raise ValueError(f"images of {height}×{width} pixels cannot be halved {halvings} times")
        if self.width % self.groups:
            raise ValueError(f"groups must divide the width, got {self.groups} groups for width {self.width}")
        heights = [height // 2**level for level in range(halvings + 1)]
        there = isinstance(self.attention, tuple | list) and all(each in heights for each in self.attention)
        _check("attention", self.attention, there, f"some of the heights {', '.join(map(str, heights))}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of an image."""
        return (self.channels, *(self.size if isinstance(self.size, tuple | list) else (self.size, self.size)))

    def check(self, x: Tensor, t: Tensor) -> None:
        """Raise ValueError unless x is a batch of such images and t has a step from 1 on for each, as `UNet` needs."""
        if x.ndim != 4 or x.shape[1:] != self.shape:
            expected = ", ".join(map(str, self.shape))
            raise ValueError(f"this U-Net expects images (B, {expected}), got {tuple(x.shape)}")
        if torch.compiler.is_compiling():  # the values of t are then unknown
            return
        if t.shape != (len(x),):
            raise ValueError(f"t must be of shape (B,), one for each of the {len(x)} images, got {tuple(t.shape)}")
        if t.device.type == "cpu" and bool((t < 1).any()):
            raise ValueError(f"t must be in 1..T (the paper's t), got {t.min().item()}")

    @classmethod
    def from_dict(cls, values: dict) -> "UNetConfig":
        """The inverse of `asdict`, for configurations read from JSON."""
        settings: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**settings)


def _positive(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _check(name: str, value: object, fits: bool, expected: str) -> None:
    if not fits:
        raise ValueError(f"{name} of a U-Net must be {expected}, got {reprlib.repr(value)}")


CIFAR10 = UNetConfig()
LSUN256 = UNetConfig(size=256, multipliers=(1, 1, 2, 2, 4, 4), dropout=0.0)
DIGITS = UNetConfig(size=8, channels=1, width=32, multipliers=(1, 2), attention=(4,), groups=8)
FASHION = UNetConfig(size=28, channels=1, width=32, multipliers=(1, 2, 2), attention=(7,), dropout=0.0, groups=8)


def frequencies(dim: int, device: torch.device | None = None) -> Tensor:
    """The dim / 2 frequencies of `time_embedding`, in radians per step of t."""
    half = dim // 2
    return torch.exp(torch.arange(half, device=device, dtype=torch.float32) * (-math.log(10000) / (half - 1)))


def time_embedding(t: Tensor, dim: int) -> Tensor:
    """The sinusoidal embedding of the paper's t, (B,) to (B, dim): [sin | cos] of (t - 1) times dim / 2 frequencies.

    The frequencies fall geometrically from 1 to 1/10000. The network counts time from 0, as the released
    code does: this is the only place where the paper's t becomes t - 1.
    """
    rates = frequencies(dim, t.device)
    angles = (t - 1).float()[:, None] * rates  # (B, 1) and (dim / 2,) to (B, dim / 2)
    return torch.cat([angles.sin(), angles.cos()], dim=1)  # (B, half) twice to (B, dim)


def _initialise(layer: Layer, scale: float = 1.0) -> Layer:
    """Xavier-uniform weights, zero biases; scale=0 starts a layer at almost zero (1e-10), as in the released code."""
    nn.init.xavier_uniform_(layer.weight, gain=max(scale, 1e-10) ** 0.5)
    nn.init.zeros_(cast(Tensor, layer.bias))
    return layer


def _conv(into: int, out: int, size: int = 3, stride: int = 1, padding: int = 1, scale: float = 1.0) -> nn.Conv2d:
    return _initialise(nn.Conv2d(into, out, size, stride, padding), scale)


def _dense(into: int, out: int, scale: float = 1.0) -> nn.Linear:
    return _initialise(nn.Linear(into, out), scale)


class ResidualBlock(nn.Module):
    """GN, swish, conv; plus the time embedding; GN, swish, dropout, conv starting at zero; and a shortcut."""

    def __init__(self, into: int, out: int, config: UNetConfig):
        super().__init__()
        self.norm1 = nn.GroupNorm(config.groups, into, eps=1e-6)
        self.conv1 = _conv(into, out)
        self.time = _dense(4 * config.width, out)
        self.norm2 = nn.GroupNorm(config.groups, out, eps=1e-6)
        self.dropout = nn.Dropout(config.dropout)
        self.conv2 = _conv(out, out, scale=0)
        self.shortcut = nn.Identity() if into == out else _conv(into, out, size=1, padding=0)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))  # (B, into, H, W) to (B, out, H, W)
        h = h + self.time(embedding)[:, :, None, None]  # (B, out, 1, 1); embedding is already swish-ed
        h = self.conv2(self.dropout(F.silu(self.norm2(h))))
        return self.shortcut(x) + h


class SelfAttention(nn.Module):
    """Single-head self-attention over the pixels, scale C^(-1/2), added to its input."""

    def __init__(self, channels: int, config: UNetConfig):
        super().__init__()
        self.norm = nn.GroupNorm(config.groups, channels, eps=1e-6)
        self.query, self.key, self.value = (_dense(channels, channels) for _ in range(3))
        self.out = _dense(channels, channels, scale=0)

    def forward(self, x: Tensor) -> Tensor:
        pixels = self.norm(x).flatten(2).transpose(1, 2)  # (B, C, H, W) to (B, H*W, C)
        q, k, v = self.query(pixels), self.key(pixels), self.value(pixels)
        mixed = F.scaled_dot_product_attention(q[:, None], k[:, None], v[:, None])[:, 0]  # one head: (B, 1, H*W, C)
        return x + self.out(mixed).transpose(1, 2).reshape(x.shape)  # (B, H*W, C) to (B, C, H, W)


class Downsample(nn.Module):
    """A 3x3 convolution of stride 2 over an image padded by one pixel on the right and at the bottom."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv = _conv(channels, channels, stride=2, padding=0)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, (0, 1, 0, 1)))  # (B, C, H, W) to (B, C, H/2, W/2)


class Upsample(nn.Module):
    """Nearest-neighbour doubling, then a 3x3 convolution."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv = _conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))  # (B, C, H, W) to (B, C, 2H, 2W)


class Stage(nn.Module):
    """One residual block and, at an attention resolution, the attention that follows it."""

    def __init__(self, into: int, out: int, attends: bool, config: UNetConfig):
        super().__init__()
        self.block = ResidualBlock(into, out, config)
        self.attention = SelfAttention(out, config) if attends else None

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        h = self.block(x, embedding)
        return h if self.attention is None else self.attention(h)


class UNet(nn.Module):
    """epsilon_theta(x_t, t): a model in the sense of this package.

    forward(x, t): x (B, channels, H, W); t (B,), the paper's t, 1..T. Returns (B, out_channels, H, W).
    Raises ValueError if x has another number of channels or another size, or t is no vector of B values from 1 on.
    On a GPU the values of t are not looked at, since that would wait for all that was begun there before.
    """

    def __init__(self, config: UNetConfig = CIFAR10):
        super().__init__()
        self.config = config
        widths = [config.width * m for m in config.multipliers]
        self.time1 = _dense(config.width, 4 * config.width)
        self.time2 = _dense(4 * config.width, 4 * config.width)
        self.conv_in = _conv(config.channels, config.width)

        self.down, skips, channels, height = nn.ModuleList(), [config.width], config.width, config.shape[1]
        for level, width in enumerate(widths):
            for _ in range(config.blocks):
                self.down.append(Stage(channels, width, height in config.attention, config))
                channels = width
                skips.append(channels)
            if level < len(widths) - 1:
                self.down.append(Downsample(channels))
                skips.append(channels)
                height //= 2

        self.middle1 = Stage(channels, channels, True, config)
        self.middle2 = Stage(channels, channels, False, config)

        self.up = nn.ModuleList()
        for level, width in reversed(list(enumerate(widths))):
            for _ in range(config.blocks + 1):
                self.up.append(Stage(channels + skips.pop(), width, height in config.attention, config))
                channels = width
            if level > 0:
                self.up.append(Upsample(channels))
                height *= 2

        self.norm_out = nn.GroupNorm(config.groups, channels, eps=1e-6)
        self.conv_out = _conv(channels, config.out_channels or config.channels, scale=0)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        self.config.check(x, t)
        embedding = self.time1(time_embedding(t, self.config.width).to(x.dtype))  # (B,) to (B, width) to (B, 4 width)
        embedding = F.silu(self.time2(F.silu(embedding)))

        h = self.conv_in(x)  # (B, C, H, W) to (B, width, H, W)
        if not torch.is_grad_enabled():
            h = h.contiguous(memory_format=torch.channels_last)  # faster forwards, not backwards: benchmarks/README.md
        skips = [h]
        for layer in self.down:
            h = layer(h, embedding) if isinstance(layer, Stage) else layer(h)
            skips.append(h)
        h = self.middle2(self.middle1(h, embedding), embedding)
        for layer in self.up:
            h = layer(torch.cat([h, skips.pop()], dim=1), embedding) if isinstance(layer, Stage) else layer(h)
        return self.conv_out(F.silu(self.norm_out(h))).to(x.dtype, memory_format=torch.contiguous_format)


def count_parameters(model: nn.Module) -> int:
    """The number of weights."""
    return sum(p.numel() for p in model.parameters())
