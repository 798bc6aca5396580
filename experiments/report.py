"""The report of both checkpoints: bound, baselines, sample quality along the chain, class balance, neighbours."""

import math
from functools import partial

import torch
from torch import Generator, Tensor

from ddpm_notes.checkpoints import Checkpoint, load_checkpoint
from ddpm_notes.data import Images, load, to_uint8
from ddpm_notes.files import read_tensors, write_tensors
from ddpm_notes.image_noise import ImageNoise
from ddpm_notes.likelihood import rate_distortion, summary, variational_bound
from ddpm_notes.losses import NATS_PER_BIT, discretized_log_likelihood, per_dimension
from ddpm_notes.sampling import sample_steps
from experiments.quality import Judge, nearest
from experiments.results import STATES, Result, checksum_of, weights_of
from experiments.samples import SET, set_of
from experiments.stale import CHECKPOINTS, RESULTS

CHECKPOINT_OF = {"digits": "digits", "fashion-mnist": "fashion"}
BOUND_IMAGES = {"digits": 299, "fashion-mnist": 64}
SAMPLES = {"digits": 768, "fashion-mnist": 2048}
PART = 16  # which is faster than more at once
SHOWN, STRIPS = 40, 6
SHOWN_T = (1000, 900, 800, 700, 600, 500, 400, 300, 250, 200, 150, 100, 50, 25, 1)


def bound(checkpoint: Checkpoint, images: Images, variance: str) -> dict:
    """Eq. (5) with its terms, in bits/dim, and the distortion along the chain."""
    x0 = images.x0[: BOUND_IMAGES[images.name]]
    generator = Generator().manual_seed(0)
    it = variational_bound(
        checkpoint.model, x0, checkpoint.schedule, variance, images.levels, clip_x0=True, generator=generator
    )
    parts = {"prior": it.prior, "rate": it.rate, "distortion": it.distortion, "total": it.total}
    return {
        "images": len(x0),
        **{name: summary(part) for name, part in parts.items()},
        "terms": [round(value, 7) for value in it.terms.mean(0).tolist()],
        "rmse": [round(value, 4) for value in rate_distortion(it).rmse.tolist()],
    }


def pixel_gaussian(train: Images, test: Images, judge: Judge) -> dict:
    """An independent Gaussian for every pixel, with the decoder of Eq. (13); deviations of at least half a bin."""
    x0 = train.x0.double()
    mean, deviation = x0.mean(0), x0.std(0).clamp(min=1 / (train.levels - 1))
    bits = -per_dimension(discretized_log_likelihood(test.x0, mean, deviation.log(), test.levels)) / NATS_PER_BIT
    noise = torch.randn((SET, *mean.shape), generator=Generator().manual_seed(0), dtype=torch.float64)
    drawn = (mean + deviation * noise).clamp(-1, 1).float()
    return {"bits": summary(bits), "distance": judge.distance(drawn)}


def full_gaussian(train: Images, test: Images, judge: Judge) -> dict:
    """One Gaussian with all principal components, on images with uniform noise of a bin's width (dequantised).

    Its code length is an upper bound: -E log2 p(x + u) minus the bin's log2 width for every dimension.
    """
    width = 2 / (train.levels - 1)
    x0 = train.x0.double().flatten(1)
    cov = torch.cov(x0.T) + torch.eye(x0.shape[1], dtype=torch.float64) * width**2 / 12
    gaussian = torch.distributions.MultivariateNormal(x0.mean(0), cov)
    generator = Generator().manual_seed(0)
    held_out = test.x0.double().flatten(1)
    dequantised = held_out + (torch.rand(held_out.shape, generator=generator, dtype=torch.float64) - 0.5) * width
    bits = -gaussian.log_prob(dequantised) / NATS_PER_BIT / x0.shape[1] - math.log2(width)
    noise = torch.randn((SET, x0.shape[1]), generator=generator, dtype=torch.float64)
    drawn = gaussian.mean + noise @ gaussian.scale_tril.T
    drawn = drawn.clamp(-1, 1).float().view(-1, *train.x0.shape[1:])
    return {"bits": summary(bits), "distance": judge.distance(drawn)}


def histograms(train: Images, test: Images) -> dict:
    """An independent histogram for every pixel, each level counted once more than seen."""
    D = train.pixels[0].numel()
    counts = torch.ones(D, train.levels, dtype=torch.float64)
    pixels = train.pixels.flatten(1).long()
    counts.scatter_add_(1, pixels.T, torch.ones(pixels.T.shape, dtype=torch.float64))
    log2 = (counts / counts.sum(1, keepdim=True)).log2()
    bits = -log2.gather(1, test.pixels.flatten(1).long().T).mean(0)
    return {"bits": summary(bits)}


