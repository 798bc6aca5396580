"""The committed photographs and features, against the data set, and against what the report counted with all of it."""

import json

import pytest
import torch
from torch import Generator

from ddpm_notes import data
from ddpm_notes.files import read_tensors
from experiments.photographs import COUNTS, FILE, photographs, points, real_features
from experiments.quality import Judge, frechet_distance, in_parts, load_classifier
from experiments.results import NO_FASHION, checksum_of
from experiments.stale import RESULTS

needs_all = pytest.mark.skipif(not data.DEBIAN_FASHION.is_dir(), reason=NO_FASHION)


def test_the_file_is_the_one_that_its_result_describes():
    part = json.loads((RESULTS / "photographs.json").read_text())["parts"]["file"]
    assert part["file_checksum"] == checksum_of(FILE) and part["photographs"] == COUNTS
    assert "MIT" in part["licence"] and FILE.stat().st_size < 1e6


@pytest.mark.parametrize("split", COUNTS)
def test_photographs_are_images_of_ten_classes(split):
    images = photographs(split)
    assert images.pixels.shape == (COUNTS[split], 1, 28, 28) and images.x0.abs().max() == 1
    assert images.labels.unique().tolist() == list(range(10))


@needs_all
@pytest.mark.parametrize("split", COUNTS)
def test_photographs_are_the_first_of_their_split(split):
    every = data.load("fashion-mnist", split)
    assert torch.equal(photographs(split).pixels, every.pixels[: COUNTS[split]])
    assert torch.equal(photographs(split).labels, every.labels[: COUNTS[split]])


@needs_all
def test_distances_are_those_to_the_features_of_the_whole_training_set():
    some = photographs("test").x0
    judge = Judge(data.load("fashion-mnist", "train"))
    few = frechet_distance(in_parts(judge.classifier.features, some), real_features())
    assert few == pytest.approx(judge.distance(some), rel=1e-6)


def test_without_the_data_set_the_distances_of_the_report_come_out_again():
    report = json.loads((RESULTS / "report-fashion-mnist.json").read_text())["parts"]["samples"]
    samples = data.to_model(read_tensors(RESULTS / report["file"])[0]["samples"])
    features = load_classifier("fashion-mnist").features
    held_out = frechet_distance(in_parts(features, photographs("test").x0), real_features())
    assert held_out == pytest.approx(report["distance_of_held_out"], rel=1e-4)
    of_samples = frechet_distance(in_parts(features, samples), real_features())
    assert of_samples == pytest.approx(report["distance"], rel=1e-2)  # kept in 256 levels


def test_few_points_have_the_mean_and_covariance_that_they_stand_for():
    x = torch.randn((500, 5), generator=Generator().manual_seed(0), dtype=torch.float64)
    x = x @ torch.randn((5, 5), generator=Generator().manual_seed(1), dtype=torch.float64) + 3
    few = points(x.mean(0), torch.cov(x.T))
    assert few.shape == (10, 5)
    assert torch.allclose(few.mean(0), x.mean(0)) and torch.allclose(torch.cov(few.T), torch.cov(x.T))
