"""The figures of the notes in one style: readable in grey, by the colour-blind, and on a phone.

Importing this module sets matplotlib's style for the process, whatever the user's own settings are, so that a
figure looks the same on every machine.
"""

import io
from collections.abc import Iterable, Sequence

import matplotlib

matplotlib.use("agg", force=False)

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor, nn

from ddpm_notes.data import to_uint8
from ddpm_notes.unet import Downsample, Stage, UNet, Upsample, count_parameters

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072b2", "#d55e00", "#009e73", "#aa3377", "#767676"
"""Okabe and Ito's colours, which stay apart for the colour-blind; figures vary line style and marker too."""

WIDTH = 7.2
"""The width of a figure in inches: 720 CSS pixels on the page."""

STYLE = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "grid.color": "#e3e3e3",
    "legend.edgecolor": "none",
    "legend.framealpha": 0.85,
    "lines.linewidth": 1.8,
}
matplotlib.rcdefaults()
matplotlib.rcParams.update(STYLE)


def axes(rows: int = 1, columns: int = 1, height: float = 2.8, **options) -> tuple[Figure, np.ndarray | Axes]:
    """A figure of the notes' width with rows x columns axes; `height` in inches for each row."""
    return plt.subplots(rows, columns, figsize=(WIDTH, height * rows), **options)


