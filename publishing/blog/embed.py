"""`make embed BLOG=path`: the published notes in another Jekyll site, beside what is there; `UNDO=1` takes them out.

A list of what was written stays in the blog. A file that is not on it, or was edited there since, is never touched.
"""

import json
from contextlib import suppress
from pathlib import Path
from string import Template
from typing import Any

import yaml

from publishing import notebooks, paths, posts
from publishing.errors import PublishingError
from publishing.files import below, digest, digest_of, write
from publishing.site import jekyll

LIST = ".paper-notes.json"
FIGURE = "_includes/paper_diagram.html"
INCLUDES = (
    FIGURE,
    *(f"_includes/paper_{name}.html" for name in ("byline", "section", "section_tools", "study", "cite", "styles")),
)
OWN = "assets/paper-notes"  # where styles and scripts go, so that they meet none of the blog's
TEMPLATES = Path(__file__).with_name("templates")
DARK = "(prefers-color-scheme: dark)"
_STYLES = (".css", ".scss", ".sass", ".html")


def check(blog: str) -> None:
    """Raise PublishingError for what would stop `embed` and is known before the notes are built."""
    _known(_checked(blog))
    _published()


def embed(blog: str | Path) -> None:
    """Put the notes into the blog, or update them there, and say what was done."""
    blog = _checked(blog)
    known = _known(blog)
    wanted = _wanted(blog)
    theirs = [name for name in wanted if _is_theirs(blog, name, known, wanted[name])]
    for name in theirs:
        if name not in known and name != FIGURE:
            raise PublishingError(f"the blog has {name} already, which is not touched; rename it there and try again")
    written = [name for name in wanted if name not in theirs and write(blog / name, wanted[name])]
    stale = {name: was for name, was in known.items() if name not in wanted}
    removed, left = _removed(blog, stale)
    ours = {name: digest_of(content) for name, content in wanted.items() if name not in theirs}
    write(blog / LIST, json.dumps(ours | {name: known[name] for name in theirs if name in known}, indent=1))
    print(f"{len(ours)} files are in {blog}: {len(written)} written, {len(removed)} removed")
    _say_left([*theirs, *left])
    print(f"{LIST} there lists them; they go again by the same command with UNDO=1")


def undo(blog: str | Path) -> None:
    """Take out of the blog what was put there, and say what was left."""
    blog = _checked(blog)
    known = _known(blog)
    if not known:
        raise PublishingError(f"{blog} has no {LIST}: nothing was embedded there")
    removed, left = _removed(blog, known)
    (blog / LIST).unlink()
    print(f"{len(removed)} files are out of {blog}")
    _say_left(left)


def _checked(blog: str | Path) -> Path:
    if not blog:
        raise PublishingError("BLOG is the folder of a Jekyll site, as in BLOG=../my-blog; none was given")
    with suppress(RuntimeError):  # ~name, of a user who is not there
        blog = Path(blog).expanduser()
    blog = Path(blog).resolve()
    if not any(path for name in ("_config.y*ml", "_config.toml") for path in blog.glob(name)):
        raise PublishingError(f"BLOG is the folder of a Jekyll site, with a _config.yml in it; got {blog}")
    if blog == paths.ROOT:
        raise PublishingError("BLOG is another site than this one, which has the notes already")
    return blog


