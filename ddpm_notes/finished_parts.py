"""Long commands in parts: what is finished lies beside the output until the whole is there, so nothing is lost."""

import shutil
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn

from ddpm_notes.distributed import in_any_process, rank_and_world
from ddpm_notes.files import read_tensors, write_tensors
from ddpm_notes.interrupts import noted_interrupts

Tensors = dict[str, Tensor]


def begun(out: Path) -> dict:
    """The plain values of an unfinished run of the file `out`; empty if there is none."""
    paths = sorted(path for path in _folder_of(out).glob("*") if path.suffix in (".safetensors", ".begun"))
    return read_tensors(paths[0])[1] if paths else {}


def _folder_of(out: Path) -> Path:
    return out.with_name(f"{out.name}.parts")


class Parts:
    """The finished parts of one run, in the folder OUT.parts.

    out: the file that the run will write. run: plain values that decide the result. A part that is there
    is read, not computed; ValueError if it belongs to a run with other values.
    """

    def __init__(self, out: Path, run: dict):
        self.folder, self.run = _folder_of(out), run

    def part(self, name: str, compute: Callable[[Tensors], Iterator[Callable[[], Tensors]]]) -> Tensors:
        """Named tensors, computed by all processes together and saved by process 0, or read by all.

        compute: given what an interrupted part had come to, or nothing, it yields after each step a function that tells
        what it has come to, at last the result. An interrupt (Ctrl-C, SIGTERM) is waited with until a step is whole,
        and that is saved.
        """
        path, begun = (self.folder / f"{name}.{kind}" for kind in ("safetensors", "begun"))
        if path.exists():
            return self._read(path)
        with noted_interrupts() as noted:
            for told in compute(self._read(begun) if begun.exists() else {}):
                if in_any_process(noted()):
                    self._write(begun, told())
                    raise KeyboardInterrupt
            tensors = told()
        if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
            raise ValueError("the network gives NaN or infinite numbers; its weights are damaged")
        self._write(path, tensors)
        if rank_and_world()[0] == 0:
            begun.unlink(missing_ok=True)
        return tensors

    def _read(self, path: Path) -> Tensors:
        tensors, run = read_tensors(path)
        if run != self.run:
            differ = sorted(key for key in self.run if run.get(key) != self.run[key])
            told = ", ".join(key if key in ("model", "data_checksum") else f"{key} ({run.get(key)})" for key in differ)
            raise ValueError(f"{self.folder} belongs to a run with another {told}; remove it or give another --out")
        return tensors

    def _write(self, path: Path, tensors: Tensors) -> None:
        if rank_and_world()[0] == 0:
            write_tensors(path, tensors, self.run)

    def remove(self) -> None:
        """Once the whole is written, and all processes have read what they need."""
        if dist.is_initialized():
            dist.barrier()
        if rank_and_world()[0] == 0:
            shutil.rmtree(self.folder, ignore_errors=True)


def model_checksum(model: nn.Module) -> int:
    """CRC-32 of all that decides what a model gives: parameters and buffers, what they mean, the schedule."""
    checksum = zlib.crc32(repr(model).encode())
    for tensor in model.state_dict().values():
        checksum = zlib.crc32(tensor.detach().cpu().contiguous().numpy(), checksum)
    return checksum
