"""What the press reads of a hand-written post: its front matter."""

import re

from publishing import paths


def head(paper: str) -> str:
    """Text of the front matter of the post that says `paper: ddpm`; empty if there is none yet."""
    for path in sorted(paths.POSTS.glob("*.md")):
        found = re.match(r"---\n(.*?)^---$", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        if found and re.search(rf"^paper:\s*{re.escape(paper)}\s*$", found[1], re.MULTILINE):
            return found[1]
    return ""


def front_matter(paper: str) -> dict:
    """The same as values."""
    import yaml

    return yaml.safe_load(head(paper)) or {}