def chains(name: str, checkpoint: Checkpoint, weights: str) -> tuple[Tensor, Tensor]:
    """Samples by Algorithm 2 with beta, clipped: x_0 (N, C, H, W), and of the first set also x0_hat at SHOWN_T.

    The second is (SET, len(SHOWN_T), C, H, W). Image i is drawn from the generator of its own number.
    """
    drawn = []
    for k in range(SAMPLES[name] // PART):
        path = STATES / f"samples-{name}-{weights}-{k}.safetensors"
        if not path.exists():
            write_tensors(path, _chain(checkpoint, set_of(k, PART)), {})
        tensors, _ = read_tensors(path)
        drawn.append((tensors["x0"], tensors["x0_hat"]))
    x0, x0_hat = zip(*drawn, strict=True)
    return torch.cat(x0), torch.cat(x0_hat[: SET // PART])


def _chain(checkpoint: Checkpoint, numbers: range) -> dict[str, Tensor]:
    noise, seen = ImageNoise(0, numbers, checkpoint.model.net.config.shape), {}
    xT = noise(checkpoint.schedule.T)
    for step in sample_steps(checkpoint.model, xT, checkpoint.schedule, clip_x0=True, noises=noise):
        if step.t in (0, *SHOWN_T):
            seen[step.t] = step.x0_hat
    return {"x0": seen[0], "x0_hat": torch.stack([seen[t] for t in SHOWN_T], 1)}


def sampled(name: str, checkpoint: Checkpoint, weights: str, judge: Judge, train: Images, test: Images) -> dict:
    """The samples' distance to real images, along the chain too; their classes and nearest neighbours.

    The first set is described; the distances of all sets show what chance does, and that of all samples together is
    less biased. Held-out images stand beside both, as many as there are.
    """
    every, x0_hat = chains(name, checkpoint, weights)
    held_out = test.x0[: len(every)]
    x0, real = every[:SET], held_out[:SET]
    (near, index), (near_real, _) = nearest(x0, train.x0), nearest(real, train.x0)
    file = RESULTS / f"samples-{name}.safetensors"
    pictures = {"samples": x0, "nearest": train.x0[index[:SHOWN]], "held_out": real[:SHOWN], "x0_hat": x0_hat[:STRIPS]}
    write_tensors(file, {key: to_uint8(x) for key, x in pictures.items()}, {"weights": weights})
    return {
        "samples": len(x0),
        "held_out": len(real),
        "file": file.name,
        "file_checksum": checksum_of(file),
        "distance": judge.distance(x0),
        "distance_of_sets": [judge.distance(one) for one in every.split(SET)],
        "distance_of_all": judge.distance(every),
        "all": len(every),
        "classes_of_all": judge.classes(every),
        "distance_of_held_out": judge.distance(real),
        "distance_of_held_out_sets": [judge.distance(one) for one in held_out.split(SET) if len(one) == SET],
        "distance_of_held_out_all": judge.distance(held_out),
        "held_out_all": len(held_out),
        "distance_of_x0_hat": {str(t): judge.distance(x0_hat[:, i]) for i, t in enumerate(SHOWN_T)},
        "classes": judge.classes(x0),
        "nearest": {"samples": near.tolist(), "held_out": near_real.tolist(), "index": index.tolist()},
    }


def main() -> None:
    """Both checkpoints."""
    for name, file in CHECKPOINT_OF.items():
        weights = weights_of(file, f"classifier-{name}")
        checkpoint = load_checkpoint(CHECKPOINTS / f"{file}.safetensors")
        train, test = load(name, "train"), load(name, "test")
        judge = Judge(train)
        with Result(f"report-{name}", "report", name, weights) as result:
            result.part("independent Gaussians", partial(pixel_gaussian, train, test, judge))
            result.part("one Gaussian", partial(full_gaussian, train, test, judge))
            result.part("histograms", partial(histograms, train, test))
            for split, images, kind in (("test", test, "beta"), ("train", train, "beta"), ("test", test, "beta_tilde")):
                result.part(f"bound, {split}, {kind}", partial(bound, checkpoint, images, kind))
            result.part("samples", partial(sampled, name, checkpoint, weights[file], judge, train, test))
