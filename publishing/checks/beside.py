"""Files that nothing would read: of another format, in another folder, shown by nobody, or without an end."""

from collections.abc import Iterator
from pathlib import Path

from publishing import folders, notebooks, paths
from publishing.checks.places import at
from publishing.files import below

_OTHER = {".ipynb", ".qmd", ".rmd", ".markdown", ".rst", ".myst"}
_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".svg", ".pdf", ".eps", ".bmp", ".tif", ".tiff"}


def problems() -> Iterator[str]:
    """What would be waited for without an end, or lies in a paper's folder and would be left out without a word."""
    read = [path for path in paths.ROOT.glob("_*") if path not in paths.generated()]
    for place in (paths.ASSETS, paths.NOTEBOOKS, *paths.packages(), *read):
        for entry in folders.entries(place):
            if not (entry.is_symlink() or entry.is_dir() or entry.is_file()):
                yield f"{paths.relative(Path(entry))} is a pipe, a socket or a device, but no file; move it away"
    for paper in notebooks.papers():
        folder = paths.notebooks_dir(paper)
        known = {notebooks.path_of(paper, stem) for stem in notebooks.every(paper)}
        text = "".join(path.read_text(encoding="utf-8", errors="replace") for path in known)
        for path in below(folder):
            if path not in known and (problem := _problem(path, folder, text)):
                yield f"{at(path)}: {problem}"


def _problem(path: Path, folder: Path, text: str) -> str | None:
    kind, inside = path.suffix.lower(), path.relative_to(folder)
    if kind in _OTHER:
        return f"no notebook here is a {kind}; bring it in by make import FILE={paths.relative(path)}, or move it away"
    if kind == ".md":
        return f"no notebook is looked for here; move it to {paths.relative(folder)}/ or its {paths.OF_STUDIES}/"
    if inside.parts[0] == paths.OF_STUDIES:
        inside = inside.relative_to(paths.OF_STUDIES)  # as a study names it
    if kind in _PICTURES and not any(name in text for name in inside.parts):
        return f'no notebook shows it; write ![alt]({inside.as_posix()} "caption"), or move it away'
    return None
