"""What is slow to make and follows from its ingredients alone, kept from one build to the next."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from publishing import paths
from publishing.files import digest, digest_of, read_sealed, write_sealed
from publishing.folders import make_way

KEPT = 2000


def _folder() -> Path:
    return paths.BUILD / "memory"


def remembered(made_from: bytes, make: Callable[[], bytes], by: str) -> bytes:
    """What `make` gives for these ingredients, by this module's code and the locked packages."""
    tools = f"{digest(Path(by))} {digest(paths.REQUIREMENTS)} ".encode()
    path = _folder() / digest_of(tools + made_from)
    known = read_sealed(path)
    if known is None:
        known = make()
        with suppress(FileNotFoundError):  # where others keep the same, or clear up, at the same time
            make_way(path)
            write_sealed(path, known)
            for old in sorted(_folder().iterdir(), key=lambda entry: entry.lstat().st_mtime)[:-KEPT]:
                old.unlink()
    return known
