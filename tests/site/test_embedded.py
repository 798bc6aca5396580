"""The built notes inside other people's blogs, by `make embed`, in Chromium: a new blog with Jekyll's stock theme, and
one without any theme."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urldefrag

import pytest
from playwright.sync_api import Browser, Page, expect

from publishing import paths
from publishing.blog import embed
from publishing.serve.watch import start_server

from .conftest import load_images

MINIMA = shutil.which("ruby") and subprocess.run(["ruby", "-e", 'gem "minima"'], capture_output=True).returncode == 0
PLAIN = {
    "_config.yml": "title: Plain\nbaseurl: /blog\n",
    "_layouts/default.html": (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{{ page.title }}</title>'
        '<meta name="viewport" content="width=device-width">'
        "<style>body { max-width: 40em; margin: 2em auto; font-family: sans-serif } h2 { color: #c00 }</style>"
        '</head><body><h1 class="theirs">{{ page.title }}</h1>{{ content }}<h2 class="theirs">End</h2></body></html>\n'
    ),
    "_includes/paper_diagram.html": (
        '<p class="their-figure"><img src="{{ include.src | relative_url }}" alt="{{ include.alt }}"'
        ' width="{{ include.width }}"><br>{{ include.caption }}</p>\n'
    ),
    "index.md": "---\nlayout: default\ntitle: Home\n---\n## Posts\n",
}


def stock(folder: Path) -> str:
    subprocess.run(["jekyll", "new", folder, "--skip-bundle"], check=True, capture_output=True)
    return ""


def plain(folder: Path) -> str:
    for name, text in PLAIN.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return "/blog"


def built(blog: Path, target: Path) -> None:
    environment = os.environ | {"JEKYLL_NO_BUNDLER_REQUIRE": "true", "RUBYOPT": "-W0"}
    command = ["jekyll", "build", "--source", blog, "--destination", target, "--disable-disk-cache"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    complaints = [line for line in done.stderr.splitlines() if "warning" in line.lower() and "DEPRECATION" not in line]
    assert [line for line in complaints if "repetitive deprecation" not in line] == []


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(stock, marks=pytest.mark.skipif(not MINIMA, reason="Jekyll's theme minima is not installed")),
        plain,
    ],
)
def page(request, tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Page]:
    """The post in the blog, on a desktop; `page.home` is the address of the blog's first page."""
    folder = tmp_path_factory.mktemp("embedded")
    blog, site = folder / "blog", folder / "site"
    base = request.param(blog)
    built(blog, folder / "before")
    embed.embed(blog)
    built(blog, site / base.strip("/"))
    with start_server(site, 0) as server:
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("response", lambda answer: page.complaints.append(answer.url) if answer.status >= 400 else None)
        page.home = f"http://127.0.0.1:{server.server_port}{base}/"
        page.before, page.site, page.blog = folder / "before", site / base.strip("/"), blog
        page.goto(f"{page.home}ddpm/")
        yield page
        server.shutdown()
        page.context.close()


def test_all_sections_with_mathematics_and_figures_are_there(page):
    assert page.locator(".paper-notes .paper-section").count() == 13
    assert page.locator(".paper-notes svg use").count() > 1000
    load_images(page)
    images = page.eval_on_selector_all(".paper-notes img", "found => found.map(one => one.naturalWidth)")
    assert images and min(images) > 0


def test_nothing_is_missing_and_nothing_complains(page):
    assert [one for one in page.complaints if "favicon" not in one and "404" not in one] == []


def test_every_link_into_the_page_has_a_target(page):
    assert (
        page.evaluate(
            """[...document.querySelectorAll('.paper-notes a[href^="#"]')].map(link => link.getAttribute('href'))
            .filter(target => !document.getElementById(decodeURIComponent(target.slice(1))))"""
        )
        == []
    )


@pytest.fixture
def aside(page) -> Iterator[Page]:
    """Another page of the blog, on a phone."""
    context = page.context.browser.new_context(viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def test_a_fold_shows_the_contents_on_a_phone_and_a_button_all_code(page, aside):
    aside.goto(f"{page.home}ddpm/", wait_until="load")
    link = aside.locator(".toc a").first
    assert link.is_hidden()
    aside.locator(".toc-fold > summary").click()
    link.wait_for()
    folds = aside.locator("details.cell-input").count()
    aside.get_by_role("button", name="Show all code").click()
    assert folds >= 5
    expect(aside.locator("details.cell-input[open]")).to_have_count(folds)
    expect(aside.locator("details.cell-input .highlight")).to_have_count(folds)


def test_the_note_can_be_cited_with_an_author(page):
    bibtex = page.locator(".cite code").inner_text()
    assert re.search(r"author = \{[\w ]+\},", bibtex), bibtex


@pytest.mark.parametrize("path", ["ddpm/", "ddpm/claims/"])
def test_whatever_of_the_blog_is_linked_to_or_fetched_is_there(page, aside, path):
    aside.goto(page.home + path, wait_until="load")
    addresses = aside.eval_on_selector_all(
        ".paper-notes :is(a, img, script), [href*=paper-notes], .site-title",
        "found => found.map(one => one.href || one.src)",
    )
    internal = {urldefrag(one)[0] for one in addresses if one.startswith(page.home)}
    assert len(internal) > 5
    assert [one for one in sorted(internal) if aside.request.get(one).status != 200] == []


def test_the_page_of_claims_has_a_title_and_leads_back_to_each_of_them(page, aside):
    aside.goto(f"{page.home}ddpm/claims/", wait_until="load")
    assert "have checked" in aside.title()
    links = aside.eval_on_selector_all(".claim > .claim-mark", "found => found.map(link => link.href)")
    texts = {address: aside.request.get(address).text() for address in {urldefrag(one)[0] for one in links}}
    assert len(links) > 5 and len(texts) > 5, "claims of the post and of its studies"
    assert [one for one in links if f'id="{urldefrag(one)[1]}"' not in texts[urldefrag(one)[0]]] == []
    assert aside.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [320, 768, 1280, 1920])
