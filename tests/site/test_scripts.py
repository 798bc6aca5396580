"""What scripts add to the page, and that nothing is missing without them."""

import pytest
from playwright.sync_api import expect


def test_the_contents_mark_the_section_that_is_read(visit):
    page = visit().page
    page.evaluate("document.getElementById('09-experimental-setup').scrollIntoView()")
    expect(page.locator(".toc [aria-current]")).to_have_attribute("href", "#09-experimental-setup")
    marked = page.locator(".toc [aria-current]")
    assert marked.count() == 1
    box, contents = marked.bounding_box(), page.locator(".toc").bounding_box()
    assert contents["y"] <= box["y"] < contents["y"] + contents["height"]


def test_the_contents_mark_the_place_after_a_jump_back_over_many_sections(visit):
    page = visit().page
    mark = page.locator(".toc [aria-current]")
    page.evaluate("document.getElementById('table-our-report').scrollIntoView()")
    expect(mark).to_have_attribute("href", "#photographs-fashion-mnist")
    page.evaluate("document.getElementById('table-schedules').scrollIntoView()")
    expect(mark).not_to_have_attribute("href", "#photographs-fashion-mnist")


def test_one_button_opens_and_closes_all_code(visit):
    page = visit().page
    folds = page.locator("details.cell-input").count()
    assert folds > 100
    page.get_by_role("button", name="Show all code").click()
    assert page.locator("details.cell-input[open]").count() == folds
    page.get_by_role("button", name="Hide all code").click()
    assert page.locator("details.cell-input[open]").count() == 0


@pytest.fixture
def untouched(browser, address):
    """The post as nobody has used it yet."""
    contexts = []

    def opened(**options):
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}, **options))
        page = contexts[-1].new_page()
        page.goto(f"{address}/ddpm/", wait_until="load")
        return page

    yield opened
    for context in contexts:
        context.close()


def first_fold(page):
    fold = page.locator("details.cell-input").first
    fold.locator("summary").click()
    return fold


def test_an_opened_fold_shows_its_code_in_place(untouched):
    fold = first_fold(untouched())
    expect(fold.locator("code")).to_contain_text("import torch")
    fold.hover()
    expect(fold.get_by_role("button", name="Copy the code")).to_be_visible()


def test_where_the_code_cannot_be_had_its_link_stays_until_it_can(untouched):
    page = untouched()
    page.route("**/claims/", lambda route: route.abort())
    fold = first_fold(page)
    expect(fold.get_by_role("link", name="The code of cell")).to_be_visible()
    page.unroute("**/claims/")
    fold.locator("summary").click()
    fold.locator("summary").click()
    expect(fold.locator("code")).to_contain_text("import torch")


def test_without_scripts_a_fold_leads_to_its_code(untouched):
    page = untouched(java_script_enabled=False)
    first_fold(page).get_by_role("link", name="The code of cell").click()
    target = page.locator(f"[id='{page.url.partition('#')[2]}']")
    expect(target).to_contain_text("import torch")
    expect(target).to_be_in_viewport()


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


def test_where_copying_is_not_possible_it_is_said_and_read_out(browser, address):
    """As on plain http, where the browser has no clipboard for pages."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.add_init_script("delete Navigator.prototype.clipboard")
    failures = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(f"{address}/ddpm/", wait_until="load")
    equation = page.locator("#eq-2")
    equation.scroll_into_view_if_needed()
    equation.hover()
    equation.get_by_role("button", name="Copy as TeX").press("Enter")
    assert equation.get_by_role("button").inner_text() == "Not allowed"
    said = page.locator(".paper-notes > [role=status]")
    expect(said).to_have_text("The browser does not allow copying")
    expect(said).to_be_empty()
    assert equation.get_by_role("button").inner_text() == "TeX"
    assert failures == []
    page.context.close()


def test_on_a_phone_the_contents_button_says_both_what_it_opens_and_where_the_reader_is(visit):
    page = visit(width=320).page
    assert page.get_by_role("button", name="Contents", exact=True).count() == 1
    page.evaluate("document.getElementById('07-algorithm').scrollIntoView()")
    button = page.get_by_role("button", name="Contents: 7. Algorithm")
    expect(button).to_have_text("7. Algorithm (Pseudocode)", timeout=30_000)


@pytest.mark.parametrize("target", ["eq-14", "ref-ho2020ddpm", "fig-samples"])
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


def test_the_preview_of_a_figure_in_use_is_its_picture_and_nothing_to_press(visit):
    page = visit().page
    figure = page.locator("#fig-forward-process")
    figure.get_by_role("button", name="Try it").click()
    figure.locator(".instrument canvas").first.wait_for()
    page.evaluate(
        """() => {
            const link = Object.assign(document.createElement('a'), { href: '#fig-forward-process', id: 'probe' });
            document.querySelector('.post-body').prepend(link);
            link.focus();
        }"""
    )
    preview = page.locator(".preview")
    preview.locator("img").wait_for(state="visible")
    assert preview.locator("button, select, input, progress, canvas, script, .instrument-call").count() == 0
    page.locator("#probe").evaluate("link => link.remove()")
    figure.get_by_role("button", name="Back to the picture").click()


def test_a_reference_to_a_source_shows_it_but_its_own_link_does_not(visit):
    page = visit().page
    outside = page.locator(".post-body a[href^='#source-']:not(.source a)").first
    outside.evaluate(
        "link => { for (let one = link; one; one = one.parentElement) if (one.open === false) one.open = true; }"
    )
    outside.focus()
    page.locator(".preview .highlight").wait_for(state="visible")
    page.locator(".source > figcaption > a").first.focus()
    page.locator(".preview").wait_for(state="hidden")
    assert page.locator("[aria-describedby=preview]").count() == 0


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
    assert page.locator(".math").count() > 1000
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
