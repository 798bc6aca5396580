"""The data sets and their scaling."""

import gzip
import struct

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from ddpm_notes import data


def test_the_digits_are_scikit_learns(digits):
    raw = load_digits()
    assert digits.pixels.shape == (1797, 1, 8, 8) and digits.levels == 17
    assert torch.equal(digits.pixels[:, 0], torch.from_numpy(raw.images.astype("uint8")))
    assert digits.labels.tolist() == raw.target.tolist()
    assert digits.x0.min() == -1 and digits.x0.max() == 1


def test_train_and_test_share_no_image_and_together_are_all(digits):
    train, test = data.load("digits", "train"), data.load("digits", "test")
    assert (len(train.pixels), len(test.pixels)) == (1498, 299)
    flat = [set(map(bytes, part.pixels.flatten(1).numpy())) for part in (train, test, digits)]
    assert not flat[0] & flat[1] and flat[0] | flat[1] == flat[2]
    assert len({train.checksum, test.checksum, digits.checksum}) == 3


def test_scaling_puts_the_levels_on_an_even_grid():
    assert data.to_model(torch.tensor([0, 8, 16]), 17).tolist() == [-1, 0, 1]
    assert data.to_model(torch.tensor([0, 255])).tolist() == [-1, 1]
    every = torch.arange(256)
    assert torch.equal(data.to_uint8(data.to_model(every)), every.to(torch.uint8))
    assert data.to_uint8(torch.tensor([-7.0, 7.0])).tolist() == [0, 255]


@pytest.mark.parametrize("pixels", [torch.tensor([0.5]), torch.tensor([-1]), torch.tensor([256])])
def test_what_is_no_pixel_is_refused(pixels):
    with pytest.raises(ValueError, match=r"0\.\.255"):
        data.to_model(pixels)


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="digits, fashion-mnist"):
        data.load("mnist")
    with pytest.raises(ValueError, match='"train", "test"'):
        data.load("digits", "validation")
    with pytest.raises(ValueError, match='"train" or "test"'):
        data.load("fashion-mnist", "all")


def _idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.tobytes())


def test_fashion_mnist_is_read_from_idx_files(tmp_path, monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(_idx(pixels))
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(_idx(np.array([3, 1, 4, 1, 5], dtype=np.uint8)))
    monkeypatch.setattr(data, "DEBIAN_FASHION", tmp_path)
    images = data.load("fashion-mnist", "test")
    assert torch.equal(images.pixels[:, 0], torch.from_numpy(pixels)) and images.labels.tolist() == [3, 1, 4, 1, 5]
    short = gzip.compress(gzip.decompress(_idx(np.array([3, 1], dtype=np.uint8)))[:-1])
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(short)
    with pytest.raises(ValueError, match="damaged"):
        data.load("fashion-mnist", "test")
