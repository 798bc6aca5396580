"""Images on a grid of levels: the digits (embedded in scikit-learn), Fashion-MNIST and CIFAR10."""

import gzip
import hashlib
import os
import struct
import warnings
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

DEBIAN_FASHION = Path("/usr/share/datasets/fashion-mnist")


@dataclass(frozen=True)
class Images:
    """Images as integers 0..levels-1, (N, C, H, W) uint8, with their labels (N,) and a checksum of both."""

    name: str
    levels: int
    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index) -> Tensor:
        """Some of `x0`: of a large set only these become float32."""
        return _to_model(self.pixels[index], self.levels)

    def to(self, device: torch.device | str) -> "Images":
        """The same images with pixels and labels on a device."""
        return replace(self, pixels=self.pixels.to(device), labels=self.labels.to(device))

    @property
    def checksum(self) -> str:
        """The first 16 hex digits of the SHA-256 of pixels and labels."""
        digest = hashlib.sha256(self.pixels.numpy().tobytes() + self.labels.numpy().astype("<i8").tobytes())
        return digest.hexdigest()[:16]

    @property
    def x0(self) -> Tensor:
        """The images as the model sees them: float32 in [-1, 1]."""
        return to_model(self.pixels, self.levels)


def to_model(pixels: Tensor, levels: int = 256) -> Tensor:
    """Integers 0..levels-1 scaled linearly to [-1, 1], float32 (Section 3.3, p. 4)."""
    if pixels.is_floating_point() or int(pixels.min()) < 0 or int(pixels.max()) >= levels:
        raise ValueError(
            f"pixels must be integers in 0..{levels - 1}, got {pixels.dtype} {pixels.min()}..{pixels.max()}"
        )
    return _to_model(pixels, levels)


def _to_model(pixels: Tensor, levels: int) -> Tensor:
    return pixels.float() * (2 / (levels - 1)) - 1


def to_levels(x0: Tensor, levels: int = 256) -> Tensor:
    """The inverse of `to_model`: [-1, 1] to int64 in 0..levels-1. ValueError for images that are not on that grid."""
    pixels = ((x0.double() + 1) * (levels - 1) / 2).round().long()
    off = (pixels.double() * (2 / (levels - 1)) - 1 - x0.double()).abs()
    if bool((pixels < 0).any()) or bool((pixels >= levels).any()) or not bool((off <= 1e-6).all()):
        worst = x0.flatten()[off.flatten().nan_to_num(torch.inf).argmax()].item()
        raise ValueError(
            f"images must lie on the grid of {levels} levels in [-1, 1], got {worst:.6g}; "
            "give their own levels=, or convert them with data.to_model"
        )
    return pixels


