"""The form that JupyterLab saves, so that its next save leaves a clean diff."""

from collections.abc import Iterator
from itertools import zip_longest

from publishing.checks.places import Source, at
from publishing.notebooks import HEADER


def not_canonical(source: Source) -> Iterator[str]:
    """The first line that saving would change."""
    import jupytext

    if not source.text.startswith(HEADER):
        yield f"{at(source.path)}: its header is not the one that all notebooks share; copy it from another notebook"
        return
    canonical = jupytext.writes(source.notebook, fmt="md")
    for line, (is_now, should_be) in enumerate(zip_longest(source.text.splitlines(), canonical.splitlines()), 1):
        if is_now != should_be:
            yield f"{at(source.path, line)}: not in canonical form: it is {is_now!r} and should be {should_be!r}"
            return
    if source.text != canonical:
        yield f"{at(source.path, len(canonical.splitlines()))}: the file must end in one line break"
