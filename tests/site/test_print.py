"""On paper, or in a PDF: a page's text, figures with their captions, equations; nothing to press or to follow."""

import re

import pytest
from playwright.sync_api import Browser, Page

from publishing import paths

from .conftest import CLAIMS, POST, STUDY, load_images

AROUND = (
    *(".site-header", ".site-footer", ".toc-side", ".toc-bar", ".section-tools", ".series", ".steps"),
    ":is(figcaption, caption) > .permalink",
    *(".note-actions", ".copy", ".preview", ".instrument", ".instrument-call", ".backlinks", ".footnote-back"),
)
PAGE = 971  # CSS pixels between the upper and the lower margin of A4


def pages(page: Page) -> int:
    return len(re.findall(rb"/Type /Page\b", page.pdf(format="A4")))


@pytest.fixture
def on_paper(visit):
    def show(path: str) -> Page:
        page = visit(path).page
        load_images(page)
        page.emulate_media(media="print")
        return page

    return show


@pytest.mark.parametrize("path", [POST, STUDY, CLAIMS])
def test_the_text_stands_alone_in_letters_of_ten_to_eleven_points(on_paper, path):
    page = on_paper(path)
    for around in AROUND:
        assert page.locator(f"{around}:visible").count() == 0, around
    assert page.locator("h1:visible").count() == 1
    assert page.locator("figcaption:visible").count() == page.locator("figcaption").count()
    size = page.locator(".post-body").evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
    assert 10 <= size * 72 / 96 <= 11
    assert pages(page) >= 1


@pytest.mark.parametrize("path", [POST, STUDY])
def test_links_are_printed_as_words_and_code_only_if_it_was_opened(on_paper, path):
    page = on_paper(path)
    with_address = """found => found.filter(one => one.checkVisibility() && one.getAttribute('href').length > 1
        && getComputedStyle(one, '::after').content.includes(one.getAttribute('href'))).map(one => one.outerHTML)"""
    assert page.eval_on_selector_all(".post-body a", with_address) == []
    assert page.locator("details.cell-input:visible").count() == 0


def test_a_figure_that_is_being_tried_out_prints_its_picture(visit):
    page = visit().page
    figure = page.locator("figure[data-instrument]").first
    figure.get_by_role("button", name="Try it").click()
    figure.get_by_role("button", name="Back to the picture").wait_for()
    assert figure.locator("img").is_hidden()
    page.emulate_media(media="print")
    assert figure.locator("img").is_visible() and figure.locator(".instrument").is_hidden()
    page.reload()


def test_the_post_is_at_most_25_pages(on_paper):
    assert 5 < pages(on_paper(POST)) <= 25


def toy(browser: Browser, *blocks: str) -> int:
    """How many pages these blocks take."""
    styles = "".join((paths.ROOT / f"assets/css/{name}.css").read_text() for name in ("tokens", "notes", "print"))
    body = "".join(f'<div class="block">{block}</div>' for block in blocks)
    page = browser.new_page()
    page.set_content(
        f"<style>{styles} body {{ margin: 0 }} .paper-notes .block > * {{ margin: 0 }}</style>"
        f'<article class="paper-notes"><div class="post-body"><section>{body}</section></div></article>'
    )
    found = pages(page)
    page.close()
    return found


@pytest.mark.parametrize("kind", ["figure", "div class='equation'", "div class='algorithm'"])
def test_no_page_ends_within_a_figure_or_an_equation(browser, kind):
    lines = f"<div style='height: {0.3 * PAGE}px'></div>" * 2
    assert toy(browser, *[f"<{kind}><div>{lines}</div></{kind.split()[0]}>"] * 4) == 4
    assert toy(browser, *[f"<div>{lines}</div>"] * 4) == 3


def test_a_heading_stands_on_the_page_of_what_follows_it(browser):
    def box(height: int) -> str:
        return f"<figure style='height: {height}px'></figure>"

    heading = "<h3 style='height: 60px'>Heading</h3>"
    assert toy(browser, box(850), heading, box(870), box(80)) == 3, "it moved to the second page, and the rest further"
    assert toy(browser, box(850), box(60), box(870), box(80)) == 2
