"""Our includes through the real Jekyll: Liquid, kramdown, and back."""

import re
import shutil
from html import unescape

import pytest

from publishing import paths
from publishing.render.exporter import SectionExporter
from publishing.site.jekyll import build_site

from .notes import code, diagram, draft, executed, made, printed

INCLUDES = paths.INCLUDES
NASTY = (
    "{{ a }} {% if %} {% endraw %} {: .x} {::comment} \\frac{{a}}{{b}} a | b -- 'c' __d__ *e* a<b>c & {:/nomarkdown}"
)
CONFIG = """\
baseurl: /base
strict_front_matter: true
liquid: {error_mode: strict, strict_filters: true}
"""
FRONT = "---\ntitle: Test\npaper: toy\nmathjax: true\n---\n"


@pytest.fixture
def built(repository, monkeypatch):
    """Builds a page with these words in it, beside our includes and the sections of the paper, not typeset."""
    monkeypatch.setenv("BASEURL", "/base")

    def run(text: str, front: str = FRONT) -> str:
        shutil.copytree(INCLUDES, paths.INCLUDES, ignore=shutil.ignore_patterns("sections"))
        paths.sections_dir("toy").mkdir(parents=True)
        for name in SectionExporter().page("toy").files if paths.notebooks_dir("toy").is_dir() else ():
            repository.write(f"_includes/sections/toy/{name}", draft(name.removesuffix(".html")))
        repository.write("_includes/sections/toy/glyphs.html", "<style>.x{a:b}</style>\n")
        repository.write("_config.yml", CONFIG)
        repository.write("index.md", front + text)
        return (build_site() / "index.html").read_text()

    return run


def test_a_section_comes_through_liquid_and_kramdown_byte_for_byte(built, repository):
    notebook = executed(
        repository,
        "01-first",
        f"# Title\n\n```text\n{NASTY}\n```\n\nwhere $p(x|y)$",
        code(f"# {NASTY}", printed(NASTY)),
    )
    made(notebook)
    fragment = draft("01-first")
    page = built('before\n\n{% include paper_section.html name="toy/01-first" %}\n\n*after*\n')
    parts = re.split(r"\{% include paper_section_tools.html .*? %\}\n", fragment)
    assert len(parts) == 2
    assert all(part in page for part in parts)
    assert unescape(page).count(NASTY) == 3
    assert "<em>after</em>" in page


def test_a_figure_of_the_notes_is_one_figure_on_the_page(built, repository):
    notebook = executed(
        repository, "01-first", code("1", diagram("chain", alt=f'"{NASTY}"', caption="See $p(x|y)$ & *so*"))
    )
    made(notebook)
    page = built('{% include paper_section.html name="toy/01-first" %}\n')
    start = page.index("<figure")
    figure = page[start : page.index("</figure>") + 9]
    assert "\n" not in figure
    assert figure.startswith(
        '<figure class="paper-figure" id="fig-chain"><img src="/base/assets/images/toy-chain.png" alt="&quot;'
    )
    assert unescape(figure).count(NASTY) == 1
    assert 'width="600" height="300" loading="lazy"' in figure
    assert '<figcaption>See <span class="math inline">p(x|y)</span> &amp; <em>so</em> <a ' in figure
    assert figure.count('href="#fig-chain"') == 1


def test_a_narrow_screen_gets_the_picture_that_is_drawn_for_it(built, repository):
    drawn = diagram("chain")
    small = {"png": drawn.data["image/png"], "width": 390, "height": 540}
    drawn.data["application/vnd.paper-diagram+json"]["phone"] = small
    made(executed(repository, "01-first", code("1", drawn)))
    page = built('{% include paper_section.html name="toy/01-first" %}\n')
    assert (
        '<picture><source media="(max-width: 600px)" srcset="/base/assets/images/toy-chain.phone.png" width="390" '
        'height="540"><img src="/base/assets/images/toy-chain.png"'
    ) in page
    assert 'decoding="async"></picture><figcaption>' in page
    assert (paths.IMAGES / "toy-chain.phone.png").is_file()


@pytest.mark.parametrize(("chart", "kind"), [(True, "paper-figure chart"), (False, "paper-figure")])
def test_the_page_knows_a_chart(built, repository, chart, kind):
    drawn = diagram("chain")
    drawn.data["application/vnd.paper-diagram+json"]["chart"] = chart
    made(executed(repository, "01-first", code("1", drawn)))
    assert f'<figure class="{kind}" id="fig-chain">' in built('{% include paper_section.html name="toy/01-first" %}\n')


def test_the_include_works_in_a_post_as_the_template_writes_it(built):
    lines = ['src="/assets/images/toy-chain.png"', 'alt="Forward & back"', 'caption="View."']
    include = "\n   ".join(["{% include paper_diagram.html", *lines]) + "\n%}"
    html = '<img src="/base/assets/images/toy-chain.png" alt="Forward &amp; back" loading="lazy" decoding="async">'
    page = built(include + "\n")
    assert page.count("<figure") == 1
    assert html.replace(">", "") in page.replace(" />", "").replace(">", "")
    assert "<figcaption>View. <a " in page


def test_the_include_works_in_a_list(built):
    page = built('- one\n- {% include paper_diagram.html src="/assets/images/toy-chain.png" alt="A" %}\n- three\n')
    assert page.count("<li>") == 3
    assert page.count("<ul>") == 1
    assert "<figcaption>" not in page


def test_glyphs_stand_on_pages_with_mathematics_alone(built):
    assert "<style>.x{a:b}</style>" in built("<div>\n{% include mathjax.html %}\n</div>\n")


def test_no_glyphs_without_mathematics(built):
    front = FRONT.replace("mathjax: true\n", "")
    assert "<style>" not in built("<div>\n{% include mathjax.html %}\n</div>\n", front)
