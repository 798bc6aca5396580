"""Whether a stage of the build has anything to do, decided by content alone.

A stamp holds digests of all files that a stage read and wrote. As long as they are all the same, it need not run.
"""

import json
import math
import os
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from publishing import paths
from publishing.contract import PAPER
from publishing.files import digest, digest_of, make_way, state, write

Digests = dict[str, str | None]
_CLOCK = 5 if sys.platform == "linux" else time.CLOCK_REALTIME  # that of its file systems, CLOCK_REALTIME_COARSE
_TICK_NS = 100_000_000  # writes that lie further apart have different times, where times have parts of a second
_known: dict[str, tuple[tuple[int, ...], str | None]] = {}


def digests(files: Iterable[Path]) -> Digests:
    """Digest of every file, by its name from the root."""
    return {path.removeprefix(f"{paths.ROOT}/"): _known_digest(path) for path in map(str, files)}


def states(names: Iterable[str]) -> Digests:
    """What is now where these names lead from the root: see `files.state`."""
    return {name: _now(name) for name in names}


def look_at_all() -> None:
    """Look at whatever a stage read or wrote, so that the next look is fast."""
    with suppress(OSError):  # another build may be at work
        for path in paths.STAMPS.rglob("*.json"):
            stage = path.relative_to(paths.STAMPS).with_suffix("").as_posix()
            states(name for part in _read(stage).values() for name in part)


def _known_digest(path: str) -> str | None:
    """That of what the file holds, which is read again only if it was written meanwhile, as its inode tells."""
    try:
        found = os.stat(path)  # noqa: PTH116 - asked for thousands of files, where Path is slow
    except OSError:
        return digest(Path(path))
    written = found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
    if (known := _known.get(path)) and known[0] == written:
        return known[1]
    now = digest(Path(path))
    if found.st_ctime_ns % 1_000_000_000 and found.st_ctime_ns < time.time_ns() - _TICK_NS:
        _known[path] = written, now
    return now


def outputs_if_fresh(stage: str, inputs: Mapping[str, object]) -> list[Path] | None:
    """The stage's outputs, if it last ran on these inputs and nothing was touched since; else None.

    Files that the stage came upon, beyond these inputs, must be the same as well.
    """
    stamp = _read(stage)
    if stamp.get("inputs") != inputs or any(states(stamp[met]) != stamp[met] for met in ("found", "outputs")):
        return None
    return [paths.ROOT / name for name in stamp["outputs"]]


def record(
    stage: str,
    inputs: Mapping[str, object],
    outputs: Iterable[Path],
    found: Digests | None = None,
    since: float = math.inf,
) -> None:
    """Remember a stage that succeeded. The inputs' digests are those from before it ran, taken from `since` on.

    One that somebody wrote meanwhile may have been read as it is no longer, even if it holds the same again: nothing is
    remembered then.
    """
    late = (path for name in inputs if written(path := paths.ROOT / name) > since)
    if any(set(paths.generated()).isdisjoint(path.parents) for path in late):
        path_of(stage).unlink(missing_ok=True)
        return
    stamp = {"inputs": inputs, "found": found or {}, "outputs": digests(outputs)}
    make_way(path_of(stage))
    write(path_of(stage), json.dumps(stamp, indent=1))


def now() -> float:
    """The time by which `record` knows what is written later."""
    return time.clock_gettime(_CLOCK)


def written(path: Path) -> float:
    """When this file was, by the clock of `now`; before all time where there is none, but another kind of input."""
    try:
        return path.stat().st_ctime
    except OSError:
        return -math.inf


def inputs(stage: str) -> dict[str, object]:
    """What the stage was made of when it last succeeded."""
    return _read(stage).get("inputs", {})


def found(stage: str) -> Digests:
    """What it came upon beside that."""
    return _read(stage).get("found", {})


def _read(stage: str) -> dict[str, dict]:
    """The parts of its stamp; none where it has no whole one."""
    try:
        stamp = json.loads(path_of(stage).read_text(encoding="utf-8"))
        return {part: dict(stamp[part]) for part in ("inputs", "found", "outputs")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _now(name: str) -> str | None:
    if name.startswith("$"):
        return of_variable(name)
    path = f"{paths.ROOT}/{name}"
    if not name.endswith("/") and os.path.isfile(path):  # noqa: PTH113
        with suppress(OSError):  # which is a state too
            return _known_digest(path)
    return state(name, paths.ROOT)


def of_variable(name: str) -> str | None:
    """Digest of a variable of the environment, as in `$SEED`; None if there is none."""
    value = os.environ.get(name.removeprefix("$"))
    return None if value is None else digest_of(value.encode())


def of_notebooks(paper: str) -> str:
    """The stage that executes a paper's notebooks and renders them."""
    return f"notebooks-{paper}"


def of_pages(paper: str) -> str:
    """The stage that makes of them what Jekyll includes in the paper's pages, and what can be downloaded."""
    return f"pages-{paper}"


def of_notebook(paper: str, stem: str) -> str:
    """The stage that executes one of them."""
    return f"{paper}/{stem}"


def papers() -> set[str]:
    """The papers of which it succeeded."""
    found = {path.stem.removeprefix(of_notebooks("")) for path in paths.STAMPS.glob(f"{of_notebooks('*')}.json")}
    return set(filter(PAPER.fullmatch, found))


def path_of(stage: str) -> Path:
    """Where the stamp lies."""
    return paths.STAMPS / f"{stage}.json"
