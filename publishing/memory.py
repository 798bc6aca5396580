"""What is slow to make and follows from its ingredients alone, kept from one build to the next."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from publishing import paths
from publishing.files import digest, digest_of, read_sealed, write_sealed

KEPT = 100_000_000  # bytes


def remembered(made_from: bytes, make: Callable[[], bytes], by: str) -> bytes:
    """What `make` gives for these ingredients, by this module's code and the locked packages."""
    tools = f"{digest(Path(by))} {digest(paths.REQUIREMENTS)} ".encode()
    path = paths.MEMORY / digest_of(tools + made_from)
    known = read_sealed(path)
    made = make() if known is None else known
    with suppress(FileNotFoundError):  # where others keep the same, or clear up, at the same time
        if known is None:
            write_sealed(path, made)
        os.utime(path)
    return made


def forget() -> None:
    """Remove what was longest not asked for, where all of it takes more than `KEPT`."""
    with suppress(FileNotFoundError):
        entries = [(path.lstat(), path) for path in paths.MEMORY.iterdir()]
        kept = 0
        for entry, path in sorted(entries, key=lambda one: one[0].st_mtime, reverse=True):
            kept += entry.st_size
            if kept > KEPT:
                path.unlink()
