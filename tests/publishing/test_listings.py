import re

import pytest

from publishing.errors import PublishingError
from publishing.listings import listings_html
from publishing.section import Heading, Page

from .notes import claim, code, diagram, fragment


@pytest.fixture
def page(repository):
    repository.write("_claims/toy.md", "---\npaper: toy\n---\n")
    return Page("toy", complete=False)


def folded(*sources: str) -> list:
    return [code(source, tags=("hide-input",)) for source in sources]


def test_all_folded_code_stands_together_by_section_and_each_leads_to_its_fold(page):
    sections = {"01-first": ("a = 1", "b = 2"), "02-second": ("c = 3",)}
    posts = [fragment(*folded(*sources), page=page, stem=stem) for stem, sources in sections.items()]
    page.headings = [Heading(2, "01-first", "1. First"), Heading(2, "02-second", "2. Second")]
    html = listings_html(page)
    cells = [f'id="cell-{name}"' for name in ("01-1", "01-2", "02-1")]
    marks = ['<h2 id="code">', "1. First", cells[0], "a = ", cells[1], "b = ", "2. Second", cells[2], "c = "]
    assert [html.count(mark) for mark in marks] == [1] * len(marks)
    assert sorted(marks, key=html.index) == marks
    assert '<a href="{{ paper_post }}#cell-02-1">Cell 1</a>' in html
    for cell in cells:
        assert sum(cell in post for post in posts) == 1


def test_a_fold_says_what_its_code_makes(page):
    outputs = (diagram(), claim(), claim())
    html = fragment(code("1", *outputs, tags=("hide-input",)), code("2", tags=("hide-input",)), page=page)
    names = ["Show the code of the figure and the 2 checks", "Show the code"]
    assert re.findall("<summary>(.*?)</summary>", html) == names


def test_liquid_in_folded_code_is_only_text(page):
    fragment(*folded("x = '{% raw %}{{ site }}'"), page=page)
    assert "&#123;% raw %}&#123;&#123; site }}" in listings_html(page)


def test_without_folded_code_there_is_no_heading_for_it(page):
    assert listings_html(page) == ""


def test_folded_code_without_a_page_to_stand_on_is_refused(page, repository):
    (repository.root / "_claims/toy.md").unlink()
    fragment(*folded("x = 1"), page=page)
    with pytest.raises(PublishingError, match=r"^there is no _claims/toy\.md, where folded code stands"):
        listings_html(page)
