"""The built notes inside other people's blogs, by `make embed`, in Chromium: the small blogs of `blogs/`, each with
some of the ways in which themes get between notes and reader, and a new blog with Jekyll's stock theme where that is.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from publishing.blog import embed
from publishing.serve.watch import start_server
from publishing.site import search

from ..conftest import contents
from .conftest import load_images, take_picture, unfold, violations
from .test_accessibility import CONTEXT, IN_THE_DARK, OPTIONS

BLOGS = Path(__file__).with_name("blogs")
MINIMA = shutil.which("ruby") and subprocess.run(["ruby", "-e", 'gem "minima"'], capture_output=True).returncode == 0
STOCK = pytest.param("stock", marks=pytest.mark.skipif(not MINIMA, reason="Jekyll's theme minima is not installed"))
EVERY = ["attribute", "rewriting", "printing", "gem", "bare", STOCK]
WITH_LAYOUT = [name for name in EVERY if name != "bare"]
POST, STUDY, CLAIMS = "ddpm/", "ddpm/which-variance/", "ddpm/claims/"
TITLE = "Paper Summary: Denoising Diffusion Probabilistic Models"
DESCRIPTION = "A network that has learned to predict noise makes pictures out of nothing else."
LEADING_NOWHERE = """found => found.map(link => link.getAttribute('href'))
    .filter(target => !document.getElementById(decodeURIComponent(target.slice(1))))"""
LIGHT, DARK = "rgb(255, 255, 255)", "rgb(28, 28, 29)"  # grounds of blogs/theme.css


@dataclass
class Blog:
    """A blog with the notes in it, and its site before and after."""

    name: str
    folder: Path
    before: Path
    site: Path
    home: str
    contents: dict[str, bytes]
    browser: Browser
    opened: dict[tuple, Page] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def page(self, path: str = POST, *, width: int = 1280, scheme: str = "light", scripts: bool = True) -> Page:
        """A page of the blog; the same one whenever it is asked for."""
        key = (path, width, scheme, scripts)
        if key not in self.opened:
            context = self.browser.new_context(
                viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts
            )
            self.opened[key] = page = context.new_page()
            page.on("console", lambda message: self.complaints.append(message.text))
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            page.on("response", lambda answer: answer.status >= 400 and self.complaints.append(answer.url))
            page.goto(self.home + path, wait_until="load")
        return self.opened[key]


def lay(name: str, folder: Path) -> None:
    if name == "stock":
        subprocess.run(["jekyll", "new", folder, "--skip-bundle"], check=True, capture_output=True)
        return
    shutil.copytree(BLOGS / name, folder)
    if (folder / "_layouts").is_dir():
        dress(folder)


def dress(theme: Path) -> None:
    """The style and the layout of posts that all themes here have."""
    (theme / "assets").mkdir(exist_ok=True)
    shutil.copy(BLOGS / "theme.css", theme / "assets")
    shutil.copy(BLOGS / "post.html", theme / "_layouts")


def build(blog: Path, target: Path, *options: str) -> None:
    """With Jekyll alone, which is not to warn of anything."""
    environment = os.environ | {"JEKYLL_NO_BUNDLER_REQUIRE": "true", "RUBYOPT": "-W0"}
    command = ["jekyll", "build", "--source", blog, "--destination", target, "--disable-disk-cache", *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    complaints = [line for line in done.stderr.splitlines() if "warning" in line.lower() and "DEPRECATION" not in line]
    assert [line for line in complaints if "repetitive deprecation" not in line] == []


@pytest.fixture(scope="module", autouse=True)
def theme_gem(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The stand-in that Ruby takes for an installed gem."""
    gems = tmp_path_factory.mktemp("gems")
    (gems / "specifications").mkdir()
    shutil.copy(BLOGS / "stand-in-1.0.0.gemspec", gems / "specifications")
    dress(shutil.copytree(BLOGS / "stand-in-1.0.0", gems / "gems/stand-in-1.0.0"))
    known = subprocess.run(["gem", "env", "gempath"], capture_output=True, text=True).stdout.strip()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEM_PATH", f"{gems}{os.pathsep}{known}")
        yield


