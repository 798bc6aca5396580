"""The search over all pages, and the page for what is not found."""

import re

import pytest
from playwright.sync_api import Page, expect

from ..conftest import eventually
from .conftest import STUDY, Visit, take_picture, violations
from .test_security import REPORT

OF_THE_SEARCH = re.compile(r"/pagefind/|/search\.")


@pytest.fixture
def opened(fresh):
    """A page as nobody has used it yet, and quiet."""

    def show(path: str = STUDY, **options) -> Visit:
        visited = fresh(path, before=lambda page: page.add_init_script(REPORT), **options)
        visited.page.wait_for_load_state("networkidle")
        return visited

    return show


def search(page: Page, words: str) -> None:
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("textbox").fill(words)
    page.locator(".search-results > li").first.wait_for()


def test_nothing_of_the_search_is_asked_for_before_its_first_use_and_nothing_elsewhere_or_against_the_policy(
    opened, address
):
    visited = opened()
    assert [one for one in visited.requests if OF_THE_SEARCH.search(one)] == []
    search(visited.page, "variance")
    assert len([one for one in visited.requests if OF_THE_SEARCH.search(one)]) > 5
    assert [one for one in visited.requests if not one.startswith((f"{address}/", "blob:"))] == []
    assert visited.complaints == visited.page.evaluate("violations") == []


def test_a_result_shows_title_sections_and_the_words_around_what_was_found(opened):
    page = opened("/").page
    search(page, "fixedlarge")
    title = "β or β̃? What the sampling variance costs, in bits"
    found = page.locator(".search-results > li", has_text=title)
    assert found.get_by_role("link", name=title).get_attribute("href") == "/ddpm/which-variance/"
    section = found.get_by_role("link", name="The question, and what the paper did")
    assert section.get_attribute("href") == "/ddpm/which-variance/#the-question-and-what-the-paper-did"
    expect(found.locator("mark").first).to_have_text(re.compile("fixedlarge"))
    assert re.fullmatch(r"\d+ pages?", page.locator(".search-state").inner_text())
    page.get_by_role("textbox").fill("qqqq")
    expect(page.locator(".search-state")).to_have_text("No page has these words.")
    page.get_by_role("textbox").fill("")
    expect(page.locator(".search-results > li")).to_have_count(0)
    assert page.locator(".search-state").inner_text() == ""


def test_more_pages_come_when_they_are_asked_for(opened):
    page = opened("/").page
    search(page, "noise")
    expect(page.locator(".search-results > li")).to_have_count(5)
    page.get_by_role("button", name="More pages").press("Enter")
    expect(page.locator(".search-results > li")).to_have_count(10)
    expect(page.locator(".search-results > li:nth-child(6) a").first).to_be_focused()


def test_a_slash_opens_it_and_escape_brings_back_where_the_reader_was(opened):
    page = opened().page
    link = page.locator(".post-categories a")
    link.focus()
    page.keyboard.press("/")
    field = page.get_by_role("textbox")
    expect(field).to_be_focused()
    page.keyboard.type("1/2")
    expect(field).to_have_value("1/2")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(link).to_be_focused()
    page.keyboard.press("/")
    expect(field).to_be_focused()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_arrows_lead_through_the_links_and_enter_to_the_first(opened, address):
    page = opened("/").page
    search(page, "fixedlarge")
    links = page.locator(".search-results a")
    for key, focused in (("ArrowDown", links.nth(0)), ("ArrowDown", links.nth(1)), ("ArrowUp", links.nth(0))):
        page.keyboard.press(key)
        expect(focused).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("textbox")).to_be_focused()
    leads = links.first.get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}{leads}")


def test_a_place_of_the_same_page_is_in_sight_when_the_dialog_is_closed(opened):
    page = opened().page
    search(page, "fixedlarge")
    page.locator(".search-results a[href^='/ddpm/which-variance/#']").last.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    heading = page.evaluate("document.querySelector(':target').getBoundingClientRect().top")
    assert 0 <= heading < 900
    assert page.evaluate("scrollY") > 0


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")])
def test_axe_finds_nothing_in_the_dialog_which_fits_the_window(opened, width, scheme):
    page = opened(viewport={"width": width, "height": 800}, color_scheme=scheme).page
    search(page, "schedule")
    assert violations(page, "dialog") == []
    dialog = page.get_by_role("dialog")
    assert dialog.evaluate("one => one.scrollWidth <= one.clientWidth")
    box = dialog.bounding_box()
    assert 0 <= box["x"] and box["x"] + box["width"] <= width and box["y"] + box["height"] <= 800
    take_picture(page, f"search-{width}-{scheme}")


def test_without_scripts_there_is_no_button(opened):
    page = opened(java_script_enabled=False).page
    expect(page.get_by_role("button", name="Search")).to_have_count(0)


def test_an_index_that_cannot_be_had_is_told_and_asked_for_again(opened):
    page = opened().page
    page.route("**/pagefind/*", lambda route: route.abort())
    page.keyboard.press("/")
    expect(page.locator(".search-state")).to_have_text("The index cannot be loaded. Try again when you are online.")


def test_what_is_not_found_leads_home_and_into_the_search(opened):
    page = opened("/404.html").page
    expect(page.get_by_role("heading")).to_have_text("Page not found")
    assert page.get_by_role("link", name="All notes").get_attribute("href") == "/"
    assert violations(page) == []
    page.get_by_role("button", name="Search all pages").click()
    page.get_by_role("textbox").fill("404")
    eventually(lambda: page.locator(".search-state").inner_text() not in ("", "Searching …"), "an answer")
    assert "Page not found" not in page.locator(".search-results").inner_text()
