"""The real Jekyll, with the site's own configuration and layouts, on a small site in a temporary folder."""

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from publishing import paths
from publishing.checks.site import problems as site_problems
from publishing.errors import PublishingError
from publishing.site import jekyll, search, styles

from ..conftest import contents
from .conftest import repository_in
from .notes import refused, select, texts
from .small_site import Commands

ROOT = paths.ROOT
POST = """---
layout: post
title: "Paper Summary: A Title"
description: What it is about.
categories: [paper-notes, deep-learning]
permalink: /toy/
feed: {excerpt_only: true}
---
The first paragraph.

Something the feed must not carry.

{% include paper_section_tools.html stem="01-x" minutes="1" %}
"""
REVIEW = POST.replace("---\n", "---\nreviews: {title: x, authors: [y], year: '2020', url: z}\n", 1)
ATOM = "{http://www.w3.org/2005/Atom}"
MISSING = '<link rel="stylesheet" href="/notes/assets/css/missing.css">'


def lay(repository):
    for name in ("_config.yml", "index.md"):
        shutil.copy(ROOT / name, repository.root)
    shutil.copytree(ROOT / "_layouts", repository.root / "_layouts")
    shutil.copytree(ROOT / "assets" / "css", repository.root / "assets" / "css")
    generated = shutil.ignore_patterns("sections")
    shutil.copytree(ROOT / "_includes", repository.root / "_includes", ignore=generated, dirs_exist_ok=True)
    repository.write("_posts/2026-11-24-toy.md", POST)
    return repository


@pytest.fixture
def site(repository):
    return lay(repository)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """What this site becomes below an address; nothing may be changed here."""
    with pytest.MonkeyPatch.context() as patch:
        repository = lay(repository_in(tmp_path_factory.mktemp("built"), patch))
        patch.setenv("BASEURL", "https://example.org/notes")
        patch.setenv("GITHUB_REPOSITORY", "owner/of-remote")
        patch.delenv("SOURCE_DATE_EPOCH", raising=False)
        layout = repository.root / "_layouts/default.html"
        layout.write_text(layout.read_text().replace("</head>", f"{MISSING}\n</head>"))
        yield jekyll.build_site()


def review(page: str) -> dict:
    """What the page of a post tells search engines of the paper that it reviews."""
    return next(told for text in texts(page, "script") if (told := json.loads(text or "{}")).get("@type") == "Review")


def test_a_post_becomes_a_page_in_the_list_the_feed_and_the_sitemap(built):
    assert "Paper Summary: A Title" in (built / "toy" / "index.html").read_text()
    for listing in ("index.html", "feed.xml", "sitemap.xml"):
        assert "/toy/" in (built / listing).read_text(), listing
    assert "must not carry" not in (built / "feed.xml").read_text()


def test_an_entry_of_the_feed_has_one_content_and_an_ordinary_post_all_of_its_own(site):
    site.write("_posts/2026-11-25-own.md", "---\nlayout: post\ntitle: Own\ndescription: x\n---\nOne.\n\nTwo.\n")
    feed = ElementTree.parse(jekyll.build_site() / "feed.xml")
    own, toy = ([one.text for one in entry.findall(f"{ATOM}content")] for entry in feed.iter(f"{ATOM}entry"))
    assert own == ["<p>One.</p>\n\n<p>Two.</p>"] and len(toy) == 1 and "The first paragraph." in toy[0]


def test_the_base_path_is_put_before_every_link_once(built):
    page = (built / "toy" / "index.html").read_text()
    assert select(page, 'link[href="/notes/assets/css/print.css"][media=print]')
    assert select(page, '[href="https://example.org/notes/toy/"]')
    assert "/notes/notes/" not in page


@pytest.mark.parametrize(
    "address", ["http://[::1/x", "example.org/x", "ftp://example.org", "https://example.org/a b", "//example.org/x"]
)
def test_what_is_no_address_of_a_site_is_one_line(site, monkeypatch, address):
    site.write("_config.yml", f"url: {address}\n")
    for given, name in ((address, "BASEURL is"), (None, "_config.yml: `url` and `baseurl` together are")):
        give_address(monkeypatch, given)
        told = f"{name} the address where the site will stand, as in https://"
        assert refused(jekyll.build_settings).startswith(told)


