"""Folded code opens at what it made."""

import pytest

from publishing.render.page import Page

from .notes import claim, code, diagram, fragment, printed, select, table, texts

HIDDEN = ("hide-input",)


def folded(*sources: str, outputs=()) -> list:
    return [code(source, *outputs, tags=HIDDEN) for source in sources]


@pytest.mark.parametrize(
    ("outputs", "place", "name"),
    [
        ([diagram(), claim()], "figcaption", "code of figure forward-reverse"),
        ([claim(), table(["1", "2"])], "caption", "code of table results"),
        ([claim(), claim("It holds for $x$")], ".claim:last-child", "code of 2 checks"),
        ([printed("a"), claim("It holds for $x$")], ".claim", "code of the check: It holds for x"),
        ([printed("a")], ".cell", "code"),
    ],
)
def test_code_opens_at_the_end_of_the_caption_or_of_the_check_that_it_made(outputs, place, name):
    html = fragment(*folded("x = 1\ny = 2", outputs=outputs))
    (fold,) = select(html, "details.cell-input#cell-05-1") if place != "figcaption" else captioned(html)
    assert fold.summary.get_text() == "code" and fold.summary["aria-label"] == name
    assert fold.select_one("pre code").get_text() == "x = 1\ny = 2"
    if place != "figcaption":
        assert select(html, f"{place} > details.cell-input")


def captioned(html: str) -> list:
    """What the include of a figure is given to put at the end of its caption."""
    given = html.partition("{% capture paper_code %}{% endraw %}")[2] or html.partition("{% capture paper_code %}")[2]
    return select(given.partition("{% endcapture %}")[0], "details")


@pytest.mark.parametrize("told", [[], [claim(name="cost", measured=[5.0])]])
def test_code_of_which_nothing_is_shown_is_not_shown(told):
    html = fragment("It is [5](#claim-cost).", code("x = 1", *told, tags=HIDDEN))
    assert not select(html, "details, .cell") and len(select(html, ".block")) == 1


def test_folded_code_that_shows_nothing_joins_the_next_past_prose_and_keeps_its_order():
    before = [*folded("a = 1", "b = 2"), *folded("c = 3", outputs=[claim()]), *folded("d = 4")]
    html = fragment(*before, "Text.", *folded("e = 5"), code("f = 6"))
    assert [one["id"] for one in select(html, "details")] == ["cell-05-3"]
    assert [word for word in texts(html, "details code")[0].split() if word in "abcde"] == ["a", "b", "c"]


@pytest.mark.parametrize("tag", ["remove-cell", "remove-input"])
def test_what_is_removed_joins_no_other(tag):
    page = Page("toy", complete=False)
    first, last = folded("a = 1", "c = 3", outputs=[claim()])
    secret = code("secret = 2", claim(), tags=(*HIDDEN, tag))
    assert texts(fragment(first, secret, last, page=page), "code") == ["a = 1", "c = 3"]
    assert ["secret" in one.code.html for one in page.listings.values()] == [False, False]


def test_liquid_in_folded_code_is_only_text():
    html = fragment(*folded("x = '{% raw %}{{ site }}'", outputs=[claim()]))
    assert "&#123;% raw %}&#123;&#123; site }}" in html
