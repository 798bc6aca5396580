"""Our includes through the real Jekyll: Liquid, kramdown, and back."""

import shutil

import pytest

from publishing import contract, paths
from publishing.render.exporter import SectionExporter
from publishing.site.jekyll import build_site

from .notes import code, diagram, draft, executed, made, select, texts

INCLUDES = paths.INCLUDES
NASTY = "{{a}} {% if %} {% endraw %} {: .x} {::comment} \\frac{{a}}{{b}} a | b -- 'c' __d__ *e* a<b>c & {:/nomarkdown}"
CONFIG = """\
baseurl: /base
strict_front_matter: true
liquid: {error_mode: strict, strict_filters: true}
"""
FRONT = "---\ntitle: Test\npaper: toy\n---\n"


@pytest.fixture
def built(repository, monkeypatch):
    """Builds a page with these words in it, beside our includes and the sections of the paper, not typeset."""
    monkeypatch.setenv("BASEURL", "/base")

    def run(text: str, front: str = FRONT) -> str:
        shutil.copytree(INCLUDES, paths.INCLUDES, ignore=shutil.ignore_patterns("sections"))
        (paths.SECTIONS / "toy").mkdir(parents=True)
        for name in SectionExporter().paper("toy").pages[""].files if paths.notebooks_dir("toy").is_dir() else ():
            repository.write(f"_includes/sections/toy/{name}", draft(name.removesuffix(".html")))
        repository.write("_includes/sections/toy/glyphs.html", "<style>.x{a:b}</style>\n")
        repository.write("_config.yml", CONFIG)
        repository.write("index.md", front + text)
        return (build_site() / "index.html").read_text()

    return run


def test_a_figure_of_the_notes_is_one_figure_on_the_page(built, repository):
    drawn, small = diagram("chain", alt=f'"{NASTY}"', caption="See $p(x|y)$ {% raw %} & *so*"), diagram("phone")
    phone = {"png": small.data["image/png"], "width": 390, "height": 540}
    small.data[contract.DIAGRAM] |= {"phone": phone, "chart": True}
    made(executed(repository, "01-first", code("1", drawn, small)))
    page = built('{% include paper_section.html name="toy/01-first" %}\n')
    figure, of_phone = select(page, "figure.paper-figure")
    assert "\n" not in str(figure)
    assert figure["id"] == "fig-chain"
    assert (figure["class"], of_phone["class"]) == (["paper-figure"], ["paper-figure", "chart"])
    (image,) = select(page, 'figure > img[src="/base/assets/images/toy-chain.png"][width="600"][height="300"]')
    assert (image["alt"], image["loading"]) == (f'"{NASTY}"', "lazy")
    assert figure.figcaption.get_text().startswith("See p(x|y) {% raw %} & so")
    assert [one.get_text() for one in figure.select("figcaption > .math, figcaption > em")] == ["p(x|y)", "so"]
    assert len(figure.select('a[href="#fig-chain"]')) == 1

    (picture,) = of_phone.select("picture:has(+ figcaption)")
    source = '[media="(max-width: 600px)"][srcset="/base/assets/images/toy-phone.phone.png"][width="390"][height="540"]'
    assert picture.select_one(f"source{source}")
    assert picture.img["src"] == "/base/assets/images/toy-phone.png"
    assert (paths.IMAGES / "toy-phone.phone.png").is_file()


def test_the_includes_work_in_a_post_and_in_a_list_and_glyphs_stand_there(built):
    lines = ['src="/assets/images/toy-chain.png"', 'alt="Forward & back"', 'caption="View."']
    post = "\n   ".join(["{% include paper_diagram.html", *lines]) + "\n%}\n\n"
    items = '- one\n- {% include paper_diagram.html src="/assets/images/toy-line.png" alt="A" %}\n- three\n\n'
    page = built(post + items + "<div>\n{% include mathjax.html %}\n</div>\n")
    (image,) = select(page, '#fig-chain > img[src="/base/assets/images/toy-chain.png"][loading=lazy]')
    assert image["alt"] == "Forward & back" and not image.has_attr("width")
    assert texts(page, "#fig-chain > figcaption")[0].startswith("View.")
    (listed,) = select(page, "ul")
    assert len(listed.select("li")) == 3 and listed.select("li #fig-line") and not listed.select("figcaption")
    assert texts(page, "div > style") == [".x{a:b}"]


@pytest.mark.parametrize("known", [True, False])
def test_a_file_of_the_repository_is_linked_to_if_somebody_knows_where_that_is(built, repository, monkeypatch, known):
    if known:
        monkeypatch.setenv("GITHUB_REPOSITORY", "owner/name")
    repository.write("x.py", "")
    made(executed(repository, "01-first", "# 1. First\n\n[x](../../x.py#L2)"))
    page = built('{% include paper_section.html name="toy/01-first" %}\n')
    assert bool(select(page, '.section-tools a[href^="https://github.com/owner/name/blob/"]')) == known
    assert bool(select(page, 'p > a[rel=external][href="https://github.com/owner/name/blob/HEAD/x.py#L2"]')) == known
    assert texts(page, "section p > a:not([href]):not([rel])") == ([] if known else ["x"])


def test_a_page_that_shows_no_paper_has_no_glyphs(built):
    front = FRONT.replace("paper: toy\n", "")
    assert "<style>" not in built("<div>\n{% include mathjax.html %}\n</div>\n", front)
