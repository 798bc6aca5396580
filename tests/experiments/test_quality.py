"""What judges the samples, against closed forms."""

import pytest
import torch
from scipy.linalg import sqrtm
from torch import Generator

from ddpm_notes.data import Images, load
from experiments.quality import frechet_distance, in_parts, nearest, train_classifier


def test_the_frechet_distance_of_a_set_to_itself_is_zero():
    features = torch.randn((200, 5), generator=Generator().manual_seed(0))
    assert frechet_distance(features, features) == pytest.approx(0, abs=1e-9)


def test_means_and_covariances_that_do_not_commute_agree_with_scipys_matrix_root():
    generator = Generator().manual_seed(1)
    roots = torch.randn((2, 4, 4), generator=generator, dtype=torch.float64)
    means = torch.tensor([[0.0, 0.0, 0.0, 0.0], [1.0, -2.0, 0.5, 3.0]], dtype=torch.float64)
    a, b = (
        mean + torch.randn((300, 4), generator=generator, dtype=torch.float64) @ root.T
        for mean, root in zip(means, roots, strict=True)
    )
    cov_a, cov_b = torch.cov(a.T), torch.cov(b.T)
    cross = sqrtm((cov_a @ cov_b).numpy()).real.trace()
    expected = (a.mean(0) - b.mean(0)).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross
    assert frechet_distance(a, b) == pytest.approx(expected.item(), rel=1e-6)


def test_the_nearest_neighbour_is_found_at_its_root_mean_squared_distance():
    training = torch.zeros(3, 1, 2, 2)
    training[1] = 1
    training[2] = -1
    distance, index = nearest(torch.full((1, 1, 2, 2), 0.75), training)
    assert index.tolist() == [1]
    assert distance.item() == pytest.approx(0.25)


def test_a_classifier_learns_the_digits_and_the_same_seed_gives_the_same_weights():
    data, test = load("digits", "train"), load("digits", "test")
    model, again = (train_classifier(data, steps=150, seed=3) for _ in range(2))
    right = (in_parts(model, test.x0).argmax(1) == test.labels).double().mean().item()
    assert right > 0.8
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))


def test_shuffled_labels_are_not_learnt():
    data, test = load("digits", "train"), load("digits", "test")
    order = torch.randperm(len(data.labels), generator=Generator().manual_seed(0))
    shuffled = Images(data.name, data.levels, data.pixels, data.labels[order])
    model = train_classifier(shuffled, steps=150)
    assert (in_parts(model, test.x0).argmax(1) == test.labels).double().mean().item() < 0.35