def to_uint8(x: Tensor) -> Tensor:
    """[-1, 1] to the nearest of 0..255, values outside clipped: for showing and saving images."""
    return ((x.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


def load(name: str, split: str = "train") -> Images:
    """The images called `name`: "digits", "fashion-mnist" or "cifar10"; split "train", "test" or, for digits, "all".

    Raises ValueError for an unknown name or split, and for data that can be neither found nor fetched.
    """
    loaders = {"digits": _digits, "fashion-mnist": _fashion_mnist, "cifar10": _cifar10}
    if name not in loaders:
        raise ValueError(f"unknown data {name!r}; there is {', '.join(loaders)}")
    splits = ("train", "test", "all") if name == "digits" else ("train", "test")
    if split not in splits:
        raise ValueError(f"the split of {name} is one of {', '.join(splits)}, got {split!r}")
    return loaders[name](split)


def _digits(split: str) -> Images:
    """1,797 digits of 8x8 pixels and 17 levels. Every sixth is held out as "test"."""
    from sklearn.datasets import load_digits

    raw = load_digits()
    every = np.arange(len(raw.images))
    keep = {"all": every >= 0, "train": every % 6 != 5, "test": every % 6 == 5}[split]
    pixels = torch.from_numpy(raw.images[keep].astype(np.uint8))[:, None]
    return Images("digits", 17, pixels, torch.from_numpy(raw.target[keep].astype(np.int64)))


def _fashion_mnist(split: str) -> Images:
    """60,000 + 10,000 photographs of clothes, 28x28, 256 levels: from Debian's package, else from OpenML."""
    if DEBIAN_FASHION.is_dir():
        stem = {"train": "train", "test": "t10k"}[split]
        pixels = _read_idx(DEBIAN_FASHION / f"{stem}-images-idx3-ubyte.gz")
        labels = _read_idx(DEBIAN_FASHION / f"{stem}-labels-idx1-ubyte.gz")
    else:
        pixels, labels = _split_off(7, *_from_openml("Fashion-MNIST", (28, 28)), split)
    return Images("fashion-mnist", 256, torch.from_numpy(pixels)[:, None], torch.from_numpy(labels.astype(np.int64)))


def _cifar10(split: str) -> Images:
    """50,000 + 10,000 photographs of ten kinds of things, 3x32x32, 256 levels: OpenML's CIFAR_10, version 1.

    A row there is an image as in the original files: 1,024 reds, then the greens, then the blues. The notes
    were written offline: the reader is tested on files that the tests write in OpenML's format. That
    OpenML keeps the 10,000 test images last is believed, not seen; `_split_off` refuses a file that does not.
    """
    pixels, labels = _split_off(6, *_from_openml("CIFAR_10", (3, 32, 32)), split)
    return Images("cifar10", 256, torch.from_numpy(pixels), torch.from_numpy(labels))


def _split_off(parts: int, pixels: np.ndarray, labels: np.ndarray, split: str) -> tuple[np.ndarray, np.ndarray]:
    """The training images, or the test images: the last 1/parts of all, with equally many of each class."""
    train = len(labels) - len(labels) // parts
    counts = np.bincount(labels[train:], minlength=10)
    if len(set(counts)) > 1:
        raise ValueError(
            f"the last {len(labels) - train} images should be the test set, with equally many of each class, but have "
            f"{counts.tolist()}; OpenML has them in another order than these notes expect"
        )
    part = slice(train) if split == "train" else slice(train, None)
    return pixels[part], labels[part]


def _read_idx(path: Path) -> np.ndarray:
    """An array in the IDX format of MNIST, gzipped."""
    try:
        raw = gzip.decompress(path.read_bytes())
        ndim = raw[3]
        shape = struct.unpack(f">{ndim}I", raw[4 : 4 + 4 * ndim])
    except (OSError, EOFError, IndexError, struct.error, zlib.error) as error:
        raise ValueError(f"{path} cannot be read or is damaged ({error}); install the data set again") from error
    values = np.frombuffer(raw, np.uint8, offset=4 + 4 * ndim)
    if values.size != int(np.prod(shape)):
        raise ValueError(f"{path} holds {values.size} values, its header promises {shape}; the file is damaged")
    return values.reshape(shape).copy()


def cache_home() -> Path:
    """Where what was fetched or read is kept."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ddpm_notes"


def _from_openml(name: str, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """All images of an OpenML data set and their labels, uint8 and int64.

    scikit-learn downloads the file, checks it against the MD5 that OpenML states (a file that fails is
    fetched once more) and keeps it. Reading that text takes minutes and, for CIFAR10, 2 GB of memory, so
    the pixels are kept beside it as .npz, whose parts carry a CRC-32.
    """
    home = cache_home()
    cached = home / f"{name}.npz"
    if not cached.exists():
        _fetch(name, home, cached)
    try:
        with np.load(cached) as arrays:
            return arrays["pixels"].reshape(-1, *shape), arrays["labels"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{cached} is damaged ({error}); remove it, and it is made again") from error


def _fetch(name: str, home: Path, cached: Path) -> None:
    from sklearn.datasets import fetch_openml

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "A network error")  # it tries again, and then raises
            raw = fetch_openml(name, version=1, as_frame=False, parser="liac-arff", data_home=str(home))  # no pandas
        part = cached.with_suffix(".part")
        with part.open("wb") as file:
            np.savez_compressed(file, pixels=raw.data.astype(np.uint8), labels=raw.target.astype(np.int64))
        part.replace(cached)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{name} is not on this machine and could not be fetched from OpenML into {home} ({error}); "
            "connect to the network, or use --data digits"
        ) from error
