"""What numbers are, to hold a later run against them: to the bit, or on another processor to its rounding."""

import hashlib
import math
import platform
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from torch import Generator, Tensor


def summary(tensors: Iterable[Tensor]) -> dict:
    """Of all numbers together: a digest of their bits, how many, their norm, and a product with fixed random numbers.

    The product changes with a sign or with the order, which the norm does not; rounding hardly changes either. Its
    factors are uniform in [-1, 1), which every processor draws alike.
    """
    digest, count, squares, product = hashlib.sha256(), 0, 0.0, 0.0
    generator = Generator().manual_seed(0)
    for tensor in tensors:
        tensor = tensor.detach().cpu().contiguous()
        digest.update(tensor.numpy().tobytes())
        x = tensor.double()
        factors = 2 * torch.rand(x.shape, generator=generator, dtype=torch.float64) - 1
        count += x.numel()
        squares += x.square().sum().item()
        product += (x * factors).sum().item()
    return {"digest": digest.hexdigest()[:16], "count": count, "norm": math.sqrt(squares), "product": product}


def differences(then, now, tolerance: float, place: str = "", size: float = 0.0) -> Iterator[str]:
    """A line for whatever one of two has and the other has not, or has otherwise.

    tolerance: 0 asks for the same bits; otherwise digests are left out, and numbers may differ by this part of
    themselves, those of a summary by this part of its norm (`size`).
    """
    if isinstance(then, dict | list) and type(then) is type(now):
        then, now = (dict(enumerate(each)) if isinstance(each, list) else each for each in (then, now))
        size = then["norm"] if "digest" in then else 0.0
        for key in then | now:
            if not (tolerance and key == "digest"):
                inner = then.get(key, "nothing"), now.get(key, "nothing")
                yield from differences(*inner, tolerance, f"{place}/{key}", size)
    elif then != now and not _close(then, now, tolerance, size):
        yield f"{place}: {then} then, {now} now"


def _close(then, now, tolerance: float, size: float) -> bool:
    floats = isinstance(then, float) and isinstance(now, float)
    return floats and math.isclose(then, now, rel_tol=tolerance, abs_tol=tolerance * size)


def machine() -> str:
    """What decides how numbers are rounded: the processor, what PyTorch uses of it, and PyTorch."""
    cpu = Path("/proc/cpuinfo")
    model = re.search("model name\\s*: (.*)", cpu.read_text()) if cpu.exists() else None
    capability = torch.backends.cpu.get_cpu_capability()
    return f"{model[1] if model else platform.machine()}, {capability}, torch {torch.__version__.partition('+')[0]}"
