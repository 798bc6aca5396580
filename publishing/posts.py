"""The posts of this site that show a paper."""

import re
from dataclasses import dataclass
from pathlib import Path

from publishing import paths
from publishing.errors import PublishingError
from publishing.files import below

_PARTS = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)(.*)", re.DOTALL | re.MULTILINE)
_FALSE = ("", "~", "null", "false", "no", "off")  # to Jekyll, as YAML reads them


@dataclass(frozen=True)
class Post:
    """A post: its front matter, of which single lines are understood, and what follows."""

    path: Path
    front: str
    text: str

    def field(self, name: str) -> str | None:
        """What a line `name: value` of the front matter says, without quotes."""
        value = self._value(name)
        return value and value.strip("\"'")

    @property
    def is_draft(self) -> bool:
        """Whether Jekyll leaves it out. A text that says "false" is as true as any."""
        value = self._value("published")
        return value is not None and value.lower() in _FALSE

    def facts(self) -> dict:
        """The front matter as YAML reads it; nothing if there is none. Raises PublishingError for what is no YAML."""
        import yaml

        try:
            facts = yaml.safe_load(self.front)
        except (yaml.YAMLError, ValueError) as error:  # a date of the 32nd is a ValueError
            line = getattr(getattr(error, "problem_mark", None), "line", -1) + 2
            cause = getattr(error, "problem", None) or " ".join(str(error).split())
            raise PublishingError(f"{paths.relative(self.path)}:{line}: {cause}; mend the front matter") from None
        return facts if isinstance(facts, dict) else {}

    def _value(self, name: str) -> str | None:
        pattern = rf"""^{name}:[ \t]*("[^"]*"|'[^']*'|.*?)(?:[ \t]+#.*)?[ \t]*$"""
        found = re.search(pattern, self.front, re.MULTILINE)
        return found and found[1]


def of(paper: str) -> list[Post]:
    """The posts that show a paper, be they published or drafts."""
    return [post for post in map(read, below(paths.POSTS)) if post.field("paper") == paper]


def is_draft(paper: str) -> bool:
    """Whether the paper is not to be seen by others yet: it has posts, and all of them are drafts."""
    posts = of(paper)
    return bool(posts) and all(post.is_draft for post in posts)


def read(path: Path) -> Post:
    """A post in its parts."""
    text = path.read_text(encoding="utf-8", errors="replace")
    found = _PARTS.match(text)
    return Post(path, *found.groups()) if found else Post(path, "", text)
