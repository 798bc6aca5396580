"""Images on a grid of levels: the digits (embedded in scikit-learn) and Fashion-MNIST."""

import gzip
import hashlib
import os
import struct
from dataclasses import dataclass
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
    return pixels.float() * (2 / (levels - 1)) - 1


def to_uint8(x: Tensor) -> Tensor:
    """[-1, 1] to the nearest of 0..255, values outside clipped: for showing and saving images."""
    return ((x.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


def load(name: str, split: str = "train") -> Images:
    """The images called `name`: "digits" or "fashion-mnist"; split "train", "test" or, for digits, "all".

    Raises ValueError for an unknown name or split.
    """
    loaders = {"digits": _digits, "fashion-mnist": _fashion_mnist}
    if name not in loaders:
        raise ValueError(f"unknown data {name!r}; there is {', '.join(loaders)}")
    return loaders[name](split)


def _digits(split: str) -> Images:
    """1,797 digits of 8x8 pixels and 17 levels. Every sixth is held out as "test"."""
    from sklearn.datasets import load_digits

    raw = load_digits()
    every = np.arange(len(raw.images))
    keep = {"all": every >= 0, "train": every % 6 != 5, "test": every % 6 == 5}.get(split)
    if keep is None:
        raise ValueError(f'the split of digits is "train", "test" or "all", got {split!r}')
    pixels = torch.from_numpy(raw.images[keep].astype(np.uint8))[:, None]
    return Images("digits", 17, pixels, torch.from_numpy(raw.target[keep].astype(np.int64)))


def _fashion_mnist(split: str) -> Images:
    """60,000 + 10,000 photographs of clothes, 28x28, 256 levels: from Debian's package, else from OpenML."""
    _check_split("fashion-mnist", split)
    if DEBIAN_FASHION.is_dir():
        stem = {"train": "train", "test": "t10k"}[split]
        pixels = _read_idx(DEBIAN_FASHION / f"{stem}-images-idx3-ubyte.gz")
        labels = _read_idx(DEBIAN_FASHION / f"{stem}-labels-idx1-ubyte.gz")
    else:
        pixels, labels = _from_openml("Fashion-MNIST", (28, 28))
        part = slice(0, 60_000) if split == "train" else slice(60_000, None)
        pixels, labels = pixels[part], labels[part]
    return Images("fashion-mnist", 256, torch.from_numpy(pixels)[:, None], torch.from_numpy(labels.astype(np.int64)))


def _check_split(name: str, split: str) -> None:
    if split not in ("train", "test"):
        raise ValueError(f'the split of {name} is "train" or "test", got {split!r}')


def _read_idx(path: Path) -> np.ndarray:
    """An array in the IDX format of MNIST, gzipped."""
    raw = gzip.decompress(path.read_bytes())
    ndim = raw[3]
    shape = struct.unpack(f">{ndim}I", raw[4 : 4 + 4 * ndim])
    values = np.frombuffer(raw, np.uint8, offset=4 + 4 * ndim)
    if values.size != int(np.prod(shape)):
        raise ValueError(f"{path} holds {values.size} values, its header promises {shape}; the file is damaged")
    return values.reshape(shape).copy()


def _from_openml(name: str, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """All images of an OpenML data set, which scikit-learn checks (MD5) and caches."""
    from sklearn.datasets import fetch_openml

    home = os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")
    try:
        raw = fetch_openml(name, version=1, as_frame=False, data_home=str(Path(home) / "ddpm_notes"))
    except OSError as error:
        raise ValueError(
            f"{name} is not on this machine and could not be fetched from OpenML ({error}); "
            "connect to the network, or use --data digits"
        ) from error
    return raw.data.astype(np.uint8).reshape(-1, *shape), raw.target.astype(np.int64)
