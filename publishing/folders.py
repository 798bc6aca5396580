"""Folders of generated files, and what they should hold."""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from publishing import files


@dataclass
class Report:
    """What became of the files that a stage makes."""

    written: list[Path] = field(default_factory=list)
    changed: list[Path] = field(default_factory=list)
    unchanged: list[Path] = field(default_factory=list)

    @property
    def made(self) -> list[Path]:
        """All of them."""
        return sorted([*self.written, *self.changed, *self.unchanged])


def sync(contents: Mapping[Path, str | bytes]) -> Report:
    """Write the files whose content is new."""
    report = Report()
    for path, content in sorted(contents.items()):
        make_way(path)
        existed = path.exists()
        if not files.write(path, content):
            report.unchanged.append(path)
        else:
            (report.changed if existed else report.written).append(path)
    return report


def has_file(path: Path) -> bool:
    """Whether a file is there, by a name that somebody wrote, which may be too long for any."""
    return os.path.isfile(path)  # noqa: PTH113 - which Path raises an error for


def make_way(path: Path) -> None:
    """Remove a folder that stands where this file belongs, and a file where one of its folders does."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    for parent in path.parents:
        if parent.is_file():
            parent.unlink()


def everything(folder: Path) -> list[Path]:
    """Every file below a folder, hidden ones and links too."""
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def readable(found: Iterable[Path]) -> None:
    """Let everybody read these files and enter these folders."""
    for path in found:
        mode = 0o755 if path.is_dir() else 0o644
        if path.stat().st_mode & 0o777 != mode:
            path.chmod(mode)


def sweep(folders: Iterable[Path], made: Iterable[Path], aside: Callable[[Path], Path] | None = None) -> list[Path]:
    """Remove, and return, every file below these folders that is not among those made, with the folders left empty.

    What a person may have put there goes where `aside` says.
    What stays, and the way to it, can be read by a web server, whoever changed a mode.
    """
    kept = set(made)
    found = [path for folder in folders for path in everything(folder)]
    removed = [path for path in found if path not in kept]
    for path in removed:
        if aside:
            _move(path, aside(path))
        else:
            path.unlink()
    for folder in folders:
        for path in sorted(folder.rglob("*"), reverse=True):  # a folder comes after what is in it
            if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
                path.rmdir()
        readable(path for path in (folder, *folder.rglob("*")) if path.exists() and not path.is_symlink())
    return removed


def _move(path: Path, target: Path) -> None:
    make_way(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(path, target)
