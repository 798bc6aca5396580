"""`make embed`: what is put into a blog, what is left alone, and that all of it can be taken out."""

import json
import re
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from publishing import paths, posts
from publishing.blog import embed, pages
from publishing.blog.theme import Theme
from publishing.errors import PublishingError
from publishing.site import search

from ..conftest import contents

INCLUDES, ASSETS, MODULES = paths.INCLUDES, paths.ASSETS, paths.ROOT / "node_modules"
INDEX = f"{pages.OWN}/{search.FOLDER}"
with_pagefind = pytest.mark.skipif(not search.is_possible(), reason="Pagefind does not run on this platform")
POST = """\
---
layout: post
title: "Toy: $paper"
description: "What it says."
mathjax: true
paper: toy
permalink: /toy/
image: {path: /assets/images/toy-card.png, alt: a card}
---
A lead.
"""
CLAIMS = """\
---
title: What toys have checked
description: All of it.
paper: toy
---
A claim is *checked*.
"""
STUDY = """\
---
layout: study
title: Which toy?
paper: toy
subpage: which
permalink: /toy/which/
date: 2026-01-01 00:00:00 +0000
---
"""
# As Jekyll makes it of our layouts.
BUILT = """\
<!DOCTYPE html><html><head><title>Toy</title><style>p { color: red }</style></head><body>
<article class="paper-notes">
  <header class="post-header">
    <h1 class="post-title">Toy: $paper</h1>
    <p class="post-date"><time datetime="2026-01-01">1 January</time>, last changed <time>today</time> · 2 min read</p>
  </header>
  <div class="toc-bar"><button type="button" class="toc-button" popovertarget="toc">Contents</button></div>
  <div class="toc-side"><nav class="toc" id="toc" popover aria-label="Contents">
<ol><li><a href="#01-first">1. First</a></li></ol></nav>
</div>
  <div class="post-body">
<figure data-instrument="line" data-files="/assets/data/toy-line-"><img src="/assets/images/toy-line.png" alt="A line" \
width="900"><p class="instrument-call">Try it</p>\
<script type="module" src="/assets/js/instruments/loader.js"></script></figure>
<p>A lead.</p>
<p>Of <svg class="math"></svg>.</p>
<section class="paper-section" id="01-first">
<p><a href="/assets/notebooks/toy/01-first.md" download>Markdown</a>
<a href="/toy/which/#x">Which</a> {% if %} {{{ x }}}</p><!-- {{ y }} -->
<p><a href="/toy/?q={{ x }}">Asked</a><svg><use href="/assets/none.svg#q"></use></svg></p>
<pre><code>&lt;img src="/assets/images/toy-none.png"&gt;</code></pre>
<div class="math display"><svg></svg><span class="math-assistive"><math></math></span></div>
</section>
<section class="cite" aria-labelledby="cite-this-note"><h2>Cite</h2></section>
  </div>
</article>
</body></html>
"""


@pytest.fixture
def notes(repository, monkeypatch):
    monkeypatch.delenv("BASEURL", raising=False)
    shutil.copytree(ASSETS / "css", paths.ASSETS / "css")
    repository.write("_includes/paper_cite.html", (INCLUDES / "paper_cite.html").read_text())
    for name in (
        *("js/note.js", "js/instruments/loader.js", "vendor/runtime/x.wasm", "data/toy-line-points.json"),
        *("data/draft-points.json", "images/toy-line.png", "images/toy-card.png", "images/toy-unused.png"),
        "notebooks/toy/01-first.md",
    ):
        repository.write(f"assets/{name}", name)
    repository.write("_config.yml", "title: Notes\n")
    repository.write("_claims/toy.md", CLAIMS)
    repository.write("_studies/toy/which.html", STUDY)
    repository.write("_posts/2026-01-01-toy.md", POST)
    for address in ("toy", "toy/claims", "toy/which"):
        repository.write(f"_site/{address}/index.html", BUILT)
    repository.notebook("01-first", "# 1. First")
    return repository