def give_address(monkeypatch, address: str | None) -> None:
    monkeypatch.delenv("BASEURL", raising=False)
    if address is not None:
        monkeypatch.setenv("BASEURL", address)


@pytest.mark.parametrize(
    ("told", "url", "baseurl"),
    [
        ({"url": "https://me.github.io", "baseurl": "/notes"}, "https://me.github.io", "/notes"),
        ({"url": "https://me.github.io/", "baseurl": "notes/"}, "https://me.github.io", "/notes"),
        ({"url": "https://me.github.io/a", "baseurl": "/notes"}, "https://me.github.io", "/a/notes"),
        ({"url": "https://me.github.io", "baseurl": None}, "https://me.github.io", ""),
        ({"baseurl": "/notes"}, "", "/notes"),
        ({"baseurl": "/"}, "", ""),
        ({}, "", ""),
    ],
)
def test_the_address_is_that_of_the_configuration_unless_another_or_none_is_given(
    site, monkeypatch, told, url, baseurl
):
    site.write("_config.yml", yaml.safe_dump(told))
    for given, expected in {None: (url, baseurl), "": ("", ""), "https://x.org/b": ("https://x.org", "/b")}.items():
        give_address(monkeypatch, given)
        settings = jekyll.build_settings()
        assert (settings["url"], settings["baseurl"]) == expected


def test_a_site_with_an_address_in_its_configuration_stands_there_and_its_links_are_right(site, monkeypatch):
    monkeypatch.delenv("BASEURL", raising=False)
    page = configured(site, url="https://me.github.io", baseurl="/notes")
    assert select(page, 'link[rel=canonical][href="https://me.github.io/notes/toy/"]')
    for listing in ("feed.xml", "sitemap.xml", "robots.txt"):
        assert "https://me.github.io/notes/" in (paths.SITE / listing).read_text(), listing
    assert select(page, 'a[href="/notes/"]')
    dead = list(site_problems(jekyll.build_settings()["baseurl"]))
    assert all("'/notes/assets/" in problem for problem in dead), "which were not laid"


def test_the_styles_that_a_page_waits_for_are_in_it(built):
    page = (built / "toy" / "index.html").read_text()
    for name in ("tokens", "site", "notes", "code"):
        style = (ROOT / f"assets/css/{name}.css").read_text()
        assert f'<style data-file="assets/css/{name}.css">\n{style}</style>' in page
    assert MISSING in page, "a style that is not there is left to the checks"


def test_words_that_look_like_such_a_link_stay_words(tmp_path):
    (tmp_path / "a.css").write_text("b {}\n")
    link = '<link rel="stylesheet" href="/notes/a.css">'
    words = f"<!-- {link} -->\n{{}}\n</head><body><img alt='{link}'><script>{link}</script>"
    page = tmp_path / "index.html"
    for given in (link, '<link\n href="/notes/a.css" rel=stylesheet>'):
        page.write_text(words.format(f"é\n{given}{given}"))
        styles.inline(tmp_path, "/notes")
        style = '<style data-file="a.css">\nb {}\n</style>'
        assert page.read_text() == words.format(f"é\n{style}{style}")


def test_two_builds_in_two_time_zones_are_the_same_and_a_web_server_can_read_both_whatever_the_umask(site, monkeypatch):
    site.write("assets/css/mine.css", "a {}").chmod(0o600)
    made = []
    for zone, umask in (("Pacific/Kiritimati", 0o077), ("America/Los_Angeles", 0o000)):
        monkeypatch.setenv("TZ", zone)
        before = os.umask(umask)
        try:
            built = jekyll.build_site()
        finally:
            os.umask(before)
        made.append(contents(paths.SITE))
        for path in (built, *built.rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644), path
    assert made[0] == made[1] and len(made[0]) > 5


