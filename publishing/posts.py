"""The posts of this site that show a paper."""

import re
from dataclasses import dataclass
from pathlib import Path

from publishing import paths
from publishing.files import below

_PARTS = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*\n(.*)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Post:
    """A post: its front matter, of which single lines are understood, and what follows."""

    path: Path
    front: str
    text: str

    def field(self, name: str) -> str | None:
        """What a line `name: value` of the front matter says, without quotes."""
        found = re.search(rf"^{name}:[ \t]*(.*?)[ \t]*$", self.front, re.MULTILINE)
        return found and found[1].strip("\"'")

    @property
    def is_draft(self) -> bool:
        return self.field("published") == "false"


def of(paper: str) -> list[Post]:
    """The posts that show a paper, be they published or drafts."""
    return [post for post in map(_read, below(paths.POSTS)) if post.field("paper") == paper]


def is_draft(paper: str) -> bool:
    """Whether the paper is not to be seen by others yet: it has posts, and all of them are drafts."""
    posts = of(paper)
    return bool(posts) and all(post.is_draft for post in posts)


def _read(path: Path) -> Post:
    text = path.read_text(encoding="utf-8", errors="replace")
    found = _PARTS.match(text)
    return Post(path, *found.groups()) if found else Post(path, "", text)


def front_matter(paper: str) -> dict:
    """What the first post that shows a paper says of it; nothing if there is none yet."""
    import yaml

    return next((yaml.safe_load(post.front) for post in of(paper)), None) or {}