@pytest.fixture
def blog(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("blog")
    for name, text in {
        "_config.yml": "title: Mine\n",
        "_layouts/base.html": "<html><head><title>{{ page.title }}</title></head>{{ content }}</html>",
        "_layouts/post.html": "---\nlayout: base\n---\n<h1>{{ page.title }}</h1>{{ content }}",
        "_posts/2020-01-01-hello.md": "---\nlayout: post\n---\nHello.\n",
    }.items():
        write(folder / name, text)
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def front(blog: Path, name: str) -> dict:
    return posts.read(blog / name).facts


def test_everything_that_the_pages_need_is_put_beside_what_is_there_and_taken_out_again(notes, blog, capsys):
    before = contents(blog)
    embed.embed(blog)
    after = contents(blog)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {
        ".paper-notes.json",
        *(f"_includes/paper_notes/{name}.html" for name in ("cite", "toy", "toy/claims", "toy/which")),
        *("_layouts/paper_notes.html", "_layouts/paper_notes_page.html"),
        "_posts/2026-01-01-toy.html",
        *(f"assets/paper-notes/css/{name}.css" for name in ("embedded", "instruments", "print")),
        *(f"assets/paper-notes/images/toy-{name}.png" for name in ("card", "line")),
        *(f"assets/paper-notes/js/{name}.js" for name in ("ground", "instruments/loader", "note")),
        "assets/paper-notes/data/toy-line-points.json",
        "assets/paper-notes/notebooks/toy/01-first.md.txt",
        "assets/paper-notes/vendor/runtime/x.wasm",
        *("toy/claims/index.html", "toy/which/index.html"),
    }
    assert "20 files are in" in capsys.readouterr().out
    embed.undo(blog)
    assert contents(blog) == before
    assert {path.name for path in blog.iterdir()} == {"_config.yml", "_layouts", "_posts"}


def test_without_instruments_neither_they_nor_what_they_run_on_are_copied(notes, blog):
    embed.embed(blog, instruments=False)
    files = set(contents(blog))
    assert not [name for name in files if "instruments" in name or "vendor" in name or "data/" in name]
    note = (blog / "_includes/paper_notes/toy.html").read_text()
    assert "<FIGURE><IMG " in note and "Try it" not in note


def test_what_will_be_is_said_first_and_with_dry_nothing_else_is_done(notes, blog, capsys):
    before = contents(blog)
    embed.embed(blog, dry=True)
    assert contents(blog) == before
    said = capsys.readouterr().out
    assert said.splitlines()[:3] == [
        "layout of the post: post; it shows the title",
        "layout of its studies: post",
        "search: none, since Pagefind does not run here",
    ]
    assert "  _posts/: 1 file, 0.0 MB\n" in said and "in all 20 files, 0.1 MB\n" in said
    assert "of them 3 files, 0.0 MB, are for figures that can be tried out; INSTRUMENTS=0 leaves" in said


@pytest.mark.parametrize(
    ("image", "there"),
    [
        ("/assets/images/toy-unused.png", "/assets/paper-notes/images/toy-unused.png"),
        ("assets/images/toy-unused.png", "/assets/paper-notes/images/toy-unused.png"),
        ("https://a.org/assets/x.png", "https://a.org/assets/x.png"),
    ],
)
def test_the_picture_for_sharing_may_be_an_address_alone(notes, blog, image, there):
    notes.write("_posts/2026-01-01-toy.md", POST.replace("{path: /assets/images/toy-card.png, alt: a card}", image))
    embed.embed(blog)
    assert front(blog, "_posts/2026-01-01-toy.html")["image"] == there
    assert there.startswith("https:") or (blog / there[1:]).is_file()


def test_a_picture_for_sharing_that_is_not_there_is_named(notes, blog):
    notes.write("_posts/2026-01-01-toy.md", POST.replace("toy-card.png", "none.png"))
    with pytest.raises(PublishingError, match="^_posts/2026-01-01-toy.md: there is no assets/images/none.png; correct"):
        embed.embed(blog)
    assert not (blog / "assets").exists()


def test_the_post_holds_a_picture_a_lead_and_a_link_and_its_page_the_note(notes, blog):
    embed.embed(blog)
    post = (blog / "_posts/2026-01-01-toy.html").read_text().partition("\n---\n")[2]
    assert post.splitlines() == [
        "{%- assign paper_root = '/' | relative_url -%}",
        '<p><a href="{{ page.url | relative_url }}"><IMG SRC="{{ paper_root }}assets/paper-notes/images/toy-line.png"'
        ' alt="A line" style="max-width: 100%; height: auto" width="900"></a></p>',
        "<P>A lead.</P>",
        '<p><a href="{{ page.url | relative_url }}">Read the note</a></p>',
    ]
    assert front(blog, "_posts/2026-01-01-toy.html") == {
        "title": "Toy: $paper",
        "description": "What it says.",
        "excerpt": "What it says.",
        "permalink": "/toy/",
        "image": {"path": "/assets/paper-notes/images/toy-card.png", "alt": "a card"},
        "layout": "paper_notes",
        "paper_notes": "toy",
        "toc": False,
    }


def test_a_note_is_finished_but_for_where_the_blog_stands(notes, blog, monkeypatch):
    monkeypatch.setenv("BASEURL", "https://example.org/here")
    for path in paths.SITE.rglob("*.html"):
        path.write_text(path.read_text().replace('="/', '="/here/'))
    embed.embed(blog)
    note = (blog / "_includes/paper_notes/toy.html").read_text()
    root = pages.ROOT + pages.OWN
    for part in (
        '{% unless paper_titled %}<H1 class="post-title">Toy: $paper</H1>{% endunless %}',
        '{% unless paper_titled %}<TIME datetime="2026-01-01">1 January</TIME>, {% endunless %}last changed',
        '<DETAILS class="toc-fold"><SUMMARY>Contents</SUMMARY><NAV aria-label="Contents" class="toc">\n<OL>',
        f'data-instrument="line"><IMG SRC="{root}/images/toy-line.png" alt="A line" width="900">',
        f'<script SRC="{root}/js/instruments/loader.js" type="module">',
        f'<A download="01-first.md" href="{root}/notebooks/toy/01-first.md.txt">',
        '<A href="{{ paper_root }}toy/which/#x">Which</A> &#123;% if %} &#123;&#123;{ x }}}</P>\n<P>',
        '<A href="{{ paper_root }}toy/?q=&#123;{ x }}">Asked</A>',
        '<pre><CODE>&lt;img src="/here/assets/images/toy-none.png"&gt;</CODE></pre>',
        '<SPAN class="math-assistive"><template shadowrootmode="open"><MATH></MATH></template></SPAN>',
        "{% include paper_notes/cite.html %}",
    ):
        assert part in note
    assert "toc-bar" not in note and "color: red" not in note and 'id="toc"' not in note


def test_every_style_outweighs_the_theme_and_none_meets_its_elements(notes, blog):
    embed.embed(blog)
    for name in ("embedded", "print", "instruments"):
        style = (blog / f"{pages.OWN}/css/{name}.css").read_text()
        assert "#paper-notes#paper-notes" in style and ".paper-notes" not in style and ".site,\n" not in style


@pytest.mark.parametrize(
    ("menu", "title", "heading"),
    [("", "Which toy?", None), ("{% for page in site.pages %}{{ page.title }}{% endfor %}", None, "Which toy?")],
)
def test_a_study_has_a_title_unless_a_menu_lists_all_titles(notes, blog, menu, title, heading, capsys):
    write(blog / "_includes/menu.html", menu)
    embed.embed(blog)
    facts = front(blog, "toy/which/index.html")
    assert (facts.get("title"), facts.get("heading")) == (title, heading)
    layout = (blog / "_layouts/paper_notes_page.html").read_text()
    assert layout.startswith(f"---\nlayout: {'base' if menu else 'post'}\n---\n")
    assert f"paper_titled = {'false' if menu else 'true'} " in layout
    assert ("lists pages with a title in a menu" in capsys.readouterr().out) == bool(menu)


@pytest.mark.parametrize(
    ("layout", "described"),
    [
        ("<p>{{ page.description }}</p>", False),
        ("{%- if page.description -%}{{ page['description'] }}{% endif %}", False),
        ('<meta content="{{ page.description }}">', True),
    ],
)
def test_a_description_is_printed_by_the_theme_or_by_the_notes(notes, blog, layout, described):
    write(blog / "_layouts/post.html", f"{layout}<h1>{{{{ page.title }}}}</h1>{{{{ content }}}}")
    embed.embed(blog)
    for page in ("_posts/2026-01-01-toy.html", "toy/claims/index.html"):
        facts = front(blog, page)
        assert facts["excerpt"]
        assert ("description" in facts) == described


def test_the_page_of_claims_comes_with_the_post(notes, blog):
    embed.embed(blog)
    assert front(blog, "toy/claims/index.html")["permalink"] == "/toy/claims/"
    (notes.root / "_claims/toy.md").unlink()
    embed.embed(blog)
    assert not (blog / "toy/claims").exists()


def test_any_file_of_the_blog_under_one_of_our_names_stops_before_anything_is_written(notes, blog):
    write(blog / f"{pages.OWN}/images/toy-line.png", "another image")
    before = contents(blog)
    with pytest.raises(PublishingError, match="^the blog has assets/paper-notes/images/toy-line.png already"):
        embed.embed(blog)
    assert contents(blog) == before


def test_embedding_again_brings_up_to_date_and_leaves_what_was_edited_there(notes, blog, capsys):
    embed.embed(blog)
    post = blog / "_posts/2026-01-01-toy.html"
    post.write_text(post.read_text() + "\nA word of the blog's owner.\n")
    notes.write("assets/images/toy-line.png", "another image")
    (notes.root / "_studies/toy/which.html").unlink()
    capsys.readouterr()
    embed.embed(blog)
    said = capsys.readouterr().out
    assert "1 written, 2 removed" in said
    assert "left as it is: _posts/2026-01-01-toy.html" in said
    assert (blog / f"{pages.OWN}/images/toy-line.png").read_text() == "another image"
    assert not (blog / "toy/which").exists()
    assert "A word of the blog's owner." in post.read_text()

    embed.undo(blog)
    assert "left as it is: _posts/2026-01-01-toy.html" in capsys.readouterr().out
    assert post.exists() and not (blog / "assets").exists()


def test_an_embedding_that_was_cut_short_is_completed(notes, blog):
    before = contents(blog)
    embed.embed(blog)
    (blog / embed.LIST).unlink()
    (blog / f"{pages.OWN}/images/toy-line.png").unlink()
    embed.embed(blog)
    assert f"{pages.OWN}/css/embedded.css" in json.loads((blog / embed.LIST).read_text())
    embed.undo(blog)
    assert contents(blog) == before


@pytest.mark.parametrize("is_update", [False, True])
@pytest.mark.parametrize("after", range(0, 24, 3))
def test_one_that_was_cut_short_is_completed_by_notes_that_changed_meanwhile(
    notes, blog, monkeypatch, after, is_update
):
    before, wanted = contents(blog), f"{pages.OWN}/images/toy-line.png"
    if is_update:
        embed.embed(blog)
    for turn in range(2):
        for name in ("images/toy-line.png", "js/note.js"):
            notes.write(f"assets/{name}", f"changed {turn}")
        left = iter(range(after))

        def until_the_disk_is_full(path, content, write=embed.write, left=left):
            if path.name != embed.LIST and next(left, None) is None:
                raise OSError
            return write(path, content)

        with monkeypatch.context() as patch, suppress(OSError):
            patch.setattr(embed, "write", until_the_disk_is_full)
            embed.embed(blog)
    notes.write("assets/images/toy-line.png", "at last")
    embed.embed(blog)
    assert (blog / wanted).read_text() == "at last"
    embed.undo(blog)
    assert contents(blog) == before


DEFAULTS = "defaults: [{scope: {path: '', type: posts}, values: {layout: single}}]"


@pytest.mark.parametrize(
    ("config", "layouts", "in_posts", "layout", "titled"),
    [
        ("", {"post": "<h1 class='x'><a>{{ page.title }}</a></h1>"}, "post", "post", True),
        ("", {"post": "", "single": "<h1>{{ page.title }}</h1>"}, "post", "post", False),
        (DEFAULTS, {"post": "", "single": "<h1 class='x'><a>{{ page.title }}</a></h1>"}, "post", "single", True),
        (DEFAULTS, {"post": "<h1 class='x'><a>{{ page.title }}</a></h1>"}, "post", "post", True),
        (DEFAULTS.replace("type: posts", "type: pages"), {"page": ""}, "", "page", False),
        ("defaults: [{values: {layout: single}}]", {"single": ""}, "", "single", False),
        (
            "",
            {"default": "<head><title>{{ page.title }}</title></head><h1>{{ my_page.title }}</h1>"},
            "",
            "default",
            False,
        ),
        ("", {"post": "{%- include title.html -%}"}, "post", "post", True),
        ("", {"other": ""}, "gone", "paper_frame", False),
        ("", {}, "", "paper_frame", False),
        ("theme: nowhere", {}, "post", "post", True),
        ("{remote_theme: a/nowhere@v1}", {"default": ""}, "article", "article", True),
        (f"theme: nowhere\n{DEFAULTS}", {}, "post", "single", True),
        ("theme: nowhere", {}, "", "paper_frame", False),
        ("theme:", {"default": ""}, "", "default", False),
        ("title: [", {"default": ""}, "", "default", False),
    ],
)
def test_the_layout_is_that_of_the_blogs_posts_and_a_title_is_shown_once(
    notes, blog, config, layouts, in_posts, layout, titled
):
    shutil.rmtree(blog / "_layouts")
    write(blog / "_config.yml", f"{config}\n")
    write(blog / "_posts/2020-01-01-hello.md", f"---\nlayout: {in_posts}\n---\n" if in_posts else "---\n---\n")
    write(blog / "_includes/title.html", "<h2>\n{{page.title}}</h2>")
    for name, text in layouts.items():
        write(blog / f"_layouts/{name}.html", text)
    for _ in range(2):  # what we put there changes nothing
        embed.embed(blog)
        ours = (blog / "_layouts/paper_notes.html").read_text()
        assert ours.startswith(f"---\nlayout: {layout}\n---\n")
        assert f"paper_titled = {'true' if titled else 'false'} " in ours
    assert (blog / "_layouts/paper_frame.html").exists() == (layout == "paper_frame" or "nowhere" in config)


MENU = "<nav>{% if site.search == true %}{% include form.html %}{% endif %}</nav>"
DOCS = "<nav>{% if site.search_enabled != false %}{% include form.html %}{% endif %}{{ site.search.button }}</nav>"
FORM = "<form role='search'><input type='text'></form>"


@pytest.mark.parametrize(
    ("config", "files", "has_one"),
    [
        ("", {"_includes/head.html": '<p class="research">{{ site.search_engine }}</p>'}, False),
        ("", {"_includes/head.html": '<input\n  class="form"\n  id="search-input"\n>'}, True),
        ("", {"_layouts/page.html": "<ninja-keys></ninja-keys>"}, True),
        ("", {"_includes/scripts.html": '<script src="/js/lunr.min.js"></script>'}, True),
        # A layout that asks a setting shows it as that says.
        ("", {"_layouts/page.html": MENU, "_includes/form.html": FORM}, False),
        ("search:", {"_layouts/page.html": MENU, "_includes/form.html": FORM}, False),
        ("search: true", {"_layouts/page.html": MENU, "_includes/form.html": FORM}, True),
        ("search: {button: true}", {"_layouts/page.html": DOCS, "_includes/form.html": FORM}, True),
        ("{search_enabled: false, search: {}}", {"_layouts/page.html": DOCS, "_includes/form.html": FORM}, False),
        # A page of the blog may be its search; what is no page, or only tells of one, is not.
        ("", {"find.md": "---\nlayout: page\npermalink: /search/\n---\n"}, True),
        ("", {"_pages/find.html": f"---\n---\n{FORM}"}, True),
        ("", {"about.md": "---\n---\nI am in search of lunr and Pagefind."}, False),
        ("", {"README.md": FORM, "_posts/2020-01-02-form.md": f"---\n---\n{FORM}"}, False),
        # Of a theme that is not here its name and the settings tell.
        ("theme: nowhere", {}, False),
        ("{theme: nowhere, search: true}", {}, True),
        ("remote_theme: someone/jekyll-theme-chirpy@v7", {}, True),
        ("{remote_theme: just-the-docs/just-the-docs, search_enabled: false, search: {}}", {}, False),
    ],
)
def test_whether_the_blog_has_a_search_is_seen_by_what_it_holds(blog, config, files, has_one):
    write(blog / "_config.yml", f"{config}\n")
    for name, text in files.items():
        write(blog / name, text)
    assert Theme(blog, frozenset()).has_search == has_one


@with_pagefind
def test_a_blog_without_a_search_gets_one_of_the_notes_and_loses_it_with_them(notes, blog, capsys):
    (notes.root / "node_modules").symlink_to(MODULES)
    before = contents(blog)
    embed.embed(blog)
    said = capsys.readouterr().out
    assert "\nsearch: one of the notes\n" in said and f"  {INDEX}/: " in said
    index = [name.removeprefix(INDEX) for name in contents(blog) if name.startswith(INDEX)]
    assert "/pagefind.js" in index and len(index) > 6
    assert [name for name in index if "/_" in name or name.endswith(".md")] == [], "GitHub Pages would not publish it"
    assert f"{pages.OWN}/css/search.css" in contents(blog)
    assert "{%- if true %}\n<button" in (blog / "_layouts/paper_notes.html").read_text()
    embed.embed(blog)
    assert ": 0 written, 0 removed" in capsys.readouterr().out
    embed.undo(blog)
    assert contents(blog) == before


@with_pagefind
def test_the_search_of_the_notes_goes_when_the_blog_gets_one(notes, blog, capsys):
    (notes.root / "node_modules").symlink_to(MODULES)
    embed.embed(blog)
    write(blog / "_includes/form.html", FORM)
    embed.embed(blog)
    assert "\nsearch: the blog has one, so the notes bring none\n" in capsys.readouterr().out
    assert not (blog / INDEX).exists() and f"{pages.OWN}/css/search.css" not in contents(blog)
    assert "{%- if false %}\n<button" in (blog / "_layouts/paper_notes.html").read_text()


def test_of_a_theme_that_is_not_here_studies_take_no_layout_and_it_is_said(notes, blog, capsys):
    write(blog / "_config.yml", "theme: nowhere\n")
    embed.embed(blog)
    assert "the theme nowhere is not on this machine" in capsys.readouterr().out
    assert (blog / "_layouts/paper_notes_page.html").read_text().startswith("---\nlayout: paper_frame\n")
    assert "title" not in front(blog, "toy/which/index.html")


def test_a_theme_is_found_where_bundler_put_it_beside_the_blog(notes, blog):
    shutil.move(blog / "_layouts", blog / "vendor/bundle/ruby/3.1.0/gems/somewhere-2.0/_layouts")
    write(blog / "_config.yml", "theme: somewhere\n")
    embed.embed(blog)
    assert (blog / "_layouts/paper_notes_page.html").read_text().startswith("---\nlayout: post\n")


def test_a_draft_is_not_embedded(notes, blog):
    notes.write("_posts/2026-01-01-toy.md", POST.replace("title:", "published: false\ntitle:"))
    for command in (embed.check, embed.embed):
        with pytest.raises(PublishingError, match="no post is published here"):
            command(blog)


def test_the_blog_s_settings_may_be_in_another_form(notes, blog):
    (blog / "_config.yml").unlink()
    write(blog / "_config.toml", 'theme = "nowhere"\n')
    embed.embed(blog)
    assert (blog / "_layouts/paper_notes.html").read_text().startswith("---\nlayout: post\n")


def test_the_post_goes_where_the_blog_keeps_its_posts(notes, blog):
    write(blog / "_config.yml", "collections_dir: writings\n")
    (blog / "writings").mkdir()
    shutil.move(blog / "_posts", blog / "writings")
    embed.embed(blog)
    assert (blog / "writings/_posts/2026-01-01-toy.html").is_file() and not (blog / "_posts").exists()
    assert (blog / "_layouts/paper_notes.html").read_text().startswith("---\nlayout: post\n")


LATER_TAG = r"\{%-?\s*(#|doc|echo|liquid|render)\b"
LATER_FILTER = r"\|\s*(base64_\w+|find(_exp|_index)?|has|(remove|replace)_last|reject|squish|sum)\b"


@pytest.mark.parametrize(
    "path", [INCLUDES / "paper_cite.html", *embed.TEMPLATES.glob("*.html")], ids=lambda path: path.name
)
def test_a_blog_that_github_pages_builds_by_the_fourth_version_of_liquid_understands_ours(path):
    assert not re.search(f"{LATER_TAG}|{LATER_FILTER}", path.read_text())
