"""Jekyll as the last stage: strict, reproducible, and never leaving half a site."""

import errno
import json
import os
import re
import shutil
import tomllib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.parse import SplitResult, urlsplit

import yaml

from publishing import paths, posts, progress
from publishing.errors import PublishingError
from publishing.files import below, make_way
from publishing.folders import everything, readable, sweep, sync
from publishing.programs import end, waiting
from publishing.site import feeds, origin, search, styles

_OF_THE_SITE = re.compile(r"_.*|assets|404\.html|index\.(md|html)")
_OVERRIDES = "overrides.yml"  # JSON is YAML
_SCRIPT = Path(__file__).with_name("jekyll.rb")
_OF_OTHERS = re.compile(r"^(?:ERROR: ld\.so: |.*: warning: setlocale: ).*\n?", re.MULTILINE)  # the linker, a shell
_POST = re.compile(r"\d{2,4}-\d{1,2}-\d{1,2}-[^/]+\.\w+")


def loading() -> AbstractContextManager[Popen[str]]:
    """Jekyll, which loads while its sources are made, and waits for `build_site`."""
    bundle = paths.ROOT / "vendor" / "bundle"
    if bundle.exists():
        needed, ruby = ["bundle"], ["bundle", "exec", "ruby"]
        own = {"BUNDLE_PATH": str(bundle), "BUNDLE_GEMFILE": str(paths.ROOT / "Gemfile")}
    else:
        needed, ruby, own = ["ruby", "jekyll"], ["ruby"], {"JEKYLL_NO_BUNDLER_REQUIRE": "true"}
    if not all(map(shutil.which, needed)):
        raise PublishingError("Jekyll is not installed; run `python3 bootstrap.py site`")
    folders = ["--source", str(paths.ROOT), "--destination", str(paths.JEKYLL / "site")]
    configurations = ["--config", f"_config.yml,{paths.relative(paths.JEKYLL / _OVERRIDES)}"]
    return waiting(
        [*ruby, _SCRIPT, "build", *folders, *configurations],
        cwd=paths.ROOT,
        env=os.environ | own | {"JEKYLL_ENV": "production", "LC_ALL": "C.UTF-8", "RUBYOPT": "-W0"},
    )


def build_site(
    drafts: bool = False, loaded: Popen[str] | None = None, meanwhile: Callable[[], object] = lambda: None
) -> Path:
    """Build `_site/` anew, with unpublished posts if `drafts`, perhaps by a Jekyll that is `loading`.

    What is to be done in any case is done `meanwhile`, on another core.
    A build that fails, or only warns, raises PublishingError and leaves the site as it was.
    """
    _check_front_matter()
    fresh = paths.JEKYLL / "site"
    shutil.rmtree(paths.JEKYLL, ignore_errors=True)
    make_way(fresh)
    paths.JEKYLL.mkdir(parents=True)
    settings = build_settings(drafts) | {"search": search.is_possible()}
    excluded = configuration(paths.ROOT).get("exclude") or []  # ours would take its place
    (paths.JEKYLL / _OVERRIDES).write_text(json.dumps(settings | {"exclude": [*excluded, *_beside_the_site()]}))
    with ExitStack() as running:
        jekyll = loaded or running.enter_context(loading())
        pagefind = running.enter_context(search.loading()) if settings["search"] and not drafts else None
        _run(jekyll, meanwhile)
        styles.inline(fresh, settings["baseurl"])
        feeds.complete(fresh, settings["url"] + settings["baseurl"])
        if pagefind:
            search.add(fresh, pagefind)
    if not settings["search"]:
        progress.say("search: none, since Pagefind does not run here")
    readable([fresh, *fresh.rglob("*")])  # Jekyll copies the modes of assets
    _put_in_place(fresh, paths.JEKYLL / "old")
    shutil.rmtree(paths.JEKYLL)
    return paths.SITE


def _run(jekyll: Popen[str], meanwhile: Callable[[], object]) -> None:
    assert jekyll.stdin
    with suppress(BrokenPipeError):  # it says why it is gone
        jekyll.stdin.write("build\n")
        jekyll.stdin.flush()
    meanwhile()
    _, said = jekyll.communicate()
    if complaint := first_complaint(said):
        raise PublishingError(f"Jekyll: {complaint}")
    if jekyll.returncode:
        raise PublishingError(end("Jekyll", jekyll.returncode))


def _put_in_place(fresh: Path, old: Path) -> None:
    """Exchange the site at once; file by file where its folder cannot be renamed, as a link, or a volume of Docker."""
    try:
        if paths.SITE.is_symlink():
            raise OSError(errno.EXDEV, "")
        if paths.SITE.exists():
            paths.SITE.rename(old)
        fresh.rename(paths.SITE)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EBUSY):
            raise
        made = {paths.SITE / path.relative_to(fresh): path.read_bytes() for path in everything(fresh)}
        paths.SITE.resolve().mkdir(parents=True, exist_ok=True)
        sync(made)
        sweep([paths.SITE], made)


