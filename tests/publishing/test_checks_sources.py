"""Rules of what a person writes, each with an example that breaks it and one that does not."""

import pytest

from publishing.checks import beside, citations, posts

from .notes import linted

PROSE = "notebooks/toy/01-a.md:18 (cell 1): "


# formulas


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("$é$", "'é' in the formula “é” is not TeX"),
        ("$x_\N{GREEK SMALL LETTER THETA}$", "is not TeX; write it as a command, like \\theta"),
        ("$$\na − b\n$$", "'−' in the formula “a − b” is not TeX"),
        ("$$x \\text{für}$$", "'ü' in the formula"),
    ],
)
def test_a_sign_that_is_no_tex_is_named(repository, formula, says):
    (problem,) = linted(repository, f"# T\n\n{formula}")
    assert problem.startswith(PROSE) and says in problem


@pytest.mark.parametrize("prose", ["# T\n\n$95%$", "# T\n\n$$\na \\\\% b\n$$", "# T\n\n$\\text{5%}$"])
def test_a_percent_sign_that_would_begin_a_comment_is_named(repository, prose):
    (problem,) = linted(repository, prose)
    assert problem.endswith("% cannot stand in a formula here; it would begin a comment; write \\%")
    assert linted(repository, "# T\n\n5 % of $5\\%$") == []


@pytest.mark.parametrize("prose", ["é", "`$é$`", "cost \\$é and \\$ü", "```text\n$é$\n```", "$x$ é $y$"])
def test_other_signs_are_welcome_outside_formulas(repository, prose):
    assert linted(repository, f"# T\n\n{prose}") == []


def test_a_bare_bar_in_the_mathematics_of_a_table_is_named_and_one_elsewhere_is_welcome(repository):
    rows = "| a | b |\n|---|---|\n| $q(x|y)$ | 1 |\n| $\\|x\\|$ | 2 |"
    first, second = linted(repository, f"# T\n\n{rows}")
    assert first.startswith("notebooks/toy/01-a.md:20 (cell 1): the | in the formula “q(x|y)” ends the table's cell")
    assert second.startswith("notebooks/toy/01-a.md:21 (cell 1): the | in the formula “\\|x\\|”")
    assert linted(repository, "# T\n\n$q(x|y)$\n\n| a | b |\n|---|---|\n| $q(x\\mid y)$ | `a|b` |\n\n$p(x|y)$") == []


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ('table([["$q(x|y)$"]], columns=["a"], name="n", caption="c")', "the | in the formula"),
        ('table([[f"$q(x|y)$ {x}"]], columns=["a"], name="n", caption="c")', "the | in the formula"),
        ('diagram(f, "n", alt="a", caption="$σ$")', "'σ' in the formula"),
        ('claim("$σ$ holds", x, "==", 1)', "'σ' in the formula"),
    ],
)
def test_formulas_in_the_writers_language_are_looked_at_but_for_bars_in_captions_and_claims(repository, code, says):
    (problem,) = linted(repository, "# T", code)
    assert problem.startswith("notebooks/toy/01-a.md:19 (cell 2): ") and says in problem
    assert linted(repository, 'diagram(f, "n", alt="a", caption="$q(x|y)$")\nclaim("$q(x|y)$", x, "<", 1)') == []


# claims


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ('claim("s", loss(x), "==", loss(x))', "the claim compares 'loss(x)' with itself"),
        ('claim("s", measured=x, relation="<=", expected=x)', "compares 'x' with itself"),
        ('claim("s", 1.7758, "==", 1.78, tolerance=0.005)', "two numbers that are written down"),
        ('a, b = f()\nc = 3.17\nd = 2 * c\nclaim("s", d / 2, "<", 13.51)', "two numbers that are written down"),
        ('claim("s", [1, 2], "==", [1, 2.0])', "two numbers that are written down"),
        ('claim("s", error.abs(), ">=", 0)', "'error.abs()' is never negative"),
        ('claim("s", len(x), ">", -1)', "'len(x)' is never negative"),
    ],
)
def test_a_claim_that_cannot_fail_is_named(repository, code, says):
    (problem,) = linted(repository, "# T", code)
    assert problem.startswith("notebooks/toy/01-a.md:") and "(cell 2): " in problem and says in problem


@pytest.mark.parametrize(
    "code",
    [
        'claim("s", loss(x), "==", loss(y))',
        'claim("s", loss(x), "==", 1.78)',
        'claim("s", 0.5, "<", schedule.beta[1])',
        'a = 1.0\na = f()\nclaim("s", a, "<", 3)',
        'for a in values:\n    claim("s", a, "<", 3)',
        'a = 1\na += f()\nclaim("s", a, "<", 3)',
        'claim("s", error.abs(), ">", 0)',
        'claim("s", error, ">=", 0)',
        'claim("s", x.abs(), sign, 0)',
        'claim("s")',
    ],
)
def test_a_claim_that_can_fail_is_let_pass(repository, code):
    assert linted(repository, code) == []


