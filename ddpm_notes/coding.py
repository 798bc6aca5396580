"""Sending an image without loss: Algorithms 3 and 4, p. 6, made to run. Section 4.3.

The paper assumes a procedure that sends a sample of q, which the sender alone knows, in about
D_KL(q || p) bits, where p is known to both: minimal random coding (Havasi et al., 2019). Sender and
receiver draw the same candidates from p, and an index says which one. Here the index is the Poisson
functional representation (Li & El Gamal, 2018), cut off after N candidates: with candidates z_1, z_2, ...
of p and the arrival times S_1 < S_2 < ... of a Poisson process, the k with the least S_k p(z_k) / q(z_k)
picks an exact sample of q as N grows, and its index is small where p is good.

The candidates needed grow like 2^KL, so a step of many bits is cut into blocks of coordinates, which are
independent under q and p. x_0 given x_1 is sent by exact arithmetic coding under the decoder of Eq. (13);
so the code is lossless, however rough the random coding was.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Generator, Tensor

from ddpm_notes.data import to_levels, to_model
from ddpm_notes.forward import forward_posterior
from ddpm_notes.likelihood import Bound
from ddpm_notes.losses import NATS_PER_BIT, discretized_log_likelihood, gaussian_kl
from ddpm_notes.reverse import Model, Variance, reverse_moments
from ddpm_notes.schedule import Schedule

PRECISION = 24
"""Probabilities are rounded to multiples of 2^-24, none to 0."""


@dataclass(frozen=True)
class Codec:
    """What sender and receiver share; the message holds nothing but one image.

    model, schedule, variance, levels: p_theta. shape: (C, H, W) of an image. expected: what x_T, ..., x_0
    cost on average, (T + 1,), in bits (`expected_bits` of training images): it sets the number of blocks,
    the number of candidates and the code of the indices, so none of them has to be sent. seed: of the
    candidates. block_bits: a step of more bits is cut into blocks. spare_bits: log2 of the candidates
    beyond 2^(expected bits of a block); fewer are faster and make rougher samples of q.
    """

    model: Model
    schedule: Schedule
    shape: tuple[int, ...]
    expected: Tensor
    variance: Variance = "beta"
    levels: int = 256
    seed: int = 0
    block_bits: float = 8.0
    spare_bits: int = 5

    def blocks(self, t: int) -> int:
        """The number of blocks in which x_t is sent."""
        return min(max(1, math.ceil(self.expected[t] / self.block_bits)), math.prod(self.shape))

    def candidates(self, t: int) -> int:
        """The number of candidates for each block of x_t: a power of 2."""
        return 2 ** max(0, math.ceil(self.expected[t] / self.blocks(t)) + self.spare_bits)


@dataclass(frozen=True)
class Sent:
    """A message, and what x_T, ..., x_0 cost in it: (T + 1,) each, in bits, entry t for x_t.

    ideal: the terms of Eq. (5) on the path that was sent: L_T, the KL divergences, -log2 p_theta(x_0 | x_1).
    actual: the bits that the arithmetic coder spent; their sum is the message's length but for its last byte.
    """

    message: bytes
    ideal: Tensor
    actual: Tensor


def expected_bits(bound: Bound, dimensions: int) -> Tensor:
    """What Algorithm 3 would spend on x_0, ..., x_T, were it ideal, (T + 1,), in bits: L_0, ..., L_T of Eq. (5)."""
    return torch.cat([bound.terms.mean(0), bound.prior.mean().view(1)]) * dimensions


def index_bits(kl: Tensor) -> Tensor:
    """What the index of a block costs, in bits, where the divergence is `kl` bits, up to about 16.

    The index K is sent as its octave floor(log2 K), taken as geometric, and its place in the octave. The
    octave's mean, 0.8 max(kl, sqrt(kl)), is our fit to Gaussians. The cost is 1.5 to 2.7 bits above kl from
    kl = 1 on (Li & El Gamal, 2018, prove that log2(kl + 1) + 5 will do). Below, it falls like a root, since
    P(K > 1) is about a total variation (Pinsker), so that a thousand small steps cost far more than their sum.
    """
    mean = _mean_octave(kl)
    return mean + (1 + mean) * (1 + mean).log2() - torch.special.xlogy(mean, mean) / NATS_PER_BIT


def _mean_octave(kl: Tensor) -> Tensor:
    return 0.8 * torch.maximum(kl, kl.clamp(min=0).sqrt())


@torch.inference_mode()
def send(x0: Tensor, codec: Codec) -> Sent:
    """Algorithm 3, p. 6: send x_T ~ q(x_T | x_0), then x_t ~ q(x_t | x_{t+1}, x_0), then x_0.

    x0: one image, `codec.shape`, on the grid of `codec.levels` levels in [-1, 1]; ValueError otherwise.
    """
    if x0.shape != codec.shape:
        raise ValueError(f"the codec sends one image of shape {codec.shape}, got {tuple(x0.shape)}")
    pixels = to_levels(x0.flatten(), codec.levels)
    writer, ideal, actual, x = _Writer(), [], [], None
    for t in range(codec.schedule.T, 0, -1):
        mean_p, log_variance_p = _known_to_both(x, t, codec)
        mean_q, log_variance_q = _known_to_sender(x0, x, t, codec)
        candidates, arrivals = _candidates(mean_p, log_variance_p, t, codec)
        log_p_by_q = _log_normal(candidates, mean_p, log_variance_p) - _log_normal(candidates, mean_q, log_variance_q)
        chosen = _choose(log_p_by_q, arrivals)
        before = writer.bits
        for k in chosen.tolist():
            _write_index(writer, k, t, codec)
        x = _assemble(candidates, chosen)
        ideal.append(gaussian_kl(mean_q, log_variance_q, mean_p, log_variance_p).sum().item() / NATS_PER_BIT)
        actual.append(writer.bits - before)
    log_p = _decoder(cast(Tensor, x), codec)
    before = writer.bits
    for level, edges in zip(pixels.tolist(), _edges(log_p.exp()), strict=True):
        writer.put(edges[level], edges[level + 1] - edges[level])
    ideal.append(-log_p.gather(1, pixels[:, None]).sum().item() / NATS_PER_BIT)
    actual.append(writer.bits - before)
    return Sent(writer.message(), torch.tensor(ideal[::-1]), torch.tensor(actual[::-1]))


@torch.inference_mode()
def receive(message: bytes, codec: Codec) -> Tensor:
    """Algorithm 4, p. 6: receive x_T, ..., x_1, then x_0, the very image that was sent, `codec.shape`.

    Uses the message and the codec alone. It must run on the sender's kind of machine, with as many threads:
    a rounding of the model that differs makes another path. There is no checksum: a damaged message, or
    another seed or model, gives another image.
    """
    reader, x = _Reader(message), None
    for t in range(codec.schedule.T, 0, -1):
        mean_p, log_variance_p = _known_to_both(x, t, codec)
        candidates, _ = _candidates(mean_p, log_variance_p, t, codec)
        x = _assemble(candidates, torch.tensor([_read_index(reader, t, codec) for _ in range(codec.blocks(t))]))
    levels = [reader.get(edges) for edges in _edges(_decoder(cast(Tensor, x), codec).exp())]
    return to_model(torch.tensor(levels), codec.levels).view(codec.shape)


def _known_to_both(above: Tensor | None, t: int, codec: Codec) -> tuple[Tensor, Tensor]:
    """Mean and log-variance of p(x_T), or of p_theta(x_t | x_{t+1}): (D,) each, float64."""
    dimensions = torch.Size(codec.shape).numel()
    if above is None:
        zeros = torch.zeros(dimensions, dtype=torch.float64)
        return zeros, zeros
    xt, ts = above.view(1, *codec.shape), torch.tensor([t + 1])
    mean, log_variance, _ = reverse_moments(xt, ts, codec.model, codec.schedule, codec.variance)
    return mean.double().flatten(), log_variance.double().expand_as(mean).flatten()


def _known_to_sender(x0: Tensor, above: Tensor | None, t: int, codec: Codec) -> tuple[Tensor, Tensor]:
    """Mean and log-variance of q(x_T | x_0), or of q(x_t | x_{t+1}, x_0): (D,) each, float64."""
    x0, schedule = x0.double().flatten(), codec.schedule
    if above is None:
        alpha_bar = schedule.alpha_bar[t]
        mean, variance = alpha_bar.sqrt() * x0, 1 - alpha_bar
    else:
        mean, variance = forward_posterior(x0[None], above.double()[None], torch.tensor([t + 1]), schedule)
    return mean.flatten(), variance.log().flatten().expand_as(x0)


def _candidates(mean_p: Tensor, log_variance_p: Tensor, t: int, codec: Codec) -> tuple[Tensor, Tensor]:
    """Draws of p, (N, D), and arrival times, (N, blocks): the same for both sides, since the seed is."""
    generator = Generator().manual_seed(codec.seed * 1_000_003 + t)
    number = codec.candidates(t)
    z = torch.randn(number, len(mean_p), generator=generator)
    gaps = torch.empty(number, codec.blocks(t), dtype=torch.float64).exponential_(generator=generator)
    return (mean_p + (log_variance_p / 2).exp() * z).float(), gaps.cumsum(0)


def _log_normal(x: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """log N(x; mean, variance) of every coordinate, but for the constant that p and q share."""
    return -0.5 * ((x - mean).square() * (-log_variance).exp() + log_variance)


def _choose(log_p_by_q: Tensor, arrivals: Tensor) -> Tensor:
    """The k of least S_k p(z_k) / q(z_k) for each block, (blocks,), from 0; coordinate i is in block i mod blocks."""
    blocks = arrivals.shape[1]
    by_block = torch.stack([log_p_by_q[:, block::blocks].sum(1) for block in range(blocks)], 1)
    return (arrivals.log() + by_block).argmin(0)


def _assemble(candidates: Tensor, chosen: Tensor) -> Tensor:
    """The x_t that the chosen candidates of the blocks make up, (D,)."""
    coordinate = torch.arange(candidates.shape[1])
    return candidates[chosen[coordinate % len(chosen)], coordinate]


def _decoder(x1: Tensor, codec: Codec) -> Tensor:
    """log p_theta(x_0^i | x_1) of every level, Eq. (13): (D, levels)."""
    mean, log_variance = _known_to_both(x1, 0, codec)
    grid = torch.linspace(-1, 1, codec.levels, dtype=torch.float64)
    return discretized_log_likelihood(grid, mean[:, None], log_variance[:, None] / 2, codec.levels)


def _octaves(t: int, codec: Codec) -> list[int]:
    """The code of floor(log2 K) for the indices of x_t: a geometric distribution, as edges."""
    mean = _mean_octave(codec.expected[t] / codec.blocks(t)).double()
    ratio = mean / (1 + mean)
    top = codec.candidates(t).bit_length() - 1
    p = ratio ** torch.arange(top + 1)
    return next(_edges(p[None] / p.sum()))


def _write_index(writer: "_Writer", k: int, t: int, codec: Codec) -> None:
    """k, from 0: the octave of k + 1, then its place in the octave, all places alike."""
    octave = (k + 1).bit_length() - 1
    edges = _octaves(t, codec)
    writer.put(edges[octave], edges[octave + 1] - edges[octave])
    writer.put(k + 1 - (1 << octave), 1, octave)


def _read_index(reader: "_Reader", t: int, codec: Codec) -> int:
    octave = reader.get(_octaves(t, codec))
    k = (1 << octave) + reader.get(range((1 << octave) + 1), octave) - 1
    return min(k, codec.candidates(t) - 1)  # only a damaged message names a candidate beyond the last


def _edges(p: Tensor) -> Iterator[list[int]]:
    """For each distribution in the rows of p, the edges of its intervals in 0..2^PRECISION, none of them empty."""
    sizes = (p * (2**PRECISION - p.shape[1])).floor().long() + 1
    sizes.scatter_add_(1, sizes.argmax(1, keepdim=True), 2**PRECISION - sizes.sum(1, keepdim=True))
    yield from torch.nn.functional.pad(sizes.cumsum(1), (1, 0)).tolist()


class _Writer:
    """Arithmetic coding in exact integers: the message is a number in [low, low + width) / 2^shift."""

    def __init__(self):
        self.low, self.width, self.shift = 0, 1, 0

    def put(self, start: int, size: int, precision: int = PRECISION) -> None:
        """Narrow the interval to its part [start, start + size) / 2^precision."""
        self.low = (self.low << precision) + start * self.width
        self.width *= size
        self.shift += precision

    @property
    def bits(self) -> float:
        """The information written so far: -log2 of the interval's width."""
        return self.shift - math.log2(self.width)

    def message(self) -> bytes:
        """The shortest bytes that name a number in the interval, whatever bytes may follow them."""
        low, width, shift = self.low << 16, self.width << 16, self.shift + 16
        excess = shift - (shift - width.bit_length() + 1) // 8 * 8  # bits that need not be sent
        while ((value := -(-low >> excess)) + 1) << excess > low + width:  # rounded up
            excess -= 8
        return value.to_bytes((shift - excess) // 8, "big")


class _Reader:
    """The inverse of `_Writer`: where the message's number lies in the interval is rest / unit."""

    def __init__(self, message: bytes):
        self.rest, self.unit = int.from_bytes(message, "big"), 1 << 8 * len(message)

    def get(self, edges: Sequence[int], precision: int = PRECISION) -> int:
        """The symbol whose interval [edges[i], edges[i + 1]) / 2^precision holds the number."""
        self.rest <<= precision
        symbol = bisect_right(edges, self.rest // self.unit) - 1
        self.rest -= edges[symbol] * self.unit
        self.unit *= edges[symbol + 1] - edges[symbol]
        return symbol
