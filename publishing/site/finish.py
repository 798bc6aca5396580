"""A new site in a folder of its own, which takes the place of the old one at once, when all of it is there."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from publishing import paths
from publishing.files import make_way
from publishing.folders import everything, readable, sweep, sync


@contextmanager
def replaced() -> Iterator[Path]:
    """Where the new site is to be made; the old one stays as it was if that raises an error."""
    fresh = paths.JEKYLL / "site"
    shutil.rmtree(paths.JEKYLL, ignore_errors=True)
    make_way(fresh)
    paths.JEKYLL.mkdir(parents=True)
    yield fresh
    readable([fresh, *fresh.rglob("*")])  # Jekyll copies the modes of assets
    _put_in_place(fresh, paths.JEKYLL / "old")
    shutil.rmtree(paths.JEKYLL)


def _put_in_place(fresh: Path, old: Path) -> None:
    """Exchange the site at once; file by file where its folder cannot be renamed, as a link, or a volume of Docker."""
    try:
        if paths.SITE.is_symlink():
            raise OSError(errno.EXDEV, "")
        if paths.SITE.exists():
            paths.SITE.rename(old)
        fresh.rename(paths.SITE)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EBUSY):
            raise
        made = {paths.SITE / path.relative_to(fresh): path.read_bytes() for path in everything(fresh)}
        paths.SITE.resolve().mkdir(parents=True, exist_ok=True)
        sync(made)
        sweep([paths.SITE], made)
