"""Rules of what is built: outputs and pages, each broken by an example."""

import platform
import sys
from pathlib import Path

import pytest
from PIL.PngImagePlugin import PngInfo

from publishing import paths
from publishing.checks import leaks, outputs, places, site

from .notes import code, notebook, picture, png, printed, shows

PAGE = '<html><head><meta http-equiv="Content-Security-Policy" content="x"></head>\n<body id="top">\n{}\n</body>\n'


# outputs


@pytest.fixture
def found(repository):
    """Problems of one output."""
    repository.notebook("01-a", "# T", "x")

    def check(output) -> list[str]:
        return list(outputs.problems(places.read("toy", "01-a"), notebook("# T", code("x", output))))

    return check


def test_plain_outputs_have_no_problems(found):
    assert found(printed("loss 0.12, 50% of |x|\nIn 1:3, at 10:30\n")) == []
    assert found(shows(diagram={"alt": "a"})) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("/home/x.py:3: UserWarning: old\n", "'UserWarning', a warning"),
        ("DeprecationWarning", "a warning; fix its cause"),
        ("  3%|▍         | 3/100", "'3%|', a progress bar"),
        ("100 [00:01, 99.5it/s]", "a progress bar"),
        ("step 1\rstep 2", "a progress bar"),
        ("<object at 0x7f3a5c1d2e80>", "'0x7f3a5c1d2e80', an address in memory"),
        ("done at 12:30:59", "'12:30:59', a time of day"),
        (f"{sys.prefix}/lib/x.py", "it names Python's folder"),
        ("lib/site-packages/torch", "it names Python's packages"),
        ("/tmp/x", "it names the folder of temporary files"),
        (str(Path.home() / "notes"), "it names the user's folder"),
    ],
)
def test_what_no_reader_should_see_is_named_at_its_cell(found, text, says):
    problem = "\n".join(found(printed(f"first\n{text}\n")))
    assert problem.startswith("notebooks/toy/01-a.md:19 (cell 2): the output holds ") and says in problem


def test_standard_error_is_named(found):
    (problem,) = found(printed("careful\nnow", name="stderr"))
    assert problem.endswith("the output holds what was written to standard error, 'careful'; fix its cause")


def test_a_place_in_a_claim_or_an_error_is_found(found):
    problems = found(shows(claim={"statement": f"in {paths.ROOT}/x"}))
    assert any("this repository's folder" in problem for problem in problems)


def test_the_folder_of_the_repository_and_the_people_of_the_machine_are_known(repository, monkeypatch):
    monkeypatch.setattr(platform, "node", lambda: "build-7")
    monkeypatch.setattr(leaks.getpass, "getuser", lambda: "jane")
    text = f"ok\n{paths.ROOT}/a\nbuild-7\nby jane, not janet"
    assert {(line, what.split(",")[0]) for line, what in leaks.in_text(text)} >= {
        (2, "it names this repository's folder"),
        (3, "it names this machine"),
        (4, "it names the user"),
    }


def test_what_was_executed_before_cells_came_or_went_is_named(repository):
    repository.notebook("01-a", "# T", "x")
    older = notebook("# T", code("x"), code("y", printed("UserWarning")))
    (problem,) = outputs.problems(places.read("toy", "01-a"), older)
    assert problem.endswith(".md:1: what was executed has 3 cells, the notebook has 2; run `make notebooks`")


# the site


@pytest.fixture
def page(repository):
    """Problems of a site with this page, and an image and a second page beside it."""

    def check(body: str, base: str = "") -> list[str]:
        repository.write("_site/toy/index.html", PAGE.format(body))
        repository.write("_site/index.html", PAGE.format(""))
        (paths.SITE / "a.png").write_bytes(png())
        return list(site.problems(base))

    return check


@pytest.mark.parametrize(
    "body",
    [
        '<a href="#top"></a> <a href="/"></a> <a href="/index.html#top"></a> <a href="../a.png">x</a> <a href="">x</a>',
        '<img src="/a.png" alt="A dot"><a href="https://example.org" rel="external">x</a><a href="mailto:a@b">x</a>',
        '<script type="application/ld+json">{}</script><link rel="canonical" href="https://example.org/toy/">',
        '<h2 id="é">x</h2><a href="#%C3%A9">x</a>',
    ],
)
def test_a_good_page_has_no_problems(page, body):
    assert page(body) == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('<a href="#gone">x</a>', "'#gone' leads to no id of _site/toy/index.html"),
        ('<a href="/#gone">x</a>', "'/#gone' leads to no id of _site/index.html"),
        ('<a href="/gone/">x</a>', "'/gone/' leads to no file of the site"),
        ('<img src="/gone.png" alt="x">', "'/gone.png' leads to no file"),
        ('<a href="/b#eq-1">x</a>', "leads to no file"),
        ('<p id="a">\n<p id="a">', "the id 'a' is given on line 3 too"),
        ('<img src="/a.png">', "has no alternative text"),
        ('<img src="/a.png" alt=" ">', "has no alternative text"),
        ("<script>x</script>", "a script stands in the page"),
        ('<script type="module">x</script>', "a script stands in the page"),
        ('<p onclick="x">', "<p onclick=…> runs a script"),
        ('<a href="javascript:x">x</a>', "'javascript:x' runs a script"),
        ('<a href=" JavaScript:x">x</a>', "runs a script"),
        ('<script src="https://cdn.example/x.js"></script>', "<script> fetches 'https://cdn.example/x.js'"),
        ('<link rel="stylesheet" href="//cdn.example/x.css">', "<link> fetches '//cdn.example/x.css'"),
        ('<img src="http://example.org/x.png" alt="x">', "<img> fetches"),
        (f"<p>{sys.prefix}/x</p>", "it names Python's folder"),
    ],
)
def test_a_bad_page_is_named_with_its_line(page, body, says):
    problems = page(body)
    assert problems and all(problem.startswith("_site/toy/index.html:") for problem in problems)
    assert any(says in problem for problem in problems)


def test_a_page_without_a_policy_is_named(page, repository):
    page("")
    repository.write("_site/index.html", "<html></html>")
    (problem,) = site.problems("")
    assert problem == "_site/index.html:1: the page has no Content-Security-Policy; put it into the layout"


def test_links_stay_below_the_base_path(page):
    assert page('<a href="/notes/">x</a><a href="/notes/toy/#top">x</a>', base="/notes") == []
    (problem,) = page('<a href="/toy/">x</a>', base="/notes")
    assert "'/toy/' leads to no file of the site" in problem


def test_a_stylesheet_that_fetches_is_named(page, repository):
    page("")
    repository.write("_site/a.css", "a{}\nb{background:url('https://x.org/y.png')}\nc{background:url(z.png)}")
    (problem,) = site.problems("")
    assert problem == "_site/a.css:2: fetches 'https://x.org/y.png' from another host; keep a copy in assets/"


def test_a_note_in_a_picture_is_found(page):
    page("")
    assert list(site.problems("")) == []
    notes = PngInfo()
    notes.add_text("Author", "jane")
    (paths.SITE / "b.png").write_bytes(picture(pnginfo=notes))
    assert list(site.problems("")) == ["_site/b.png:1: its tEXt is no part of the picture"]


def test_a_download_that_names_the_machine_is_named(page, repository):
    page("")
    repository.write("_site/01-a.ipynb", f'{{\n"text": "{sys.prefix}/lib"\n}}')
    told = site.problems("")  # a checkout in a temporary folder is told of twice
    assert any(problem.startswith("_site/01-a.ipynb:2: it names Python's folder") for problem in told)
