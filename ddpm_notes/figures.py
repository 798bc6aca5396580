"""The figures of the notes in one style: readable in grey, by the colour-blind, and on a phone."""

import io
from collections.abc import Sequence

import matplotlib

matplotlib.use("agg", force=False)

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

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
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}


def axes(rows: int = 1, columns: int = 1, height: float = 2.8, **options) -> tuple[Figure, np.ndarray | Axes]:
    """A figure of the notes' width with rows x columns axes; `height` in inches for each row."""
    with plt.rc_context(STYLE):
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
    with plt.rc_context(STYLE):
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


def unet_diagram(net: UNet) -> Figure:
    """The U-Net drawn from the module itself: its stages, resolutions, widths, attention and parameter counts."""
    with plt.rc_context({**STYLE, "axes.grid": False}):
        figure, ax = plt.subplots(figsize=(WIDTH, 3.4))
        size, x, levels = net.config.size, 0, {}
        path = [*net.down, net.middle1, net.middle2, *net.up]
        for layer in path:
            if isinstance(layer, Stage):
                levels.setdefault(size, []).append((x, size))
                _draw_stage(ax, x, size, net.config.size, layer)
                x += 1
            else:
                size = size // 2 if isinstance(layer, Downsample) else size * 2
                _draw_arrow(ax, x - 0.5, size, isinstance(layer, Upsample), net.config.size)
        ax.set_xlim(-1.4, x)
        lowest = -np.log2(net.config.size / min(levels))
        ax.set_ylim(lowest - 0.6, 0.6)
        for resolution in levels:
            y = -np.log2(net.config.size / resolution)
            ax.text(-0.75, y, f"{resolution}×{resolution}", ha="right", va="center", color=GREY)
        ax.set_axis_off()
        ax.set_title(f"{count_parameters(net):,} parameters; number in a box: channels; orange: with self-attention")
    return figure


def _draw_stage(ax: Axes, x: float, size: int, full: int, stage: Stage) -> None:
    y = -np.log2(full / size)
    colour = BLUE if stage.attention is None else ORANGE
    ax.add_patch(plt.Rectangle((x - 0.36, y - 0.3), 0.72, 0.6, facecolor=colour, alpha=0.85))
    channels = stage.block.conv2.out_channels
    ax.text(x, y, f"{channels}", ha="center", va="center", color="white", fontsize=8)


def _draw_arrow(ax: Axes, x: float, size: int, up: bool, full: int) -> None:
    y = -np.log2(full / size)
    start, end = (y - 0.7, y - 0.3) if up else (y + 0.7, y + 0.3)
    ax.annotate("", (x, end), (x, start), arrowprops={"arrowstyle": "->", "color": GREY})
