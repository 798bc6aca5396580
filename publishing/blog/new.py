"""`make new PAPER=ddim TITLE="…"`: thirteen notebooks, a bibliography, a draft post and its page of claims."""

import json
from datetime import date
from pathlib import Path

from publishing import paths, posts
from publishing.contract import PAPER
from publishing.errors import PublishingError
from publishing.files import write

POST, CLAIMS = "post.md", "claims.md"


def new(paper: str, title: str) -> None:
    """Copy the template under the paper's name, and say what to do next. Nothing that exists is overwritten."""
    _check(paper, title)
    folder = paths.notebooks_dir(paper)
    post = paths.POSTS / f"{date.today().isoformat()}-{paper}.md"
    beside = {POST: post, CLAIMS: paths.CLAIMS / f"{paper}.md"}
    for path in (folder, *(found.path for found in posts.of(paper)), *beside.values()):
        if path.exists():
            raise PublishingError(f"{paths.relative(path)} is there already, and stays; choose another PAPER")
    for source in sorted(paths.TEMPLATE.glob("[!.]*.*")):
        write(beside.get(source.name, folder / source.name), _filled(source, paper, title))
    print(f"the notebooks: {paths.relative(folder)}/")
    print(f"the draft: {paths.relative(post)} (no one else sees it while it says `published: false`)")
    print(f"its list of claims: {paths.relative(beside[CLAIMS])} (which says it as well)")
    print(f"its code may go into a package of its own, as in {paper}_notes/__init__.py")
    print(f"to look at it: make serve, then /{paper}/; what is still to be written: make check")


def _check(paper: str, title: str) -> None:
    if not PAPER.fullmatch(paper) or paths.notebooks_dir(paper) == paths.TEMPLATE:
        raise PublishingError(f"PAPER is a name of small letters and digits, as in ddim, got {paper!r}")
    if not title.strip() or not title.isprintable():
        raise PublishingError(
            f'TITLE is the title of the paper, as in TITLE="Attention Is All You Need", got {title!r}'
        )


def _filled(source: Path, paper: str, title: str) -> str:
    in_yaml = json.dumps(title.strip(), ensure_ascii=False)[1:-1]
    return source.read_text(encoding="utf-8").replace("PAPER", paper).replace("TITLE", in_yaml)
