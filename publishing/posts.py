"""The posts of this site that show a paper. Their front matter is what YAML reads in it, as it is to Jekyll."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from publishing import paths
from publishing.errors import PublishingError
from publishing.files import below

_PARTS = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)(.*)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Group:
    """Studies that belong together, by the names in their addresses."""

    title: str
    pages: list[str]


@dataclass(frozen=True)
class Post:
    """A post: its front matter as text and as facts, and what follows."""

    path: Path
    front: str | None
    facts: dict
    text: str

    @property
    def paper(self) -> str | None:
        """The paper that it shows; a name of digits alone is a number to YAML."""
        paper = self.facts.get("paper")
        return None if paper is None else str(paper)

    @property
    def is_draft(self) -> bool:
        """Whether Jekyll leaves it out: where `published` is false, or there and empty."""
        published = self.facts.get("published", True)
        return published is None or published is False

    @property
    def date(self) -> str:
        """The day it bears, as in 2026-11-24; nothing if Jekyll would not know either."""
        said = f"{self.facts.get('date') or self.path.name}"
        found = re.match(r"(\d{2,4})-(\d{1,2})-(\d{1,2})", said)
        return "{:0>4}-{:0>2}-{:0>2}".format(*found.groups()) if found else ""

    @property
    def image(self) -> dict:
        """The picture for sharing, by its `path` and perhaps `alt`, also where only an address is written."""
        image = self.facts.get("image") or {}
        return image if isinstance(image, dict) else {"path": str(image)}

    @property
    def studies(self) -> list[Group]:
        """The paper's studies in groups, in the order in which they are to be read.

        Raises PublishingError for what is no list of groups, each with a title and pages.
        """
        groups = self.facts.get("studies") or []
        if not isinstance(groups, list) or not all(map(_is_group, groups)):
            form = "`- title: Sampling` with `pages: [which-variance]` below it"
            cause = f"`studies` is a list of groups, each like {form}; correct the front matter"
            raise PublishingError(f"{paths.relative(self.path)}: {cause}")
        return [Group(group["title"], group["pages"]) for group in groups]


def _is_group(group: object) -> bool:
    match group:
        case {"title": str(), "pages": [*pages], **more}:
            return not more and all(isinstance(page, str) for page in pages)
    return False


def every() -> list[Post]:
    """All posts, be they published or drafts."""
    return [read(path) for path in files()]


def files() -> list[Path]:
    """The files of all posts, without those that editors leave beside them, which Jekyll passes over too."""
    return [path for path in below(paths.POSTS) if not re.match(r"[#~]|.*~$", path.name)]


def of(paper: str) -> list[Post]:
    """The posts that show a paper."""
    return [post for post in every() if post.paper == paper]


def studies(paper: str) -> list[Group]:
    """The groups of studies that its posts list."""
    return [group for post in of(paper) for group in post.studies]


def address(paper: str) -> str:
    """Where its post is found, below the address of the site."""
    return next((str(post.facts["permalink"]) for post in of(paper) if "permalink" in post.facts), f"/{paper}/")


def is_draft(paper: str) -> bool:
    """Whether the paper is not to be seen by others yet: it has posts, and all of them are drafts."""
    return bool(of(paper)) and not is_shown(paper)


def is_shown(paper: str, drafts: bool = False) -> bool:
    """Whether a post shows the paper to readers, or to its writer if `drafts`."""
    return any(drafts or not post.is_draft for post in of(paper))


def read(path: Path) -> Post:
    """A post in its parts. Raises PublishingError for a front matter that is no YAML."""
    front, text = split(path.read_text(encoding="utf-8-sig", errors="replace"))
    return Post(path, front, _facts(path, front or ""), text)


def split(text: str) -> tuple[str | None, str]:
    """A file's front matter, None if it has none, and what follows."""
    found = _PARTS.match(text)
    return (found[1], found[2]) if found else (None, text)


@cache
def _facts(path: Path, front: str) -> dict:
    try:
        facts = yaml.safe_load(front) or {}
    except (yaml.YAMLError, ValueError) as error:  # a date of the 32nd is a ValueError
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 2
        cause = getattr(error, "problem", None) or " ".join(str(error).split())
        raise PublishingError(f"{paths.relative(path)}:{line}: {cause}; correct the front matter") from None
    if not isinstance(facts, dict):
        cause = f"the front matter is {front.strip()!r:.60}, and should be lines of `name: value`; correct it"
        raise PublishingError(f"{paths.relative(path)}:2: {cause}")
    if not isinstance(published := facts.get("published"), bool | None):
        cause = f"`published` is true or false, without quotes, got {published!r}; correct the front matter"
        raise PublishingError(f"{paths.relative(path)}: {cause}")
    return facts
