"""Two papers side by side, of which one has studies: pages of their own, and links between all of them."""

import re
import shutil
import subprocess
import sys

import pytest
import yaml
from playwright.sync_api import expect

from publishing import paths, posts
from publishing.serve.watch import start_server

from . import small_site
from .notes import select, texts
from .small_site import MADE, Commands, figure

CLAIM = """\
```python tags=["hide-input"]
from publishing.cells import claim

claim({})
```"""
HOLDS = '"[Eq. (1)](#eq-1) holds for $x$", sum([1, 1]), "==", 2, name="holds", of='
BITS = '"It costs $x$ bits", sum([1, 1.0123]), ">", 0, name="bits", standard_error=0.05'
COST = """\
# What does *x* cost?

It costs *two* bits, by [Eq. (1)](#eq-1) and [Ho](#ref-ho).

## The count

See Eq. (2), Eq. (3), [the figure](#fig-line), [the other study](why.md#because), [Section 1](../01-first.md).[^a]
It is [2](../01-first.md#claim-holds).

$$
x = 2 \\tag{2}
$$

[^a]: A note."""
WHY = "# Why?\n\nBecause of Eq. (2) and of Eq. (1).\n\n## Because\n\n$y$"
FIRST = """\
# 1. First $x$

It is [2](#claim-bits). See [what it costs](studies/cost.md) and Eq. (2).

$$
x = 1 \\tag{1}
$$"""
STUDIES = """\
studies:
  - title: Costs
    pages: [cost]
  - title: Reasons
    pages: [why]
"""
POST = small_site.POST.format(paper="toy", front=STUDIES, text='{% include paper_section.html name="toy/01-first" %}')
BIB = "@misc{ho, author={Ho, J.}, title={DDPM}, year={2020}}\n@misc{no, author={No, N.}, title={Uncited}, year={2021}}"
LINK = "[Eq. (1)](../toy/01-first.md#eq-1), [a study](../toy/studies/cost.md#eq-2)"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Built below an address, its second paper made by `make new`."""
    commands = Commands.lay(tmp_path_factory.mktemp("built") / "notes")
    commands.environment |= {"BASEURL": "https://example.org/notes", "SOURCE_DATE_EPOCH": "1800000000"}
    commands.write("_posts/2026-01-01-toy.md", POST)
    commands.claims()
    commands.write("notebooks/toy/references.bib", BIB)
    claims = [CLAIM.format(claim) for claim in (f'{HOLDS}"eq-1"', BITS)]
    commands.notebook("01-first", FIRST, figure(), *claims)
    commands.notebook("studies/cost", COST, figure(alt="A study's line."), CLAIM.format(f'{HOLDS}["eq-1", "eq-2"]'))
    commands.notebook("studies/why", WHY)
    shutil.copytree(paths.TEMPLATE, commands.root / "notebooks/template")
    commands.succeed("new", "second", "The Second")
    link_from_second(commands, LINK)
    commands.said = commands.succeed("site", "--drafts")
    return commands


def link_from_second(commands: Commands, link: str) -> None:
    path = commands.root / "notebooks/second/02-key-contributions.md"
    path.write_text(path.read_text().partition("\nAlso see")[0] + f"\nAlso see {link}.\n")


def page(commands: Commands, address: str) -> str:
    return (commands.root / "_site" / address / "index.html").read_text()


def hrefs(html: str, selector: str) -> list[str]:
    return [one["href"] for one in select(html, selector)]


def test_a_study_is_a_page_with_its_title_its_answer_and_what_it_shows(built):
    html = page(built, "toy/cost")
    assert texts(html, "title, .post-categories") == ["What does x cost? | Paper notes", "Toy"]
    assert texts(html, "p.post-description") == ["It costs two bits, by Eq. (1) and Ho."]
    assert len(select(html, "h1")) == 1 and texts(html, "h1 > em") == ["x"]
    assert texts(html, ".post-date")[0].endswith("1 min read")
    assert texts(html, ".toc a") == ["The count", "References"] == texts(html, "section.study h2")
    downloads = [f"/notes/assets/notebooks/toy/studies/cost{kind}" for kind in (".ipynb", ".md")]
    assert hrefs(html, ".section-tools a[download]") == downloads
    assert all((built.root / f"_site/{path.removeprefix('/notes/')}").is_file() for path in downloads)
    assert select(html, 'meta[name=description][content="It costs two bits, by Eq. (1) and Ho."]')
    card = "https://example.org/notes/assets/images/toy-cost--card.png"
    assert select(html, f'meta[property="og:image"][content="{card}"]')
    assert select(html, "details.cell-input code") and "@misc{notes-cost-" in texts(html, ".cite code")[0]


def test_ids_belong_to_a_page_and_so_do_figures_glyphs_and_references(built):
    html, post = page(built, "toy/cost"), page(built, "toy")
    assert len(select(html, "#fig-line")) == len(select(post, "#fig-line")) == 1
    pictures = [select(one, "#fig-line img")[0] for one in (post, html)]
    assert [one["alt"] for one in pictures] == ["A rising line.", "A study's line."]
    assert all((built.root / f"_site/{one['src'].removeprefix('/notes/')}").is_file() for one in pictures)
    for one, name in ((html, "toy-cost--"), (post, "toy-"), (page(built, "toy/claims"), "toy-claims--")):
        used = {use["href"] for use in select(one, "use")}
        assert used and all(select(one, f"[id='{href[1:]}']") for href in used)
        assert all(re.match(f"#{name}(m[0-9]|[A-Z])", href) for href in used), "a formula or a font's letter of it"
    assert [entry["id"] for entry in select(html, ".references li")] == ["ref-ho"]
    named = select(html, ".claim, .citation, .footnotes li, details.cell-input")
    assert [one["id"] for one in named] == ["cite-1", "claim-holds", "cell-3", "fn-1"]


def test_a_link_finds_its_target_on_its_own_page_then_in_the_paper_then_in_another(built):
    toy, cost, why = ("/notes/toy/", "/notes/toy/cost/", "/notes/toy/why/")
    assert hrefs(page(built, "toy/cost"), ".post-description a") == [f"{toy}#eq-1", "#ref-ho"]
    links = hrefs(page(built, "toy/cost"), ".block > p > a")
    assert links == ["#eq-2", "#fig-line", f"{why}#because", f"{toy}#01-first", f"{toy}claims/#claim-holds"]
    assert "See Eq. (2), Eq. (3), the figure" in texts(page(built, "toy/cost"), ".block > p")[0]
    assert hrefs(page(built, "toy/why"), ".post-description a") == [f"{cost}#eq-2", f"{toy}#eq-1"]
    links = hrefs(page(built, "toy"), "#\\30 1-first .block > p:not(.section-tools) > a")
    assert links == [f"{toy}claims/#claim-bits", cost, f"{cost}#eq-2"]
    assert hrefs(page(built, "second"), "#\\30 2-key-contributions p:last-child > a") == [f"{toy}#eq-1", f"{cost}#eq-2"]


ANEW = """import os
from publishing import build, notebooks
from publishing.__main__ import main
from publishing.render import products
from publishing.site import jekyll
pages, made = products.pages, []
products.pages = lambda paper: made.append(paper.name) or pages(paper)
if not os.fork():
    main()
    print(*made, flush=True)
    os._exit(0)
