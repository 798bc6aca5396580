import pytest

from publishing.errors import PublishingError
from publishing.render.overviews import listing_list
from publishing.render.page import Page
from publishing.render.serialise import html_of

from .notes import claim, code, diagram, fragment, select, texts


@pytest.fixture
def page(repository):
    repository.write("_claims/toy.md", "---\npaper: toy\n---\n")
    return Page("toy", complete=False)


def folded(*sources: str) -> list:
    return [code(source, tags=("hide-input",)) for source in sources]


def test_all_folded_code_stands_together_by_section_and_each_leads_to_its_fold(page):
    first = ["# 1. First", *folded("a = 1"), code("open = 1"), *folded("b = 2")]
    sections = {"01-first": first, "02-second": ["# 2. Second", *folded("c = 3")]}
    posts = [fragment(*cells, page=page, stem=stem) for stem, cells in sections.items()]
    html = html_of(listing_list(page))
    cells = ["cell-01-2", "cell-01-4", "cell-02-2"]
    marks = ["code", "code-01-first", *cells[:2], "code-02-second", cells[2]]
    assert [one["id"] for one in select(html, "[id]")] == marks
    assert texts(html, "code") == ["a = 1", "b = 2", "c = 3"]
    assert texts(html, "[id=cell-02-2] a[href=\"{{ '/toy/' | relative_url }}#cell-02-2\"]") == ["Cell 2"]
    assert [one["id"] for post in posts for one in select(post, "details")] == cells


def test_a_fold_says_what_its_code_makes(page):
    outputs = (diagram(), claim(), claim())
    html = fragment(code("1", *outputs, tags=("hide-input",)), code("2", tags=("hide-input",)), page=page)
    names = ["Code of the figure and the 2 checks", "Code"]
    assert texts(html, "summary") == names


def test_folded_code_that_shows_nothing_joins_the_next_fold_past_prose_and_keeps_its_order(page):
    hidden = ("hide-input",)
    cells = [
        *folded("a = 1", "b = 2"),
        code("c = 3", diagram(), tags=hidden),
        *folded("d = 4"),
        "Text.",
        *folded("e = 5"),
        code("f = 6"),
    ]
    html = fragment(*cells, page=page)
    assert [one["id"] for one in select(html, "details")] == ["cell-05-3", "cell-05-6"]
    shown = texts(html_of(listing_list(page)), "code")[0].split()
    assert [word for word in shown if word in "abc"] == ["a", "b", "c"]


@pytest.mark.parametrize("tag", ["remove-cell", "remove-input"])
def test_what_is_removed_joins_no_fold(page, tag):
    cells = [*folded("a = 1"), code("secret = 2", tags=("hide-input", tag)), *folded("c = 3")]
    fragment(*cells, page=page)
    assert [("a = " in one.code.html, "c = " in one.code.html) for one in page.listings] == [
        (True, False),
        (False, True),
    ]
    assert "secret" not in html_of(listing_list(page))


def test_liquid_in_folded_code_is_only_text(page):
    fragment(*folded("x = '{% raw %}{{ site }}'"), page=page)
    assert "&#123;% raw %}&#123;&#123; site }}" in html_of(listing_list(page))


def test_without_folded_code_there_is_no_heading_for_it(page):
    assert html_of(listing_list(page)) == ""


def test_folded_code_without_a_page_to_stand_on_is_refused(page, repository):
    (repository.root / "_claims/toy.md").unlink()
    fragment(*folded("x = 1"), page=page)
    with pytest.raises(PublishingError, match=r"^there is no _claims/toy\.md, where folded code stands"):
        html_of(listing_list(page))
