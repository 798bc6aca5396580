"""The figures of the notes in one style: readable in grey, by the colour-blind, and on a phone.

Importing this module sets matplotlib's style for the process, whatever the user's own settings are, so that a
figure looks the same on every machine.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import matplotlib

matplotlib.use("agg", force=False)

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from torch import Tensor

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


def image_rows(
    rows: Sequence[tuple[str, Tensor]], column_titles: Sequence[str] = (), size: float = 0.62, width: float = WIDTH
) -> Figure:
    """Rows of images, one `(label, images)` each, under common column titles: strips of x_t, of x0_hat, of samples."""
    columns = max(len(x) for _, x in rows)
    size = min(size, (width - 1.1) / columns)
    figure, grid = plt.subplots(
        len(rows), columns, figsize=(width, size * len(rows) + 0.35), squeeze=False, gridspec_kw={"hspace": 0.02}
    )
    for (label, x), line in zip(rows, grid, strict=False):
        for i, ax in enumerate(line):
            ax.set_axis_off()
            if i < len(x):
                show_images(ax, x[i : i + 1], columns=1)
        line[0].text(-0.25, 0.5, label, transform=line[0].transAxes, ha="right", va="center")
    for ax, title in zip(grid[0], column_titles, strict=False):
        ax.set_title(title)
    return figure


def chain_diagram(forward: Tensor, reverse: Tensor, guesses: Tensor, t: Sequence[int], width: float = 9.6) -> Figure:
    """The two processes over common t: x_t of the forward chain, of the reverse chain, and x0_hat of the latter.

    forward, reverse, guesses: (len(t), C, H, W) in [-1, 1] and beyond; t descending, so that noise is on the left.
    """
    rows = (
        ("noise\nadded", "$\\leftarrow$", ORANGE, forward),
        ("noise\nremoved", "$\\rightarrow$", BLUE, reverse),
        ("guess of\nthe end", "", GREY, guesses),
    )
    side = (width - 0.65) / len(t)
    height = len(rows) * side + 0.3
    with plt.rc_context({"font.size": 11}):
        figure, grid = plt.subplots(len(rows), len(t), figsize=(width, height), squeeze=False)
        for (words, arrowhead, colour, images), line in zip(rows, grid, strict=True):
            for i, ax in enumerate(line):
                show_images(ax, images[i : i + 1], columns=1)
            has_arrow = arrowhead and side > 1  # on a phone there is no room beside the words
            words_at = (-0.06, 0.4 if has_arrow else 0.5)
            line[0].text(
                *words_at, words, transform=line[0].transAxes, rotation=90, ha="right", va="center", color=colour
            )
            place = {"xy": (0, 1), "xycoords": "axes fraction", "xytext": (-20, 4), "textcoords": "offset points"}
            if has_arrow:
                line[0].annotate(arrowhead, **place, ha="right", va="top", color=colour, fontsize=16)
        for step, ax in zip(t, grid[0], strict=True):
            ax.set_title(f"{step} steps" if step in (t[0], t[-1]) else f"{step}", fontsize=11)
    return figure


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], color: str = "#333333") -> None:
    """Draw an arrow between two points of the data's coordinates."""
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": color, "shrinkA": 0, "shrinkB": 0})


def map_of_boxes(
    boxes: Mapping[str, tuple[str, str]],
    places: Mapping[str, tuple[int, int]],
    arrows: Sequence[tuple[str, str]],
    size: tuple[float, float],
    colours: Mapping[str, str] = MappingProxyType({}),
) -> Figure:
    """Boxes in a grid, with arrows between them, each of which is a link.

    boxes: by the id that a box leads to, its name and what stands below that. places: row and column of each.
    arrows: from one id to another. size: of the figure in inches. colours: of boxes with a thicker frame.
    """
    rows, columns = (1 + max(place[axis] for place in places.values()) for axis in (0, 1))
    figure = plt.figure(figsize=size, layout="none")
    ax = figure.add_axes((0, 0, 1, 1))
    width, height = size[0] / columns, size[1] / rows
    half = {0: 0.5 * width - 0.13, 1: 0.5 * height - 0.11}
    centre = {name: ((column + 0.5) * width, size[1] - (row + 0.5) * height) for name, (row, column) in places.items()}
    for name, (title, words) in boxes.items():
        x, y = centre[name]
        colour = colours.get(name, GREY)
        look: dict[str, Any] = {"boxstyle": "round,pad=0,rounding_size=0.08", "facecolor": "white", "edgecolor": colour}
        corner, sides = (x - half[0], y - half[1]), (2 * half[0], 2 * half[1])
        ax.add_patch(
            FancyBboxPatch(
                corner, *sides, linewidth=2.6 if name in colours else 1.2, url=f"#{name}", label=title, **look
            )
        )
        ax.text(x, y + 0.2, title, ha="center", va="center", weight="bold", color=colour, fontsize=11)
        ax.text(x, y - 0.12, words, ha="center", va="center", linespacing=1.15)
    for start, end in arrows:
        (x0, y0), (x1, y1) = centre[start], centre[end]
        across, along = np.sign(x1 - x0), np.sign(y1 - y0)
        arrow(ax, (x0 + across * half[0], y0 + along * half[1]), (x1 - across * half[0], y1 - along * half[1]))
    ax.set(xlim=(0, size[0]), ylim=(0, size[1]))
    ax.set_axis_off()
    return figure


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
