"""The layouts of somebody else's blog: which one its posts have, and what it shows."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from publishing import posts
from publishing.errors import PublishingError
from publishing.files import below
from publishing.site import jekyll

FRAME = "paper_frame"  # a page of our own, for a blog that has no layout for us
_NEAREST = ("post", "single", "page", "default")
_PAGES = re.compile(r"\bsite\.(html_)?pages\b")
_INCLUDED = re.compile(r"\{%-?\s*include(?:_cached)?\s+([\w./-]+)")
_SETTINGS = ("search", "search_enabled", "post_search")
_SETTING = re.compile(rf"\bsite\.({'|'.join(_SETTINGS)})\b(?!\.)\s*(!= false)?")
_ALWAYS = re.compile("chirpy|just-the-docs|text-theme", re.IGNORECASE)  # themes with a search, if nothing is set
_SEARCH = re.compile(
    r"""\b(class|id|role|type|name)=["'][^"'>]*\bsearch|^(layout|permalink): *["']?/?search\b|<ninja-keys"""
    r"""|simple-?jekyll-?search|(lunr|pagefind)[\w.-]*\.js|docsearch|instantsearch""",
    re.IGNORECASE | re.MULTILINE,
)
_TITLE = re.compile(r"<h[1-6]\b(?:(?!</h[1-6]).)*(?<![\w.])page\.title", re.DOTALL)
_DESCRIPTION = re.compile(
    r"(?:>|^|%\})\s*\{\{-?\s*page(?:\.|\[[\"'])description\b", re.MULTILINE
)  # in the text, not in an attribute


@dataclass(frozen=True)
class Theme:
    """The blog's own layouts and those of its theme, as far as the files are on this machine."""

    blog: Path
    ours: frozenset[str]

    @cached_property
    def name(self) -> str | None:
        """What `_config.yml` calls the theme, if it is no folder of the blog."""
        return self._config.get("theme") or self._config.get("remote_theme")

    @cached_property
    def is_here(self) -> bool:
        """Whether all layouts can be read."""
        return not self.name or len(self._folders) > 1

    @cached_property
    def posts(self) -> str:
        """The folder of the blog's posts."""
        return f"{self._config.get('collections_dir') or ''}/_posts".lstrip("/")

    @cached_property
    def post(self) -> str:
        """The layout of the blog's posts: by `defaults`, by those that are there, else the nearest that there is."""
        wanted = [*self._defaults(), *self._of_posts()]
        if self.is_here:
            wanted = [name for name in (*wanted, *_NEAREST) if self._file(name)]
        return next(iter(wanted), FRAME)

    @cached_property
    def shows_title(self) -> bool:
        """Whether that layout prints a post's title; one that cannot be read most likely does."""
        if self.post == FRAME:
            return False
        return not self.is_here or any(_TITLE.search(text) for text in self._texts(self.post))

    def shows_description(self, layout: str) -> bool:
        """Whether that layout prints what a page says of itself, which the notes do as well."""
        return any(map(_DESCRIPTION.search, self._texts(layout)))

    @cached_property
    def has_search(self) -> bool:
        """Whether there is a search, as far as can be seen: on a page, or around all, unless settings rule it out."""
        asked = {found for text in self._parts for found in _SETTING.findall(text)}
        shown = any(map(_SEARCH.search, [*self._pages(), *([] if asked else self._parts)]))
        if not self.is_here:
            every = {(name, "") for name in _SETTINGS}
            asked |= {("search_enabled", "on")} if _ALWAYS.search(str(self.name)) else every
        return shown or any(self._config.get(name, bool(on)) for name, on in asked)

    @cached_property
    def titles_pages(self) -> bool:
        """Whether a page may have a title without entering a menu of all that have one, as far as can be seen."""
        return self.is_here and self.post != FRAME and not any(map(_PAGES.search, self._parts))

    @cached_property
    def page(self) -> str:
        """The layout of studies: that of posts, but the bare frame around it where a title would enter a menu."""
        if self.titles_pages:
            return self.post
        return next((name for name, text in self._chain(self.post) if self.is_here and "<html" in text), FRAME)

    @cached_property
    def _config(self) -> dict[str, Any]:
        return jekyll.configuration(self.blog)

    @cached_property
    def _folders(self) -> list[Path]:
        return [self.blog, *([gem] if self.name and (gem := _gem(self.blog, self.name)) else [])]

    @cached_property
    def _parts(self) -> list[str]:
        """All layouts and includes."""
        folders = [folder / name for folder in self._folders for name in ("_layouts", "_includes")]
        return [_text(path) for folder in folders for path in below(folder) if not self._is_ours(path)]

    def _pages(self) -> Iterator[str]:
        """The blog's own pages that are no posts, where they mostly are."""
        within = (path for name in ("_pages", "pages", "search") for path in below(self.blog / name))
        for path in (*filter(Path.is_file, self.blog.glob("*.*")), *within):
            if path.suffix in (".html", ".md") and not self._is_ours(path) and (text := _text(path)).startswith("---"):
                yield text

    def _defaults(self) -> Iterator[str]:
        found = self._config.get("defaults")
        values = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        for kind in ("posts", None):
            for one in reversed(values):
                scope, layout = one.get("scope") or {}, (one.get("values") or {}).get("layout")
                if layout and scope.get("type") == kind and not (scope.get("path") or "").removeprefix("_posts"):
                    yield str(layout)

    def _of_posts(self) -> Iterator[str]:
        theirs = (path for path in below(self.blog / self.posts) if not self._is_ours(path))
        yield from (name for name, _ in Counter(filter(None, map(_layout, theirs))).most_common())

    def _is_ours(self, path: Path) -> bool:
        return path.is_relative_to(self.blog) and path.relative_to(self.blog).as_posix() in self.ours

    def _file(self, layout: str) -> Path | None:
        found = (path for folder in self._folders for path in sorted((folder / "_layouts").glob(f"{layout}.*")))
        return next((path for path in found if not self._is_ours(path)), None)

    def _texts(self, layout: str) -> Iterator[str]:
        """What a layout, those around it and their includes consist of."""
        for _, text in self._chain(layout):
            yield text
            for path in (folder / "_includes" / name for name in _INCLUDED.findall(text) for folder in self._folders):
                if path.is_file():
                    yield _text(path)

    def _chain(self, layout: str) -> Iterator[tuple[str, str]]:
        """A layout and those around it, with their text."""
        seen: set[str] = set()
        while layout not in seen and (path := self._file(layout)):
            seen.add(layout)
            yield layout, _text(path)
            layout = _layout(path)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _layout(path: Path) -> str:
    """What a file names as its layout, if it does; what is no YAML is told by the blog's own build."""
    with suppress(PublishingError):
        return str(posts.read(path).facts.get("layout") or "")
    return ""


def _gem(blog: Path, name: str) -> Path | None:
    """Where a theme's gem is: beside the blog, or where Ruby has it."""
    gem = name.partition("@")[0].rpartition("/")[2]
    vendored = sorted(blog.glob(f"vendor/bundle/**/gems/{gem}-[0-9]*"))
    if vendored:
        return vendored[-1]
    look = "puts Gem::Specification.find_by_name(ARGV[0]).gem_dir"
    try:
        said = subprocess.run(["ruby", "-e", look, gem], capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return Path(said.stdout.strip()) if said.returncode == 0 else None
