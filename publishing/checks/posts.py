"""Posts, which kramdown and Liquid read: what they would change or drop without a word, and what belongs in them."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from publishing import notebooks, posts
from publishing.checks import names
from publishing.checks.names import CODE, INCLUDE
from publishing.checks.places import at, blank, line_of
from publishing.errors import PublishingError

_ADDRESS = re.compile(r'\{\{ "[^"|{}]*" \| relative_url \}\}')
_NEEDED = ("layout", "title", "description")
_TRAPS = {
    r"\$": "kramdown sets no formula; write it in a notebook",
    r"\\[(\[]": "this begins a formula that nothing sets; write it in a notebook",
    r"\|": "kramdown makes a table of a paragraph with a bare |; write \\| or put the table into a notebook",
    r"\{:": "this is a command to kramdown; leave it to the includes",
    r"\{\{|\{%": "Liquid runs this; a post has includes of paper_section.html, and addresses through relative_url",
    r"<(?!!--|https?:)/?[A-Za-z]": "kramdown passes HTML on as it is; write Markdown, or put it into a notebook",
    r"!\[": "an image comes from a notebook, where diagram() gives it its alternative text",
}


def problems() -> Iterator[str]:
    """Everything that is wrong with any post."""
    yield from names.problems()
    for path in posts.files():
        with suppress(PublishingError):  # which is among the problems already
            yield from _of_post(path, posts.read(path))


def _of_post(path: Path, post: posts.Post) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    if not post.facts:
        yield f"{at(path)}: no front matter; begin the file with it, between two lines ---"
        return
    for name in _NEEDED:
        if not post.facts.get(name):
            yield f"{at(path)}: the front matter has no {name}; give it one"
    yield from _traps(path, text, len(text) - len(post.text))
    if post.paper in notebooks.papers():
        yield from _of_paper(post, post.paper)


def _traps(path: Path, text: str, start: int) -> Iterator[str]:
    prose = _ADDRESS.sub(blank, INCLUDE.sub(blank, CODE.sub(blank, text)))
    for pattern, remedy in _TRAPS.items():
        for found in re.compile(rf"(?<!\\)(?:{pattern})").finditer(prose, start):
            yield f"{at(path, line_of(text, found.start()))}: {found.group()!r} stands in a post: {remedy}"


def _of_paper(post: posts.Post, paper: str) -> Iterator[str]:
    feed = post.facts.get("feed")
    if not (isinstance(feed, dict) and feed.get("excerpt_only")):
        yield f"{at(post.path)}: the feed would carry the whole post; set feed: {{excerpt_only: true}}"
    sections = [f"{paper}/{stem}" for stem in notebooks.sections(paper)]
    shown = [found["name"] for found in INCLUDE.finditer(post.text) if found["name"] in sections]
    if sorted(shown) != shown:
        yield f"{at(post.path)}: the sections are not included in the order of their numbers; put them in order"
