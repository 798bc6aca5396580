"""Images of one's own: a folder of pictures, or an array in an .npz file."""

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from ddpm_notes.data import Images, cache_home
from ddpm_notes.files import write_atomically
from ddpm_notes.progress import progress_bar

Fit = Literal["exact", "crop", "resize"]
Size = int | tuple[int, int]

UNREADABLE = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}
"""What Pillow knows by name, and leaves to other programs to read."""


def load_own(path: Path, size: Size | None = None, channels: int | None = None, fit: Fit = "exact") -> Images:
    """The images of a folder and all folders in it, or of an .npz, as 256 levels; labels are 0 where there are none.

    size: height and width, or one number for both; that of the first image if None. channels: 1 or 3; if None, 1
    where all images are grey. fit: "exact" refuses an image of another size by name; "crop" scales it until it covers
    the size and cuts what stands out, equally on both sides; "resize" changes its proportions. Transparent pixels
    are laid on white; hidden files are passed over. What a folder gave is cached, until a file in it changes.
    Raises ValueError for a file that is broken or does not fit, by name, and where there are no images.
    """
    path = Path(path).resolve()  # so that it is the same from everywhere, and no name of a data set
    if channels not in (None, 1, 3):
        raise ValueError(f"images have 1 channel (grey) or 3 (colour), got {channels}")
    if fit not in get_args(Fit) or min(_pair(size) or (1, 1)) < 1:
        raise ValueError(f"fit is one of {', '.join(get_args(Fit))} and size above 0, got {fit!r} and {size!r}")
    if path.is_dir():
        pixels = _cached(_Folder(path, size, channels, fit))
        return Images(str(path), 256, pixels, torch.zeros(len(pixels), dtype=torch.int64))
    if path.suffix != ".npz":
        raise ValueError(f"images come from a folder or an .npz file, got {path}")
    images = _npz(path)
    _, C, H, W = images.pixels.shape
    if _pair(size) not in (None, (H, W)) or channels not in (None, C) or fit != "exact":
        raise ValueError(
            f"{path} holds images of {C}×{H}×{W} (channels, height, width), which are taken as they are; leave out "
            "size, channels and fit"
        )
    return images


def _pair(size: Size | None) -> tuple[int, int] | None:
    match size:
        case None | (int(), int()):
            return size
        case int():
            return size, size
    raise ValueError(f"size is a whole number, or (height, width), got {size!r}")


def _npz(path: Path) -> Images:
    """An .npz with one array of images, uint8, (N, C, H, W), (N, H, W, C) or (N, H, W); and perhaps `labels`."""
    try:
        with np.load(path) as arrays:
            found = {name: np.asarray(arrays[name]) for name in arrays.files}
    except Exception as error:  # what a damaged archive raises has no end
        raise ValueError(f"{path} cannot be read as an .npz ({_line(error)}); write it by numpy.savez") from error
    labels = found.pop("labels", None)
    if len(found) > 1 and "images" in found:
        found = {"images": found["images"]}
    held = ", ".join(f"{name} {array.dtype} {array.shape}" for name, array in found.items()) or "nothing"
    if len(found) != 1 or (array := next(iter(found.values()))).dtype != np.uint8 or array.ndim not in (3, 4):
        raise ValueError(
            f"{path} must hold one array of images, uint8, (N, C, H, W), (N, H, W, C) or (N, H, W), called images "
            f"if there are others; it holds {held}"
        )
    if array.ndim == 3:
        array = array[:, None]
    first, last = array.shape[1] in (1, 3), array.shape[3] in (1, 3)
    if first == last:
        raise ValueError(f"{path}: where are the channels, 1 or 3, in {array.shape}? write (N, C, H, W)")
    if last:
        array = array.transpose(0, 3, 1, 2)
    if not array.size:
        raise ValueError(f"{path} holds no image, its array is {array.shape}")
    labels = np.zeros(len(array), np.int64) if labels is None else labels
    if labels.shape != (len(array),) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"{path}: labels must be {len(array)} integers, got {labels.dtype} {labels.shape}")
    pixels = torch.from_numpy(np.ascontiguousarray(array))
    return Images(str(path), 256, pixels, torch.from_numpy(labels.astype(np.int64)))