def as_grid(x: Tensor, columns: int) -> np.ndarray:
    """Images (B, C, H, W) in [-1, 1] as one picture with thin gaps, (rows, columns, C) uint8, white where empty."""
    pixels = to_uint8(x)
    count, channels, height, width = pixels.shape
    rows = -(-count // columns)
    gap = max(1, height // 14)
    grid = torch.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 255, dtype=torch.uint8)
    for i, image in enumerate(pixels):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        grid[top : top + height, left : left + width] = image.permute(1, 2, 0)
    return grid.numpy()


def picture_of(pixels: Tensor) -> bytes:
    """A PNG of images (B, C, H, W) uint8 in rows of eight, every pixel enlarged so that 8x8 digits can be seen."""
    grid = as_grid(pixels.float() / 127.5 - 1, columns=8)
    scale = max(1, 64 // pixels.shape[-1])
    image = Image.fromarray(grid.squeeze(-1) if grid.shape[-1] == 1 else grid)
    buffer = io.BytesIO()
    image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST).save(buffer, "PNG")
    return buffer.getvalue()


def show_images(ax: Axes, x: Tensor, columns: int, title: str = "") -> None:
    """Draw images (B, C, H, W) in [-1, 1] as a grid without axes."""
    grid = as_grid(x, columns)
    ax.imshow(grid.squeeze(-1), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    ax.set_axis_off()
    ax.set_title(title)


def image_rows(rows: Sequence[tuple[str, Tensor]], column_titles: Sequence[str] = (), size: float = 0.62) -> Figure:
    """Rows of images, one `(label, images)` each, under common column titles: strips of x_t, of x0_hat, of samples."""
    columns = max(len(x) for _, x in rows)
    size = min(size, (WIDTH - 1.1) / columns)
    figure, grid = plt.subplots(
        len(rows), columns, figsize=(WIDTH, size * len(rows) + 0.35), squeeze=False, gridspec_kw={"hspace": 0.02}
    )
    for (label, x), line in zip(rows, grid, strict=False):
        for i, ax in enumerate(line):
            ax.set_axis_off()
            if i < len(x):
                show_images(ax, x[i : i + 1], columns=1)
        line[0].text(-0.25, 0.5, label, transform=line[0].transAxes, ha="right", va="center")
    for ax, title in zip(grid[0], column_titles, strict=False):
        ax.set_title(title, fontsize=9)
    return figure


def chain_diagram(forward: Tensor, reverse: Tensor, t: Sequence[int]) -> Figure:
    """The two processes over common t: x_t of the forward chain from left to right, of the reverse chain back.

    forward, reverse: (len(t), C, H, W) in [-1, 1] and beyond; t ascending, so that data are on the left.
    """
    last = len(t) - 1
    with plt.rc_context({"axes.grid": False, "font.size": 13}):
        figure, ax = plt.subplots(figsize=(WIDTH, 3.2))
        for row, images in ((1.42, forward), (0, reverse)):
            for i, pixels in enumerate(to_uint8(images).permute(0, 2, 3, 1).squeeze(-1).numpy()):
                ax.imshow(pixels, cmap="gray", vmin=0, vmax=255, extent=(i, i + 0.92, row, row + 0.92))
        for i, step in enumerate(t):
            ax.text(i + 0.46, 1.17, f"{step}", ha="center", va="center", color=GREY)
        ax.text(-0.12, 1.17, "$t$", ha="right", va="center", color=GREY)
        _arrow(ax, (0, 2.52), (last + 0.92, 2.52), color=ORANGE)
        _arrow(ax, (last + 0.92, -0.18), (0, -0.18), color=BLUE)
        middle = (last + 0.92) / 2
        fixed = r"forward, fixed: $q(x_t \mid x_{t-1})$ adds noise"
        ax.text(middle, 2.78, fixed, ha="center", va="center", color=ORANGE)
        learned = r"reverse, learned: $p_\theta(x_{t-1} \mid x_t)$ removes noise"
        ax.text(middle, -0.46, learned, ha="center", va="center", color=BLUE)
        ax.set(xlim=(-0.35, last + 1), ylim=(-0.62, 2.95), aspect="equal")
        ax.set_axis_off()
    return figure


def unet_diagram(net: UNet) -> Figure:
    """The U-Net drawn from the module itself: levels, blocks, attention, widths, skips and parameter counts."""
    down, up = _levels(net.down, Downsample), _levels(net.up, Upsample)[::-1]
    depth = len(down)
    with plt.rc_context({"axes.grid": False, "font.size": 13}):
        figure, ax = plt.subplots(figsize=(WIDTH, 0.74 * depth + 2.1))
        for level, (left, right) in enumerate(zip(down, up, strict=True)):
            _draw_blocks(ax, (-1.6, -level), left)
            _draw_blocks(ax, (1.6, -level), right)
            _arrow(ax, (-0.9, -level), (0.57, -level), color=GREY)
            ax.text(-0.16, 0.14 - level, f"{len(right)} skips", ha="center", color=GREY, fontsize=11)
            size = net.config.size // 2**level
            ax.text(-2.4, -level, f"{size}×{size}", ha="right", va="center")
            ax.text(2.65, -level, _millions([*left, *right]), ha="left", va="center")
            if level:
                _arrow(ax, (-1.6, 0.67 - level), (-1.6, 0.33 - level))
                _arrow(ax, (1.6, 0.33 - level), (1.6, 0.67 - level))
        _draw_ends(ax, net, depth)
        ax.set(xlim=(-3.3, 3.6), ylim=(-depth - 0.95, 1.1))
        ax.set_axis_off()
    return figure


def _levels(path: Iterable[nn.Module], between: type) -> list[list[Stage]]:
    """The stages of one side of the U, grouped by resolution."""
    levels: list[list[Stage]] = [[]]
    for layer in path:
        if isinstance(layer, between):
            levels.append([])
        else:
            levels[-1].append(layer)
    return levels


def _draw_blocks(ax: Axes, centre: tuple[float, float], stages: Sequence[Stage]) -> None:
    """A box for each block, with its channels; orange and framed where attention follows it."""
    for i, stage in enumerate(stages):
        x, y = centre[0] + (i - (len(stages) - 1) / 2) * 0.65, centre[1]
        colour = BLUE if stage.attention is None else ORANGE
        ax.add_patch(plt.Rectangle((x - 0.3, y - 0.28), 0.6, 0.56, color=colour, linewidth=0))
        if stage.attention is not None:
            ax.add_patch(plt.Rectangle((x - 0.255, y - 0.235), 0.51, 0.47, fill=False, edgecolor="white"))
        channels = str(stage.block.conv2.out_channels)
        ax.text(x, y, channels, ha="center", va="center", color="white")


def _draw_ends(ax: Axes, net: UNet, depth: int) -> None:
    """What goes in and comes out, the middle blocks, and the legend."""
    middle = [net.middle1, net.middle2]
    _draw_blocks(ax, (0, -depth), middle)
    ax.text(0.75, -depth - 0.05, _millions(middle), ha="left", va="center")
    _arrow(ax, (-1.6, 0.67 - depth), (-0.68, 0.1 - depth))
    _arrow(ax, (0.68, 0.1 - depth), (1.6, 0.67 - depth))
    _arrow(ax, (-1.6, 0.72), (-1.6, 0.33))
    _arrow(ax, (1.6, 0.33), (1.6, 0.72))
    ax.text(-1.6, 0.9, "$x_t$", ha="center", va="center", fontsize=15)
    ax.text(1.6, 0.9, r"$\epsilon_\theta(x_t, t)$", ha="center", va="center", fontsize=15)
    ax.text(0, 0.96, "residual block", ha="center", va="center", color=BLUE, weight="bold")
    ax.text(0, 0.66, "framed: + self-attention", ha="center", va="center", color=ORANGE, weight="bold")
    ax.text(0, -depth - 0.7, "$t$ enters every block", ha="center", va="center", color=GREY)


def _millions(modules: Iterable[nn.Module]) -> str:
    return f"{sum(count_parameters(module) for module in modules) / 1e6:.2f} M"


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], color: str = "#333333") -> None:
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": color, "shrinkA": 0, "shrinkB": 0})
