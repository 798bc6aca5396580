"""Folders of generated files, brought to what they should hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from publishing import files


@dataclass
class Report:
    """What happened to the files of a folder, by name."""

    written: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def bring(folder: Path, pattern: str, contents: Mapping[str, str | bytes], complete: bool = True) -> Report:
    """Write the files whose content is new; if `complete`, remove those of the pattern that nothing makes any more."""
    report = Report()
    for name, content in sorted(contents.items()):
        existed = (folder / name).exists()
        if not files.write(folder / name, content):
            report.unchanged.append(name)
        else:
            (report.changed if existed else report.written).append(name)
    for path in sorted(folder.glob(pattern)) if complete else []:
        if path.name not in contents:
            path.unlink()
            report.removed.append(path.name)
    return report
