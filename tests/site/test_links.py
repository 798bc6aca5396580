"""Links land where they say."""

from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Locator

from ..conftest import eventually
from .conftest import PAGES

LINKS = "found => found.map(link => link.href)"


def lands(target: Locator, lowest: int) -> None:
    """It comes to its place on the screen, and stands still there."""
    eventually(lambda: -1 <= target.bounding_box()["y"] < lowest, f"{target} on the screen")
    target.scroll_into_view_if_needed()  # waits until it stands still; there is nothing to scroll any more
    assert -1 <= target.bounding_box()["y"] < lowest, target


@pytest.mark.parametrize("path", PAGES)
def test_links_to_other_hosts_are_encrypted(visit, address, path):
    links = visit(path).page.eval_on_selector_all("a[href]", LINKS)
    foreign = [link for link in links if not link.startswith((address, "mailto:"))]
    assert [link for link in foreign if urlsplit(link).scheme != "https"] == []


@pytest.mark.parametrize("width", [320, 1280])
def test_anchors_land_with_their_target_on_the_screen(visit, width):
    """Forty of them, from the top of the page to its end."""
    page = visit(width=width).page
    anchors = list(dict.fromkeys(page.eval_on_selector_all("a[href^='#']", "found => found.map(link => link.hash)")))
    assert len(anchors) > 40
    for anchor in map(unquote, anchors[:: len(anchors) // 40]):
        page.evaluate("anchor => { location.hash = anchor }", anchor)
        lands(page.locator(f"[id='{anchor[1:]}']"), 900)


@pytest.mark.parametrize(("width", "scripts"), [(320, True), (1280, False)])
def test_a_permalink_lands_on_its_target(browser, address, width, scripts):
    page = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts).new_page()
    for anchor in (
        "eq-5",
        "eq-13",
        "fig-rate-distortion",
        "claim-last-tenth",
        "08-python-implementation",
        "13-related-work",
    ):
        page.goto("about:blank")
        page.goto(f"{address}/ddpm/#{anchor}")
        lands(page.locator(f"[id='{anchor}']"), 120)
    page.context.close()
