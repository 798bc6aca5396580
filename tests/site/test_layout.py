"""How the post looks: on phones and wide screens, in light and dark, and on paper."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from publishing import paths

from ..conftest import eventually
from .conftest import PAGES, POST, load_images, take_picture, unfold

WIDTHS = (320, 640, 768, 1280, 1920)  # 640 is 1280 at a zoom of 200 %
CHARACTERS_PER_LINE = """() => {
    const long = [...document.querySelectorAll('.paper-section > .block > p')].filter(one =>
        one.innerText.length > 200 && !one.querySelector('.math, code'));
    return long.map(one => {
        const range = document.createRange();
        range.selectNodeContents(one);
        const ends = {};
        for (const box of range.getClientRects()) {
            const line = Math.round(box.bottom / 8);
            ends[line] = Math.max(ends[line] ?? 0, box.right - one.getBoundingClientRect().left);
        }
        const widths = Object.values(ends);
        return one.innerText.length / (widths.length - 1 + widths.at(-1) / Math.max(...widths));
    });
}"""


@pytest.mark.parametrize("path", PAGES)
def test_the_page_never_scrolls_sideways_and_the_number_of_every_equation_is_in_sight(visit, path):
    page = visit(path).page
    load_images(page)
    unfold(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        boxes = page.eval_on_selector_all(
            ".equation-number", "found => found.map(one => [one.innerText, one.getBoundingClientRect().right])"
        )
        assert len(boxes) >= (16 if path == POST else 0)
        assert [number for number, right in boxes if right > width] == []
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_formula_in_a_line_is_drawn_smaller_where_a_phone_has_no_room_for_it(fresh):
    page = fresh(viewport={"width": 390, "height": 900}).page
    page.locator("p svg.math.inline:visible").first.evaluate("formula => { formula.style.width = '40em' }")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(
    ("width", "what"), [(390, ".equation-scroll, .table-scroll"), (1280, ".highlight pre:not(details *)")]
)
def test_no_equation_or_table_is_cut_on_a_phone_and_no_line_of_a_listing_on_a_desktop(visit, width, what):
    found = visit(width=width).page.locator(what)
    cut = "found => found.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.innerText.slice(0, 60))"
    assert found.count() and found.evaluate_all(cut) == []


@pytest.mark.parametrize("width", [1280, 1920])
def test_a_line_of_text_holds_about_sixty_to_seventy_five_characters(visit, width):
    averages = visit(width=width).page.evaluate(CHARACTERS_PER_LINE)
    assert averages
    assert 55 <= sum(averages) / len(averages) <= 80


def has_ink_at_its_edge(path: Path) -> bool:
    dark = np.asarray(Image.open(path).convert("L")) < 215
    return dark.sum() > dark[3:-3, 3:-3].sum()


def test_no_letter_runs_over_the_edge_of_a_figure():
    """Matplotlib cuts off what is too wide, where a sound figure has white pixels all around."""
    drawn = [path for path in (paths.SITE / "assets/images").glob("*.png") if not path.stem.endswith("card")]
    assert len(drawn) > 100
    assert sorted(path.name for path in drawn if has_ink_at_its_edge(path)) == []


def test_the_contents_stand_beside_the_text_on_wide_screens(visit):
    page = visit(width=1280).page
    assert page.locator(".toc-bar").is_hidden()
    page.evaluate("document.querySelectorAll('.paper-section')[8].scrollIntoView()")
    box = page.locator(".toc-side .toc").bounding_box()
    assert 0 <= box["y"] < 900, "the contents scrolled away"
    assert box["x"] + box["width"] <= page.locator(".post-body").bounding_box()["x"]


def test_the_contents_open_by_keyboard_on_a_phone_and_close_when_they_have_led_there(visit):
    page = visit(width=320).page
    assert page.locator(".toc").is_hidden()
    page.locator(".toc-button").focus()
    page.keyboard.press("Enter")
    page.locator(".toc a").first.wait_for()
    page.locator(".toc a[href='#07-algorithm']").click()
    page.locator(".toc").wait_for(state="hidden")
    page.wait_for_url("**#07-algorithm")


def test_the_keyboard_reaches_the_text_first(visit):
    page = visit().page
    page.reload()
    page.keyboard.press("Tab")
    page.locator("[href='#content']:focus").wait_for()
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0


def test_what_scrolls_inside_itself_can_be_focused(post):
    unreachable = post.eval_on_selector_all(
        "main *",
        """found => found.filter(one => one.scrollWidth > one.clientWidth + 1
            && getComputedStyle(one).overflowX === 'auto' && one.tabIndex < 0)
            .map(one => one.outerHTML.slice(0, 120))""",
    )
    assert unreachable == []


def test_dark_and_light_have_their_own_paper(visit):
    papers = [
        visit(scheme=scheme).page.evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    brightness = [sum(map(int, paper[4:-1].split(","))) / 3 for paper in papers]
    assert brightness[0] > 240
    assert brightness[1] < 40


def test_formulas_take_the_colour_of_the_text(visit):
    page = visit(scheme="dark").page
    other = page.eval_on_selector_all(
        "svg.math, .math > svg",
        """found => found.filter(one => getComputedStyle(one).fill !== getComputedStyle(one.parentElement).color)
            .map(one => one.outerHTML.slice(0, 120))""",
    )
    assert other == []


def test_the_styles_of_a_note_touch_nothing_outside_it(post):
    there = "[...document.styleSheets].some(sheet => /instruments.css$/.test(sheet.href))"
    eventually(lambda: post.evaluate(there), "the style of the instruments")
    sheets = post.evaluate(
        """() => {
            const rules = sheet => [...sheet.cssRules].flatMap(rule => rule.cssRules?.length ? rules(rule) : [rule]);
            return [...document.styleSheets]
                .filter(sheet => /(notes|code|instruments)\\.css$/.test(sheet.href ?? sheet.ownerNode.dataset.file))
                .map(sheet => rules(sheet).map(rule => rule.selectorText).filter(Boolean));
        }"""
    )
    assert len(sheets) == 3 and all(sheets)
    selectors = [selector for sheet in sheets for selector in sheet]
    loose = [one for one in selectors if not all(part.startswith(".paper-notes") for part in alternatives(one))]
    assert loose == []


def alternatives(selector: str) -> list[str]:
    """Its parts between commas, without what stands in brackets."""
    while "(" in selector:
        selector = re.sub(r"\([^()]*\)", "", selector)
    return selector.split(", ")


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_every_section_is_pictured_for_a_person_to_look_at(visit, width, scheme):
    page = visit(width=width, scheme=scheme).page
    load_images(page)
    page.set_viewport_size({"width": width, "height": 1600})
    take_picture(page, f"{width}-{scheme}/00-first-view")
    for section in page.locator(".paper-section").all():
        section.evaluate("one => one.scrollIntoView()")
        take_picture(page, f"{width}-{scheme}/{section.get_attribute('id')}")
    page.set_viewport_size({"width": width, "height": 900})


@pytest.mark.parametrize(("width", "stacked"), [(390, True), (1280, False)])
def test_a_phone_gets_the_stacked_picture_and_nothing_jumps(visit, width, stacked):
    page = visit(width=width).page
    picture = page.locator("#fig-small-steps img")
    before = picture.bounding_box()
    load_images(page)
    assert picture.evaluate("one => one.currentSrc").endswith(".phone.png") == stacked
    after = picture.bounding_box()
    assert (after["width"], after["height"]) == pytest.approx((before["width"], before["height"]))
    assert (after["height"] > after["width"]) == stacked