def test_words_of_the_front_matter_are_words_on_every_page_and_not_html(site):
    words = "Is d<n enough, & a<b>c?"
    told = f"title: {words}\ndescription: About {words}\ncategories: [{words!r}]\npaper: toy"
    site.write("_posts/2026-11-24-toy.md", f"---\n{told}\npermalink: /toy/\n---\n{{% include nothing.html %}}\n")
    site.write("_claims/toy.md", f"---\n{told}\n---\n")
    site.write("_includes/nothing.html", "")
    for name in (
        "toc.html",
        "reading.html",
        "glyphs.html",
        *(f"claims/{name}.html" for name in ("list", "reading", "glyphs")),
    ):
        site.write(f"_includes/sections/toy/{name}", "")
    page = configured(site, title=words)
    assert texts(page, ".site-title, .post-categories, h1, .post-description") == [*[words] * 3, f"About {words}"]
    assert f"title = {{{words}}}" in texts(page, ".cite code")[0]
    home, claims = ((paths.SITE / name).read_text() for name in ("index.html", "toy/claims/index.html"))
    assert texts(home, "h1, .posts h2, .posts p:not([class])") == [words, words, f"About {words}"]
    assert texts(claims, "h1, .post-description, .post-categories") == [words, words, f"About {words}"]


def test_the_picture_of_a_review_may_be_an_address_or_a_mapping(site, monkeypatch):
    monkeypatch.setenv("BASEURL", "https://example.org/notes")
    images = {"toy": "/assets/x.png", "two": "{path: /assets/x.png, alt: A picture}", "three": "{alt: A picture}"}
    for name, image in images.items():
        told = REVIEW.replace("---\n", f"---\nimage: {image}\n", 1).replace("/toy/", f"/{name}/")
        site.write(f"_posts/2026-11-24-{name}.md", told)
    built = jekyll.build_site()
    shown = [review((built / name / "index.html").read_text()).get("image") for name in images]
    assert shown == [*["https://example.org/notes/assets/x.png"] * 2, None]


def test_a_layout_for_all_pages_is_put_around_pages_alone(site):
    shutil.copy(ROOT / "assets/manifest.json", site.root / "assets")
    told = yaml.safe_load((ROOT / "_config.yml").read_text())["defaults"]
    configured(site, defaults=[{"scope": {"path": ""}, "values": {"layout": "default"}}, *told])
    assert json.loads((paths.SITE / "assets/manifest.json").read_text())["start_url"] == "../"
    beside = [path for path in paths.SITE.rglob("*.*") if path.suffix in (".xml", ".txt", ".css", ".json")]
    assert len(beside) > 8 and not any("<main" in path.read_text() for path in beside)


