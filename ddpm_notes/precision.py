"""The arithmetic of a network: float32, TF32 on a GPU, or bfloat16 where the machine has units for it."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Literal, get_args

import torch

Precision = Literal["float32", "tf32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)


def check_precision(precision: str, device: torch.device) -> None:
    """ValueError for a precision that this kind of device has not."""
    if precision == "tf32" and device.type != "cuda":
        raise ValueError(f"tf32 is a GPU's precision, and this is {device}; give float32 or bfloat16")


@contextmanager
def arithmetic(device: torch.device, precision: Precision) -> Iterator[None]:
    """Inside, products and convolutions on this device have that precision; weights and sums of losses stay float32."""
    backends: Any = torch.backends  # whose switch for TF32 has no annotation
    before = backends.fp32_precision
    if device.type == "cuda":
        backends.fp32_precision = "tf32" if precision == "tf32" else "ieee"
    try:
        with torch.autocast(device.type, torch.bfloat16) if precision == "bfloat16" else nullcontext():
            yield
    finally:
        backends.fp32_precision = before


def fast_precision(device: torch.device) -> tuple[Precision, str]:
    """The fastest precision that this device has units for, and why. Without them bfloat16 is slower than float32."""
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
        return ("bfloat16", "this GPU has units for it") if fast else ("float32", "this GPU has no bfloat16 units")
    units = sorted(name for name, there in torch.cpu.get_capabilities().items() if "bf16" in name and there is True)
    if units:
        return "bfloat16", f"this processor has units for it: {', '.join(units)}"
    return "float32", "this processor has no bfloat16 units (AVX-512-BF16 or AMX)"
