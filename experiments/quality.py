"""How good are samples? Distances in the features of a classifier, class balance, nearest neighbours.

The Fréchet distance here is taken in the features of a small classifier that was trained on the same real
images. It is not FID, which uses Inception features, and can be compared only with itself.
"""

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from ddpm_notes import read_tensors
from ddpm_notes.data import Images
from experiments.stale import CHECKPOINTS

FEATURES = 32


class Classifier(nn.Module):
    """Two convolutions, a layer of 32 features, ten classes. forward: (B, 1, H, W) in [-1, 1] to logits (B, 10)."""

    def __init__(self, size: int):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.hidden = nn.Linear(64 * (size // 4) ** 2, FEATURES)
        self.out = nn.Linear(FEATURES, 10)

    def features(self, x: Tensor) -> Tensor:
        """The layer before the last, (B, 32)."""
        h = F.max_pool2d(F.relu(self.conv1(x)), 2)
        h = F.max_pool2d(F.relu(self.conv2(h)), 2)
        return F.relu(self.hidden(h.flatten(1)))

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.features(x))


def train_classifier(data: Images, steps: int, seed: int = 0) -> Classifier:
    """Cross-entropy, Adam, batches of 128, the learning rate falling to zero along a cosine."""
    torch.manual_seed(seed)
    model = Classifier(data.pixels.shape[-1])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    generator = Generator().manual_seed(seed)
    x0 = data.x0
    for _ in range(steps):
        batch = torch.randint(len(x0), (128,), generator=generator)
        loss = F.cross_entropy(model(x0[batch]), data.labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def load_classifier(data: str) -> Classifier:
    """The committed classifier of a data set."""
    tensors, about = read_tensors(CHECKPOINTS / f"classifier-{data}.safetensors")
    model = Classifier(about["size"])
    model.load_state_dict(tensors)
    return model.eval()


@torch.no_grad()
def in_parts(function, x: Tensor) -> Tensor:
    """function(x), 1,000 images at a time."""
    return torch.cat([function(part) for part in x.split(1000)])


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Of the Gaussians with the means and covariances of two sets of features, (N, F) and (M, F).

    ||mean_a - mean_b||^2 + tr(A + B - 2 (A^1/2 B A^1/2)^1/2), the squared 2-Wasserstein distance.
    """
    a, b = a.double(), b.double()
    cov_a, cov_b = torch.cov(a.T), torch.cov(b.T)
    root = _square_root(cov_a)
    cross = torch.linalg.eigvalsh(root @ cov_b @ root).clamp(min=0).sqrt().sum()
    gap = (a.mean(0) - b.mean(0)).square().sum()
    return (gap + cov_a.trace() + cov_b.trace() - 2 * cross).item()


def _square_root(matrix: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * values.clamp(min=0).sqrt() @ vectors.T


class Judge:
    """The classifier of a data set, with its features of the real training images, the measure of all samples."""

    def __init__(self, data: Images):
        self.classifier = load_classifier(data.name)
        self.real = in_parts(self.classifier.features, data.x0)

    def distance(self, x: Tensor) -> float:
        """The feature distance of images to the real training images; it is biased upwards for few images."""
        return frechet_distance(in_parts(self.classifier.features, x), self.real)

    def classes(self, x: Tensor) -> list[int]:
        """How many of the images the classifier puts into each of the ten classes."""
        return in_parts(self.classifier, x).argmax(1).bincount(minlength=10).tolist()


def nearest(x: Tensor, training: Tensor) -> tuple[Tensor, Tensor]:
    """For each image the root mean squared distance to the nearest training image, and that image's index."""
    x, training = x.flatten(1), training.flatten(1)
    distance, index = zip(*(torch.cdist(part, training).min(1) for part in x.split(256)), strict=True)
    return torch.cat(distance) / x.shape[1] ** 0.5, torch.cat(index)
