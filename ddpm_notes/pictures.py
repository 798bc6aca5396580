"""Images as one picture: a grid of them, to look at in a notebook or to write to a file."""

import io

import numpy as np
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from ddpm_notes.data import to_uint8


def as_grid(x: Tensor, columns: int) -> np.ndarray:
    """Images (B, C, H, W) in [-1, 1] as one picture with thin gaps, (rows, columns[, C]) uint8, white where empty."""
    if x.ndim != 4 or not x.is_floating_point() or not len(x) or x.shape[1] not in (1, 3) or columns < 1:
        given = f"{x.dtype} of {tuple(x.shape)}, {columns}"
        raise ValueError(f"a picture is of images (B, C, H, W) in [-1, 1], grey or RGB, in columns, got {given}")
    pixels = to_uint8(x).cpu()
    count, channels, height, width = pixels.shape
    rows = -(-count // columns)
    gap = max(1, height // 14)
    grid = torch.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 255, dtype=torch.uint8)
    for i, image in enumerate(pixels):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        grid[top : top + height, left : left + width] = image.permute(1, 2, 0)
    return grid.squeeze(-1).numpy()  # a grey picture has no third dimension


def picture(x: Tensor, columns: int = 8) -> Image.Image:
    """Images (B, C, H, W) in [-1, 1], grey or RGB, in rows; Jupyter shows it. Small pixels are enlarged."""
    image, scale = Image.fromarray(as_grid(x, columns)), max(1, 64 // x.shape[-1])
    return image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)


def png_of(pixels: Tensor, comment: str = "") -> bytes:
    """A PNG of images (B, C, H, W) uint8, with a comment that programs show."""
    (told := PngInfo()).add_text("Comment", comment)
    picture(pixels.float() / 127.5 - 1).save(buffer := io.BytesIO(), "PNG", pnginfo=told)
    return buffer.getvalue()
