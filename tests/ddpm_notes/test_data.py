"""The data sets and their scaling."""

import gzip
import hashlib
import json
import shutil
import struct
from unittest.mock import Mock
from urllib.error import URLError

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
    with pytest.raises(ValueError, match="digits, fashion-mnist, cifar10"):
        data.load("mnist")
    with pytest.raises(ValueError, match="train, test"):
        data.load("digits", "validation")
    with pytest.raises(ValueError, match="train, test, got"):
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


@pytest.fixture
def openml(tmp_path, monkeypatch):
    """Write a data set as scikit-learn caches what it downloads from OpenML; no network is touched."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(data, "DEBIAN_FASHION", tmp_path / "nowhere")
    monkeypatch.setattr("sklearn.datasets._openml.urlopen", Mock(side_effect=URLError("the test is offline")))
    root = tmp_path / "ddpm_notes" / "openml" / "openml.org"

    def put(path, content):
        file = root / (path + ".gz")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(content if isinstance(content, bytes) else json.dumps(content).encode()))

    def write(name, pixels, labels, md5=None):
        columns = [f"a{i}" for i in range(pixels[0].size)]
        lines = [f"@RELATION {name}", *(f"@ATTRIBUTE {c} REAL" for c in columns)]
        lines += [f"@ATTRIBUTE class {{{', '.join(map(str, range(10)))}}}", "@DATA"]
        lines += [",".join(map(str, [*row.ravel(), label])) for row, label in zip(pixels, labels, strict=True)]
        arff = "\n".join(lines).encode()
        kind = {"is_ignore": "false", "is_row_identifier": "false", "number_of_missing_values": "0"}
        features = [
            {"index": str(i), "name": c, "data_type": "numeric", "is_target": "false"} for i, c in enumerate(columns)
        ]
        features.append({"index": str(len(columns)), "name": "class", "data_type": "nominal", "is_target": "true"})
        about = {"id": "7", "name": name, "version": "1", "status": "active", "format": "ARFF", "description": ""}
        about |= {"url": "https://api.openml.org/data/v1/download/7/x.arff"}
        about |= {"md5_checksum": md5 or hashlib.md5(arff).hexdigest()}
        api = "api/v1/json/data"
        put(f"{api}/list/data_name/{name.lower()}/limit/2/data_version/1", {"data": {"dataset": [{"did": 7}]}})
        put(f"{api}/7", {"data_set_description": about})
        put(f"{api}/features/7", {"data_features": {"feature": [f | kind for f in features]}})
        rows = {"name": "NumberOfInstances", "value": str(len(labels))}
        put(f"{api}/qualities/7", {"data_qualities": {"quality": [rows]}})
        put("data/v1/download/7/x.arff", arff)

    return write


def _drawn(count, *shape):
    """Images and labels; every ten consecutive ones are of ten classes."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)
    return pixels, np.arange(count) % 10


@pytest.mark.parametrize(
    "name, theirs, shape, parts",
    [("cifar10", "CIFAR_10", (3, 32, 32), 6), ("fashion-mnist", "Fashion-MNIST", (1, 28, 28), 7)],
)
def test_openml_files_are_read_split_and_kept(openml, tmp_path, name, theirs, shape, parts):
    pixels, labels = _drawn(10 * parts, *shape)
    openml(theirs, pixels, labels)
    train, test = data.load(name, "train"), data.load(name, "test")
    assert torch.equal(torch.cat([train.pixels, test.pixels]), torch.from_numpy(pixels))
    assert torch.cat([train.labels, test.labels]).tolist() == labels.tolist()
    assert len(test.pixels) == 10 and train.levels == 256 and train.x0.dtype == torch.float32
    shutil.rmtree(tmp_path / "ddpm_notes" / "openml")
    assert data.load(name, "test").checksum == test.checksum  # the slow text is not read again
    (tmp_path / "ddpm_notes" / f"{theirs}.npz").write_bytes(b"PK damaged")
    with pytest.raises(ValueError, match=f"{theirs}.npz is damaged .*remove it"):
        data.load(name)


def test_a_file_with_another_checksum_is_not_taken(openml):
    """scikit-learn then fetches it once more, which fails here."""
    openml("CIFAR_10", *_drawn(60, 3, 32, 32), md5="0" * 32)
    with pytest.warns(RuntimeWarning, match="Invalid cache"), pytest.raises(ValueError, match="could not be fetched"):
        data.load("cifar10")


def test_rows_in_another_order_are_not_taken_for_a_split(openml):
    pixels, labels = _drawn(60, 3, 32, 32)
    openml("CIFAR_10", pixels, np.sort(labels))
    with pytest.raises(ValueError, match="another order"):
        data.load("cifar10")


def test_without_a_network_the_way_out_is_named(openml, recwarn):
    with pytest.raises(ValueError, match="use --data digits"):
        data.load("cifar10")
    assert not recwarn.list
