"""`make embed`: what is put into a blog, what is left alone, and that all of it can be taken out."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from publishing import paths, posts
from publishing.blog import embed
from publishing.errors import PublishingError

INCLUDES = paths.INCLUDES
POST = """\
---
layout: post
title: "Toy $paper"
description: "What it says."
mathjax: true
paper: toy
permalink: /toy/
---

A lead.

{% include paper_section.html name="toy/01-first" %}
"""
CLAIMS = """\
---
title: What toys have checked
description: All of it.
paper: toy
---

A claim is *checked*.
"""
WRITTEN = """\
<p>A popover is a "/assets/js/x.js", site.repository is '/assets/css/y.css'.</p>
<pre><code>src="/assets/data/toy-line-points.json" nav popover aria</code></pre>
{% capture paper_alt %}src=&quot;/assets/images/toy-no.png&quot; popover{% endcapture %}
{% include paper_diagram.html src="/assets/images/toy-line.png" %}
"""


@pytest.fixture
def notes(repository):
    for name in ("byline", "diagram", "section", "section_tools", "study", "cite", "styles"):
        repository.write(f"_includes/paper_{name}.html", (INCLUDES / f"paper_{name}.html").read_text())
    for name in ("site", "notes", "print"):
        repository.write(
            f"assets/css/{name}.css", "@media (prefers-color-scheme: dark) { .paper-notes { color: #fff } }"
        )
    repository.write("assets/js/notes.js", "")
    repository.write("assets/data/toy-line-points.json", "[]")
    repository.write("_config.yml", "title: Notes\n")
    repository.write("_claims/toy.md", CLAIMS)
    repository.write("assets/images/toy-line.png", "image")
    repository.write("assets/notebooks/toy/01-first.ipynb", "{}")
    for name in ("01-first", "glyphs", "toc"):
        repository.write(f"_includes/sections/toy/{name}.html", WRITTEN if name == "01-first" else f"<i>{name}</i>\n")
    repository.notebook("01-first", "# 1. First")
    repository.write("_posts/2026-01-01-toy.md", POST)
    return repository


@pytest.fixture
def blog(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("blog")
    (folder / "_config.yml").write_text("theme: minima\n")
    (folder / "_posts").mkdir()
    (folder / "_posts/2020-01-01-hello.md").write_text("---\n---\nHello.\n")
    return folder


def told(blog: Path) -> dict:
    """What the post says to the includes."""
    return posts.read(blog / "_posts/2026-01-01-toy.md").facts["paper_notes"]


def contents(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_everything_that_the_post_needs_is_put_beside_what_is_there_and_taken_out_again(notes, blog, capsys):
    before = contents(blog)
    embed.embed(blog)
    after = contents(blog)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {
        ".paper-notes.json",
        "_includes/paper_byline.html",
        "_includes/paper_cite.html",
        "_includes/paper_diagram.html",
        "_includes/paper_section.html",
        "_includes/paper_section_tools.html",
        "_includes/paper_study.html",
        "_includes/paper_styles.html",
        "_includes/sections/toy/01-first.html",
        "_includes/sections/toy/glyphs.html",
        "_includes/sections/toy/toc.html",
        "_posts/2026-01-01-toy.md",
        "assets/images/toy-line.png",
        "assets/notebooks/toy/01-first.ipynb",
        "assets/paper-notes/css/embedded.css",
        "assets/paper-notes/css/notes.css",
        "assets/paper-notes/css/print.css",
        "assets/paper-notes/css/site.css",
        "assets/paper-notes/data/toy-line-points.json",
        "assets/paper-notes/js/notes.js",
        "toy/claims/index.html",
    }
    assert "20 files are in" in capsys.readouterr().out
    embed.undo(blog)
    assert contents(blog) == before
    assert {path.name for path in blog.iterdir()} == {"_config.yml", "_posts"}


def test_the_post_keeps_its_words_and_gets_styles_scripts_and_an_excerpt(notes, blog, monkeypatch):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    embed.embed(blog)
    post = (blog / "_posts/2026-01-01-toy.md").read_text()
    front = yaml.safe_load(post.split("---\n")[1])
    assert front["title"] == "Toy $paper" and "\nA lead.\n" in post
    assert front["excerpt"] == "What it says."
    assert "mathjax" not in front, "the blog's own MathJax has nothing to do here"
    told = {"assets": "/assets/paper-notes", "repository": None, "anchors": False}
    assert front["paper_notes"] == told
    assert post.index("embedded.css") < post.index("{% include paper_styles.html %}")


def test_what_is_included_is_what_the_notes_include_whatever_words_are_in_it(notes, blog):
    embed.embed(blog)
    assert (blog / "_includes/sections/toy/01-first.html").read_text() == WRITTEN
    assert contents(blog / "_includes") == contents(notes.root / "_includes")


def test_the_page_of_claims_comes_with_the_post_and_enters_no_menu(notes, blog, monkeypatch):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    embed.embed(blog)
    front, page = (blog / "toy/claims/index.html").read_text().removeprefix("---\n").split("---\n", 1)
    assert front.splitlines() == [
        "layout: none",
        "permalink: /toy/claims/",
        "heading: What toys have checked",
        "description: All of it.",
        "paper: toy",
        "paper_notes:",
        "  assets: /assets/paper-notes",
        "  repository: null",
        "  anchors: false",
    ]
    assert "A claim is *checked*." in page and '{% include paper_styles.html whole_page="true" %}' in page
    (notes.root / "_claims/toy.md").unlink()
    embed.embed(blog)
    assert not (blog / "toy").exists()


def test_what_instruments_fetch_is_taken_of_published_papers_alone(notes, blog):
    notes.write("assets/data/draft-line-points.json", "[]")
    embed.embed(blog)
    assert [path.name for path in (blog / "assets/paper-notes/data").iterdir()] == ["toy-line-points.json"]


def test_a_diagram_include_of_the_blog_stays_and_is_used_with_a_place_to_link_to(notes, blog, capsys):
    own = blog / "_includes/paper_diagram.html"
    own.parent.mkdir()
    own.write_text("<img src='{{ include.src }}'>")
    embed.embed(blog)
    assert own.read_text() == "<img src='{{ include.src }}'>"
    assert "left as it is: _includes/paper_diagram.html" in capsys.readouterr().out
    assert told(blog)["anchors"]
    embed.undo(blog)
    assert own.exists()


def test_any_other_file_of_the_blog_stops_before_anything_is_written(notes, blog):
    (blog / "assets/images").mkdir(parents=True)
    (blog / "assets/images/toy-line.png").write_text("another image")
    before = contents(blog)
    with pytest.raises(PublishingError, match="^the blog has assets/images/toy-line.png already"):
        embed.embed(blog)
    assert contents(blog) == before


def test_embedding_again_brings_up_to_date_and_leaves_what_was_edited_there(notes, blog, capsys):
    embed.embed(blog)
    post = blog / "_posts/2026-01-01-toy.md"
    post.write_text(post.read_text() + "\nA word of the blog's owner.\n")
    notes.write("assets/images/toy-line.png", "another image")
    notes.write("assets/images/toy-more.png", "one more")
    (notes.root / "assets/notebooks/toy/01-first.ipynb").unlink()
    capsys.readouterr()
    embed.embed(blog)
    said = capsys.readouterr().out
    assert "2 written, 1 removed" in said
    assert "left as it is: _posts/2026-01-01-toy.md" in said
    assert (blog / "assets/images/toy-line.png").read_text() == "another image"
    assert not (blog / "assets/notebooks").exists()
    assert "A word of the blog's owner." in post.read_text()

    embed.undo(blog)
    assert "left as it is: _posts/2026-01-01-toy.md" in capsys.readouterr().out
    assert set(contents(blog)) == {"_config.yml", "_posts/2020-01-01-hello.md", "_posts/2026-01-01-toy.md"}


def test_an_embedding_that_was_cut_short_is_completed(notes, blog):
    before = contents(blog)
    embed.embed(blog)
    (blog / embed.LIST).unlink()
    (blog / "assets/images/toy-line.png").unlink()
    embed.embed(blog)
    assert "assets/paper-notes/css/notes.css" in json.loads((blog / embed.LIST).read_text())
    (blog / "_includes/paper_diagram.html").unlink()  # it could be the blog's own copy, and so was left
    embed.undo(blog)
    assert contents(blog) == before


def test_the_notes_are_dark_only_where_the_blog_can_be(notes, blog):
    style = blog / "assets/paper-notes/css/notes.css"
    embed.embed(blog)
    assert "@media not all" in style.read_text() and embed.DARK not in style.read_text()
    (blog / "_sass").mkdir()
    (blog / "_sass/main.scss").write_text("@media (prefers-color-scheme: dark) {}")
    embed.embed(blog)
    assert embed.DARK in style.read_text()


@pytest.mark.parametrize(
    ("config", "layouts", "layout"),
    [
        ("theme: minima", [], "post"),
        ("{title: x, theme: minima}", [], "post"),
        ("theme:", ["default"], "default"),
        ("remote_theme: a/b", ["default"], "post"),
        ("title: x", ["default", "post"], "post"),
        ("title: x", ["default"], "default"),
        ("title: x", [], "none"),
    ],
)
def test_the_layout_is_one_that_the_blog_has(notes, blog, config, layouts, layout):
    (blog / "_config.yml").write_text(config + "\n")
    for name in layouts:
        (blog / "_layouts").mkdir(exist_ok=True)
        (blog / "_layouts" / f"{name}.html").write_text("{{ content }}")
    embed.embed(blog)
    assert f"\nlayout: {layout}\n" in (blog / "_posts/2026-01-01-toy.md").read_text()


def test_a_draft_is_not_embedded(notes, blog):
    notes.write("_posts/2026-01-01-toy.md", POST.replace("title:", "published: false\ntitle:"))
    for command in (embed.check, embed.embed):
        with pytest.raises(PublishingError, match="no post is published here"):
            command(blog)


def test_what_is_no_blog_is_refused(notes, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    with pytest.raises(PublishingError, match="^BLOG is the folder of a Jekyll site"):
        embed.embed(empty)
    notes.write("_config.yml", "")
    with pytest.raises(PublishingError, match="^BLOG is another site"):
        embed.embed(notes.root)
    with pytest.raises(PublishingError, match="nothing was embedded there"):
        (empty / "_config.yml").write_text("")
        embed.undo(empty)
    shutil.rmtree(empty)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("", None),
        ("repository:\nurl: x\n", None),
        ("repository: owner/name  # of these notes\n", "owner/name"),
    ],
)
def test_the_repository_is_that_of_the_notes_whatever_the_blog_is_in(notes, blog, line, name, monkeypatch):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    notes.write("_config.yml", f"title: Notes\n{line}")
    embed.embed(blog)
    assert told(blog)["repository"] == name


def test_the_blog_s_settings_may_be_in_another_form(notes, blog):
    (blog / "_config.yml").unlink()
    (blog / "_config.toml").write_text('theme = "minima"\n')
    embed.embed(blog)
    assert "\nlayout: post\n" in (blog / "_posts/2026-01-01-toy.md").read_text()
