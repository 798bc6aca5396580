"""The writer's language: what the cells of a notebook may say beyond plain Python.

Each function shows something in Jupyter and, in the same output under a MIME type of its own, tells the renderer what
it is. Nothing is written to disk.
"""

import base64
import io
import json
import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from IPython.display import display
from PIL import Image

from publishing import contract, paths
from publishing.contract import CLAIM, DIAGRAM, NAME, REFERENCES, TABLE
from publishing.macros import bundle
from publishing.paths import ROOT
from publishing.phone import fit
from publishing.source import source_bundle
from publishing.verdicts import COARSE, verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ROOT", "claim", "diagram", "macros", "references", "source", "table"]

PIXELS_PER_INCH = 100  # of the page; the image itself has twice as many
WIDEST = 5  # standard errors
RELATIONS = {
    "==": lambda left, right, tolerance: (left == right) | (np.abs(left - right) <= tolerance),
    "<=": lambda left, right, tolerance: left <= right + tolerance,
    ">=": lambda left, right, tolerance: left >= right - tolerance,
    "<": lambda left, right, tolerance: left < right + tolerance,
    ">": lambda left, right, tolerance: left > right - tolerance,
}


class ClaimError(AssertionError):
    """A claim that does not hold, or that is about nothing. The build hears of it, whoever catches it."""

    def __init__(self, message: str):
        super().__init__(message)
        sys.audit("publishing.claim", message)


def diagram(
    figure: "Figure",
    name: str,
    *,
    alt: str,
    caption: str,
    phone: "Figure | None" = None,
    instrument: str | None = None,
    files: Mapping[str, Any] | None = None,
) -> None:
    """Show a matplotlib figure, to become the page's `<paper>-<name>.png` with this alternative text and caption.

    Plots, one or a row of them, and grids of pictures get a picture of their own for phones; `phone` is one that is
    drawn for them. An artist of the figure with a `url`, as in "#eq-3", becomes a link, which its label names. The
    figures are closed. The caption is Markdown with $TeX$.
    `instrument` names the script in `assets/js/instruments/` that takes the figure's place when the reader asks for
    it, and `files` are what it may fetch, by name: a path is published as the file it leads to, anything else as JSON.
    """
    _need_name(name)
    _need_text(alt=alt, caption=caption)
    _need_figure(figure, phone)
    png, size = _png(figure)
    facts: contract.DiagramFacts = {"name": name, "alt": alt, "caption": caption, "chart": _is_chart(figure), **size}
    facts["links"] = _links(figure)
    if phone or fit(figure):
        narrow, small = _png(phone or figure)
        facts["phone"] = {"png": narrow, "links": _links(phone or figure), **small}
    for drawn in (figure, phone):
        _close(drawn)
    if instrument:
        _need_name(instrument)
        facts["instrument"] = instrument
        facts["files"] = {file: _published(what) for file, what in (files or {}).items()}
    bundle = {"image/png": png, "text/plain": f"Figure: {caption}", DIAGRAM: facts}
    display(bundle, raw=True, metadata={"image/png": size})


def table(rows: Iterable[Iterable[Any]], *, columns: Iterable[str], name: str, caption: str) -> None:
    """Show a table. Strings are Markdown with $TeX$ and stay as they are; floats get four digits, None a dash."""
    _need_name(name)
    _need_text(caption=caption)
    facts: contract.TableFacts = {
        "name": name,
        "columns": [str(column) for column in columns],
        "rows": [[_cell(value) for value in row] for row in _rows(name, rows)],
        "caption": caption,
    }
    width = len(facts["columns"])
    for number, row in enumerate(facts["rows"], 1):
        if len(row) != width:
            raise ValueError(f"table {name!r}, row {number}: {len(row)} cells for {width} columns")
    lines = [facts["columns"], ["---"] * width, *facts["rows"]]
    markdown = "\n".join("| " + " | ".join(line) + " |" for line in lines) + f"\n\n{caption}"
    display({"text/markdown": markdown, "text/plain": markdown, TABLE: facts}, raw=True)