def _known(blog: Path) -> dict[str, str]:
    try:
        return json.loads((blog / LIST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise PublishingError(f"{blog / LIST} is damaged; delete it, and what it listed is found again") from None


def _published() -> list[posts.Post]:
    papers = notebooks.papers()
    shown = [post for post in posts.every() if post.paper in papers and not post.is_draft]
    if not shown:
        raise PublishingError("no post is published here; take `published: false` out of one")
    return shown


def _is_theirs(blog: Path, name: str, known: dict[str, str], content: bytes) -> bool:
    now = digest(blog / name)
    if now is None or now == known.get(name):
        return False
    return name == FIGURE or now != digest_of(content)  # what is equal to ours is from an embedding cut short


def _removed(blog: Path, known: dict[str, str]) -> tuple[list[str], list[str]]:
    """What of these files was removed, with folders that are empty then, and what was edited and so left."""
    removed, left = [], []
    for name, was in known.items():
        path = blog / name
        if not path.is_file():
            continue
        if digest(path) != was:
            left.append(name)
            continue
        path.unlink()
        removed.append(name)
        for folder in path.relative_to(blog).parents:
            if folder.parts and not any((blog / folder).iterdir()):
                (blog / folder).rmdir()
    return removed, left


def _say_left(names: list[str]) -> None:
    for name in names:
        print(f"left as it is: {name}")


def _wanted(blog: Path) -> dict[str, bytes]:
    """Every file of the published notes, by its name in the blog."""
    files = {f"{OWN}/{name}": content for name, content in _styles_and_scripts(blog).items()}
    files |= {name: (paths.ROOT / name).read_bytes() for name in INCLUDES}
    told = {"paper_notes": {"assets": f"/{OWN}", "repository": jekyll.repository(), "anchors": _needs_anchors(blog)}}
    for post in _published():
        files |= _of_paper(str(post.paper))
        files |= _claims(str(post.paper), told)
        files |= _studies(str(post.paper), told)
        files[paths.relative(post.path)] = _post(post, _layout(blog), told)
    return files


def _styles_and_scripts(blog: Path) -> dict[str, bytes]:
    own = [path for name in ("css", "js", "vendor") for path in below(paths.ASSETS / name)]
    files = {path.relative_to(paths.ASSETS).as_posix(): path.read_bytes() for path in own}
    files["css/embedded.css"] = (TEMPLATES / "embedded.css").read_bytes()
    if not _has_dark_variant(blog):
        for name in files:
            if name.endswith(".css"):
                files[name] = files[name].replace(DARK.encode(), b"not all")
    return files


def _has_dark_variant(blog: Path) -> bool:
    """Whether some style of the blog follows the reader's choice; if none does, ours must not either."""
    folders = [blog / name for name in ("_sass", "_includes", "_layouts", "assets", "css")]
    styles = [path for folder in folders for path in below(folder) if path.suffix in _STYLES]
    foreign = [path for path in styles if {blog / OWN, blog / "_includes/sections"}.isdisjoint(path.parents)]
    return any(b"prefers-color-scheme" in path.read_bytes() for path in foreign)


def _of_paper(paper: str) -> dict[str, bytes]:
    """Its typeset sections, its figures and what instruments fetch, its notebooks to download."""
    found = [*below(paths.sections_dir(paper)), *below(paths.downloads_dir(paper)), *paths.IMAGES.glob(f"{paper}-*")]
    files = {paths.relative(path): path.read_bytes() for path in sorted(found)}
    return files | {f"{OWN}/data/{path.name}": path.read_bytes() for path in sorted(paths.DATA.glob(f"{paper}-*"))}


def _needs_anchors(blog: Path) -> bool:
    """Whether the blog has an include for figures of its own, which gives them no place to link to."""
    theirs = blog / FIGURE
    return theirs.is_file() and b'id="fig-' not in theirs.read_bytes()


def _post(post: posts.Post, layout: str, told: dict[str, Any]) -> bytes:
    """The post with what the layouts of this site would put around it, but for the head."""
    front = {name: value for name, value in post.facts.items() if name != "mathjax"} | {"layout": layout} | told
    if "description" in front:
        front["excerpt"] = front["description"]
    return _framed("post.md", front, post)


def _claims(paper: str, told: dict[str, Any]) -> dict[str, bytes]:
    """The page of the paper's claims, if it has one, without a title: many a theme lists titled pages in its menu."""
    path = paths.CLAIMS / f"{paper}.md"
    if not path.is_file():
        return {}
    claims = posts.read(path)
    return {f"{paper}/claims/index.html": _framed("claims.html", _untitled(claims) | told, claims)}


def _studies(paper: str, told: dict[str, Any]) -> dict[str, bytes]:
    """The pages of its studies, without titles too."""
    studies = [posts.read(path) for path in below(paths.STUDIES / paper)]
    return {
        f"{paper}/{study.path.stem}/index.html": _framed(
            "study.html", _untitled(study) | told | {"layout": "none"}, study
        )
        for study in studies
    }


def _untitled(page: posts.Post) -> dict[str, Any]:
    return {"heading" if name == "title" else name: value for name, value in page.facts.items()}


def _framed(template: str, front: dict, page: posts.Post) -> bytes:
    told = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=float("inf")).rstrip("\n")
    parts = {"front": told, "paper": str(page.paper), "text": page.text.strip("\n")}
    return Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(parts).encode()


def _layout(blog: Path) -> str:
    """The blog's layout for posts: its theme has one, else it is the nearest of its own."""
    config = jekyll.configuration(blog)
    own = {path.stem for path in (blog / "_layouts").glob("*.*")}
    if config.get("theme") or config.get("remote_theme"):
        return "post"
    return next((name for name in ("post", "page", "default") if name in own), "none")
