"""What notebooks say and draw anew, put into the built pages without Jekyll, where that would do the same."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, zip_longest
from pathlib import Path
from subprocess import Popen

from publishing import paths, posts
from publishing.files import below, write
from publishing.site import feeds, finish, jekyll, search

_PLUGINS = {"jekyll-feed", "jekyll-seo-tag", "jekyll-sitemap"}  # of which we know what they read
_ELSEWHERE = {"theme", "remote_theme", "layouts_dir", "includes_dir", "plugins_dir"}
_DOCUMENTS = ["posts", "pages", "html_pages", "documents", "collections", "related_posts", "tags", "categories"]
_MARKUP = re.compile(r"\{\{.*?\}\}|\{%-?\s*capture\b.*?\bendcapture\b|\{%.*?%\}", re.DOTALL)
_PLAIN = re.compile(r"\{\{-?\s*content\s*-?\}\}")
_TEXT = re.compile(r"\b(?:content|excerpt|output)\b|\bcapture\b.*\binclude\s", re.DOTALL)
_WHOLE = re.compile(r"\|\s*(?:jsonify|inspect)\b")
_INCLUDES = re.compile(r"%-?\s*include\b")
_ENOUGH = 40  # characters, of which no other page has the same by chance


def is_possible() -> bool:
    """Whether Jekyll brings what a section says into the page that includes it as it is, and nowhere else.

    A template may count a text's words, or list how all posts begin; a plugin, or a theme, may do anything.
    """
    told = jekyll.configuration(paths.ROOT)
    plugins = set(told.get("plugins") or []) - _PLUGINS or (paths.ROOT / "_plugins").exists()
    if plugins or told.keys() & _ELSEWHERE:
        return False
    names = "|".join([*_DOCUMENTS, *map(re.escape, told.get("collections") or [])])
    documents = re.compile(rf"\bsite\.(?:{names})\b|\b(?:page|site)\s*\|")
    return not any(_looks_at_text(posts.read(path), documents) for path in _templates())


def _looks_at_text(template: posts.Post, documents: re.Pattern[str]) -> bool:
    """Whether a file shows more of a text, or of all that documents hold, than what it is to frame."""
    markup = _MARKUP.findall(template.text)
    if any(_TEXT.search(one) and not _PLAIN.fullmatch(one) for one in markup):
        return True
    if any(map(_WHOLE.search, markup)) and any(map(documents.search, markup)):
        return True
    if template.path.is_relative_to(paths.INCLUDES) or template.path.is_relative_to(paths.ROOT / "_layouts"):
        return False
    feed = template.facts.get("feed")  # without these two, plugins show how a page begins, and all of it
    is_shown = template.facts.get("description") and isinstance(feed, dict) and feed.get("excerpt_only")
    return not is_shown and any(map(_INCLUDES.search, markup))


def _templates() -> Iterator[Path]:
    """All in which Liquid finds something to do, but what notebooks say."""
    own = [path for path in paths.ROOT.glob("_*") if path.is_dir() and path not in paths.generated()]
    yield from (path for folder in own for path in below(folder, without=[paths.SECTIONS]))
    loose = (path for path in paths.ROOT.glob("[!.]*") if path.is_file())
    for path in (*loose, *below(paths.ASSETS, without=paths.generated())):
        with path.open("rb") as file:
            if file.read(3) == b"---":
                yield path


def patched(
    before: Mapping[Path, str], after: Mapping[Path, str], drawn: Iterable[Path], index: Popen[str] | None
) -> bool:
    """Bring what changed of these files, and what was drawn, into a new site, if `is_possible`; else do nothing.

    All of it must stand there as it was written, once, and change no entry of a feed. A section may have lines of
    Liquid, if those stay the same. The search gets its index by a Pagefind that is loading, if there is one.
    """
    changed = [path for path in after if before.get(path) != after[path]]
    sections = [path for path in changed if path.is_relative_to(paths.SECTIONS)]
    others = [path for path in changed if not path.is_relative_to(paths.SECTIONS)]
    if before.keys() != after.keys() or any(path.suffix == ".html" for path in others):
        return False
    edits: list[tuple[bytes, bytes]] = []
    for path in sections:
        for old, new in zip_longest(_parts(before[path]), _parts(after[path]), fillvalue=(True, "")):
            if old != new and (old[0] or new[0] or len(old[1]) < _ENOUGH):
                return False
            edits += [(old[1].encode(), new[1].encode())] if old != new else []
    pages = _edited(edits)
    if pages is None or any(feeds.shows(page, html.decode()) for page, html in pages.items()):
        return False
    with finish.replaced() as fresh:
        shutil.copytree(paths.SITE, fresh, copy_function=_link)
        for path, html in pages.items():
            write(fresh / path.relative_to(paths.SITE), html)
        for path in (*others, *drawn):
            write(fresh / path.relative_to(paths.ROOT), path.read_bytes())
        if index:
            shutil.rmtree(fresh / search.FOLDER, ignore_errors=True)
            search.add(fresh, index)
    return True


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def _parts(text: str) -> list[tuple[bool, str]]:
    """The text in pieces, as large as they can be: those of whole lines with Liquid, and those without."""
    lines = groupby(text.split("\n"), key=lambda line: "{{" in line or "{%" in line)
    return [(is_liquid, "\n".join(piece)) for is_liquid, piece in lines]


def _edited(edits: list[tuple[bytes, bytes]]) -> dict[Path, bytes] | None:
    """The pages that change where each of these texts, which must stand in the site once, becomes the other."""
    pages: dict[Path, bytes] = {}
    found = [0] * len(edits)
    for page in (path for path in below(paths.SITE) if path.suffix == ".html"):
        html = page.read_bytes()
        places = []
        for number, (old, _) in enumerate(edits):
            found[number] += html.count(old)
            places += [(html.index(old), number)] if old in html else []
        done, pieces = 0, []
        for place, number in sorted(places):
            old, new = edits[number]
            if place < done:  # one within another
                return None
            pieces += [html[done:place], new]
            done = place + len(old)
        if pieces:
            pages[page] = b"".join([*pieces, html[done:]])
    return pages if all(count == 1 for count in found) else None
