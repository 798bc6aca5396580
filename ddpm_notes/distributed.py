"""Several processes as one, under torchrun: this process's device, its share of a batch, the whole from its shares.

Without torchrun there is one process, its share is everything, and nothing here does anything.
"""

import gc
import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor


@contextmanager
def process_group(name: str = "auto") -> Iterator[torch.device]:
    """Join the processes that torchrun started, if it did, and give this one its device.

    name: "cpu", "cuda", "cuda:N", or "auto" for a GPU where there is one. Of several processes each has a GPU of its
    own and they speak through nccl; on the CPU through gloo. Raises ValueError for a device that is not here, or for
    fewer GPUs than processes. Tested with gloo; the notes were written on a machine without a GPU, so nccl is untried.
    """
    device = _device(name)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    if not dist.is_torchelastic_launched():
        yield device
        return
    importlib.import_module("torch.distributed.nn")  # later its default arguments would hold the group
    backend = "nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, timeout=timedelta(hours=2))  # the first may fetch the data
    try:
        yield device
    finally:
        gc.collect()  # DDP holds it too; threads of gloo that outlive the interpreter abort the process
        dist.destroy_process_group()


def _device(name: str) -> torch.device:
    local, gpus = int(os.environ.get("LOCAL_RANK", 0)), torch.cuda.device_count()
    if name == "auto":
        name = "cuda" if gpus else "cpu"
    kind, _, number = name.partition(":")
    if name != "cpu" and (kind != "cuda" or not (number.isdigit() or name == "cuda")):
        raise ValueError(f"--device is cpu, cuda or cuda:N (tables in float64 are on no other), got {name}")
    if kind == "cpu":
        return torch.device("cpu")
    if number and "LOCAL_RANK" in os.environ:
        raise ValueError(f"under torchrun each process has a GPU of its own; leave out --device {name}")
    index = int(number) if number else local
    if index >= gpus:
        hint = f"use --nproc-per-node {gpus}" if local and gpus else "give another --device"
        raise ValueError(f"there is no GPU {index}, this machine has {gpus}; {hint}")
    return torch.device("cuda", index)


def to_device(x: Tensor, device: torch.device) -> Tensor:
    """Copied without waiting: what lies on the CPU goes to a GPU through pinned memory."""
    return (x.pin_memory() if device.type == "cuda" and x.is_cpu else x).to(device, non_blocking=True)


def rank_and_world() -> tuple[int, int]:
    """The number of this process, from 0, and how many there are."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def in_any_process(here: bool) -> bool:
    """Whether it is so in any process, which all of them learn at once."""
    if rank_and_world()[1] == 1:
        return here
    device = "cuda" if dist.get_backend() == "nccl" else "cpu"
    anywhere = torch.tensor(float(here), device=device)
    dist.all_reduce(anywhere)
    return anywhere.item() > 0


def share(whole: Tensor) -> Tensor:
    """This process's part of the first dimension, a view; parts differ by one at most."""
    rank, world = rank_and_world()
    return whole.tensor_split(world)[rank]


def gathered(mine: Tensor, count: int) -> Tensor:
    """The whole, (count, ...), of which `mine` is this process's `share`; the same in every process."""
    if rank_and_world()[1] == 1:
        return mine
    whole = mine.new_zeros(count, *mine.shape[1:])
    share(whole).copy_(mine)
    dist.all_reduce(whole)
    return whole


@contextmanager
def first_process_first() -> Iterator[None]:
    """The others wait until process 0 has left this block: it downloads, they find the file."""
    rank, world = rank_and_world()
    if rank > 0:
        dist.barrier()
    try:
        yield
    finally:
        if rank == 0 and world > 1:
            dist.barrier()
