"""What a change of the code did to the site: `python tests/same_site.py OLD NEW`, two folders like `_site`.

Build both with the same `SOURCE_DATE_EPOCH`. Names every file that is new, gone or another, and of text the lines that
differ; it ends with status 1 if there are any.
"""

import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

TEXT = {".css", ".html", ".ipynb", ".js", ".json", ".md", ".mjs", ".xml"}
SHOWN, WIDTH = 20, 200


def main(old: str, new: str) -> int:
    """Print the differences."""
    found = list(differences(Path(old), Path(new)))
    print("\n".join(found) or "the same, byte for byte")
    return 1 if found else 0


def differences(old: Path, new: Path) -> Iterator[str]:
    """A line for each file, and below it those of its lines that differ."""
    there, here = (
        {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()} for folder in (old, new)
    )
    for name in sorted(there.keys() | here.keys()):
        if name not in here or name not in there:
            yield f"{name}: {'gone' if name in there else 'new'}"
        elif there[name].read_bytes() != here[name].read_bytes():
            yield f"{name}: another"
            yield from _lines(there[name], here[name]) if name.suffix in TEXT else ()


def _lines(old: Path, new: Path) -> Iterator[str]:
    texts = [path.read_text(encoding="utf-8").splitlines() for path in (old, new)]
    changed = [line for line in difflib.unified_diff(*texts, n=0, lineterm="") if line[:3] not in ("---", "+++", "@@ ")]
    yield from (f"  {line[:WIDTH]}" for line in changed[:SHOWN])
    if len(changed) > SHOWN:
        yield f"  and {len(changed) - SHOWN} more lines"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
