"""The figures: every pixel and every box where it should be."""

import io
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from PIL import Image

from ddpm_notes.data import to_uint8
from ddpm_notes.figures import WIDTH, axes, chain_diagram, image_rows, label_ends, map_of_boxes, show_images
from ddpm_notes.pictures import as_grid, png_of
from ddpm_notes.unet import CIFAR10, DIGITS, LSUN256, SelfAttention, Stage, UNet
from ddpm_notes.unet_figure import unet_diagram


def test_a_grid_has_every_pixel_at_its_place_and_white_elsewhere():
    x = torch.rand(3, 1, 2, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    grid, pixels = as_grid(x, columns=2), to_uint8(x).numpy()[:, 0]
    white_row, white_column = np.full((1, 5), 255), np.full((2, 1), 255)
    first = np.hstack([pixels[0], white_column, pixels[1]])
    second = np.hstack([pixels[2], white_column, np.full((2, 2), 255)])
    assert np.array_equal(grid, np.vstack([first, white_row, second]))


def test_a_picture_is_a_png_of_eight_columns_enlarged():
    pixels = torch.arange(9, dtype=torch.uint8).view(9, 1, 1, 1) * 20
    picture = Image.open(io.BytesIO(png_of(pixels)))
    assert picture.format == "PNG" and picture.size == (64 * 15, 64 * 3)
    assert picture.getpixel((64 * 4 + 5, 9)) == 40 and picture.getpixel((70, 9)) == 255
    assert picture.getpixel((0, 64 * 2)) == 160


def test_a_colour_picture_may_be_wide_and_keeps_its_channels():
    red = torch.tensor([255, 0, 0], dtype=torch.uint8).view(1, 3, 1, 1).expand(1, 3, 8, 16)
    assert as_grid(red / 127.5 - 1, columns=1).shape == (8, 16, 3)
    assert Image.open(io.BytesIO(png_of(red))).getpixel((3, 3)) == (255, 0, 0)


@pytest.mark.parametrize(
    "x, columns",
    [
        (torch.zeros(2, 1, 8, 8, dtype=torch.uint8), 8),
        (torch.zeros(1, 8, 8), 8),
        (torch.zeros(0, 1, 8, 8), 8),
        (torch.zeros(1, 2, 8, 8), 8),
        (torch.zeros(1, 1, 8, 8), 0),
    ],
    ids=["integers", "one image", "none", "two channels", "no columns"],
)
def test_what_is_no_picture_is_refused(x, columns):
    with pytest.raises(ValueError, match=r"a picture is of images \(B, C, H, W\) in \[-1, 1\], grey or RGB"):
        as_grid(x, columns)


def test_axes_are_of_the_notes_width_and_show_images_draws_the_grid():
    figure, ax = axes(height=2.0)
    x = torch.linspace(-1, 1, 8).view(2, 1, 2, 2)
    show_images(ax, x, columns=2, title="digits")
    assert figure.get_size_inches().tolist() == [WIDTH, 2.0] and ax.get_title() == "digits"
    assert np.array_equal(ax.images[0].get_array(), as_grid(x, 2))


def test_lines_are_named_in_their_colours_where_they_end():
    figure, ax = axes(height=2.0)
    ax.set(yscale="log", ylim=(0.1, 10))
    label_ends(ax, {"upper": (5, "#d55e00"), "lower": (0.2, "#0072b2")})
    figure.draw_without_rendering()
    names = ax.child_axes[0].get_yticklabels()
    assert [(one.get_text(), one.get_color()) for one in names] == [("upper", "#d55e00"), ("lower", "#0072b2")]
    heights = [ax.transAxes.inverted().transform(one.get_window_extent())[:, 1].mean() for one in names]
    assert heights == pytest.approx([0.849, 0.151], abs=0.03)
    assert figure.axes == [ax] and not list(ax.texts)  # what the press asks before it makes a form for phones


def test_rows_have_a_label_each_and_the_columns_a_title():
    x = torch.zeros(3, 1, 2, 2)
    figure = image_rows([("x_t", x), ("x0_hat", x[:2])], ["a", "b", "c"])
    assert [ax.get_title() for ax in figure.axes[:3]] == ["a", "b", "c"]
    assert [len(ax.images) for ax in figure.axes] == [1, 1, 1, 1, 1, 0]
    assert [text.get_text() for ax in figure.axes for text in ax.texts] == ["x_t", "x0_hat"]


@pytest.mark.parametrize("config", [DIGITS, CIFAR10, LSUN256, replace(DIGITS, size=(8, 12))])
def test_the_unet_is_drawn_with_a_box_for_every_block_and_a_frame_for_every_attention(config):
    with torch.device("meta"):
        net = UNet(config)
    figure = unet_diagram(net)
    (ax,) = figure.axes
    channels = sorted(int(text.get_text()) for text in ax.texts if text.get_text().isdigit())
    stages = [module for module in net.modules() if isinstance(module, Stage)]
    assert channels == sorted(stage.block.conv2.out_channels for stage in stages)
    height, width = config.shape[1:]
    assert f"{height // 2}×{width // 2}" in [text.get_text() for text in ax.texts]
    frames = [patch for patch in ax.patches if not patch.get_fill()]
    assert len(frames) == sum(isinstance(module, SelfAttention) for module in net.modules())
    plt.close(figure)


def test_the_chains_and_the_guesses_are_drawn_under_common_steps():
    forward, reverse, guesses = (torch.full((3, 1, 8, 8), grey) for grey in (-1.0, 0.0, 1.0))
    figure = chain_diagram(forward, reverse, guesses, (1000, 500, 0))
    assert [int(ax.images[0].get_array().max()) for ax in figure.axes] == [0, 0, 0, 128, 128, 128, 255, 255, 255]
    assert [ax.get_title() for ax in figure.axes[:3]] == ["1000 steps", "500", "0 steps"]
    plt.close(figure)


def test_each_box_of_a_map_leads_to_its_place_and_an_arrow_ends_at_its_edge():
    boxes = {"eq-1": ("Eq. (1)", "here"), "eq-2": ("Eq. (2)", "there")}
    figure = map_of_boxes(boxes, {"eq-1": (0, 0), "eq-2": (0, 1)}, [("eq-1", "eq-2")], (4.0, 1.0))
    (ax,) = figure.axes
    first, second = (patch for patch in ax.patches if patch.get_url())
    assert [(one.get_url(), one.get_label()) for one in (first, second)] == [("#eq-1", "Eq. (1)"), ("#eq-2", "Eq. (2)")]
    (pointed,) = (text for text in ax.texts if not text.get_text())
    assert pointed.xy[0] == pytest.approx(second.get_x())
    plt.close(figure)


@pytest.mark.parametrize(("width", "steps"), [(9.6, 8), (3.9, 4)])
def test_no_arrow_runs_into_the_words_of_its_chain(width, steps):
    images = torch.zeros(steps, 1, 8, 8)
    figure = chain_diagram(images, images, images, range(steps)[::-1], width)
    figure.canvas.draw()
    texts = [text for ax in figure.axes for text in ax.texts if text.get_text()]
    boxes = [text.get_window_extent() for text in texts]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    plt.close(figure)