def claim(
    statement: str,
    measured: Any,
    relation: str,
    expected: Any,
    *,
    tolerance: float = 0.0,
    of: str | Sequence[str] | None = None,
    standard_error: float | None = None,
    name: str | None = None,
) -> None:
    """Hold the notebook to a statement: raise ClaimError unless `measured relation expected` for every element.

    `relation` is one of == < <= > >=, and may be missed by `tolerance`, which must be less than what is expected, if
    that is not 0; else the claim could hardly fail. Numbers, arrays and tensors are welcome;
    `expected` may be one number for a whole array. NaN is false, infinity is refused. `of` names the equations that are
    covered, as in "eq-7"; `standard_error` belongs to a Monte Carlo figure, whose tolerance is at most five of it.
    With `name="cost"` the text can give the number, `[0.486 bits](#claim-cost)`, which the build compares.
    """
    _need_text(statement=statement)
    if relation not in RELATIONS:
        raise ValueError(f"claim {statement!r}: the relation is one of == < <= > >=, got {relation!r}")
    tolerance = _number(statement, "tolerance", tolerance)
    if standard_error is not None:
        standard_error = _number(statement, "standard_error", standard_error)
    if not 0 <= tolerance < math.inf:
        raise ValueError(f"claim {statement!r}: the tolerance is a finite number ≥ 0, got {tolerance}")
    left, right = _sides(statement, measured, expected)
    _need_doubt(statement, measured is expected and left.ndim > 0, right, tolerance)
    _need_narrow(statement, tolerance, standard_error)
    _need_true(statement, left, relation, right, tolerance)

    facts: contract.ClaimFacts = {
        "statement": statement,
        "relation": relation,
        "count": left.size,
        "measured": _few(left, tolerance),
        "expected": _few(right, tolerance),
        "tolerance": tolerance,
        "of": [of] if isinstance(of, str) else list(of or []),
        "standard_error": standard_error,
    }
    if name is not None:
        _need_name(name)
        facts["name"] = name
    said = verdict(facts)
    display({"text/markdown": f"✓ {statement}: {said}", "text/plain": f"✓ {statement}: {said}", CLAIM: facts}, raw=True)


def source(dotted: str, docstring: bool = True) -> None:
    """Show the source of a thing of this repository, as in `source("ddpm_notes.forward.forward_process")`."""
    facts: contract.SourceFacts = {"object": dotted}
    display(source_bundle(facts if docstring else {**facts, "docstring": False}), raw=True)


def depends_on(name: str) -> None:
    """Run this notebook again whenever this file, folder (with all below it) or variable of the environment changes.

    What Python opens, lists, looks for or imports is followed by itself; a program that a cell starts, and a file that
    a library opens on its own, are not. A path begins at the notebook's folder; a variable has capitals alone.
    """
    path = Path(name)
    if contract.VARIABLE.fullmatch(name) and not path.exists():
        return  # known before the notebook runs
    if not path.exists():
        raise ValueError(f"depends_on({name!r}): there is no such file or folder; a variable is written as in DATA_DIR")
    inside = (Path(parent, file) for parent, _, names in os.walk(path) for file in names)
    for file in inside if path.is_dir() else [path]:
        file.read_bytes()


def macros() -> None:
    """Tell JupyterLab the commands of the paper's `macros.tex`, for all that is shown after it; the page knows them."""
    display(bundle(_paper()), raw=True)


def references() -> None:
    """Show the bibliography that lies beside the paper's notebooks."""
    from pybtex import PybtexEngine

    bibliography = paths.bibliography(_paper()).read_text(encoding="utf-8")
    styled = PybtexEngine().format_from_string
    display(
        {
            "text/markdown": styled(bibliography, "unsrt", output_backend="markdown"),
            "text/plain": styled(bibliography, "unsrt", output_backend="plaintext"),
            REFERENCES: {},
        },
        raw=True,
    )


def _paper() -> str:
    return paths.paper_of(Path.cwd())


def _sides(statement: str, measured: Any, expected: Any) -> tuple[np.ndarray, np.ndarray]:
    left, right = _numbers(statement, "measured", measured), _numbers(statement, "expected", expected)
    if right.ndim and left.shape != right.shape:
        raise ValueError(f"claim {statement!r}: measured has shape {left.shape}, expected {right.shape}")
    if not left.size:
        raise ClaimError(f"claim {statement!r} is about nothing: measured is empty")
    if np.isinf(left).any() or np.isinf(right).any():
        raise ClaimError(f"claim {statement!r} is about an infinite number; compare finite ones")
    return left, right


def _need_doubt(statement: str, same: bool, right: np.ndarray, tolerance: float) -> None:
    """Refuse what could hardly be false."""
    if same:
        raise ClaimError(f"claim {statement!r} compares a thing with itself; compare two things")
    if 0 < (value := np.abs(right).max()) <= tolerance:
        cause = f"the tolerance {tolerance:g} is as wide as the value {value:.4g}"
        raise ClaimError(f"claim {statement!r} can hardly fail: {cause}; make it smaller")


def _need_narrow(statement: str, tolerance: float, standard_error: float | None) -> None:
    if standard_error is None:
        return
    if not 0 < standard_error < math.inf:
        raise ValueError(f"claim {statement!r}: the standard error is a finite number > 0, got {standard_error}")
    if tolerance > WIDEST * standard_error * (1 + 1e-9):
        cause = f"the tolerance {tolerance:.3g} is {tolerance / standard_error:.1f} standard errors"
        raise ClaimError(f"claim {statement!r} can hardly fail: {cause}; allow at most {WIDEST}")