def test_the_page_does_not_scroll_sideways(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    pictures = paths.BUILD / "screenshots"
    pictures.mkdir(parents=True, exist_ok=True)
    name = "minima" if (page.blog / "about.markdown").exists() else "plain"
    page.screenshot(
        path=pictures / f"embedded-{name}-{width}.png", clip={"x": 0, "y": 0, "width": width, "height": 900}
    )
    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground_whatever_the_reader_prefers(page, scheme):
    page.emulate_media(color_scheme=scheme)
    brightness = """one => {
        const sum = colour => colour.match(/[\\d.]+/g).slice(0, 3).reduce((a, b) => a + +b, 0);
        const style = getComputedStyle(document.querySelector('.paper-notes'));
        return Math.abs(sum(style.color) - sum(style.backgroundColor));
    }"""
    assert page.evaluate(brightness) > 500
    page.emulate_media(color_scheme="light")


def test_the_other_pages_of_the_blog_are_what_they_were(page):
    for path in page.before.rglob("*.html"):
        name = path.relative_to(page.before)
        if name.name != "index.html":
            now, before = (re.sub(r"T\d\d:\d\d:\d\d", "", one.read_text()) for one in (page.site / name, path))
            assert now == before


def test_the_styles_touch_nothing_of_the_blog(page):
    look = """() => [...document.querySelectorAll('body, body *')].filter(one => !one.closest('.paper-notes, link'))
        .map(one => [one.tagName, getComputedStyle(one)])
        .map(([tag, s]) => [tag, s.color, s.font, s.margin, s.padding, s.display])"""
    with_styles = page.evaluate(look)
    page.evaluate(
        "document.querySelectorAll('.paper-notes link, link[href*=paper-notes]').forEach(one => one.remove())"
    )
    without = page.evaluate(look)
    page.reload(wait_until="load")
    assert len(with_styles) >= 3
    assert with_styles == without


def test_on_paper_the_blog_keeps_what_is_its_own(page):
    page.emulate_media(media="print")
    theirs = page.locator("body > :is(.site-header, .site-footer, .theirs)").all()
    shown, contents = [one.is_visible() for one in theirs], page.locator(".toc-fold").is_visible()
    page.emulate_media(media="screen")
    assert shown == [True, True]
    assert not contents


def test_the_feed_and_the_list_of_posts_get_an_excerpt(page):
    description = "A network that has learned to predict noise makes pictures out of nothing else."
    feed = page.site / "feed.xml"
    if feed.exists():
        assert description in feed.read_text()
        assert "paper-section" not in feed.read_text()
        assert "Denoising Diffusion" in (page.site / "index.html").read_text()


def test_the_blogs_own_include_shows_the_figures(page):
    if (page.blog / "about.markdown").exists():
        assert page.locator("figure.paper-figure").count() == page.locator(".paper-notes img").count()
    else:
        assert page.locator(".their-figure img").count() == page.locator(".paper-notes img").count()


@pytest.mark.parametrize("name", ["progressive-clothes", "gaussian-mixture"])
def test_an_instrument_opens_where_the_blog_has_no_include_of_its_own(page, name):
    figure = page.locator(f"#fig-{name}")
    if (page.blog / "about.markdown").exists():
        figure.get_by_role("button", name="Try it").click()
        back, failed = figure.get_by_role("button", name="Back to the picture"), figure.get_by_text("did not load")
        back.or_(failed).wait_for()
        assert failed.all_inner_texts() == []
        if name == "progressive-clothes":
            figure.get_by_role("button", name="Sample", exact=True).click()
            figure.get_by_role("status").filter(has_text="Done").wait_for()
        figure.locator(".instrument canvas").first.wait_for()
        figure.get_by_role("button", name="Back to the picture").click()
    else:
        assert figure.get_by_role("button").count() == 0


def test_the_blog_is_as_before_once_it_is_undone(page, tmp_path):
    copy = shutil.copytree(page.blog, tmp_path / "copy")
    embed.undo(copy)
    left = {path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()}
    known = set(embed._known(page.blog))
    everything = {path.relative_to(page.blog).as_posix() for path in page.blog.rglob("*") if path.is_file()}
    assert left == everything - known - {embed.LIST}
    assert (copy / "_includes/paper_diagram.html").exists() == (not (copy / "about.markdown").exists())