os.wait()
papers = notebooks.papers()
of_papers = [*build._pages(papers, jekyll.build_settings(True)).values()]
of_papers += [products.images_and_data(build._paper(one)) for one in papers]
contents = {path: one if isinstance(one, bytes) else one.encode() for made in of_papers for path, one in made.items()}
print([path.name for path, content in contents.items() if path.read_bytes() != content], len(contents))"""
SECOND = "notebooks/second/02-key-contributions.md"
BOTH = "second toy"
EDITS = {  # of what pages are made of: what is edited, and the papers whose pages are then made anew
    "nothing": ("index.md", "", "", ""),
    "words": (SECOND, "Also see", "See too", "second"),
    "a section to which another paper links": ("notebooks/toy/studies/why.md", "$y$", "$z$", BOTH),
    "the order of studies": ("_posts/2026-01-01-toy.md", "title: Costs", "title: Prices", BOTH),
    "a reference": ("notebooks/toy/references.bib", "title={DDPM}", "title={Denoising}", BOTH),
    "a macro": ("notebooks/toy/macros.tex", "", r"\newcommand{\eps}{\epsilon}", "toy"),
    "a layout that is linked": ("_layouts/extra.html", "one", "two", "toy"),
    "a file like those that code names": ("data/of/two.json", "", "{}", "toy"),
    "the lock of the packages": ("requirements/main.lock", "", "# a comment\n", BOTH),
    "the renderer": ("publishing/render/highlighting.py", "Comment: Comment,", "", BOTH),
    "what leads to the other paper": (SECOND, f"See too {LINK}", "", "second"),
    "a section to which none links any more": ("notebooks/toy/studies/why.md", "$z$", "$y$", "toy"),
}


def test_pages_are_made_anew_where_what_they_are_made_of_has_changed_and_are_then_those_of_a_clean_build(commands):
    commands.write("_layouts/extra.html", "one")
    prose = f"{WHY}, in [the layout](../../../_layouts/extra.html)"
    commands.notebook("studies/why", prose, '"data/of/{name}.json"  # and more')
    commands.write("data/of/one.json", "{}")
    commands.succeed("site", "--drafts")
    for what, (name, old, new, papers) in EDITS.items():
        path = commands.root / name
        text = path.read_text() if path.is_file() else ""
        assert old in text
        if new != old:
            commands.write(name, text.replace(old, new) if old else text + new)
        *_, made, other = commands.succeed("site", "--drafts", code=ANEW).splitlines()
        assert (made, other.partition(" ")[0]) == (papers, "[]"), what
    (commands.root / "_layouts/extra.html").unlink()
    assert "extra.html' leads nowhere" in commands.fail("site", "--drafts")


def test_the_series_says_where_one_is_and_leads_on_and_the_post_lists_all(built):
    cost, why = page(built, "toy/cost"), page(built, "toy/why")
    assert texts(cost + why, ".series summary") == ["Study 1 of 2 · Costs", "Study 2 of 2 · Reasons"]
    assert texts(cost, ".series [aria-current=page]") == ["What does x cost?"]
    steps = ["/notes/toy/", "/notes/toy/why/"], ["/notes/toy/cost/"]
    assert (hrefs(cost, ".steps a"), hrefs(why, ".steps a")) == steps
    assert hrefs(page(built, "toy"), "nav.series li a") == ["/notes/toy/cost/", "/notes/toy/why/"]
    assert texts(page(built, "toy"), ".toc > ol > li > a")[-1] == "Studies"
    assert not select(page(built, "second"), "nav.series")


def test_all_claims_of_the_paper_stand_together_by_page(built):
    html = page(built, "toy/claims")
    assert hrefs(html, "h2 a") == ["/notes/toy/#01-first", "/notes/toy/cost/"]
    places = ["/notes/toy/#eq-1", "/notes/toy/#claim-bits", "/notes/toy/cost/#claim-holds"]
    assert hrefs(html, ".claim > .claim-mark") == places
    assert [one["id"] for one in select(html, ".claim")] == ["claim-holds", "claim-bits", "claim-cost--holds"]
    assert hrefs(html, "#eq-1 a") == ["/notes/toy/#eq-1", "#claim-holds", "#claim-cost--holds"]
    assert hrefs(html, "#eq-2 a") == ["/notes/toy/cost/#eq-2", "#claim-cost--holds"]


def test_a_claim_is_a_number_of_the_text_a_mark_or_a_line(built):
    post, cost = page(built, "toy"), page(built, "toy/cost")
    assert texts(post, "a.finding#claim-bits") == ["2"] and not select(post, ".claim")
    assert texts(post, "#eq-1 .equation-checks") == ["✓ 2"]
    assert texts(cost, ".claim#claim-holds .claim-numbers") == ["both are 2"]
    assert texts(cost, ".claim#claim-holds summary") == ["code"]
    assert not select(cost, ".equation-checks")


def test_a_study_is_in_the_feed_and_in_the_map_of_the_site(built):
    for name in ("feed/studies.xml", "sitemap.xml"):
        assert "https://example.org/notes/toy/cost/" in (built.root / "_site" / name).read_text(), name
    assert select(page(built, "toy"), 'link[rel=alternate][href="/notes/feed/studies.xml"]')


def test_nbconvert_writes_with_our_exporter_what_stands_on_the_page_and_nothing_else(built, tmp_path):
    before = built.outputs("build", "_includes")
    command = [sys.executable, "-m", "nbconvert", "--to", "publishing.render.exporter.SectionExporter"]
    executed = [built.root / f"build/executed/toy/{stem}.ipynb" for stem in ("01-first", "studies/cost")]
    arguments = [*command, "--output-dir", tmp_path, *executed]
    subprocess.run(arguments, cwd=built.root, env=built.environment, check=True, capture_output=True)
    for written, shown in (("01-first", "01-first"), ("cost", "cost/text")):
        assert (tmp_path / f"{written}.html").read_bytes() == before[f"_includes/sections/toy/{shown}.html"]
    assert built.outputs("build", "_includes") == before


def test_a_study_is_renamed_with_all_that_was_made_of_it(commands):
    (commands.root / "notebooks/toy/studies/why.md").rename(commands.root / "notebooks/toy/studies/reason.md")
    assert [line.partition(";")[0] for line in commands.faults("site", "--drafts")] == [
        "_posts/2026-01-01-toy.md:13: lists the study 'why', which has no notebook",
        "notebooks/toy/studies/reason.md: no post lists it",
    ]
    commands.write("_posts/2026-01-01-toy.md", POST.replace("[why]", "[reason]"))
    gone = "toy/studies/cost, cell 1: links to why.md#because, where there is"
    assert commands.fail("site", "--drafts").startswith(gone)
    commands.notebook("studies/cost", COST.replace("why.md", "reason.md"))
    commands.succeed("site", "--drafts")
    assert not [name for name in commands.outputs(*MADE) if "why" in name]
    assert "_site/toy/reason/index.html" in commands.outputs("_site")


def test_the_second_paper_is_published_and_the_first_renamed(commands):
    link_from_second(commands, "[Eq. (9)](../toy/01-first.md#eq-9)")
    gone = "second/02-key-contributions, cell 1: links to ../toy/01-first.md#eq-9,"
    assert commands.fail("site", "--drafts").startswith(gone)
    link_from_second(commands, LINK)
    (draft,) = (commands.root / "_posts").glob("*-second.md")
    for path in (draft, commands.root / "_claims/second.md"):
        path.write_text(path.read_text().replace("published: false", "published: true"))
    commands.succeed("site")
    assert hrefs(page(commands, "second"), '#\\30 2-key-contributions a[href^="/notes/toy/"]')

    post = commands.root / "_posts/2026-01-01-toy.md"
    for path in (post, commands.root / "_claims/toy.md"):
        path.write_text(path.read_text().replace("title:", "published: false\ntitle:", 1))
    assert all("but 'toy' is not published; publish it" in fault for fault in commands.faults("site"))
    for path in (post, commands.root / "_claims/toy.md"):
        path.unlink()
    (commands.root / "notebooks/toy").rename(commands.root / "notebooks/game")
    for fault, name in zip(commands.faults("site"), ("01-first.md#eq-1", "studies/cost.md#eq-2"), strict=True):
        assert f"cell 1: links to ../toy/{name}, but no paper is named so" in fault


WRITTEN = {  # a study, and what is wrong with what is written there
    "none.md": (WHY, "no post lists it; add none to a group of `studies` in _posts"),
    "a, cell 1": ("# Why?\n\n## Because", "a study begins with its title, `# …`, and a"),
    "b, cell 1": ("# Why $x$?\n\nNo.", "the title of a study is shown in tabs and feeds, where"),
    "c, cell 1": (f"{WHY}\n\n# Again", "a study has one title; write its headings as"),
}
LINKED = {
    "a, cell 1": (f"{WHY} [x](#eq-9)", "links to #eq-9, which is nowhere in these notes"),
    "b, cell 1": (f"{WHY} [x](gone.md)", "links to gone.md, where there is no such notebook"),
    "c, cell 1": (f"{WHY} [x](#ref-no1)", "cites 'no1', which has no entry; add it to"),
    "d, cell 1": (f"{WHY} [x](../../x/01-a.md)", "links to ../../x/01-a.md, but no paper is"),
}


@pytest.mark.parametrize("wrong", [WRITTEN, LINKED])
def test_what_studies_get_wrong_is_a_line_each_with_its_place(commands, wrong):
    for place, (text, _) in wrong.items():
        commands.notebook(f"studies/{re.split('[,.]', place)[0]}", text)
    listed = [place[0] for place in wrong if place != "none.md"]
    commands.write("_posts/2026-01-01-toy.md", POST.replace("[why]", f"[why, {', '.join(listed)}]"))
    told = dict(fault.removeprefix("notebooks/").split(": ", 1) for fault in commands.faults("site", "--drafts"))
    assert told.keys() == {f"toy/studies/{place}" for place in wrong}
    assert all(told[f"toy/studies/{place}"].startswith(says) for place, (_, says) in wrong.items())


@pytest.mark.parametrize(
    ("listed", "says"),
    [
        ("[why, why]", ":13: lists the study 'why' 2 times; list it once"),
        ("why", ": `studies` is a list of groups, each like `- title: Sampling` with `pages: [which-variance]` below"),
    ],
)
def test_what_the_list_of_studies_gets_wrong_is_one_line(commands, listed, says):
    commands.write("_posts/2026-01-01-toy.md", POST.replace("[why]", listed))
    assert commands.fail("site", "--drafts").startswith(f"_posts/2026-01-01-toy.md{says}")


def test_a_new_study_has_its_first_lines_and_its_place_in_the_post(commands):
    out = commands.succeed("new", "toy", "What else?", "--study", "what-else")
    assert "notebooks/toy/studies/what-else.md" in out and "the end of `studies` in _posts/2026-01-01-toy.md" in out
    facts = yaml.safe_load((commands.root / "_posts/2026-01-01-toy.md").read_text().split("---\n")[1])
    assert facts["studies"][-1] == {"title": "Reasons", "pages": ["why", "what-else"]}
    commands.succeed("new", "second", "Is it second?", "--study", "first-of-second")
    commands.succeed("site", "--drafts")
    assert texts(page(commands, "toy/what-else"), "h1") == ["What else?"]
    assert texts(page(commands, "second/first-of-second"), "summary")[0] == "Study 1 of 1 · Studies"
    again = commands.fail("new", "toy", "What else?", "--study", "what-else")
    assert again == "notebooks/toy/studies/what-else.md is there already, and stays; choose another STUDY"
    assert commands.fail("new", "none", "x", "--study", "x").startswith("there are no notebooks of a paper 'none'")
    assert "the name is taken" in commands.fail("new", "toy", "x", "--study", "claims")


def test_a_list_of_another_form_is_left_to_its_writer(commands):
    post = commands.write("_posts/2026-01-01-toy.md", POST.replace("[why]", "\n    - why"))
    out = commands.succeed("new", "toy", "What else?", "--study", "what-else")
    assert "add what-else to the `pages` of a group of `studies` in _posts/2026-01-01-toy.md" in out
    assert [group.pages for group in posts.read(post).studies] == [["cost"], ["why"]]


@pytest.fixture
def address(built, tmp_path):
    """Where the site stands, below the address that it was built for."""
    (tmp_path / "notes").symlink_to(built.root / "_site")
    with start_server(tmp_path, 0) as server:
        yield f"http://127.0.0.1:{server.server_port}/notes"
        server.shutdown()


@pytest.mark.parametrize(
    ("start", "link", "shown"),
    [
        ("/toy/cost/", ".post-description a[href$='/toy/#eq-1']", "(1)"),
        ("/second/", "a[href$='/toy/cost/#eq-2']", "(2)"),
        ("/toy/claims/", ".claim > a[href$='/toy/cost/#claim-holds']", "Eq. (1) holds for"),
        ("/toy/", ".finding", "measured 2.0123, expected > 0, standard error 0.05"),
        ("/toy/", ".finding", "claim("),
        ("/toy/", ".equation-checks", "Eq. (1) holds for"),
    ],
)
def test_what_stands_on_another_page_is_shown_beside_the_link_with_its_glyphs(browser, address, start, link, shown):
    page = browser.new_page(viewport={"width": 390, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(address + start)
    page.locator(link).first.focus()
    expect(page.locator(".preview")).to_contain_text(shown)
    led_to = "all => all.map(one => document.querySelector(one.getAttribute('href')))"
    drawn = page.locator(".preview use").evaluate_all(led_to)
    assert drawn and None not in drawn
    assert page.locator(".preview use").first.bounding_box()["width"] > 2
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator(link).first.blur()
    expect(page.locator(".preview")).to_be_hidden()
    assert complaints == []
    page.close()


def test_the_first_tap_on_a_number_shows_its_claim_and_the_second_leads_there(browser, address):
    page = browser.new_page(viewport={"width": 390, "height": 900}, has_touch=True)
    page.goto(f"{address}/toy/")
    page.locator(".finding").tap()
    expect(page.locator(".preview")).to_contain_text("measured 2.0123")
    assert page.url == f"{address}/toy/"
    page.locator("h1").tap()
    expect(page.locator(".preview")).to_be_hidden()
    page.locator(".finding").tap()
    page.locator(".finding").tap()
    page.wait_for_url("**/toy/claims/#claim-bits")
    page.close()


def test_a_page_that_cannot_be_fetched_is_left_to_the_link(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/toy/cost/")
    page.route("**/toy/", lambda route: route.abort())
    link = page.locator(".post-description a[href$='/toy/#eq-1']")
    with page.expect_event("requestfailed"):
        link.focus()
    assert page.locator(".preview").is_hidden()
    page.unroute("**/toy/")
    link.blur()
    page.evaluate("new Promise(done => setTimeout(done, 50))")  # the timer of `blur` comes first
    link.focus()
    expect(page.locator(".preview")).to_contain_text("(1)")
    page.close()
