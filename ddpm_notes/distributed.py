"""Several processes as one, under torchrun: this process's device, its share of a batch, the whole from its shares.

Without torchrun there is one process, its share is everything, and nothing here does anything.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor


@contextmanager
def process_group() -> Iterator[torch.device]:
    """Join the processes that torchrun started, if it did, and give this one its device.

    The device is a GPU of its own where there is CUDA (then they speak through nccl), else the CPU (gloo).
    Raises ValueError if this machine has fewer GPUs than processes. Tested with gloo; the notes were
    written on a machine without a GPU, so nccl is untried.
    """
    local, gpus = int(os.environ.get("LOCAL_RANK", 0)), torch.cuda.device_count()
    if 0 < gpus <= local:
        raise ValueError(f"there are more processes than the {gpus} GPUs of this machine; use --nproc-per-node {gpus}")
    device = torch.device("cuda", local) if gpus else torch.device("cpu")
    if gpus:
        torch.cuda.set_device(device)
    if not dist.is_torchelastic_launched():
        yield device
        return
    dist.init_process_group("nccl" if gpus else "gloo", timeout=timedelta(hours=2))  # the first may fetch the data
    try:
        yield device
    finally:
        dist.destroy_process_group()


def rank_and_world() -> tuple[int, int]:
    """The number of this process, from 0, and how many there are."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


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
    yield
    if rank == 0 and world > 1:
        dist.barrier()
