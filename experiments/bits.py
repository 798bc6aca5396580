"""What numbers are, to hold a later run against them: to the bit, or on another processor to its rounding."""

import hashlib
import math
import platform
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from torch import Generator, Tensor

# What another processor may change: measured, AVX2 beside AVX512, 6e-7 of a loss or a distance after twenty steps in
# float32, and 4e-4 of the norm of a bias kept in half precision. In bfloat16 it is more, and is refused.
OF_A_NUMBER, OF_A_NORM = 1e-5, 1e-3


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


def differences(then, now, exact: bool, place: str = "", size: float = 0.0) -> Iterator[str]:
    """A line for whatever one of two has and the other has not, or has otherwise.

    exact: to the bit; else digests do not count, a number may differ by `OF_A_NUMBER` of itself, and the norm and
    product of a summary by `OF_A_NORM` of the norm, here `size`.
    """
    if isinstance(then, dict | list) and type(then) is type(now):
        then, now = (dict(enumerate(each)) if isinstance(each, list) else each for each in (then, now))
        size = then["norm"] if "digest" in then else 0.0
        for key in then | now:
            if exact or key != "digest":
                inner = then.get(key, "nothing"), now.get(key, "nothing")
                yield from differences(*inner, exact, f"{place}/{key}", size)
    elif then != now and (exact or not _close(then, now, size)):
        yield f"{place}: {then} then, {now} now"


def _close(then, now, size: float) -> bool:
    floats = isinstance(then, float) and isinstance(now, float)
    return floats and math.isclose(then, now, rel_tol=OF_A_NUMBER, abs_tol=OF_A_NORM * size)


def machine() -> str:
    """What decides how numbers are rounded: the processor, what PyTorch uses of it, and PyTorch."""
    cpu = Path("/proc/cpuinfo")
    model = re.search("model name\\s*: (.*)", cpu.read_text()) if cpu.exists() else None
    capability = torch.backends.cpu.get_cpu_capability()
    return f"{model[1] if model else platform.machine()}, {capability}, torch {torch.__version__.partition('+')[0]}"
