"""The U-Net drawn from the module itself."""

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn

from ddpm_notes.figures import GREY, PURPLE, WIDTH, arrow, plt
from ddpm_notes.unet import Downsample, Stage, UNet, Upsample, count_parameters


def unet_diagram(net: UNet, width: float = WIDTH) -> Figure:
    """A U-Net's levels, blocks, attention, widths, skips and parameter counts; `width` in inches."""
    down, up = _levels(net.down, Downsample), _levels(net.up, Upsample)[::-1]
    depth = len(down)
    with plt.rc_context({"axes.grid": False, "font.size": max(9, 13 * width / WIDTH)}):
        figure, ax = plt.subplots(figsize=(width, 0.74 * depth + 2.3))
        for level, (left, right) in enumerate(zip(down, up, strict=True)):
            _draw_blocks(ax, (-1.6, -level), left)
            _draw_blocks(ax, (1.6, -level), right)
            arrow(ax, (-0.9, -level), (0.57, -level), color=GREY)
            ax.text(-0.16, 0.14 - level, f"{len(right)} skips", ha="center", color=GREY)
            _, tall, wide = net.config.shape
            ax.text(-2.4, -level, f"{tall // 2**level}×{wide // 2**level}", ha="right", va="center")
            ax.text(2.65, -level, _millions([*left, *right]), ha="left", va="center")
            if level:
                arrow(ax, (-1.6, 0.67 - level), (-1.6, 0.33 - level))
                arrow(ax, (1.6, 0.33 - level), (1.6, 0.67 - level))
        _draw_ends(ax, net, depth)
        ax.set(xlim=(-3.3, 3.6), ylim=(-depth - 1.6, 1.1))
        ax.set_axis_off()
    return figure


def _levels(path: Iterable[nn.Module], between: type) -> list[list[Stage]]:
    """The stages of one side of the U, grouped by resolution."""
    levels: list[list[Stage]] = [[]]
    for layer in path:
        if isinstance(layer, between):
            levels.append([])
        elif isinstance(layer, Stage):
            levels[-1].append(layer)
    return levels


def _draw_blocks(ax: Axes, centre: tuple[float, float], stages: Sequence[Stage]) -> None:
    """A box for each block, with its channels; in another colour and framed where attention follows it."""
    for i, stage in enumerate(stages):
        x, y = centre[0] + (i - (len(stages) - 1) / 2) * 0.65, centre[1]
        colour = GREY if stage.attention is None else PURPLE
        ax.add_patch(plt.Rectangle((x - 0.3, y - 0.28), 0.6, 0.56, color=colour, linewidth=0))
        if stage.attention is not None:
            ax.add_patch(plt.Rectangle((x - 0.255, y - 0.235), 0.51, 0.47, fill=False, edgecolor="white"))
        ax.text(x, y, str(stage.block.conv2.out_channels), ha="center", va="center", color="white")


def _draw_ends(ax: Axes, net: UNet, depth: int) -> None:
    """What goes in and comes out, the middle blocks, and the legend."""
    middle = [net.middle1, net.middle2]
    _draw_blocks(ax, (0, -depth), middle)
    ax.text(0.75, -depth - 0.05, _millions(middle), ha="left", va="center")
    arrow(ax, (-1.6, 0.67 - depth), (-0.68, 0.1 - depth))
    arrow(ax, (0.68, 0.1 - depth), (1.6, 0.67 - depth))
    arrow(ax, (-1.6, 0.72), (-1.6, 0.33))
    arrow(ax, (1.6, 0.33), (1.6, 0.72))
    ax.text(-1.6, 0.9, "$x_t$", ha="center", va="center", fontsize="large")
    ax.text(1.6, 0.9, r"$\epsilon_\theta(x_t, t)$", ha="center", va="center", fontsize="large")
    ax.text(0, -depth - 0.66, "residual block", ha="center", va="center", color=GREY, weight="bold")
    ax.text(0, -depth - 1.0, "framed: + self-attention", ha="center", va="center", color=PURPLE, weight="bold")
    ax.text(0, -depth - 1.34, "$t$ enters every block", ha="center", va="center", color=GREY)


def _millions(modules: Iterable[nn.Module]) -> str:
    return f"{sum(count_parameters(module) for module in modules) / 1e6:.2f} M"
