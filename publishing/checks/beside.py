"""Files that nothing would read: of another format, in another folder, shown by nobody, or without an end."""

from collections.abc import Iterator
from pathlib import Path

from publishing import notebooks, paths
from publishing.checks.places import at
from publishing.files import below

_OTHER = {".ipynb", ".qmd", ".rmd", ".markdown", ".rst", ".myst"}
_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".svg", ".pdf", ".eps", ".bmp", ".tif", ".tiff"}


def unreadable() -> Iterator[str]:
    """What a build would wait for without an end, as soon as it reads it, or not find."""
    read = [path for path in paths.ROOT.glob("_*") if path not in paths.generated()]
    for path in (path for place in read for path in below(place)):
        if not path.exists():
            yield f"{paths.relative(path)} is a link that leads nowhere; let it lead to a file, or move it away"
    for path in (path for place in (paths.ASSETS, paths.NOTEBOOKS, *paths.packages(), *read) for path in below(place)):
        if path.exists() and not (path.is_file() or path.is_dir()):
            yield f"{paths.relative(path)} is a pipe, a socket or a device, but no file; move it away"


def problems() -> Iterator[str]:
    """What lies in the folders of papers and would be left out without a word."""
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
    if path.name == "matplotlibrc":
        return "matplotlib would take it without a word; set plt.rcParams in a module, and move it away"
    if kind == ".md":
        return f"no notebook is looked for here; move it to {paths.relative(folder)}/ or its {paths.OF_STUDIES}/"
    if inside.parts[0] == paths.OF_STUDIES:
        inside = inside.relative_to(paths.OF_STUDIES)  # as a study names it
    if kind in _PICTURES and not any(name in text for name in inside.parts):
        return f'no notebook shows it; write ![alt]({inside.as_posix()} "caption"), or move it away'
    return None
