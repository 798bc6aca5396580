"""`make new PAPER=ddim TITLE="…"`: thirteen notebooks, a bibliography, a draft post and its page of claims.

With STUDY=which-variance it is a study of a paper that is there: one notebook, listed in the post.
"""

import json
import re
from datetime import date

from publishing import notebooks, paths, posts
from publishing.contract import PAPER
from publishing.errors import PublishingError
from publishing.files import write

POST, CLAIMS, STUDY = "post.md", "claims.md", "studies/study.md"
_LAST_PAGES = re.compile(r"(.*^ +pages: \[[^\]\n]*)(\]\n(?!.*^ +pages:).*)", re.DOTALL | re.MULTILINE)


def new(paper: str, title: str) -> None:
    """Copy the template under the paper's name, and say what to do next. Nothing that exists is overwritten."""
    _check(paper, title)
    folder = paths.notebooks_dir(paper)
    post = paths.POSTS / f"{date.today().isoformat()}-{paper}.md"
    beside = {POST: post, CLAIMS: paths.CLAIMS / f"{paper}.md"}
    for path in (folder, *(found.path for found in posts.of(paper)), *beside.values()):
        if path.exists():
            raise PublishingError(f"{paths.relative(path)} is there already, and stays; choose another PAPER")
    in_yaml = json.dumps(title.strip(), ensure_ascii=False)[1:-1]
    for source in sorted(paths.TEMPLATE.glob("[!.]*.*")):
        text = source.read_text(encoding="utf-8").replace("PAPER", paper).replace("TITLE", in_yaml)
        write(beside.get(source.name, folder / source.name), text)
    print(f"the notebooks: {paths.relative(folder)}/")
    print(f"the draft: {paths.relative(post)} (no one else sees it while it says `published: false`)")
    print(f"its list of claims: {paths.relative(beside[CLAIMS])} (which says it as well)")
    print(f"its code may go into a package of its own, as in {paper}_notes/__init__.py")
    print(f"to look at it: make serve, then /{paper}/; what is still to be written: make check")


def new_study(paper: str, name: str, title: str) -> None:
    """Begin a study of a paper with its first lines, list it in the post, and say what to do next."""
    _check(paper, title)
    if paper not in notebooks.papers():
        raise PublishingError(f"there are no notebooks of a paper {paper!r}; begin it by make new without STUDY")
    notebooks.check_study(paper, name)
    path = notebooks.path_of(paper, f"{paths.OF_STUDIES}/{name}")
    if path.exists():
        raise PublishingError(f"{paths.relative(path)} is there already, and stays; choose another STUDY")
    text = (paths.TEMPLATE / STUDY).read_text(encoding="utf-8")
    write(path, text.replace("TITLE", title.strip()))
    print(f"the study: {paths.relative(path)}")
    for post in posts.of(paper)[:1]:
        print(f"its place: {listed(post, name)}")
    print(f"to look at it: make serve, then /{paper}/{name}/; what is still to be written: make check")


def listed(post: posts.Post, name: str) -> str:
    """Put the study at the end of the post's list, or say what to write there if that has another form than ours."""
    where, text = paths.relative(post.path), post.path.read_text(encoding="utf-8")
    front = post.front or ""
    if not post.studies:
        listed = f"{front}studies:\n  - title: Studies\n    pages: [{name}]\n"
    elif found := _LAST_PAGES.fullmatch(front):
        listed = f"{found[1]}{', ' if post.studies[-1].pages else ''}{name}{found[2]}"
    else:
        return f"add {name} to the `pages` of a group of `studies` in {where}"
    write(post.path, text.replace(front, listed, 1))
    return f"the end of `studies` in {where}; move it where it belongs"


def _check(paper: str, title: str) -> None:
    if not PAPER.fullmatch(paper) or paths.notebooks_dir(paper) == paths.TEMPLATE:
        raise PublishingError(f"PAPER is a name of small letters and digits, as in ddim, got {paper!r}")
    if not title.strip() or not title.isprintable():
        raise PublishingError(
            f'TITLE is the title of the paper, as in TITLE="Attention Is All You Need", got {title!r}'
        )
