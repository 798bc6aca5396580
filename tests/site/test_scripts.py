"""What scripts add to the page, and that nothing is missing without them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from publishing import paths


def test_the_types_of_the_scripts_are_right():
    node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    compiler = paths.ROOT / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run([node, compiler, "--project", paths.ROOT], capture_output=True, text=True)
    assert done.stdout == ""
    assert done.returncode == 0


def test_the_contents_mark_the_section_that_is_read(visit):
    page = visit().page
    page.evaluate("document.getElementById('09-experimental-setup').scrollIntoView()")
    page.wait_for_function("document.querySelector('.toc [aria-current]')?.hash === '#09-experimental-setup'")
    marked = page.locator(".toc [aria-current]")
    assert marked.count() == 1
    box, contents = marked.bounding_box(), page.locator(".toc").bounding_box()
    assert contents["y"] <= box["y"] < contents["y"] + contents["height"]


def test_one_button_opens_and_closes_all_code(visit):
    page = visit().page
    folds = page.locator("details.cell-input").count()
    assert folds > 100
    page.get_by_role("button", name="Show all code").click()
    assert page.locator("details.cell-input[open]").count() == folds
    page.get_by_role("button", name="Hide all code").click()
    assert page.locator("details.cell-input[open]").count() == 0


@pytest.mark.parametrize(
    ("of", "label", "copied"),
    [("#eq-2", "Copy as TeX", r"\tag{2}"), (".source >> nth=0", "Copy the code", "def ")],
)
def test_code_and_equations_can_be_copied(visit, address, of, label, copied):
    page = visit().page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    one = page.locator(of)
    one.scroll_into_view_if_needed()
    one.hover()
    one.get_by_role("button", name=label).click()
    one.get_by_role("button", name="Copied").wait_for()
    assert copied in page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("target", ["eq-14", "ref-ho2020ddpm", "fig-forward-reverse"])
def test_a_reference_shows_its_target_on_focus_and_escape_hides_it(visit, target):
    page = visit().page
    link = page.locator(f".post-body a[href='#{target}']:not(.permalink, .equation-number)").first
    link.evaluate(
        "link => { for (let one = link; one; one = one.parentElement) if (one.open === false) one.open = true; }"
    )
    link.scroll_into_view_if_needed()
    link.focus()
    preview = page.locator(".preview")
    preview.wait_for(state="visible")
    box = preview.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1280
    assert preview.locator("svg, img").count() or "Ho" in preview.inner_text()
    page.keyboard.press("Escape")
    assert preview.is_hidden()


def test_a_pointer_may_move_onto_the_preview(visit):
    page = visit().page
    link = page.locator(".post-body a[href='#eq-14']").first
    link.scroll_into_view_if_needed()
    link.hover()
    preview = page.locator(".preview")
    preview.wait_for(state="visible")
    preview.hover()
    page.wait_for_timeout(400)
    assert preview.is_visible()
    page.mouse.move(2, 2)
    preview.wait_for(state="hidden")


def test_without_scripts_nothing_is_missing_and_nothing_is_dead(browser, address):
    page = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 900}).new_page()
    page.goto(f"{address}/ddpm/")
    assert page.locator(".math svg").count() > 1000
    assert page.locator(".post-body button, .preview").count() == 0
    page.locator(".toc-button").click()
    assert page.locator(".toc a").first.is_visible()
    page.context.close()


def test_no_script_moves_what_is_there(browser, address):
    page = browser.new_context(viewport={"width": 412, "height": 823}).new_page()
    page.add_init_script(
        "self.shift = 0; new PerformanceObserver(list => list.getEntries().forEach(one => { shift += one.value }))"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    page.goto(f"{address}/ddpm/", wait_until="networkidle")
    page.wait_for_timeout(500)
    assert page.evaluate("shift") == 0
    page.context.close()