def _need_true(statement: str, left: np.ndarray, relation: str, right: np.ndarray, tolerance: float) -> None:
    with np.errstate(invalid="ignore"):
        holds = RELATIONS[relation](left, right, tolerance)
    if holds.all():
        return
    first = tuple(np.argwhere(~holds)[0].tolist())
    where = f"{(~holds).sum():,} of {holds.size:,} elements fail, the first at {list(first)}: " if left.ndim else ""
    here = f"{left[first].item()!r} {relation} {np.broadcast_to(right, left.shape)[first].item()!r}"
    raise ClaimError(f"the claim {statement!r} is false: {where}{here}, tolerance {tolerance:g}")


def _numbers(statement: str, role: str, value: Any) -> np.ndarray:
    if hasattr(value, "detach"):
        value = value.detach().cpu().double()
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"claim {statement!r}: {role} must be numbers, got {type(value).__name__}") from None


def _number(statement: str, role: str, value: Any) -> float:
    numbers = _numbers(statement, role, value)
    if numbers.size != 1:
        raise ValueError(f"claim {statement!r}: {role} must be one number, got {numbers.size}")
    return numbers.item()


def _few(values: np.ndarray, tolerance: float) -> list[float]:
    """The numbers, or the ends of many."""
    few = values.ravel() if values.size <= contract.FEW else np.array([values.min(), values.max()])
    return [_rounded(value, tolerance) for value in few.tolist()]


def _rounded(value: float, tolerance: float) -> float:
    """At most six digits, and none that may differ between processors: under a tolerance for rounding, none below it.

    A wider tolerance is for chance, which is seeded: two digits more show how far a number is from what is expected.
    """
    if tolerance:
        spare = 2 if tolerance >= COARSE else 0
        value = round(value, spare - math.floor(math.log10(tolerance)))
    return value if value.is_integer() else float(f"{value:.6g}")


def _cell(value: Any) -> str:
    if hasattr(value, "item"):
        value = value.item()
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _png(figure: "Figure") -> tuple[str, contract.Size]:
    """The image of 256 colours, a third of the bytes of all, in base64, and its size on the page in CSS pixels."""
    drawn, kept = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=2 * PIXELS_PER_INCH)
    image = Image.open(drawn).convert("RGB")
    few = image.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(kept, "PNG", optimize=True)
    width, height = (round(pixels / 2) for pixels in image.size)
    return base64.b64encode(kept.getvalue()).decode(), {"width": width, "height": height}


def _is_chart(figure: "Figure") -> bool:
    """Whether it holds no picture, so that its colours mean nothing but themselves."""
    from matplotlib.collections import QuadMesh
    from matplotlib.image import _ImageBase

    return not any(isinstance(artist, QuadMesh | _ImageBase) for artist in figure.findobj())


def _links(figure: "Figure") -> list[contract.Link]:
    """The artists that have a `url`, with their places on the page, as the figure was drawn last."""
    found: list[contract.Link] = []
    for artist in figure.findobj(lambda artist: bool(artist.get_url())):
        box, label = artist.get_window_extent(), str(artist.get_label())
        if not label or label.startswith("_"):
            raise ValueError(f"the link to {artist.get_url()!r} has no words; give the artist a label")
        left, top, width, height = (round(side, 1) for side in (box.x0, figure.bbox.y1 - box.y1, box.width, box.height))
        target = str(artist.get_url()).removeprefix("#")
        found.append({"target": target, "label": label, "left": left, "top": top, "width": width, "height": height})
    return found


def _close(figure: "Figure | None") -> None:
    """Keep Jupyter from showing the figure a second time at the end of the cell."""
    if figure and (pyplot := sys.modules.get("matplotlib.pyplot")):
        pyplot.close(figure)


def _published(value: Any) -> dict[str, str]:
    """Where the renderer finds a file of an instrument. Reading it here lets the build know that it was used."""
    if not isinstance(value, Path):
        return {"text": json.dumps(value, separators=(",", ":"))}
    value.read_bytes()
    return {"path": paths.relative(value.resolve())}


def _need_figure(*figures: Any) -> None:
    from matplotlib.figure import Figure

    for figure in figures:
        if not isinstance(figure, Figure | None):
            remedy = "of axes give ax.figure, of pyplot plt.gcf()"
            raise ValueError(f"diagram() shows a figure of matplotlib, got {type(figure).__name__}; {remedy}")


def _rows(name: str, given: Any) -> list[Iterable[Any]]:
    """Rows. Refuse what gives a number or text where it should give one: a DataFrame gives the names of its columns."""
    if np.iterable(given) and not hasattr(given, "columns"):
        rows = list(given)
        if all(np.iterable(row) and not isinstance(row, str) for row in rows):
            return rows
    remedy = "write [[1, 2], [3, 4]], of a DataFrame df.to_numpy() and columns=df.columns"
    raise ValueError(f"table {name!r} takes rows, each a list of cells, got {type(given).__name__}; {remedy}")


def _need_name(name: str) -> None:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(f"a name is made of a-z, 0-9 and single hyphens, as in forward-reverse; got {name!r}")


def _need_text(**texts: str) -> None:
    for role, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"the {role} is empty or no text, got {text!r}; say it in a sentence")
