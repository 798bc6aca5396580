from pathlib import Path

import nbformat
import pytest

from publishing import paths
from publishing.errors import PublishingError
from publishing.render import products
from publishing.render.exporter import SectionExporter

from .notes import claim, code, diagram, draft, executed, made, notebook, png, refused, select, shows, table, texts

POST = "{{ '/toy/' | relative_url }}"
BIB = "@misc{ho, author={Ho, J.}, title={DDPM}, year={2020}}"


@pytest.fixture
def paper(repository):
    """A paper of two sections that use everything, executed."""
    repository.write("_claims/toy.md", "---\npaper: toy\n---\n")
    repository.write("notebooks/toy/references.bib", BIB)
    first = executed(
        repository,
        "01-first",
        "# 1. First $x$\n\n$$a \\tag{7}$$\n\n$$b \\tag{8}$$\n\n"
        "See [Fig.](#fig-chain), [Ho](#ref-ho), [Section 2](#02-second).",
        code("1", claim("Eq. (7), by [Ho](#ref-ho), holds for $x$", of=["eq-7"])),
        "## 1.1 More",
        "### Eq. (9), of which nothing stands here",
        "## 1.2 Still more",
    )
    second = executed(
        repository,
        "02-second",
        "# 2. Second\n\n[Table](#table-results)",
        code("2", diagram("chain"), table(["1", "2"])),
        code("3", shows(references={}), tags=("remove-input",)),
    )
    return [first, second]


def figures(made: list[Path]) -> list[str]:
    return [path.name for path in made if path.parent == paths.IMAGES]


def test_everything_the_site_needs_is_written(paper):
    report = made()
    assert figures(report.written) == ["toy-chain.png"]
    assert (paths.IMAGES / "toy-chain.png").read_bytes() == png()
    toy = SectionExporter().paper("toy")
    around = {f"{name}.html" for name in ("claims-summary", "lead", "reading", "studies", "toc")}
    assert toy.pages[""].files.keys() == {"01-first.html", "02-second.html"} | around
    assert sorted(toy.claims.files) == ["list.html"]
    downloads = sorted(path.name for path in (paths.DOWNLOADS / "toy").iterdir())
    assert downloads == ["01-first.ipynb", "01-first.md", "02-second.ipynb", "02-second.md"]


def test_a_figure_that_changed_is_told_and_all_that_is_made_is_named(paper):
    first = made()
    remembered = set((paths.BUILD / "memory").iterdir())
    files = {path for path in paths.ROOT.rglob("*") if path.is_file()}
    assert set(first.made) == files - set(paper) - written() - remembered
    (paths.IMAGES / "toy-chain.png").write_bytes(png(9))
    again = made()
    assert again.changed == [paths.IMAGES / "toy-chain.png"]
    assert set(again.made) == set(first.made)


def written() -> set[Path]:
    return {path for folder in (paths.NOTEBOOKS, paths.CLAIMS) for path in folder.rglob("*") if path.is_file()}


def test_the_bibliography_links_back_to_citations_of_later_and_earlier_sections(paper):
    made()
    (entry,) = select(draft("02-second"), "li#ref-ho")
    assert [one["href"] for one in entry.select("a")] == ["#cite-01-1", "#cite-01-2"]
    assert entry.get_text().endswith("Cited in §1 (1, 2).")
    assert select(draft("01-first"), 'a#cite-01-1[href="#ref-ho"]')


def test_the_contents_list_sections_with_their_subsections(paper):
    made()
    top, below = "nav#toc > ol > li > a", "nav > ol > li:first-child > ol > li > a"
    found = [[(one["href"], one.get_text()) for one in select(draft("toc"), which)] for which in (top, below)]
    assert found == [
        [("#01-first", "1. First x"), ("#02-second", "2. Second")],
        [("#1-1-more", "1.1 More"), ("#1-2-still-more", "1.2 Still more")],
    ]
    assert texts(draft("toc"), "a > .math.inline") == ["x"]


