"""How far a long loop has come."""

from collections.abc import Iterable

from tqdm import tqdm

from ddpm_notes.distributed import rank_and_world


def progress_bar(steps: Iterable, **options) -> tqdm:
    """A progress bar over `steps`, drawn by process 0 alone."""
    quiet = {"disable": True} if rank_and_world()[0] > 0 else {}
    return tqdm(steps, **options, **quiet)
