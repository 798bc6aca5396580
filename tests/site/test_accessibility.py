"""axe-core finds nothing to complain about."""

import re

import pytest

from publishing import paths

from ..conftest import eventually
from .conftest import PAGES, POST, load_images, unfold, violations

# A formula is one image with a spoken label; what it is drawn from needs no visit.
CONTEXT = {"exclude": [[".math > svg"], ["svg.math > *"]]}
OPTIONS = {"rules": {"target-size": {"enabled": True}}}  # of WCAG 2.2, which axe-core leaves out by itself
IN_THE_DARK = {"runOnly": ["color-contrast", "link-in-text-block"]}  # else a page is the same
STUDIES = [f"/ddpm/{path.stem}/" for path in sorted(paths.ROOT.glob("notebooks/ddpm/studies/*.md"))]


@pytest.mark.parametrize("path", [*PAGES, *STUDIES])
def test_axe_finds_no_violation_on_a_phone_nor_on_a_wide_screen_in_the_dark(fresh, path):
    """All that folds is opened. What stands on a wide screen alone is on the post and the list of notes."""
    page = fresh(path, viewport={"width": 320, "height": 900}, reduced_motion="reduce").page
    load_images(page)
    unfold(page)
    assert violations(page, CONTEXT, **OPTIONS) == []
    page.set_viewport_size({"width": 1280, "height": 900})
    if path in ("/", POST):
        assert violations(page, CONTEXT, **OPTIONS) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, CONTEXT, **OPTIONS | IN_THE_DARK) == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_screen_reader_gets_every_displayed_formula_without_scrolling(fresh, scripts):
    """The browser lays their MathML out when it is idle; what is not laid out has no place in this tree."""
    page = fresh(java_script_enabled=scripts).page
    tree = page.context.new_cdp_session(page)
    displayed = page.locator(".math.display").count()
    assert displayed > 16  # the numbered ones alone

    def spoken() -> int:
        nodes = tree.send("Accessibility.getFullAXTree")["nodes"]
        return sum(node["role"]["value"] == "MathMLMath" for node in nodes if not node["ignored"])

    eventually(lambda: spoken() == displayed, "the MathML of all displayed formulas")


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_coloured_symbols_of_formulas_have_the_contrast_of_text(scheme):
    """Axe does not look into images."""
    half = (paths.ROOT / "assets/css/tokens.css").read_text().split("@media")[scheme]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", half))
    ground = luminance(colours["raised"])
    symbols = {name: luminance(colour) for name, colour in colours.items() if name.startswith("math-")}
    assert len(symbols) == 4
    assert {
        name: contrast
        for name, one in symbols.items()
        if (contrast := (max(one, ground) + 0.05) / (min(one, ground) + 0.05)) < 4.5
    } == {}