def test_the_page_of_claims_says_where_they_stand_and_what_they_cover(paper):
    made()
    html = draft("list", page="claims")
    assert texts(draft("claims-summary"), "p") == ["1 claim, checked when this page was built."]
    assert texts(html, "nav.claims-toc li") == ["1. First x: 1 claim"]
    assert texts(html, 'nav.claims-toc a[href="#claims-01-first"]') == ["1 claim"]
    assert select(html, f'h2#claims-01-first > a[href="{POST}#01-first"]')
    (claim,) = texts(html, ".checked > .claim#claim-01-1")
    assert claim.split("\n") == ["✓ Eq. (7), by Ho, holds for x: both are 1", "measured 1, expected 1 · Eq. (7)"]
    assert texts(html, ".checked > details.cell-input code") == ["1"]
    links = [one["href"].removeprefix(POST) for one in select(html, ".claim a")]
    assert links == ["#eq-7", "#eq-7", "#ref-ho", "#eq-7"]
    assert texts(html, "li#eq-7") == ["(7) ✓ Eq. (7), by Ho, holds for x"]
    assert texts(html, ".claims-uncovered") == ["Equations that no claim covers: (8)."]


def test_a_claim_about_an_equation_of_the_post_is_a_mark_beside_it(paper):
    html = draft("01-first")
    (mark,) = select(html, "#eq-7 .equation-checks")
    assert (mark.get_text(), mark["title"]) == ("✓ 1", "Eq. (7), by Ho, holds for x")
    assert mark["href"] == "{{ '/toy/claims/' | relative_url }}#eq-7"
    assert mark["aria-label"] == "✓ 1 check of Eq. (7)"
    assert not select(html, "#eq-8 .equation-checks, .claim, details.cell-input")


def test_claims_without_a_page_to_stand_on_are_refused(paper, repository):
    (repository.root / "_claims/toy.md").unlink()
    assert refused(made).startswith("there is no _claims/toy.md, where claims stand")


def test_references_are_listed_once(paper, repository):
    executed(repository, "01-first", "[a](#ref-ho)", code("1", shows(references={})))
    assert refused(made).startswith("toy/references.bib: 'ref-ho' is listed twice")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("[a](#eq-99)", "toy/01-first, cell 1: links to #eq-99, which is nowhere in these notes"),
        (
            "[a](#tab-results)",
            "toy/01-first, cell 1: links to #tab-results, which is nowhere in these notes; "
            "correct the link or name its target so (there is #table-results)",
        ),
        ("[2 bits](#claim-gone)", "toy/01-first, cell 1: links to #claim-gone, which is nowhere in these notes"),
        ("[a](#ref-nobody)", "toy/01-first, cell 1: cites 'nobody', which has no entry"),
        ("[a](#source-x.f)", "toy/01-first, cell 1: links to #source-x.f, which no cell shows; add source('x.f')"),
        (code("1", claim(of=["eq-99"])), "toy/01-first, cell 1: links to #eq-99"),
        (code("1", diagram("chain")), "toy/02-second, cell 2: a figure named 'chain' is drawn twice"),
        (code("1", diagram("card")), "toy/01-first, cell 1: a figure cannot be named 'card'"),
        (code("1", diagram("Chain!")), "toy/01-first, cell 1: a figure cannot be named 'Chain!'"),
        (
            code("1", table(["1", "2"])),
            "toy/02-second, cell 2: the id 'table-results' is already given in toy/01-first",
        ),
        (
            '{% include paper_diagram.html src="/assets/images/toy-none.png" alt="a" %}',
            "toy/01-first, cell 1: the include points at",
        ),
    ],
)
def test_what_the_sections_get_wrong_together_is_refused_and_the_last_good_files_stay(paper, repository, cell, message):
    made()
    before = _made()
    executed(repository, "01-first", cell)
    with pytest.raises(PublishingError) as caught:
        made()
    assert str(caught.value).startswith(message)
    assert _made() == before


def _made() -> dict:
    """What lies there, but for what a test writes by itself, and what is remembered."""
    kept = (path for path in paths.ROOT.rglob("*") if {"executed", "memory"}.isdisjoint(path.parts))
    return {path: path.read_bytes() for path in kept if path.is_file() and path.suffix != ".md"}


@pytest.mark.parametrize(("told", "alt"), [("{alt: A line}", "A line"), ("/assets/images/toy-card.png", "")])
def test_the_card_of_the_post_is_drawn_with_its_title(paper, repository, told, alt):
    front = f"paper: toy\ncard: chain\ntitle: 2020\nimage: {told}"
    repository.write("_posts/2026-01-01-toy.md", f"---\n{front}\n---\n")
    assert figures(made().written) == ["toy-card.png", "toy-chain.png"]
    (image,) = select(draft("lead"), 'p.paper-figure > a[href="#fig-chain"] > img')
    assert image["src"] == "{{ '/assets/images/toy-chain.png' | relative_url }}" and image["alt"] == alt


