"""How long it is under `make serve` from saving a file to the reloaded page."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.request import urlopen

from benchmarks.copies import Copy
from benchmarks.edits import LOSSES, NOTEBOOK, STYLES, a_docstring, a_rule, a_word, mathematics

PAUSE = 5.0  # seconds before an edit, in which a person reads
TEXT, FORMULA = 1.0, 0.5  # seconds that are aimed at, and how many more a new formula may take
EDITS = {
    "a word of prose": (NOTEBOOK, a_word, TEXT),
    "a new formula in the prose": (NOTEBOOK, mathematics, TEXT + FORMULA),
    "a rule of the stylesheet": (STYLES, a_rule, TEXT),
    f"a docstring of `{LOSSES}`": (LOSSES, a_docstring, TEXT),
}


def reloads(address: str, after: Callable[[], object]) -> float:
    """How long after this a browser, which hears what a server tells its open tabs, has loaded the page anew."""
    with urlopen(f"{address}.serve/news") as stream:
        told = (json.loads(line.removeprefix(b"data: ")) for line in stream if line.startswith(b"data: "))
        known = next(told)["build"]
        began = time.perf_counter()
        after()
        news = next(news for news in told if news["error"] or news["build"] != known)
    if news["error"]:
        raise SystemExit(f"benchmarks: make serve says: {news['error']}")
    with urlopen(f"{address}ddpm/") as page:
        page.read()
    return time.perf_counter() - began


@contextmanager
def served(copy: Copy) -> Iterator[str]:
    """Where the copy's site, which is built, is served."""
    command = [sys.executable, "-m", "publishing", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=copy.root, env=copy.environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            address = next(word for word in process.stdout.readline().split() if word.startswith("http"))
            reloads(address, lambda: None)
            yield address
        finally:
            process.terminate()


def saving(folder: Path, turns: int) -> None:
    """Save each edit, and take it back."""
    copy = Copy.of_this(folder / "saving")
    print("| edit | from saving to the reloaded page, s, median | of | aim |\n|---|---|---|---|", flush=True)
    with served(copy) as address:
        for what, (name, edit, aim) in EDITS.items():
            path, seconds = copy.root / name, []
            before = path.read_bytes()
            for content in (content for turn in range(turns) for content in (edit(turn)(before), before)):
                time.sleep(PAUSE)
                seconds.append(reloads(address, partial(path.write_bytes, content)))
            median = statistics.median(seconds)
            met = "met" if median <= aim else "missed"
            print(f"| {what} | {median:.2f} | {len(seconds)} | {aim:.1f} s: {met} |", flush=True)
