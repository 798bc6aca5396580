"""Photographs of Fashion-MNIST for notebooks to show and to work on, and the judge's features of all 60,000.

`python -m experiments photographs` writes both into one file, so that the notes need no data set. The photographs are
the first 512 of the training set and the first 256 of the test set, in the data set's own order.
"""

import torch
from torch import Tensor

from ddpm_notes import read_tensors
from ddpm_notes.data import Images, load
from ddpm_notes.files import write_tensors
from experiments.quality import Judge
from experiments.results import Result, checksum_of, weights_of
from experiments.stale import RESULTS

DATA = "fashion-mnist"
FILE = RESULTS / f"photographs-{DATA}.safetensors"
COUNTS = {"train": 512, "test": 256}
ABOUT = {"source": "Fashion-MNIST", "licence": "MIT, Copyright (c) 2017 Zalando SE", "rule": "the first of each split"}


def photographs(split: str) -> Images:
    """512 photographs of the training set ("train") or 256 of the test set ("test"), (N, 1, 28, 28), 256 levels."""
    tensors, _ = read_tensors(FILE)
    return Images(DATA, 256, tensors[f"{split}.pixels"], tensors[f"{split}.labels"].long())


def real_features() -> Tensor:
    """Few points with the mean and covariance of the judge's features of all 60,000 training images, (64, 32).

    `frechet_distance` to them is that to the 60,000, since it sees nothing but mean and covariance.
    """
    tensors, _ = read_tensors(FILE)
    return points(tensors["features.mean"], tensors["features.covariance"])


def points(mean: Tensor, covariance: Tensor) -> Tensor:
    """As few points as have this mean (F,) and covariance (F, F): two along each of its axes, (2F, F)."""
    values, axes = torch.linalg.eigh(covariance)
    count = 2 * len(mean)
    steps = (axes * (values.clamp(min=0) * (count - 1) / 2).sqrt()).T
    return torch.cat([mean + steps, mean - steps])


def choose() -> dict:
    """Write the file; what the result says of it."""
    tensors = {}
    for split, count in COUNTS.items():
        images = load(DATA, split)
        tensors |= {f"{split}.pixels": images.pixels[:count], f"{split}.labels": images.labels[:count].to(torch.uint8)}
    features = Judge(load(DATA, "train")).real.double()
    tensors |= {"features.mean": features.mean(0), "features.covariance": torch.cov(features.T)}
    write_tensors(FILE, tensors, ABOUT)
    return ABOUT | {
        "photographs": COUNTS,
        "features": len(features),
        "file": FILE.name,
        "file_checksum": checksum_of(FILE),
    }


def main() -> None:
    """The one file."""
    with Result("photographs", "photographs", DATA, weights_of(f"classifier-{DATA}")) as result:
        result.part("file", choose)