class _Folder:
    """The pictures in a folder, and how they are to be read."""

    def __init__(self, folder: Path, size: Size | None, channels: int | None, fit: Fit):
        self.folder, self.fit = folder, fit
        self.files = sorted(_pictures_in(folder))
        if not self.files:
            raise ValueError(f"{folder} holds no pictures (.png, .jpg, .webp, …)")
        self.size = _pair(size) or _opened(self.files[0]).size[::-1]
        self.channels = channels

    @property
    def cache(self) -> Path:
        """Where its images are kept: one file for each way to read it, so that new ones take the place of old."""
        return cache_home() / f"pictures-{_digest(str(self.folder), self.size, self.channels, self.fit)}.npz"

    @property
    def state(self) -> str:
        """The files as they are; of a link to nothing the link, which then cannot be read, by name."""
        stats = [(file, file.stat(follow_symlinks=file.exists())) for file in self.files]
        return _digest([(str(file), stat.st_size, stat.st_mtime_ns) for file, stat in stats])

    def pixels(self) -> Tensor:
        """All pictures, (N, C, H, W) uint8."""
        pool = ThreadPoolExecutor()
        try:
            read = list(progress_bar(pool.map(self._read, self.files), desc="reading pictures", total=len(self.files)))
        finally:
            pool.shutdown(cancel_futures=True)
        grey = self.channels == 1 or (self.channels is None and all(picture.ndim == 2 for picture in read))
        shape = (1 if grey else 3, *self.size)
        planes = (picture if picture.ndim == 2 else picture.transpose(2, 0, 1) for picture in read)
        return torch.from_numpy(np.stack([np.broadcast_to(picture, shape) for picture in planes]))

    def _read(self, file: Path) -> np.ndarray:
        """(H, W) if it is grey, else (H, W, 3)."""
        picture = _opened(file)
        height, width = self.size
        if picture.size != (width, height):
            if self.fit == "exact":
                raise ValueError(
                    f"{file} is {picture.height}×{picture.width} pixels, expected {height}×{width}; "
                    "give --fit crop or --fit resize"
                )
            scaled = ImageOps.fit if self.fit == "crop" else Image.Image.resize
            picture = scaled(picture, (width, height), Image.Resampling.LANCZOS)
        return np.asarray(picture.convert("L") if self.channels == 1 else picture)


def _opened(file: Path) -> Image.Image:
    """A picture as grey or as RGB, the right way up, what is transparent on white."""
    try:
        with Image.open(file) as opened:
            aside = opened.format in ("MPO", "PSD")  # a telephone's second view, and layers: the first is the picture
            if not aside and (frames := getattr(opened, "n_frames", 1)) > 1:
                raise ValueError(f"it holds {frames} pictures; save one of them")
            picture = ImageOps.exif_transpose(opened)
            if picture.mode.startswith(("I", "F")):
                raise ValueError(f"it has the mode {picture.mode}, of more than 8 bits; save it with 8")
            grey = picture.mode in ("1", "L", "LA", "La")
            if picture.has_transparency_data:
                picture = picture.convert("RGBA")
                picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
            if picture.mode == "P":
                picture = picture.convert("RGB")
                grey = all(band.tobytes() == picture.getchannel(0).tobytes() for band in picture.split())
            return picture.convert("L" if grey else "RGB")
    except Exception as error:  # what damaged pictures raise differs by format, and has no end
        raise ValueError(f"{file} cannot be read as a picture ({_line(error)}); mend or remove it") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _pictures_in(folder: Path) -> Iterator[Path]:
    """The files of all its folders, linked ones too, whose names say that Pillow reads them; none that is hidden.

    A folder that links lead to twice, such as one around the link, is read once, by the first of its names.
    """
    forms = Image.registered_extensions()  # which fills Image.OPEN
    kinds, seen = {kind for kind, form in forms.items() if form in set(Image.OPEN) - UNREADABLE}, set()
    for place, folders, names in os.walk(folder, followlinks=True):
        if (real := Path(place).resolve()) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if not name.startswith(".") and Path(name).suffix.lower() in kinds:
                yield Path(place, name)


def _digest(*values: object) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]


def _cached(folder: _Folder) -> Tensor:
    damaged = suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)
    state = folder.state
    with damaged, np.load(folder.cache) as arrays:
        if arrays["state"].item() == state:
            return torch.from_numpy(arrays["pixels"])
    pixels = folder.pixels()
    np.savez(buffer := io.BytesIO(), state=state, pixels=pixels.numpy())
    with suppress(ValueError):  # no room for a cache is no reason to stop
        write_atomically(folder.cache, buffer.getvalue())
    return pixels
