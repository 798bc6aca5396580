"""Outputs of executed notebooks: nothing of the machine, no warning, no progress bar, nothing that is new each time."""

import re
from collections.abc import Iterator
from itertools import chain

from publishing.checks import leaks
from publishing.checks.places import Source, at

_UNWANTED = {
    r"\b[A-Z]\w*Warning\b": "a warning; fix its cause",
    r"\d+%\|| ?\b\d+(\.\d+)?(it/s|s/it)\b|[^\n]\r[^\n]": "a progress bar; leave it out, or set TQDM_DISABLE",
    r"\b0x[0-9a-f]{6,}\b": "an address in memory, which is another in every run; print something else",
    r"\b[0-2]\d:[0-5]\d:[0-5]\d\b": "a time of day, which is another in every run; print something else",
}


def problems(source: Source, executed: dict) -> Iterator[str]:
    """What the outputs of a notebook must not hold, told at the cell that made it."""
    if len(executed["cells"]) != len(source.notebook.cells):
        ran, cells = len(executed["cells"]), len(source.notebook.cells)
        yield f"{at(source.path)}: what was executed has {ran} cells, the notebook has {cells}; run `make notebooks`"
        return
    for number, cell in enumerate(executed["cells"], 1):
        for output in cell.get("outputs", []):
            for problem in _of_output(output):
                yield f"{source.at(number)}: the output holds {problem}"


def _of_output(output: dict) -> Iterator[str]:
    if output.get("name") == "stderr":
        first = "".join(output["text"]).strip().partition("\n")[0]
        yield f"what was written to standard error, {first!r}; fix its cause"
    text = "\n".join(_strings({key: value for key, value in output.items() if key != "traceback"}))
    for pattern, what in _UNWANTED.items():
        if found := re.search(pattern, text):
            yield f"{found.group()!r}, {what}"
    for _, leak in leaks.in_text(text):
        yield f"what no reader should see: {leak}"


def _strings(value: object) -> Iterator[str]:
    """Every text within an output, however deep; of pictures there is none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from ("".join(value),) if all(isinstance(part, str) for part in value) else chain(*map(_strings, value))
    elif isinstance(value, dict):
        yield from chain.from_iterable(_strings(part) for key, part in value.items() if not key.startswith("image/"))
