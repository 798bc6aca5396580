"""The figures of the notes in one style: readable in grey, by the colour-blind, and on a phone.

Importing this module sets matplotlib's style for the process, whatever the user's own settings are, so that a
figure looks the same on every machine.
"""

from collections.abc import Sequence
from typing import Any

import matplotlib

matplotlib.use("agg", force=False)

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from ddpm_notes.data import to_uint8
from ddpm_notes.pictures import as_grid

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072b2", "#d55e00", "#009e73", "#aa3377", "#767676"
"""Okabe and Ito's colours, which stay apart for the colour-blind; figures vary line style and marker too."""

BETA, BETA_TILDE, PERFECT, DATA, PAPER = ORANGE, BLUE, GREEN, "#000000", GREY
"""One colour for one thing in all figures: the variances beta_t and beta~_t, the perfect network (or a floor), the
data (or their entropy), and the paper's own numbers, which are crosses."""

WIDTH = 7.2
"""The width of a figure in inches: 720 CSS pixels on the page."""

STYLE: dict[Any, Any] = {
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


def show_images(ax: Axes, x: Tensor, columns: int, title: str = "") -> None:
    """Draw images (B, C, H, W) in [-1, 1] as a grid without axes."""
    ax.imshow(as_grid(x, columns), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
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
                height, width = (0.92 * (side / max(pixels.shape)) for side in pixels.shape)
                ax.imshow(pixels, cmap="gray", vmin=0, vmax=255, extent=(i, i + width, row, row + height))
        for i, step in enumerate(t):
            ax.text(i + 0.46, 1.17, f"{step}", ha="center", va="center", color=GREY)
        ax.text(-0.12, 1.17, "$t$", ha="right", va="center", color=GREY)
        arrow(ax, (0, 2.52), (last + 0.92, 2.52), color=ORANGE)
        arrow(ax, (last + 0.92, -0.18), (0, -0.18), color=BLUE)
        middle = (last + 0.92) / 2
        fixed = r"forward, fixed: $q(x_t \mid x_{t-1})$ adds noise"
        ax.text(middle, 2.78, fixed, ha="center", va="center", color=ORANGE)
        learned = r"reverse, learned: $p_\theta(x_{t-1} \mid x_t)$ removes noise"
        ax.text(middle, -0.46, learned, ha="center", va="center", color=BLUE)
        ax.set(xlim=(-0.35, last + 1), ylim=(-0.62, 2.95), aspect="equal")
        ax.set_axis_off()
    return figure


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], color: str = "#333333") -> None:
    """Draw an arrow between two points of the data's coordinates."""
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": color, "shrinkA": 0, "shrinkB": 0})


def label_ends(ax: Axes, names: dict[str, tuple[float, str]]) -> None:
    """Name lines where they end at the right, `{name: (y, color)}`; a phone can still narrow the plot."""
    side = ax.secondary_yaxis("right")
    side.set_yticks([y for y, _ in names.values()], list(names))
    side.minorticks_off()
    side.tick_params(length=0)
    side.grid(False)
    side.spines["right"].set_visible(False)
    for label, (_, color) in zip(side.get_yticklabels(), names.values(), strict=True):
        label.set_color(color)
