"""What scripts add to the page, and that nothing is missing without them."""

import pytest
from playwright.sync_api import expect

from .conftest import stop_clock

SHIFT = """self.shift = 0;
new PerformanceObserver(list => list.getEntries().forEach(one => { shift += one.value }))
    .observe({ type: 'layout-shift', buffered: true });"""
UNFOLD = "link => { for (let one = link; one; one = one.parentElement) if (one.open === false) one.open = true; }"
TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def test_the_contents_mark_the_section_that_is_read(visit):
    page = visit().page
    page.evaluate("document.getElementById('09-experimental-setup').scrollIntoView()")
    page.locator(".toc [aria-current][href='#09-experimental-setup']").wait_for()
    marked = page.locator(".toc [aria-current]")
    assert marked.count() == 1
    box, contents = marked.bounding_box(), page.locator(".toc").bounding_box()
    assert contents["y"] <= box["y"] < contents["y"] + contents["height"]


def test_the_contents_mark_the_place_after_a_jump_back_over_many_sections(visit):
    page = visit().page
    mark = page.locator(".toc [aria-current][href='#09-experimental-setup']")
    page.evaluate("document.getElementById('fig-rate-distortion').scrollIntoView()")
    mark.wait_for()
    page.evaluate("document.getElementById('fig-composition').scrollIntoView()")
    mark.wait_for(state="detached")


def test_one_button_opens_and_closes_all_code(visit):
    page = visit().page
    folds = page.locator("details.cell-input").count()
    assert folds > 10
    page.get_by_role("button", name="Show all code").click()
    expect(page.locator("details.cell-input[open]")).to_have_count(folds)
    page.get_by_role("button", name="Hide all code").click()
    expect(page.locator("details.cell-input[open]")).to_have_count(0)


@pytest.mark.parametrize("scripts", [True, False])
def test_code_opens_in_place_by_the_keyboard_with_and_without_scripts(fresh, scripts):
    page = fresh(java_script_enabled=scripts).page
    control = page.locator("summary[aria-label^='code of figure']").first
    control.focus()
    control.press("Enter")
    listing = page.locator("figcaption > details[open] .highlight")
    expect(listing).to_be_visible()
    control.press("Enter")
    expect(listing).to_have_count(0)


@pytest.mark.parametrize(
    ("of", "label", "copied"),
    [("#eq-2", "Copy as TeX", r"\tag{2}"), (".source >> nth=0", "Copy the code", "def ")],
)
def test_code_and_equations_can_be_copied(fresh, of, label, copied):
    page = fresh(before=stop_clock, permissions=["clipboard-read", "clipboard-write"]).page
    one = page.locator(of)
    one.scroll_into_view_if_needed()
    one.hover()
    one.get_by_role("button", name=label).click()
    one.get_by_role("button", name="Copied").wait_for()
    assert copied in page.evaluate("navigator.clipboard.readText()")
    page.clock.run_for(2000)
    one.get_by_role("button", name=label).wait_for()


def test_where_copying_is_not_possible_it_is_said_and_read_out(fresh):
    """As on plain http, where the browser has no clipboard for pages."""

    def without_clipboard(page):
        page.add_init_script("delete Navigator.prototype.clipboard")
        stop_clock(page)

    visited = fresh(before=without_clipboard)
    page = visited.page
    equation = page.locator("#eq-2")
    equation.scroll_into_view_if_needed()
    equation.hover()
    equation.get_by_role("button", name="Copy as TeX").press("Enter")
    button, said = equation.get_by_role("button"), page.locator(".paper-notes > [role=status]")
    button.filter(has_text="Not allowed").wait_for()
    assert said.inner_text() == "The browser does not allow copying"
    page.clock.run_for(2000)
    assert said.inner_text() == ""
    assert button.inner_text() == "TeX"
    assert visited.complaints == []


def test_on_a_phone_the_contents_button_says_both_what_it_opens_and_where_the_reader_is(visit):
    page = visit(width=320).page
    expect(page.get_by_role("button", name="Contents", exact=True)).to_have_count(1)
    page.evaluate("document.getElementById('07-algorithm').scrollIntoView()")
    button = page.get_by_role("button", name="Contents: 7. Algorithm")
    button.wait_for()
    assert button.inner_text() == "7. Algorithm (Pseudocode)"


@pytest.mark.parametrize("target", ["eq-14", "ref-ho2020ddpm", "eq-6"])
def test_a_reference_shows_its_target_on_focus_and_escape_hides_it(visit, target):
    page = visit().page
    link = page.locator(f".post-body a[href='#{target}']:not(.permalink, .equation-number)").first
    link.evaluate(UNFOLD)
    link.scroll_into_view_if_needed()
    link.focus()
    preview = page.locator(".preview")
    preview.wait_for()
    box = preview.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1280
    assert preview.locator("svg, img").count() or "Ho" in preview.inner_text()
    page.keyboard.press("Escape")
    preview.wait_for(state="hidden")


def test_the_preview_of_a_figure_in_use_is_its_picture_and_nothing_to_press(visit):
    page = visit().page
    figure = page.locator("#fig-gaussian-mixture")
    figure.get_by_role("button", name="Try it").click()
    figure.locator(".instrument canvas").first.wait_for()
    page.evaluate(
        """() => {
            const link = Object.assign(document.createElement('a'), { href: '#fig-gaussian-mixture', id: 'probe' });
            document.querySelector('.post-body').prepend(link);
            link.focus();
        }"""
    )
    preview = page.locator(".preview")
    preview.locator("img").wait_for()
    assert preview.locator("button, select, input, progress, canvas, script, .instrument-call").count() == 0
    page.locator("#probe").evaluate("link => link.remove()")
    figure.get_by_role("button", name="Back to the picture").click()


def test_a_reference_to_a_source_shows_it_but_its_own_link_does_not(visit):
    page = visit().page
    outside = page.locator(".post-body a[href^='#source-']:not(.source a)").first
    outside.evaluate(UNFOLD)
    outside.focus()
    page.locator(".preview .highlight").wait_for()
    page.locator(".source > figcaption > a").first.focus()
    page.locator(".preview").wait_for(state="hidden")
    assert page.locator("[aria-describedby=preview]").count() == 0


def test_a_pointer_may_move_onto_the_preview(fresh):
    page = fresh(before=stop_clock).page
    link = page.locator(".post-body a[href='#eq-14']").first
    link.scroll_into_view_if_needed()
    link.hover()
    preview = page.locator(".preview")
    page.clock.run_for(200)
    preview.wait_for()
    preview.hover()
    page.clock.run_for(400)
    assert preview.is_visible()
    page.mouse.move(2, 2)
    page.clock.run_for(200)
    preview.wait_for(state="hidden")


def test_without_scripts_nothing_is_missing_and_nothing_is_dead(fresh):
    page = fresh(java_script_enabled=False, viewport={"width": 390, "height": 900}).page
    assert page.locator(".math").count() > 100
    assert page.locator(".post-body button, .preview").count() == 0
    page.locator(".toc-button").click()
    page.locator(".toc a").first.wait_for()


def test_no_script_moves_what_is_there(fresh):
    page = fresh(before=lambda page: page.add_init_script(SHIFT), viewport={"width": 412, "height": 823}).page
    page.wait_for_load_state("networkidle")
    page.evaluate(TWO_FRAMES)
    assert page.evaluate("shift") == 0
