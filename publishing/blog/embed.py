"""`make embed BLOG=path`: the published notes in another Jekyll site, beside what is there; `UNDO=1` takes them out.

A list of what was written stays in the blog. A file that is not on it, or was edited there since, is never touched.
"""

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from string import Template

import yaml

from publishing import notebooks, paths, posts
from publishing.blog.pages import OWN, embedded
from publishing.blog.theme import FRAME, Theme
from publishing.errors import PublishingError
from publishing.files import below, digest, digest_of, write
from publishing.folders import has_file
from publishing.site import jekyll, search

LIST = ".paper-notes.json"
NOTES, PAGE = "paper_notes", "paper_notes_page"  # our layouts, of posts and of their studies
NOTE = "#paper-notes#paper-notes"  # what `.paper-notes` is in the styles of the blog
TEMPLATES = Path(__file__).with_name("templates")
_TRIED_OUT = re.compile(rf"{OWN}/(vendor|data|js/instruments)/")
_KEPT = ("title", "description", "date", "categories", "tags", "permalink", "image", "feed", "subpage")


def check(blog: str) -> None:
    """Raise PublishingError for what would stop `embed` and is known before the notes are built."""
    _known(_checked(blog))
    _published()


def embed(blog: str | Path, instruments: bool = True, dry: bool = False) -> None:
    """Say what the notes will be in the blog, then put them there, or update them; only say it if `dry`."""
    blog = _checked(blog)
    known = _known(blog)
    theme = Theme(blog, frozenset(known))
    brings_search = not theme.has_search and search.is_possible()
    wanted = _wanted(theme, instruments, brings_search)
    theirs = [name for name in wanted if _is_theirs(blog, name, known, wanted[name])]
    for name in theirs:
        if name not in known:
            raise PublishingError(f"the blog has {name} already, which is not touched; rename it there and try again")
    for line in (*_plan(theme, brings_search), *_sizes(wanted)):
        print(line)
    if dry:
        return
    ours = {name: digest_of(content) for name, content in wanted.items() if name not in theirs}
    # What is cut short may be as it was, or as it is to be.
    both = known | {name: f"{known.get(name, '')} {now}".strip() for name, now in ours.items()}
    write(blog / LIST, json.dumps(both, indent=1))
    written = [name for name in ours if write(blog / name, wanted[name])]
    stale = {name: was for name, was in known.items() if name not in wanted}
    removed, left = _removed(blog, stale)
    write(blog / LIST, json.dumps(ours | {name: known[name] for name in theirs}, indent=1))
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
    blog = Path(os.path.expanduser(blog)).resolve()  # noqa: PTH111 - which Path raises an error for
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
    return now not in (None, *known.get(name, "").split(), digest_of(content))


def _removed(blog: Path, known: dict[str, str]) -> tuple[list[str], list[str]]:
    """What of these files was removed, with folders that are empty then, and what was edited and so left."""
    removed, left = [], []
    for name, was in known.items():
        path = blog / name
        if not path.is_file():
            continue
        if digest(path) not in was.split():
            left.append(name)
            continue
        path.unlink()
        removed.append(name)
        with suppress(OSError):  # of the first that holds something
            os.removedirs(path.parent)
    return removed, left


def _say_left(names: list[str]) -> None:
    for name in names:
        print(f"left as it is: {name}")


def _plan(theme: Theme, brings_search: bool) -> Iterator[str]:
    """What a reader of the blog will see, and what its theme does not do."""
    shown = "shows the title" if theme.shows_title else "shows no title, so the notes do"
    yield f"layout of the post: {_named(theme.post)}; it {shown}"
    yield f"layout of its studies: {_named(theme.page)}"
    if not theme.is_here:
        yield f"the theme {theme.name} is not on this machine: whether it lists pages or has a search cannot be seen"
    elif not theme.titles_pages:
        yield "the theme lists pages with a title in a menu: studies have none there, a script names the browser's tab"
    if theme.has_search:
        yield "search: the blog has one, so the notes bring none"
    else:
        yield f"search: {'one of the notes' if brings_search else 'none, since Pagefind does not run here'}"


def _named(layout: str) -> str:
    return "a page of its own, without the blog's frame" if layout == FRAME else layout


def _sizes(wanted: dict[str, bytes]) -> Iterator[str]:
    """How many files go where, and how large they are."""
    groups: dict[str, list[int]] = defaultdict(list)
    for name, content in wanted.items():
        parts = name.split("/")
        groups["/".join(parts[:3] if name.startswith(f"{OWN}/") else parts[:1])].append(len(content))
    for name, sizes in sorted(groups.items()):
        yield f"  {name}/: {_amount(sizes)}"
    yield f"in all {_amount([len(content) for content in wanted.values()])}"
    if sizes := [len(content) for name, content in wanted.items() if _TRIED_OUT.match(name)]:
        yield f"of them {_amount(sizes)}, are for figures that can be tried out; INSTRUMENTS=0 leaves these out"


def _amount(sizes: list[int]) -> str:
    return f"{len(sizes)} file{'' if len(sizes) == 1 else 's'}, {sum(sizes) / 1e6:.1f} MB"


