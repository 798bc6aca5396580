"""Algorithms 3 and 4: digits arrive bit for bit, and what they cost is what the bound says plus the overhead."""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, norm
from torch.nn import functional as F

from ddpm_notes import data
from ddpm_notes.coding import (
    PRECISION,
    Codec,
    _assemble,
    _choose,
    _edges,
    _read_index,
    _Reader,
    _write_index,
    _Writer,
    expected_bits,
    index_bits,
    receive,
    send,
)
from ddpm_notes.likelihood import Bound, variational_bound
from ddpm_notes.oracle import EmpiricalDenoiser, GaussianMixtureDenoiser
from ddpm_notes.schedule import linear_schedule, strided


def codec_for(denoiser, images, steps, **options):
    """A codec for a chain of `steps` of the paper's 1000 levels, with expectations from some of the images."""
    schedule = strided(linear_schedule(), steps)
    sample = images[:: max(1, len(images) // 12)]
    bound = variational_bound(denoiser, sample, schedule, levels=17, generator=torch.Generator().manual_seed(0))
    expected = expected_bits(bound, images[0].numel())
    return Codec(denoiser, schedule, tuple(images.shape[1:]), expected, levels=17, **options)


@pytest.fixture(scope="module")
def tiny(digits):
    """The digits averaged to 2x2 pixels of 17 levels."""
    return data.to_model(F.avg_pool2d(digits.pixels.double(), 4).round().long(), 17)


@pytest.fixture(scope="module")
def new_digits(digits):
    """A codec from one part of the digits, and digits it has never seen."""
    train, test = data.load("digits", "train").x0, data.load("digits", "test").x0
    return codec_for(GaussianMixtureDenoiser(train, 0.05, linear_schedule()), train, 10), test


def test_digits_that_the_model_has_never_seen_arrive_exactly_and_in_fewer_bits_than_their_pixels(new_digits):
    codec, test = new_digits
    for x0 in test[::100]:
        sent = send(x0, codec)
        assert torch.equal(receive(sent.message, codec), x0)
        assert len(sent.message) * 8 < 64 * math.log2(17)


@pytest.mark.parametrize("steps", [1, 4, 60])
def test_two_by_two_digits_arrive_exactly_over_any_number_of_steps(tiny, steps):
    codec = codec_for(EmpiricalDenoiser(tiny, linear_schedule()), tiny, steps)
    for x0 in tiny[[3, 800]]:
        assert torch.equal(receive(send(x0, codec).message, codec), x0)


def test_a_damaged_message_and_another_seed_give_another_image(new_digits):
    codec, test = new_digits
    message = send(test[0], codec).message
    damaged = bytes([message[0] ^ 4]) + message[1:]
    other = replace(codec, seed=1)
    for image in (receive(damaged, codec), receive(message[: len(message) // 2], codec), receive(message, other)):
        assert image.shape == test[0].shape and not torch.equal(image, test[0])


def test_the_code_is_lossless_even_where_the_random_coding_has_one_candidate_and_the_model_is_wrong(generator):
    """Noise images and a network that knows nothing: the decoder of Eq. (13) pays for everything."""
    schedule = linear_schedule(3, 0.05, 0.4)
    codec = Codec(lambda x, t: -x, schedule, (1, 3, 3), torch.full((4,), 2.0), levels=256, spare_bits=-99)
    assert codec.candidates(2) == 1
    x0 = data.to_model(torch.randint(256, (1, 3, 3), generator=generator))
    sent = send(x0, codec)
    assert torch.equal(receive(sent.message, codec), x0)
    assert sent.actual[0] > 9 * 8 and sent.actual[1:].sum() == pytest.approx(0, abs=1e-3)


def test_the_message_is_as_long_as_its_parts(new_digits):
    codec, test = new_digits
    for x0 in test[:3]:
        sent = send(x0, codec)
        assert sent.ideal.shape == sent.actual.shape == (11,)
        assert 0 <= len(sent.message) * 8 - sent.actual.sum().item() < 9


def test_what_is_sent_costs_the_bound_on_average(tiny):
    """The ideal cost along the paths that were sent, over 50 seeds, against Eq. (5) with exact draws of q.

    So the chosen candidates are draws of q(x_t | x_{t+1}, x_0); 4 standard errors of the difference.
    """
    codec = codec_for(EmpiricalDenoiser(tiny, linear_schedule()), tiny, 5)
    x0 = tiny[800]
    paths = torch.stack([send(x0, replace(codec, seed=seed)).ideal for seed in range(50)])
    many = x0.expand(500, *x0.shape)
    bound = variational_bound(codec.model, many, codec.schedule, levels=17, generator=torch.Generator().manual_seed(1))
    exact = torch.cat([bound.terms, bound.prior[:, None]], 1) * 4
    error = (paths.var(0) / 50 + exact.var(0) / 500).sqrt()
    assert ((paths.mean(0) - exact.mean(0)).abs() < 4 * error + 1e-6).all()


def gaussian_indices(kl_bits, dimensions, runs, candidates, generator):
    """Indices and samples for q = N(d, 1) against p = N(0, 1) in every coordinate, with D d^2 / 2 = kl."""
    shift = math.sqrt(2 * kl_bits * math.log(2) / dimensions)
    indices, samples = [], []
    for _ in range(runs):
        z = torch.randn(candidates, dimensions, generator=generator, dtype=torch.float64)
        gaps = torch.empty(candidates, 1, dtype=torch.float64).exponential_(generator=generator)
        chosen = _choose(shift * shift / 2 - shift * z, gaps.cumsum(0))
        indices.append(chosen.item())
        samples.append(_assemble(z, chosen)[0].item())
    return torch.tensor(indices), torch.tensor(samples), shift


def test_the_chosen_candidate_is_a_draw_of_q(generator):
    """Kolmogorov-Smirnov over 2,000 samples at 1 in 10,000; it also tells q from p."""
    _, samples, shift = gaussian_indices(1.0, 1, 2000, 256, generator)
    assert kstest(samples.numpy(), norm(shift, 1).cdf).pvalue > 1e-4
    assert kstest(samples.numpy(), norm(0, 1).cdf).pvalue < 1e-12


@pytest.mark.parametrize("kl, dimensions", [(0.02, 64), (0.5, 16), (2.0, 64), (4.0, 8), (7.0, 64)])
def test_an_index_costs_what_index_bits_says(generator, kl, dimensions):
    """Measured with the codec's own code of the octave: within 0.8 bits; below what Li and El Gamal prove."""
    indices, _, _ = gaussian_indices(kl, dimensions, 200, 2 ** (math.ceil(kl) + 5), generator)
    codec = Codec(None, None, (dimensions,), torch.tensor([0.0, kl]))
    writer = _Writer()
    for k in indices.tolist():
        _write_index(writer, k, 1, codec)
    measured = writer.bits / 200
    assert measured == pytest.approx(index_bits(torch.tensor(kl)).item(), abs=0.8)
    assert kl < measured < kl + math.log2(kl + 1) + 5
    reader = _Reader(writer.message())
    assert [_read_index(reader, 1, codec) for _ in indices] == indices.tolist()


@given(seed=st.integers(0, 10_000), alphabet=st.integers(2, 40), length=st.integers(0, 60))
def test_the_arithmetic_coder_spends_the_entropy_and_gives_everything_back(seed, alphabet, length):
    generator = torch.Generator().manual_seed(seed)
    p = torch.rand(length + 1, alphabet, generator=generator, dtype=torch.float64).pow(8)
    edges = list(_edges(p / p.sum(1, keepdim=True)))
    symbols = torch.randint(alphabet, (length,), generator=generator).tolist()
    writer, ideal = _Writer(), 0.0
    for symbol, e in zip(symbols, edges, strict=False):
        assert e[0] == 0 and e[-1] == 2**PRECISION and all(a < b for a, b in zip(e, e[1:], strict=False))
        writer.put(e[symbol], e[symbol + 1] - e[symbol])
        ideal -= math.log2((e[symbol + 1] - e[symbol]) / 2**PRECISION)
    message = writer.message()
    assert ideal - 1e-6 <= len(message) * 8 < ideal + 9
    for following in (b"", b"\xff\xff", b"\x00"):
        reader = _Reader(message + following)
        assert [reader.get(e) for e in edges[:length]] == symbols


def test_rounded_probabilities_are_close_to_the_true_ones():
    sizes = torch.tensor(next(_edges(torch.tensor([[0.5, 0.25, 0.25, 0.0]], dtype=torch.float64)))).diff()
    assert sizes.tolist() == pytest.approx([2**23, 2**22, 2**22, 1], abs=8)


def test_the_expected_bits_are_the_terms_in_the_order_of_t():
    bound = Bound(torch.tensor([0.5, 0.7]), torch.tensor([[3.0, 2.0], [5.0, 2.0]]), torch.zeros(2, 2))
    assert expected_bits(bound, 10).tolist() == pytest.approx([40.0, 20.0, 6.0])


def test_blocks_and_candidates_follow_from_the_expected_bits_alone():
    codec = Codec(None, None, (1, 8, 8), torch.tensor([99.0, 20.0, 8.0, 0.01, 9000.0]), block_bits=8, spare_bits=4)
    assert [codec.blocks(t) for t in (1, 2, 3, 4)] == [3, 1, 1, 64]
    assert [codec.candidates(t) for t in (1, 2, 3)] == [2**11, 2**12, 2**5]


def test_many_small_steps_cost_far_more_than_one_large_one():
    """The same 8 bits, whole or as a thousand steps of 0.008: the measured reason against T = 1000."""
    whole, shredded = index_bits(torch.tensor([8.0, 0.008], dtype=torch.float64)).tolist()
    assert whole < 11 and shredded * 1000 > 300
    assert index_bits(torch.zeros(1)).item() == 0


def test_an_image_off_the_grid_or_of_another_shape_is_refused(new_digits):
    codec, test = new_digits
    with pytest.raises(ValueError, match="grid of 17 levels"):
        send(test[0] * 0.99, codec)
    with pytest.raises(ValueError, match="grid of 17 levels"):
        send(test[0] * 3, codec)
    with pytest.raises(ValueError, match=r"shape \(1, 8, 8\)"):
        send(test[:1], codec)