@pytest.fixture(scope="module")
def blogs(theme_gem: None, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable]:
    """A blog by its name, laid, embedded and built when it is first asked for."""
    made: dict[str, Blog] = {}
    servers = ExitStack()

    def of(name: str) -> Blog:
        if name not in made:
            work = tmp_path_factory.mktemp(name)
            blog = work / "blog"
            lay(name, blog)
            untouched = contents(blog)
            base = yaml.safe_load((blog / "_config.yml").read_text()).get("baseurl") or ""
            build(blog, work / "before")
            embed.embed(blog)
            site = work / "site" / base.strip("/")
            build(blog, site)
            server = servers.enter_context(start_server(work / "site", 0))
            servers.callback(server.shutdown)
            home = f"http://127.0.0.1:{server.server_port}{base}/"
            made[name] = Blog(name, blog, work / "before", site, home, untouched, browser)
        return made[name]

    with servers:
        yield of


@pytest.fixture
def blog(request, blogs) -> Blog:
    return blogs(request.param)


every_blog = pytest.mark.parametrize("blog", EVERY, indirect=True)
with_a_layout = pytest.mark.parametrize("blog", WITH_LAYOUT, indirect=True)
in_blog = partial(pytest.mark.parametrize, "blog", indirect=True)


@every_blog
def test_all_sections_with_mathematics_and_figures_are_there(blog):
    page = blog.page()
    assert page.locator(".paper-notes .paper-section").count() == 13
    assert page.locator(".paper-notes svg use").count() > 1000
    load_images(page)
    images = page.eval_on_selector_all(".paper-notes img", "found => found.map(one => one.naturalWidth)")
    assert len(images) > 10 and min(images) > 0
    assert page.locator(".paper-notes :is(.popup, .theirs)").count() == 0, "nothing of a theme's in ours"
    assert page.locator("picture > source[media]").count() > 3, "pictures for phones"
    assert [one for one in blog.complaints if "favicon" not in one and "404" not in one] == []