def _wanted(theme: Theme, instruments: bool, brings_search: bool) -> dict[str, bytes]:
    """Every file of the published notes, by its name in the blog."""
    texts = {f"_includes/{NOTES}/cite.html": _read(paths.INCLUDES / "paper_cite.html")}
    assets: set[str] = set()
    built = []
    for post in _published():
        beside = (*paths.CLAIMS.glob(f"{post.paper}.md"), *below(paths.STUDIES / str(post.paper)))
        for page in (post, *map(posts.read, beside)):
            address = _address(page)
            built.append(paths.SITE / address / "index.html")
            note = embedded(_read(built[-1]), jekyll.build_settings()["baseurl"], instruments)
            texts[f"_includes/{NOTES}/{address}.html"] = note.html
            if page is post:
                front = _front(page, NOTES, "title", theme.shows_description(theme.post))
                texts[f"{theme.posts}/{post.path.stem}.html"] = f"{front}{note.lead}\n"
            else:
                title, described = "title" if theme.titles_pages else "heading", theme.shows_description(theme.page)
                texts[f"{address}/index.html"] = _front(page, PAGE, title, described)
            assets |= {*note.fetched, *_pictures(page)}
    texts |= _layouts(theme, brings_search)
    texts |= {f"{OWN}/{name}": text for name, text in _styles(theme, instruments, brings_search).items()}
    texts[f"{OWN}/js/ground.js"] = _read(TEMPLATES / "ground.js")
    files = {name: text.encode() for name, text in texts.items()}
    index = search.of(paths.SITE, built) if brings_search else {}
    return files | {f"{OWN}/{name}": content for name, content in (_assets(assets) | index).items()}


def _address(page: posts.Post) -> str:
    """Where the page is, here and in the blog."""
    kind = {paths.POSTS: f"/{page.paper}/", paths.CLAIMS: f"/{page.paper}/claims/"}
    return str(page.facts.get("permalink") or kind[page.path.parent]).strip("/")


def _front(page: posts.Post, layout: str, title: str, described: bool) -> str:
    """Front matter of a page in the blog, with its title under another name where the theme makes a menu of titles.

    A description that the theme would print above ours is an excerpt alone, which search engines get as well.

    Some themes add contents of their own, which the notes have.
    """
    facts = {name: page.facts[name] for name in _KEPT if name in page.facts}
    facts = {title if name == "title" else name: value for name, value in facts.items()}
    facts |= {"layout": layout, NOTES: _address(page), "permalink": f"/{_address(page)}/", "toc": False}
    if "description" in facts:
        facts["excerpt"] = facts.pop("description") if described else facts["description"]
    for picture in _pictures(page):
        path = f"/{OWN}/{picture}"
        facts["image"] = facts["image"] | {"path": path} if isinstance(facts["image"], dict) else path
    text = yaml.safe_dump(facts, allow_unicode=True, sort_keys=False, width=float("inf"))
    return f"---\n{text}---\n"


def _pictures(page: posts.Post) -> list[str]:
    """The picture for sharing, if it is one of ours, by its name among the assets."""
    path = str(page.image.get("path")).removeprefix("/")
    if not path.startswith("assets/"):
        return []
    if not has_file(paths.ROOT / path):
        raise PublishingError(f"{paths.relative(page.path)}: there is no {path}; correct `image` in the front matter")
    return [path.removeprefix("assets/")]


def _layouts(theme: Theme, brings_search: bool) -> dict[str, str]:
    layouts = {NOTES: (theme.post, theme.shows_title), PAGE: (theme.page, theme.shows_title and theme.titles_pages)}
    made = Template(_read(TEMPLATES / "layout.html"))
    texts = {
        name: made.substitute(layout=one, titled=str(shown).lower(), search=str(brings_search).lower())
        for name, (one, shown) in layouts.items()
    }
    if FRAME in (theme.post, theme.page):
        texts[FRAME] = _read(TEMPLATES / "frame.html")
    return {f"_layouts/{name}.html": text for name, text in texts.items()}


def _styles(theme: Theme, instruments: bool, brings_search: bool) -> dict[str, str]:
    """Our styles, each rule of which outweighs those of the theme, and meets nothing outside the notes."""
    css = {path.stem: _read(path) for path in (*paths.ASSETS.glob("css/*.css"), *TEMPLATES.glob("*.css"))}
    styles = {
        "embedded": "\n".join(css[name] for name in ("embedded", "tokens", "notes", "code")),
        "print": css["print"],
    }
    if brings_search:
        styles["search"] = f".paper-notes {{\n{css['search']}}}\n"
    if instruments:
        styles["instruments"] = css["instruments"]
    heavy = {name: text.replace(".site,\n", "").replace(".paper-notes", NOTE) for name, text in styles.items()}
    if FRAME in (theme.post, theme.page):
        heavy["frame"] = css["tokens"] + css["site"] + css["frame"]
    return {f"css/{name}.css": text for name, text in heavy.items()}


def _assets(fetched: set[str]) -> dict[str, bytes]:
    """What the pages fetch, and with the instruments all that they do."""
    found = {name: paths.ASSETS / name.removesuffix(".txt") for name in fetched if not name.endswith("-")}
    with_them = any(name.startswith("js/instruments/") for name in fetched)
    begun = [path for name in fetched if name.endswith("-") for path in paths.ASSETS.glob(f"{name}*")]
    for path in (*below(paths.ASSETS / "js"), *begun, *(below(paths.VENDOR) if with_them else [])):
        if with_them or not path.is_relative_to(paths.INSTRUMENTS):
            found[path.relative_to(paths.ASSETS).as_posix()] = path
    return {name: path.read_bytes() for name, path in sorted(found.items())}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