# citations


@pytest.fixture
def bibliography(repository):
    repository.write("notebooks/toy/references.bib", "@misc{ho,\n title={A}}\n\n@misc{song,\n title={B}}\n")
    return repository


def test_a_citation_without_an_entry_and_an_entry_without_a_citation_are_named(bibliography):
    bibliography.notebook("01-a", "# T\n\n[Ho](#ref-ho), [Nobody](#ref-nobody)")
    assert list(citations.unmatched("toy")) == [
        "notebooks/toy/01-a.md:18: cites 'nobody', which has no entry; add it to references.bib",
        "notebooks/toy/references.bib:4: the entry 'song' is never cited; cite it, or take it out",
    ]


def test_what_code_or_the_post_cites_is_cited(bibliography):
    bibliography.notebook("01-a", "# T", 'claim("By [Ho](#ref-ho)", x, "<", 1)')
    bibliography.write("_posts/2026-01-01-toy.md", "---\n---\n[Song](#ref-song)")
    assert list(citations.unmatched("toy")) == []


# posts

POST = """\
---
layout: post
title: Toy
description: A toy.
permalink: /toy/
paper: toy
mathjax: true
feed: {excerpt_only: true}
---

A *lead*, with `$code$`, [a link](#eq-1), \\$5 and <https://example.org>.

{% include paper_section.html name="toy/01-a" %}
{% include paper_section.html name="toy/02-b" %}
{% include paper_section.html name="toy/claims-summary" %}
"""


@pytest.fixture
def post(repository):
    repository.notebook("01-a", "# 1")
    repository.notebook("02-b", "# 2")

    def wrong(old: str = "", new: str = "") -> list[str]:
        assert old in POST
        repository.write("_posts/2026-01-01-toy.md", POST.replace(old, new))
        return list(posts.problems())

    return wrong


@pytest.mark.parametrize(
    ("trap", "says"),
    [
        ("$x$", "kramdown sets no formula"),
        ("\\(x\\)", "begins a formula that nothing sets"),
        ("p(x|y)", "makes a table of a paragraph"),
        ("{::nomarkdown}", "a command to kramdown"),
        ("{{ site.title }}", "Liquid runs this"),
        ("{% raw %}", "Liquid runs this"),
        ("<script>alert(1)</script>", "passes HTML on as it is"),
        ("</div>", "passes HTML on as it is"),
        ("![x](y.png)", "an image comes from a notebook"),
    ],
)
def test_what_kramdown_or_liquid_would_change_is_named(post, trap, says):
    problem, *_ = post("A *lead*", f"A *lead*\n{trap}")
    assert problem.startswith("_posts/2026-01-01-toy.md:12: ") and says in problem


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("title: Toy\n", "", "the front matter has no title"),
        ("description: A toy.\n", "", "has no description"),
        ("feed: {excerpt_only: true}\n", "", "the feed would carry the whole post"),
        ("paper: toy", "paper: ddim", "there are no notebooks of a paper 'ddim'"),
        ("---\nlayout", "layout", "no front matter"),
    ],
)
def test_a_post_that_lacks_something_is_named(post, old, new, says):
    assert [problem for problem in post(old, new) if says in problem and problem.startswith("_posts/2026")]


def test_a_good_post_has_no_problems_nor_has_an_address_under_the_sites_base_path(post):
    assert post() == []
    assert post("A *lead*", 'A *lead*, [all]({{ "/toy/claims/" | relative_url }})') == []
    assert len(post("A *lead*", 'A *lead* {{ "x|y" | relative_url }}')) > 0


def test_sections_out_of_order_are_named(post):
    between = '" %}\n{% include paper_section.html name="'
    (problem,) = post(f"toy/01-a{between}toy/02-b", f"toy/02-b{between}toy/01-a")
    assert "not included in the order of their numbers" in problem


# files beside the notebooks


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("14-more.ipynb", "bring it in by make import FILE=notebooks/toy/14-more.ipynb"),
        ("studies/why.qmd", "no notebook here is a .qmd"),
        ("drafts/01-a.md", "move it to notebooks/toy/ or its studies/"),
        ("matplotlibrc", "matplotlib would take it without a word"),
        ("img/x.png", 'no notebook shows it; write ![alt](img/x.png "caption")'),
    ],
)
def test_a_file_that_nothing_reads_is_named(repository, name, says):
    repository.notebook("01-a", "# T")
    repository.write(f"notebooks/toy/{name}", "")
    (problem,) = beside.problems()
    assert problem.startswith(f"notebooks/toy/{name}:1: ") and says in problem


def test_files_that_notebooks_name_or_python_reads_are_welcome(repository):
    repository.notebook("01-a", '# T\n\n![a](x.png "c")', "list(Path('drawn').glob('*'))")
    for name in ("x.png", "drawn/y.png", "net.py", "data.json", "references.bib", "macros.tex"):
        repository.write(f"notebooks/toy/{name}", "")
    assert list(beside.problems()) == []