def test_a_card_that_no_section_shows_is_the_first_figure_of_the_post(repository):
    repository.write("_posts/2026-01-01-toy.md", "---\npaper: toy\ncard: chain\ntitle: A\n---\n")
    executed(repository, "01-first", "See [it](#fig-chain).", code("1", diagram("chain"), tags=("remove-output",)))
    made()
    assert 'src="/assets/images/toy-chain.png"' in draft("lead") and 'eager="true"' in draft("lead")
    assert "paper_diagram.html" not in draft("01-first")


@pytest.mark.parametrize(
    ("caption", "says"),
    [
        ("[2 bits](#claim-cost).", "the text says 2, but claim-cost measured 1; write 1"),
        ("[Eq. (9)](#eq-9).", "links to #eq-9, which is nowhere"),
    ],
)
def test_the_caption_of_the_first_figure_is_held_to_what_the_sections_are(repository, caption, says):
    repository.write("_posts/2026-01-01-toy.md", "---\npaper: toy\ncard: chain\ntitle: A\n---\n")
    first = code("1", diagram("chain", caption=caption), tags=("remove-output",))
    repository.write("_claims/toy.md", "---\npaper: toy\n---\n")
    executed(repository, "01-first", "A.", first, code("2", claim(name="cost")))
    assert refused(made).startswith(f"toy/01-first, cell 2: {says}")


@pytest.mark.parametrize(
    ("front", "message"),
    [
        ("card: [chain", "_posts/2026-01-01-toy.md:4: expected ',' or ']'"),
        ("card: chain\ndate: 2020-13-45", "_posts/2026-01-01-toy.md:1: month must be in 1..12; correct"),
        ("card: chain", "_posts/2026-01-01-toy.md: the card shows the title, and there is none; add `title:`"),
        ("card: [chain]", "_posts/2026-01-01-toy.md: the card is ['chain'], which no cell draws; name one"),
    ],
)
def test_what_a_post_gets_wrong_about_its_card_is_one_line_with_its_place(paper, repository, front, message):
    repository.write("_posts/2026-01-01-toy.md", f"---\npaper: toy\n{front}\n---\n")
    assert refused(made).startswith(message)


@pytest.fixture
def exported(paper, monkeypatch):
    """Writes a notebook of the paper by nbconvert, typeset as its TeX."""
    monkeypatch.setattr(products, "typeset", lambda formulas, paper: dict.fromkeys(formulas, ""))

    def export(path: Path, *cells) -> str:
        given = notebook(*cells) if cells else nbformat.read(path, as_version=4)
        where = {"metadata": {"path": str(path.parent), "name": path.stem}}
        return SectionExporter().from_notebook_node(given, where)[0]

    return export


def test_nbconvert_writes_the_notebook_that_it_is_given_among_its_neighbours(paper, exported):
    assert texts(exported(paper[0]), "h2, .equation-checks") == ["1. First x", "✓ 1"]
    cells = ["# 1. Another", code("seen", shows(), tags=("remove-output",)), "[Figure](#fig-chain)"]
    html = exported(paper[0], *cells)
    assert texts(html, "h2, code, samp, a[href='#fig-chain']") == ["1. Another", "seen", "Figure"]


def test_the_paper_of_a_notebook_is_known_wherever_nbconvert_is_called(paper, exported, monkeypatch):
    html = exported(paper[0])
    monkeypatch.chdir(paper[0].parent)
    assert exported(Path(paper[0].name)) == html
    assert exported(Path("../toy", paper[0].name)) == html


@pytest.mark.parametrize("name", ["build/executed/other/01-first.ipynb", "build/executed/toy/09-none.ipynb"])
def test_nbconvert_is_told_of_a_notebook_of_no_paper(paper, exported, repository, name):
    told = refused(exported, repository.root / name, "# 1. Stray")
    assert told.startswith(f"{name.removeprefix('build/executed/')} is no notebook of a paper; ")
    assert "is no notebook of a paper" in refused(SectionExporter().from_notebook_node, notebook("# 1. Stray"))


def test_links_into_sections_that_are_not_executed_yet_are_let_pass(paper):
    paper[1].unlink()
    assert select(draft("01-first"), 'a[href="#fig-chain"]')


def test_the_same_heading_in_two_sections_has_two_ids(paper, repository):
    executed(repository, "03-third", "# 3. Third\n\n## 1.1 More")
    made()
    assert texts(draft("03-third"), 'h3[id="1-1-more-2"]') == ["1.1 More"]
    assert texts(draft("toc"), 'a[href="#1-1-more-2"]') == ["1.1 More"]