@every_blog
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_everything_can_be_read_whatever_the_theme_colours(blog, width, scheme):
    page = blog.page(STUDY, width=width, scheme=scheme)
    take_picture(page, f"embedded-{blog.name}-{width}-{scheme}")
    unfold(page)
    assert unreadable(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@in_blog(["attribute"])
def test_the_whole_post_can_be_read_where_a_theme_colours_every_element_and_its_instruments_too(blog):
    page = blog.page()
    figures = [page.locator(f"#fig-{name}") for name in ("gaussian-mixture", "progressive-clothes")]
    for figure in figures:
        figure.get_by_role("button", name="Try it").click()
        back, failed = figure.get_by_role("button", name="Back to the picture"), figure.get_by_text("did not load")
        back.or_(failed).wait_for()
        assert failed.all_inner_texts() == []
    for choice, value in (("Network", "digits"), ("Pictures", "1"), ("Steps", "20")):
        figure.locator(".instrument").get_by_label(choice).select_option(value)
    figure.get_by_role("button", name="Sample", exact=True).click()
    figure.get_by_role("status").filter(has_text="Done").wait_for()
    for figure in figures:
        figure.locator(".instrument canvas").first.wait_for()
    for one in (page, blog.page(scheme="dark")):
        unfold(one)
        assert unreadable(one) == []
    for figure in figures:
        figure.get_by_role("button", name="Back to the picture").click()


def unreadable(page: Page) -> list[str]:
    return violations(page, CONTEXT | {"include": [["#paper-notes"]]}, **OPTIONS | IN_THE_DARK)


def ground(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.getElementById('paper-notes')).backgroundColor")


def look(page: Page, selector: str, *names: str) -> list[str]:
    return page.eval_on_selector(selector, "(one, names) => names.map(name => getComputedStyle(one)[name])", names)


@pytest.mark.parametrize(
    ("name", "in_light", "in_dark"),
    [
        ("attribute", LIGHT, DARK),
        ("rewriting", LIGHT, DARK),
        ("printing", DARK, DARK),
        ("gem", LIGHT, DARK),
    ],
)
def test_ground_letters_and_links_are_those_of_the_blog(blogs, name, in_light, in_dark):
    for scheme, its_ground in (("light", in_light), ("dark", in_dark)):
        page = blogs(name).page(scheme=scheme)
        assert ground(page) == its_ground
        link, text = (look(page, f".theirs {one}", "color", "fontFamily") for one in ("a", "p"))
        assert look(page, ".paper-notes p > a", "color", "fontFamily") == link
        assert look(page, ".paper-section p", "fontFamily") == text[1:]
        assert look(page, ".paper-notes pre", "borderTopWidth", "textTransform") == ["0px", "none"]
        assert look(page, ".chart img", "filter")[0].startswith("invert") == (its_ground == DARK)


@pytest.mark.parametrize(
    ("name", "switch"),
    [
        ("attribute", "document.documentElement.dataset.theme = {}"),
        ("rewriting", "document.documentElement.className = {}"),
    ],
)
def test_the_blogs_own_switch_reaches_the_notes(blogs, name, switch):
    page = blogs(name).page(CLAIMS)
    for scheme, its_ground in (("dark", DARK), ("light", LIGHT)):
        page.evaluate(switch.format(repr(scheme)))
        expect(page.locator("#paper-notes")).to_have_css("background-color", its_ground)
        expect(page.locator("#paper-notes")).to_have_css("color-scheme", scheme)


def test_a_ground_on_which_our_colours_have_no_contrast_stays_outside(blogs):
    page = blogs("attribute").page(STUDY, width=1000)
    page.evaluate("document.body.style.background = '#b0b0b0'; document.body.className = 'grey'")
    expect(page.locator("#paper-notes")).not_to_have_attribute("data-ground", "")
    assert unreadable(page) == []


@in_blog(["attribute", "gem", "bare"])
def test_without_scripts_the_notes_follow_the_system_and_can_be_read(blog):
    """Axe is a script itself."""
    for scheme in ("light", "dark"):
        page = blog.page(STUDY, scheme=scheme, scripts=False)
        colours = look(page, "#paper-notes .block > p", "color")[0], ground(page)
        text, behind = (sum(map(int, re.findall(r"\d+", one))) for one in colours)
        assert abs(text - behind) > 500
        assert (text > behind) == (scheme == "dark")


@every_blog
@pytest.mark.parametrize("path", [POST, STUDY, CLAIMS])
def test_every_page_has_one_title_and_is_named_by_it(blog, path):
    page = blog.page(path)
    (title,) = page.locator("h1:not(.site-title)").all_inner_texts()
    assert title and title in page.title()


@with_a_layout
@pytest.mark.parametrize("path", [POST, STUDY, CLAIMS])
def test_every_page_is_in_the_frame_of_the_blog(blog, path):
    page = blog.page(path)
    assert page.locator("body > :is(.theirs, .site-header, .site-footer)").count() == 2
    assert page.locator(".menu").all_inner_texts() in ([], ["About"]), "no page of ours is in the menu"


@every_blog
@pytest.mark.parametrize("path", [POST, STUDY, CLAIMS])
def test_whatever_of_the_blog_is_linked_to_or_fetched_is_there(blog, path):
    page = blog.page(path)
    addresses = page.eval_on_selector_all(
        ".paper-notes :is(a[href], img, script), .paper-notes ~ script, [href*=paper-notes]",
        "found => found.map(one => one.href || one.src)",
    )
    internal = {urldefrag(one)[0] for one in addresses if one.startswith(blog.home)}
    files = [blog.site / one.removeprefix(blog.home) for one in internal]
    assert len(files) > 5
    assert [one for one in files if not (one / "index.html" if one.suffix == "" else one).is_file()] == []
    assert [one for one in addresses if one.startswith("http://127.0.0.1") and not one.startswith(blog.home)] == []
    assert page.eval_on_selector_all(".paper-notes a[href^='#']", LEADING_NOWHERE) == []


@every_blog
def test_studies_lead_to_each_other_and_to_the_post(blog):
    page = blog.page(STUDY)
    page.locator(".series summary").click()
    links = page.eval_on_selector_all(".series a, .steps a", "found => found.map(link => link.href)")
    assert {f"{blog.home}ddpm/", f"{blog.home}ddpm/which-schedule/"} <= set(links)
    assert page.locator(".series [aria-current=page]").count() == 1
    assert blog.page().locator("#studies ~ ol a").count() == len(links) - 2


@in_blog(["attribute"])
def test_a_fold_shows_the_contents_on_a_phone_and_a_button_all_code(blog):
    page = blog.page(width=390)
    link = page.locator(".toc a").first
    assert link.is_hidden()
    page.locator(".toc-fold > summary").click()
    link.wait_for()
    folds = page.locator("details.cell-input").count()
    page.get_by_role("button", name="Show all code").click()
    assert folds >= 5
    expect(page.locator("details.cell-input[open]")).to_have_count(folds)
    expect(page.locator("details.cell-input .highlight")).to_have_count(folds)


@pytest.mark.skipif(not search.is_possible(), reason="Pagefind does not run on this platform")
@pytest.mark.parametrize(
    ("blog", "width", "scheme"),
    [("attribute", 1280, "dark"), ("rewriting", 390, "dark"), ("bare", 390, "light")],
    indirect=["blog"],
)
def test_in_a_blog_without_a_search_the_notes_can_be_searched(blog, width, scheme):
    page = blog.page(STUDY, width=width, scheme=scheme)
    page.get_by_role("button", name="Search the notes").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("fixedlarge")
    links = dialog.get_by_role("link")
    links.nth(3).wait_for()
    assert {urldefrag(link.get_attribute("href"))[0] for link in links.all()} == {
        urlsplit(f"{blog.home}{path}").path for path in (STUDY, "ddpm/code-line-by-line/")
    }
    assert dialog.get_by_role("button", name="More pages").count() == 0
    assert violations(page, "dialog") == []
    assert look(page, ".search", "backgroundColor") == look(page, ".frame, body", "backgroundColor")
    box = dialog.bounding_box()
    assert 0 <= box["x"] and box["x"] + box["width"] <= width and box["y"] + box["height"] <= 900
    take_picture(page, f"embedded-{blog.name}-search-{width}-{scheme}")
    dialog.get_by_role("link", name="The question, and what the paper did").click()
    expect(dialog).to_have_count(0)
    assert 0 <= page.locator(":target").bounding_box()["y"] < 900
    page.keyboard.press("/")
    expect(dialog.get_by_role("textbox")).to_be_focused()
    page.keyboard.press("Escape")


@in_blog(["printing"])
def test_a_blog_with_a_search_of_its_own_keeps_it_alone(blog):
    page = blog.page(CLAIMS)
    page.keyboard.press("/")
    assert page.locator(".search-button, dialog").count() == 0
    assert not (blog.folder / "assets/paper-notes/pagefind").exists()


@in_blog(["attribute"])
def test_the_note_is_cited_by_its_author_and_its_address_in_the_blog(blog):
    assert "author = {A. Writer}," in blog.page().locator(".cite code").inner_text()


@in_blog(["attribute"])
def test_scripts_of_the_blog_that_edit_every_page_change_nothing_in_the_notes(blog):
    assert "edited" in blog.page("about.html").locator("main").inner_text()
    for path in (POST, STUDY, CLAIMS):
        page = blog.page(path)
        unfold(page)
        assert "edited" not in page.locator("#paper-notes").inner_text()
    shadow = "one => one.shadowRoot.querySelector('math') !== null"
    assert blog.page().eval_on_selector(".math-assistive", shadow), "a screen reader still finds it"


@in_blog(["attribute"])
def test_an_include_of_the_blog_for_figures_stays_and_shows_none_of_ours(blog):
    name = "_includes/paper_diagram.html"
    assert (blog.folder / name).read_bytes() == blog.contents[name]
    assert blog.page().locator(".their-figure").count() == 0


@every_blog
def test_the_other_pages_of_the_blog_are_what_they_were(blog):
    for path in blog.before.rglob("*.html"):
        name = path.relative_to(blog.before)
        if name.name != "index.html":
            now, before = (re.sub(r"T\d\d:\d\d:\d\d", "", one.read_text()) for one in (blog.site / name, path))
            assert now == before
    new = {path.relative_to(blog.site) for path in blog.site.rglob("*.html")}
    new -= {path.relative_to(blog.before) for path in blog.before.rglob("*.html")}
    assert {name.parts[0] for name in new} == {"ddpm"}
    assert all(name.name == "index.html" for name in new), "no page is made of a file to download"


@in_blog(["attribute", "gem", STOCK])
def test_the_styles_touch_nothing_of_the_blog(blog):
    page = blog.page(width=1000)
    look_at_theirs = """() => [...document.querySelectorAll('body, body *')]
        .filter(one => !one.closest('.paper-notes, link, script') && !one.querySelector('.paper-notes'))
        .map(one => [one.tagName, getComputedStyle(one)])
        .map(([tag, s]) => [tag, s.color, s.font, s.margin, s.padding, s.display])"""
    with_styles = page.evaluate(look_at_theirs)
    page.evaluate("document.querySelectorAll('[href*=paper-notes]').forEach(one => one.remove())")
    assert len(with_styles) >= 3
    assert page.evaluate(look_at_theirs) == with_styles


@in_blog(["attribute"])
def test_on_paper_the_notes_are_black_on_white_and_the_blog_keeps_its_own(blog):
    page = blog.page(scheme="dark")
    page.emulate_media(media="print")
    theirs = [one.is_visible() for one in page.locator("body > .theirs").all()]
    seen = [page.locator(".toc-fold").is_visible(), *look(page, ".block > p:not([class])", "color"), ground(page)]
    page.emulate_media(media="screen")
    assert theirs == [True, True]
    assert seen == [False, "rgb(0, 0, 0)", LIGHT]


@in_blog(["printing"])
def test_a_home_page_and_a_feed_that_print_posts_get_a_picture_a_lead_and_a_link(blog):
    for name in ("index.html", "feed.xml"):
        text = (blog.site / name).read_text()
        assert len(text) < 5000
        assert "A diffusion model adds a little noise" in text and "forward-reverse.png" in text
    page = blog.page("", width=390)
    load_images(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="Read the note").click()
    page.wait_for_url(f"{blog.home}ddpm/")


@every_blog
def test_where_excerpts_are_shown_it_is_the_description(blog):
    for name in ("index.html", "feed.xml"):
        if (blog.site / name).exists() and "Hello: A first" in (text := (blog.site / name).read_text()):
            assert f"{TITLE}</a>: {DESCRIPTION}" in text
            assert "paper-section" not in text


@in_blog([name for name in EVERY if name != STOCK])  # minima itself has a filter that Jekyll does not know
def test_it_builds_as_strictly_as_jekyll_can_and_without_plugins(blog, tmp_path):
    strict = tmp_path / "strict.yml"
    strict.write_text("{strict_front_matter: true, liquid: {error_mode: strict, strict_filters: true}}")
    build(blog.folder, tmp_path / "site", "--safe", "--config", f"{blog.folder / '_config.yml'},{strict}")
    assert (tmp_path / "site" / STUDY / "index.html").read_text() == (blog.site / STUDY / "index.html").read_text()


@every_blog
def test_the_blog_is_as_before_once_it_is_undone(blog, tmp_path):
    copy = shutil.copytree(blog.folder, tmp_path / "copy")
    embed.undo(copy)
    assert contents(copy) == blog.contents
