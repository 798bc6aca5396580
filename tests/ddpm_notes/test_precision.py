"""Which arithmetic a machine is good at, and that it is used where it was asked for."""

import pytest
import torch

from ddpm_notes.precision import arithmetic, fast_precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    "units, expected, why",
    [
        ({"avx512_bf16": True, "amx_bf16": True}, "bfloat16", "amx_bf16, avx512_bf16"),
        ({"avx512_bf16": False, "amx_bf16": False, "avx2": True}, "float32", "no bfloat16 units"),
        ({"cpu_name": "bf16 9000"}, "float32", "no bfloat16 units"),
    ],
)
def test_bfloat16_is_taken_where_the_processor_has_units_for_it(monkeypatch, units, expected, why):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: units)
    precision, said = fast_precision(CPU)
    assert precision == expected and why in said


@pytest.mark.parametrize("has, expected", [(True, "bfloat16"), (False, "float32")])
def test_so_it_is_on_a_gpu(monkeypatch, has, expected):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: has)
    assert fast_precision(torch.device("cuda", 0))[0] == expected


def test_products_are_taken_in_the_precision_that_was_asked_for():
    a = torch.randn(8, 8, generator=torch.Generator().manual_seed(0))
    with arithmetic(CPU, "float32"):
        assert (a @ a).dtype == torch.float32
    with arithmetic(CPU, "bfloat16"):
        assert (a @ a).dtype == torch.bfloat16


def test_the_switch_of_a_gpu_is_put_back(monkeypatch):
    monkeypatch.setattr(torch, "autocast", lambda *arguments, **options: torch.no_grad())
    before = torch.backends.fp32_precision
    for precision, expected in (("tf32", "tf32"), ("float32", "ieee")):
        with arithmetic(torch.device("cuda", 0), precision):
            assert torch.backends.fp32_precision == expected
        assert torch.backends.fp32_precision == before