def build_settings(drafts: bool = False) -> dict[str, Any]:
    """What `_config.yml` cannot know, or only where nothing else says it: the address, the commit, and who looks."""
    address = _base_address()
    url = f"{address.scheme}://{address.netloc}" if address.netloc else ""
    told = {"url": url, "baseurl": address.path.rstrip("/"), "unpublished": drafts}
    return {**told, "time": origin.time(), "repository": repository()}


def repository() -> str | None:
    """`owner/name` on GitHub, where these notes are kept: as `_config.yml` says, else as git does."""
    if not (said := configuration(paths.ROOT).get("repository")):
        return origin.repository()
    if name := origin.named(str(said)):
        return name
    told = f"`repository` is one on GitHub, as in owner/name, got {said!r}"
    raise PublishingError(f"_config.yml: {told}; correct it or take it out")


def _base_address() -> SplitResult:
    """Where the site will stand: BASEURL, be it empty, else `url` and `baseurl` of `_config.yml`."""
    given, remedy = os.environ.get("BASEURL"), "BASEURL is {}; correct or unset it"
    if given is None:
        settings = configuration(paths.ROOT)
        parts = (str(settings.get(name) or "").strip("/") for name in ("url", "baseurl"))
        given, remedy = "/".join(parts).rstrip("/"), "_config.yml: `url` and `baseurl` together are {}; correct them"
    try:
        address = urlsplit(given)
        served = address.scheme in ("http", "https") and address.hostname
    except ValueError:  # as in http://[::1
        served = False
    if given and not served and not re.fullmatch(r"/(?!/).*", given) or re.search(r"[?#\s]", given):
        told = f"as in https://example.org/notes or /notes, got {given!r}"
        raise PublishingError(remedy.format(f"the address where the site will stand, {told}"))
    return address


def first_complaint(stderr: str) -> str:
    """The first error or warning on Jekyll's standard error, as one line and without this machine's paths."""
    own = _OF_OTHERS.sub("", stderr)
    text = re.sub(r"\x1b\[[0-9;]*m|-{20,}|\(<unknown>\): ", "", own).replace(f"{paths.ROOT}/", "")
    continued = r"(?:\n {20}.*)*"
    telling = re.search(rf"(?:Liquid Exception|Error|Build Warning|Conflict):.*{continued}", text)
    if re.search(r"cannot load such file -- jekyll \(", text):
        gems = "jekyll jekyll-feed jekyll-seo-tag jekyll-sitemap"
        return f"the Ruby that comes first in PATH lacks it; put that of the set-up first, or run `gem install {gems}`"
    if telling is None and (raised := re.search(r"in [`'][^']*': (.*) \([A-Z][\w:]*\)$", text, re.MULTILINE)):
        return f"_config.yml: {raised[1]}" if "/configuration.rb" in text else raised[1]
    return " ".join((telling.group() if telling else text).split())


def _check_front_matter() -> None:
    """Refuse what Jekyll would pass over without a word: a post without a date in its name, or without front matter.

    It sees none behind a byte-order mark either, but in posts; and no first line of the configuration.
    """
    for path in (paths.ROOT / "_config.yml", paths.ROOT / "404.html", *paths.indexes(), *below(paths.CLAIMS)):
        if path.is_file() and path.read_bytes().startswith(BOM_UTF8):
            remedy = "save it as UTF-8 without one, or Jekyll does not see its first line"
            raise PublishingError(f"{paths.relative(path)}: the file begins with a byte-order mark; {remedy}")
    dated = posts.files()
    for path in [*paths.indexes(), *dated]:
        name = paths.relative(path)
        if path in dated and not _POST.fullmatch(path.name):
            raise PublishingError(f"{name}: a post is named like 2026-11-24-ddpm.md; rename it")
        if posts.read(path).front is None:
            raise PublishingError(f"{name}: no front matter; begin the file with it, between two lines ---")


def configuration(folder: Path) -> dict[str, Any]:
    """What a site says in its `_config.yml`; nothing where that cannot be read, which Jekyll tells."""
    for path in filter(Path.is_file, (folder / f"_config.{form}" for form in ("yml", "yaml", "toml"))):
        with suppress(yaml.YAMLError, ValueError):
            text = path.read_text(encoding="utf-8")
            told = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
            return told if isinstance(told, dict) else {}
    return {}


def _beside_the_site() -> Iterator[str]:
    """Whatever stands in the root and is not of the site, packages and a person's own files too.

    A plain name would exclude all that begins like it, so every letter is escaped, which makes a pattern of it. Jekyll
    holds the patterns against the names of layouts as well.
    """
    for path in sorted(paths.ROOT.iterdir()):
        if (paths.ROOT / "_layouts" / path.name).is_file():
            raise PublishingError(f"{path.name}: a layout of this name would be left out with it; rename the file")
        if not _OF_THE_SITE.fullmatch(path.name):
            yield "".join(f"\\{letter}" for letter in path.name)
