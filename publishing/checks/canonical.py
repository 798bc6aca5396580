"""The form that JupyterLab saves, so that its next save leaves a clean diff."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from publishing.checks.places import Source, at
from publishing.notebooks import HEADER

_WORDS = re.compile(r"^  words: [1-9]\d*\n(?=---$)", re.MULTILINE)


def not_canonical(source: Source) -> Iterator[str]:
    """The lines that saving would change; of those that stand together, the first."""
    import jupytext

    if not _WORDS.sub("", source.text, count=1).startswith(HEADER):
        also = "; a budget is its last line, as in `  words: 280`" if "words" in source.notebook.metadata else ""
        cause = "its header is not the one that all notebooks share"
        yield f"{at(source.path)}: {cause}; copy it from another notebook{also}"
        return
    canonical = jupytext.writes(source.notebook, fmt="md")
    written, saved = source.text.splitlines(), canonical.splitlines()
    differences = SequenceMatcher(None, written, saved, autojunk=False).get_opcodes() if written != saved else []
    for kind, start, _, there, _ in differences:
        if kind != "equal":
            is_now, should_be = (next(iter(rest), "") for rest in (written[start:], saved[there:]))
            yield f"{at(source.path, start + 1)}: not in canonical form: it is {is_now!r} and should be {should_be!r}"
    if written == saved and source.text != canonical:
        yield f"{at(source.path, len(canonical.splitlines()))}: the file must end in one line break"
