"""Folders of generated files, and what they should hold."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISDIR

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
        files.make_way(path)
        existed = path.exists()
        if not files.write(path, content):
            report.unchanged.append(path)
        else:
            (report.changed if existed else report.written).append(path)
    return report


def has_file(path: Path) -> bool:
    """Whether a file is there, by a name that somebody wrote, which may be too long for any."""
    return os.path.isfile(path)  # noqa: PTH113 - which Path raises an error for


def everything(folder: Path) -> list[Path]:
    """Every file below a folder, hidden ones and links too."""
    return sorted(Path(entry) for entry in _entries(folder) if not entry.is_dir(follow_symlinks=False))


def _entries(folder: str | Path) -> Iterator[os.DirEntry[str]]:
    """All that is below a folder, in any order but that a folder comes after what is in it; links lead nowhere."""
    try:
        found = list(os.scandir(folder))
    except OSError:  # it is not there, or not to be read
        return
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(entry.path)
        yield entry


def readable(found: Iterable[Path]) -> None:
    """Let everybody read these files and enter these folders."""
    for path in found:
        _let_read(path, path.stat().st_mode)


def _let_read(path: os.PathLike[str], mode: int) -> None:
    wanted = 0o755 if S_ISDIR(mode) else 0o644
    if mode & 0o777 != wanted:
        Path(path).chmod(wanted)


def sweep(folders: Iterable[Path], made: Iterable[Path], remove: Callable[[Path], object] = Path.unlink) -> list[Path]:
    """Remove, and return, every file below these folders that is not among those made, with the folders left empty.

    What stays, and the way to it, can be read by a web server, whoever changed a mode.
    """
    kept, removed = set(map(str, made)), []
    for folder in folders:
        for entry in _entries(folder):
            is_folder = entry.is_dir(follow_symlinks=False)
            if not is_folder and entry.path not in kept:
                removed.append(Path(entry))
                remove(removed[-1])
            elif is_folder and not any(Path(entry).iterdir()):
                Path(entry).rmdir()
            elif not entry.is_symlink():
                _let_read(entry, entry.stat().st_mode)
        if folder.is_dir():
            readable([folder])
    return sorted(removed)