def test_the_time_of_the_site_is_that_of_its_origin_and_never_1970(site, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    site.write("_posts/2026-11-24-toy.md", REVIEW)
    built = jekyll.build_site()
    assert '"dateModified": "2026-11-24T00:00:00+00:00"' in (built / "toy/index.html").read_text()
    assert "<updated>2026-11-24T00:00:00+00:00</updated>" in (built / "feed.xml").read_text()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    built = jekyll.build_site()
    assert '"dateModified": "2027-01-15T08:00:00+00:00"' in (built / "toy/index.html").read_text()
    assert not any("1970" in (built / name).read_text() for name in ("toy/index.html", "feed.xml", "sitemap.xml"))


def configured(site, **told):
    """The page of the post in a site whose configuration says this."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text()) | told
    site.write("_config.yml", yaml.safe_dump(settings, allow_unicode=True))
    return (jekyll.build_site() / "toy/index.html").read_text()


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("Jürgen", "Jürgen"),
        ({"name": "Jürgen", "email": "a@example.org"}, "Jürgen"),
        (["Jürgen", "Ann"], "Jürgen, Ann"),
        (None, "Notes of <all> & more"),
    ],
)
def test_the_author_is_named_in_every_form_of_the_configuration_and_else_the_site_is(site, author, name):
    site.write("_posts/2026-11-24-toy.md", REVIEW)
    page = configured(site, author=author, title="Notes of <all> & more")
    (footer,) = texts(page, ".site-footer")
    assert footer == f"Text, figures and code by {name}, under the MIT licence."
    assert review(page)["author"]["name"] == name
    assert f"author = {{{name.replace(', ', ' and ')}}}" in texts(page, ".cite code")[0]


@pytest.mark.parametrize(
    ("post", "says"),
    [
        ('---\ntitle: "x: "y"\n---\n', "wrong.md:2: expected <block end>"),
        ("---\nlayout: nonesuch\n---\n", "Layout 'nonesuch'"),
        ("---\ntitle: x\n---\n{% include nonesuch.html %}\n", "'nonesuch.html'"),
        ("---\ntitle: x\n---\n{{ 'a' | nonesuch }}\n", "undefined filter nonesuch"),
        ("---\ntitle: x\n---\n{% if %}\n", "Liquid syntax error"),
        ("---\ntitle: x\npermalink: /toy/\n---\n", "2026-11-25-wrong.md"),
        ("---\ntitle: x\n\nIts front matter never ends.\n", "no front matter"),
    ],
    ids=["front matter", "layout", "include", "filter", "syntax", "two posts at one address", "no front matter"],
)
def test_a_mistake_is_one_line_that_names_the_post_and_the_old_site_stays(site, post, says):
    site.write("_site/index.html", "the site before")
    site.write("_posts/2026-11-25-wrong.md", post)
    told = refused(jekyll.build_site)
    assert says in told and "2026-11-25-wrong.md" in told
    assert str(site.root) not in told and "-----" not in told
    assert (paths.SITE / "index.html").read_text() == "the site before"
    assert contents(paths.SITE).keys() == {"index.html"}


def test_a_post_that_jekyll_would_pass_over_is_refused(site):
    site.write("_posts/wrong.md", POST)
    assert refused(jekyll.build_site).startswith("_posts/wrong.md: a post is named like 2026-11-24-ddpm.md")


@pytest.mark.parametrize("name", ["_config.yml", "index.md", "404.html", "_claims/toy.md"])
def test_a_byte_order_mark_behind_which_jekyll_sees_no_front_matter_is_refused(site, name):
    path = site.root / name
    site.write(name, "\ufeff" + (path.read_text() if path.exists() else "---\ntitle: x\n---\n"))
    assert refused(jekyll.build_site).startswith(f"{name}: the file begins with a byte-order mark; save it as UTF-8")


def test_a_post_may_begin_with_one_and_what_an_editor_leaves_beside_it_is_passed_over(site):
    site.write("_posts/2026-11-24-toy.md", f"\ufeff{POST}")
    for name in ("2026-11-24-toy.md~", "#2026-11-24-toy.md#", ".#2026-11-24-toy.md", "~$2026.docx"):
        site.write(f"_posts/{name}", POST.replace("A Title", "Half a Ti"))
    assert "A Title" in (jekyll.build_site() / "toy/index.html").read_text()
    assert len(list(paths.SITE.rglob("*.html"))) == 2


def test_a_mistake_in_the_configuration_is_one_line(site):
    site.write("_config.yml", "plugins: [\n")
    told = refused(jekyll.build_site)
    assert told.startswith("Jekyll: _config.yml: did not find expected node content") and "psych" not in told


def test_a_jekyll_that_is_not_told_to_build_ends(site):
    with pytest.raises(PublishingError, match="no pages"), jekyll.loading() as waiting:
        raise PublishingError("no pages")
    assert waiting.poll() is not None
    alone = ["ruby", jekyll._SCRIPT, "build", "--destination", paths.SITE]  # whose starter was killed
    assert subprocess.run(alone, stdin=subprocess.DEVNULL).returncode == 1 and not paths.SITE.exists()


def test_a_jekyll_that_ends_before_it_is_told_to_build_is_one_line_and_the_next_one_builds(site):
    with jekyll.loading() as waiting:
        waiting.kill()
        told = refused(jekyll.build_site, loaded=waiting)
    assert told.startswith("Jekyll was killed by signal 9; was the machine out of memory")
    assert (jekyll.build_site() / "toy/index.html").exists() and not (paths.BUILD / "jekyll").exists()


@pytest.mark.parametrize("missing", ["jekyll", "ruby"])
def test_where_a_program_is_missing_it_is_said_what_to_run(site, monkeypatch, missing):
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, **told: None if name == missing else which(name, **told))
    assert refused(jekyll.build_site) == "Jekyll is not installed; run `python3 bootstrap.py site`"


def shim(folder, name, script, monkeypatch):
    """A program that comes before the one of this name."""
    (folder / name).write_text(f"#!/bin/bash\n{script}\n")
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


def test_neither_a_shell_before_ruby_nor_the_linker_complains_for_jekyll(site, monkeypatch, tmp_path_factory):
    shim(tmp_path_factory.mktemp("bin"), "ruby", f'exec {shutil.which("ruby")} "$@"', monkeypatch)
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    monkeypatch.setenv("LD_PRELOAD", "libnonesuch.so.0")
    assert (jekyll.build_site() / "toy/index.html").exists()
    said = "bash: warning: setlocale: LC_ALL: cannot change locale (C.UTF-8)\nERROR: ld.so: object 'a.so': ignored.\n"
    assert jekyll.first_complaint(said) == ""
    assert jekyll.first_complaint(f"{said}Error: it\n{said}") == "Error: it"


def test_where_bundler_keeps_jekyll_it_reads_the_gemfile_of_this_site(site, monkeypatch, tmp_path_factory):
    (site.root / "vendor/bundle").mkdir(parents=True)
    shim(tmp_path_factory.mktemp("bin"), "bundle", 'echo "$BUNDLE_GEMFILE $BUNDLE_PATH $*"', monkeypatch)
    monkeypatch.setenv("BUNDLE_GEMFILE", "/elsewhere/Gemfile")
    with jekyll.loading() as process:
        said, _ = process.communicate()
    assert said.startswith(f"{site.root}/Gemfile {site.root}/vendor/bundle exec ruby ")


def test_a_ruby_that_lacks_jekyll_is_one_line_with_its_remedy(site, monkeypatch, tmp_path_factory):
    shim(tmp_path_factory.mktemp("bin"), "ruby", f'exec {shutil.which("ruby")} --disable-gems "$@"', monkeypatch)
    remedy = "put that of the set-up first, or run `gem install jekyll jekyll-feed jekyll-seo-tag jekyll-sitemap`"
    assert refused(jekyll.build_site) == f"Jekyll: the Ruby that comes first in PATH lacks it; {remedy}"


def test_what_is_not_the_site_is_not_published(site):
    for name in (
        *("notebooks/toy/01-x.md", "ddim_notes/x.py", "other/__init__.py", "node_modules/x/x.js", "build/x.html"),
        *(".venv/x.py", ".venv-lab/x.md", "vendor/x.rb", "my.safetensors", "a [1]*.md", "as", "index.bak"),
        *("index.md.orig", "indexes.html", "paper_notes.egg-info/PKG-INFO"),
    ):
        site.write(name, "---\ntitle: x\n---\nx")
    site.write("index.txt", "a person's own")
    jekyll.build_site()
    published = {name.split("/")[0] for name in contents(paths.SITE)}
    assert published == {"assets", "feed", "feed.xml", "index.html", "robots.txt", "sitemap.xml", "toy"}


def test_settings_include_a_file_of_the_root_and_name_a_repository_before_git(site, monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/of-remote")
    site.write("CNAME", "notes.example.org")
    settings = "\ninclude: [CNAME]\nrepository: owner/set\n"
    site.write("_config.yml", (site.root / "_config.yml").read_text() + settings)
    built = jekyll.build_site()
    assert (built / "CNAME").exists()
    assert "https://github.com/owner/set/blob/HEAD/" in (built / "toy/index.html").read_text()


@pytest.mark.parametrize("said", ["me/notes.2", "https://github.com/me/notes.2", "git@github.com:me/notes.2.git"])
def test_the_repository_of_the_configuration_may_be_an_address(site, said):
    site.write("_config.yml", f"repository: {said}\n")
    assert jekyll.build_settings()["repository"] == "me/notes.2"


@pytest.mark.parametrize("said", ["notes", "github.com/me/notes", "https://gitlab.com/me/notes", "[me, notes]"])
def test_what_is_no_repository_on_github_is_one_line(site, said):
    site.write("_config.yml", f"repository: {said}\n")
    told = "_config.yml: `repository` is one on GitHub, as in owner/name, got"
    assert refused(jekyll.build_settings).startswith(told)


def test_a_file_of_the_root_that_is_called_like_a_layout_is_refused(site):
    site.write("post.html", "")
    assert refused(jekyll.build_site).startswith("post.html: a layout of this name would be left out with it; rename")


def test_jekyll_run_by_hand_publishes_the_site_and_nothing_else(tmp_path):
    """In the whole tree that git keeps, around a small paper; a new entry of the root belongs in `exclude`."""
    commands = Commands.lay(tmp_path / "notes")
    commands.notebook("01-figure", "# 1. Figure $x$", "print(1)")
    commands.post("01-figure")
    shown = '{% include paper_section.html name="draft/01-draft" %}'
    front = "title: x\npaper: draft\npermalink: /draft/\npublished : false"
    commands.write("_posts/2026-01-02-draft.md", f"---\n{front}\n---\n{shown}\n")
    commands.notebook("01-draft", "# 1. Draft", "print(1)", paper="draft")
    commands.write("_claims/draft.md", "---\ntitle: x\npaper: draft\npublished: false\n---\n")
    for name in kept():
        if not (commands.root / name).exists() and not name.startswith(("_posts/", "_claims/", "notebooks/")):
            commands.write(name, "---\n---\n{% nonsense %}")
    commands.succeed("site", "--drafts")
    commands.succeed("site")
    by_hand = tmp_path / "by hand"
    command = ["jekyll", "build", "--destination", by_hand]
    environment = os.environ | {"JEKYLL_NO_BUNDLER_REQUIRE": "true"}
    done = subprocess.run(command, cwd=commands.root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made, published = ({path.relative_to(at) for path in at.rglob("*")} for at in (commands.root / "_site", by_hand))
    assert published == {path for path in made if search.FOLDER not in path.parts}
    assert Path("toy/index.html") in made and not any("draft" in str(path) for path in made)


def kept() -> list[str]:
    """What git keeps of this repository; in an archive of it, what lies in the root and is not laid by bootstrap.py."""
    listed = ""
    if shutil.which("git"):
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True).stdout
    laid = {"node_modules", "vendor", "build"}
    return listed.split("\0")[:-1] or [
        f"{path.name}/x" if path.is_dir() else path.name for path in ROOT.glob("[!._]*") if path.name not in laid
    ]


def test_an_image_that_the_last_site_holds_is_taken_from_there_and_a_changed_one_is_not(site):
    images = {name: site.write(f"assets/images/{name}.png", "as it was") for name in ("kept", "changed")}
    built = jekyll.build_site() / "assets/images"
    before = {name: (built / f"{name}.png").stat() for name in images}
    images["changed"].write_text("as it is!")  # of the same length, and as old
    os.utime(images["changed"], ns=(before["changed"].st_atime_ns, before["changed"].st_mtime_ns))
    jekyll.build_site()
    assert (built / "changed.png").read_text() == "as it is!"
    assert os.path.samestat((built / "kept.png").stat(), before["kept"])
    assert not os.path.samestat((built / "kept.png").stat(), images["kept"].stat())

    (built / "kept.png").unlink()
    (built / "kept.png").symlink_to(images["kept"])
    jekyll.build_site()
    assert not (built / "kept.png").is_symlink()
    assert not os.path.samestat((built / "kept.png").stat(), images["kept"].stat())


def test_where_nothing_can_be_linked_from_the_last_site_it_is_copied(site):
    """As where that is on another file system."""
    image = site.write("assets/images/kept.png", "as it was")
    site.write("_plugins/refuse.rb", "def File.link(*) = raise(Errno::EXDEV)")
    jekyll.build_site()
    before = (paths.SITE / "assets/images/kept.png").stat()
    built = jekyll.build_site() / "assets/images/kept.png"
    assert built.read_text() == image.read_text() and not os.path.samestat(built.stat(), before)


def test_a_page_that_the_last_site_shares_is_not_written_in_place(site):
    html = '<html><head><link rel="stylesheet" href="/assets/css/notes.css"></head><body>plain</body></html>'
    site.write("assets/plain.html", html)
    page = jekyll.build_site() / "assets/plain.html"
    (site.root / "old").hardlink_to(page)
    page.write_text(html)  # as the source is, so that Jekyll links it
    styles.inline(paths.SITE, "")
    assert "<style" in page.read_text() and (site.root / "old").read_text() == html
