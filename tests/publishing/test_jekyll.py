"""The real Jekyll, with the site's own configuration and layouts, on a small site in a temporary folder."""

import hashlib
import shutil
import subprocess

import pytest

from publishing import jekyll, paths
from publishing.errors import PublishingError

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
"""


@pytest.fixture
def site(repository):
    for name in ("_config.yml", "index.md"):
        shutil.copy(ROOT / name, repository.root)
    shutil.copytree(ROOT / "_layouts", repository.root / "_layouts")
    shutil.copytree(ROOT / "assets" / "css", repository.root / "assets" / "css")
    generated = shutil.ignore_patterns("sections")
    shutil.copytree(ROOT / "_includes", repository.root / "_includes", ignore=generated, dirs_exist_ok=True)
    repository.write("_posts/2026-11-24-toy.md", POST)
    return repository


def contents() -> dict[str, str]:
    files = [path for path in paths.SITE.rglob("*") if path.is_file()]
    return {str(path.relative_to(paths.SITE)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_post_becomes_a_page_in_the_list_the_feed_and_the_sitemap(site):
    built = jekyll.build_site()
    assert "Paper Summary: A Title" in (built / "toy" / "index.html").read_text()
    for listing in ("index.html", "feed.xml", "sitemap.xml"):
        assert "/toy/" in (built / listing).read_text(), listing
    assert "must not carry" not in (built / "feed.xml").read_text()


def test_the_base_path_is_put_before_every_link_once(site, monkeypatch):
    monkeypatch.setenv("BASEURL", "https://example.org/notes")
    page = (jekyll.build_site() / "toy" / "index.html").read_text()
    assert 'href="/notes/assets/css/print.css" media="print"' in page
    assert 'href="https://example.org/notes/toy/"' in page
    assert "/notes/notes/" not in page


def test_the_styles_that_a_page_waits_for_are_in_it(site, monkeypatch):
    monkeypatch.setenv("BASEURL", "https://example.org/notes")
    page = (jekyll.build_site() / "toy" / "index.html").read_text()
    for name in ("tokens", "site", "notes", "code"):
        style = (ROOT / f"assets/css/{name}.css").read_text()
        assert f'<style data-file="assets/css/{name}.css">\n{style}</style>' in page


def test_a_style_that_is_not_there_is_left_to_the_checks(site):
    layout = site.root / "_layouts/default.html"
    link = '<link rel="stylesheet" href="/assets/css/missing.css">'
    layout.write_text(layout.read_text().replace("</head>", f"{link}\n</head>"))
    assert link in (jekyll.build_site() / "toy" / "index.html").read_text()


def test_two_builds_in_two_time_zones_are_the_same_bytes(site, monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    jekyll.build_site()
    first = contents()
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    jekyll.build_site()
    assert contents() == first
    assert len(first) > 5


def test_the_time_of_the_site_is_that_of_the_last_commit(site, monkeypatch):
    assert jekyll.last_commit_time() == "1970-01-01T00:00:00Z"
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "someone")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "someone@example.org")
        monkeypatch.setenv(f"GIT_{name}_DATE", "2026-03-04T05:06:07+01:00")
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run(["git", *command], cwd=site.root, check=True)
    assert jekyll.last_commit_time() == "2026-03-04T05:06:07+01:00"


@pytest.mark.parametrize(
    ("post", "says"),
    [
        ('---\ntitle: "x: "y"\n---\n', "YAML Exception"),
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
    jekyll.build_site()
    before = contents()
    site.write("_posts/2026-11-25-wrong.md", post)
    with pytest.raises(PublishingError) as error:
        jekyll.build_site()
    message = str(error.value)
    assert says in message
    assert "2026-11-25-wrong.md" in message
    assert "\n" not in message
    assert str(site.root) not in message
    assert "-----" not in message
    assert contents() == before


def test_a_post_that_jekyll_would_pass_over_is_refused(site):
    site.write("_posts/wrong.md", POST)
    with pytest.raises(PublishingError, match=r"^_posts/wrong.md: a post is named like 2026-11-24-ddpm.md"):
        jekyll.build_site()


def test_a_mistake_in_the_configuration_is_one_line(site):
    site.write("_config.yml", "plugins: [\n")
    with pytest.raises(PublishingError) as error:
        jekyll.build_site()
    assert str(error.value).startswith("Jekyll: _config.yml: did not find expected node content")
    assert "psych" not in str(error.value)


def test_a_site_can_be_built_after_one_that_failed(site):
    wrong = site.write("_posts/2026-11-25-wrong.md", "---\nlayout: nonesuch\n---\n")
    with pytest.raises(PublishingError):
        jekyll.build_site()
    wrong.unlink()
    assert (jekyll.build_site() / "toy" / "index.html").exists()
    assert not (paths.BUILD / "jekyll").exists()


def test_what_is_not_the_site_is_not_published(site):
    for name in (
        "notebooks/toy/01-x.md",
        "ddpm_notes/x.py",
        "ddim_notes/x.py",
        "other/__init__.py",
        "publishing/x.py",
        "tests/x.py",
        "experiments/x.json",
        "node_modules/x/x.js",
        "build/x.html",
        "requirements/main.lock",
        ".venv/x.py",
        ".venv-lab/x.md",
        "vendor/x.rb",
        "my.safetensors",
        "a [1]*.md",
        "as",
        "README.md",
        "Makefile",
        "LICENSE",
        "bootstrap.py",
        "package.json",
        "Gemfile",
        "paper_notes.egg-info/PKG-INFO",
    ):
        site.write(name, "---\ntitle: x\n---\nx")
    jekyll.build_site()
    assert {name.split("/")[0] for name in contents()} == {
        "assets",
        "feed.xml",
        "index.html",
        "robots.txt",
        "sitemap.xml",
        "toy",
    }


def test_a_file_of_the_root_is_published_if_the_settings_include_it(site):
    site.write("CNAME", "notes.example.org")
    site.write("_config.yml", (site.root / "_config.yml").read_text() + "\ninclude: [CNAME]\n")
    assert (jekyll.build_site() / "CNAME").exists()


def test_nothing_of_a_draft_is_published(site):
    made = ("assets/data/{}-x.json", "assets/images/{}-x.png", "assets/notebooks/{}/01-x.ipynb", "{}/claims/index.html")
    for paper in ("toy", "toys"):
        site.write(f"notebooks/{paper}/01-x.md", "")
        site.write(f"_claims/{paper}.md", f"---\ntitle: Claims\npaper: {paper}\n---\nWords.\n")
        for part in ("claims", "code", "reading", "toc"):
            site.write(f"_includes/sections/{paper}/{part}.html", "")
        for name in made[:3]:
            site.write(name.format(paper), "x")
    draft = POST.replace("---\n", "---\npaper: toy\npublished: false\n", 1)
    site.write("_posts/2026-11-24-toy.md", draft)
    site.write("_posts/2026-11-25-toys.md", POST.replace("---\n", "---\npaper: toys\n", 1).replace("/toy/", "/toys/"))
    of_toy, of_toys = ({name.format(paper) for name in made} for paper in ("toy", "toys"))

    built = jekyll.build_site()
    assert contents().keys() >= of_toys and not contents().keys() & of_toy
    assert "/toy/" not in (built / "sitemap.xml").read_text() + (built / "index.html").read_text()
    jekyll.build_site(drafts=True)
    assert contents().keys() >= of_toy | of_toys
