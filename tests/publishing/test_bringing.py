"""`make import`: what each form of another notebook becomes, that no word is lost, and what is refused in one line."""

import base64
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from publishing import notebooks, paths
from publishing.blog.bring_in import bring_in
from publishing.blog.bringing import left, pictures
from publishing.blog.bringing.shape import ANSWER
from publishing.notebooks import HEADER

from ..conftest import contents
from .notes import png, refused

ROOT = paths.ROOT


@pytest.fixture
def paper(repository):
    repository.notebook("12-references", "# 12. References")
    repository.write("notebooks/toy/references.bib", "@misc{ho2020, author = {Ho, J.}, title = {D}, year = {2020}}\n")
    return repository


def brought(repository, *cells, name: str = "old.ipynb", to: str = "studies/new", **metadata) -> str:
    """The text of a notebook made of these cells, a string being Markdown, without its header."""
    made = [new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    repository.write(f"old/{name}", json.dumps(new_notebook(cells=made) | {"metadata": metadata}))
    bring_in(str(repository.root / "old" / name), f"toy/{to}")
    text = (repository.root / f"notebooks/toy/{to}.md").read_text()
    assert text.startswith(HEADER)
    return text.removeprefix(HEADER).strip()


def prose(repository, text: str) -> str:
    """What becomes of Markdown, below a title and an answer."""
    return brought(repository, "# Title\n\nAnswer.", text).partition("Answer.")[2].strip()


def code(repository, source: str, *outputs, **metadata) -> str:
    """What becomes of a cell of code."""
    cell = new_code_cell(source, outputs=list(outputs), execution_count=1 if outputs else None, metadata=metadata)
    return brought(repository, "# Title\n\nAnswer.", cell).partition("Answer.")[2].strip()


def steps(capsys) -> list[str]:
    return re.findall(r"^ *\d+\. (.*)$", capsys.readouterr().out, re.MULTILINE)


ASKED_ALT = "Starter: what one sees here, for those who do not see it"
ASKED = f"""\
    alt="{ASKED_ALT}",
    caption="Starter: what the figure means",
"""


@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        # blocks
        ("```{note}\nWords.\n```", "> **Note.** Words."),
        (":::{warning}\nWords.\n:::", "> **Warning.** Words."),
        ("```{admonition} A title\n:class: danger\nWords.\n```", "> **Warning (A title).** Words."),
        ("````{tip}\n```python\nx\n```\n````", "> **Note.**\n>\n> ```python .noeval\n> x\n> ```"),
        ("```{prf:theorem} Limit\nIt $x$.\n```", "> **Theorem (Limit).** It $x$."),
        ("!!! note\n    Words.\n\n    $$x$$", "> **Note.** Words.\n>\n> $$\n> x\n> $$"),
        ('??? tip "More"\n    Words.', "<details>\n<summary>More</summary>\n\nWords.\n\n</details>"),
        ("> [!warning] Title\n> Words.", "> **Warning (Title).** Words."),
        ("::: {.callout-note}\n## Title\nWords.\n:::", "> **Note (Title).** Words."),
        ("::: {.column-margin}\nWords.\n:::", "Words."),
        ('<div class="alert alert-info"><b>Hint</b> Words.</div>', "> **Note (Hint).** Words."),
        ("```{code-block} python\nx = 1\n```", "```python .noeval\nx = 1\n```"),
        ("```bash\nls\n```", "```console\nls\n```"),
        ("```{figure} gone.png\nWords.\n```", f'![{ASKED_ALT}](gone.png "Words.")'),
        # formulas
        (r"\(x_1\) and \\(y\\)", "$x_1$ and $y$"),
        (r"\[ x = 1 \]", "$$\nx = 1\n$$"),
        (r"a \[sic\] and \(this\)", r"a \[sic\] and \(this\)"),
        ("Words $$x$$ words.", "Words\n\n$$\nx\n$$\n\nwords."),
        ("Words $$x$$.", "Words\n\n$$\nx.\n$$"),
        ("- item $$x$$", "- item\n\n  $$\n  x\n  $$"),
        ("$ \\theta $ costs $5", r"$\theta$ costs \$5"),
        ("$θ_t × μ$", r"$\theta_t \times \mu$"),
        (r"\begin{align}a &= b \\ c &= d\end{align}", "$$\n\\begin{aligned}a &= b \\\\ c &= d\\end{aligned}\n$$"),
        ("$$\na\n\n= b\n$$", "$$\na\n= b\n$$"),
        (r"$\bm{x} \in \mathds{R}$", r"$\boldsymbol{x} \in \mathbb{R}$"),
        (r"$95%$ and $5\%$", r"$95\%$ and $5\%$"),
        ("$$\na % the rate\n% of $x$\n= 5\\% \\\\% b\n$$", "$$\na\n= 5\\% \\\\\n$$"),
        ("`$HOME` and `\\(x\\)`", "`$HOME` and `\\(x\\)`"),
        ("$$\nx\n$$ (first)\n\nBy {eq}`first`.", "$$\nx \\tag{1}\n$$\n\nBy Eq. (1)."),
        ("$$\nx\n$$ {#eq-a}\n\nBy @eq-a.", "$$\nx \\tag{1}\n$$\n\nBy Eq. (1)."),
        (r"By eq.~\eqref{a}: \begin{equation}\label{a} x \tag{7}\end{equation}", "By Eq. (7):\n\n$$\nx \\tag{7}\n$$"),
        # lines
        ("<center>Words</center>", "Words"),
        ('<b>a</b> <i>b</i> <code>c</code> <font color="red">d</font>', "**a** *b* `c` d"),
        ('<a href="https://a.org">a</a>', "[a](https://a.org)"),
        ("<p>One.</p><p>Two.</p>", "One.\n\nTwo."),
        ("<h3>Part</h3>", "### Part"),
        ("A sub<sub>2</sub><br/>", "A sub<sub>2</sub><br>"),
        ("(x)=\n## A part\n\n{ref}`x`, {ref}`here <x>`", "## A part\n\n[A part](#a-part), [here](#a-part)"),
        ("(x)=\n## A part\n\nSee [](#x).", "## A part\n\nSee [A part](#a-part)."),
        ("## A part {#sec-x}\n\nSee @sec-x.", "## A part\n\nSee [A part](#a-part)."),
        ("[a](#of-x_1-and-more)\n\n### Of `x_1` and more", "[a](#of-x_1-and-more)\n\n### Of `x_1` and more"),
        ("$$x$$ (a)\n\n(as in \\eqref{a}), (\\ref{a})", "$$\nx \\tag{1}\n$$\n\n(as in Eq. (1)), Eq. (1)"),
        ("[up](#A-Part)\n\n## A Part", "[up](#a-part)\n\n## A Part"),
        (r"\cite{ho2020}, \citep[p. 3]{ho2020}", "[Ho, 2020](#ref-ho2020), [Ho, 2020](#ref-ho2020)"),
        ("[@ho2020, p. 3] and @ho2020", "([Ho, 2020](#ref-ho2020), p. 3) and [Ho, 2020](#ref-ho2020)"),
        ("me@ho2020.org, @someone", "me@ho2020.org, @someone"),
        ("[[Other note|words]] ==marked== %%seen by nobody%%", "words <mark>marked</mark> <!--seen by nobody-->"),
        ("Words ^a-b\n\n[[#^a-b|up]]", 'Words <span id="a-b"></span>\n\n[up](#a-b)'),
        ("A part\n------", "## A part"),
        ("{abbr}`KL (divergence)` {kbd}`q` {sub}`2`", '<abbr title="divergence">KL</abbr> <kbd>q</kbd> <sub>2</sub>'),
        ("[![badge](https://a.org/b.svg)](https://a.org)", "[badge](https://a.org)"),
    ],
)
def test_prose(paper, given, becomes):
    assert prose(paper, given) == becomes


@pytest.mark.parametrize(
    ("given", "figure", "name"),
    [
        ("plt.plot([1])\nplt.show()", "plt.gcf()", '"plot-1"'),
        ("plt.plot([1])", "plt.gcf()", '"plot-1"'),
        ("fig, ax = plt.subplots()\nax.plot([1])\nfig", "fig", '"plot-1"'),
        ("fig = plt.figure()\nplt.title('The Loss')\nplt.plot([1])\nfig.show()", "fig", '"the-loss"'),
        ("for i in range(2):\n    plt.plot([i])\n    plt.show()", "plt.gcf()", 'f"plot-1-{i}"'),
        ("def f():\n    plt.plot([1])\n    plt.show()\n\n\nf()", "plt.gcf()", '"plot-1"'),
        ("def f(a):\n    plt.plot([1])\n    if a: plt.show()\n\n\nf(True)", "plt.gcf()", '"plot-1"'),
        (
            "def f(a):\n    if a: é = 0xA; plt.plot([é])  # é\n    else: plt.show()\n\n\nf(True)",
            "plt.gcf()",
            '"plot-1"',
        ),
        ("if a:\n    pass\nelif b: plt.plot([1])  # é", "plt.gcf()", '"plot-1"'),
        ("def f():\n    try: plt.plot([1])\n    except E: plt.show()\n\n\nf()", "plt.gcf()", '"plot-1"'),
    ],
)
def test_a_plot_is_given_to_diagram(paper, given, figure, name):
    text = code(paper, f"import matplotlib.pyplot as plt\n\n{given}")
    assert "show()" not in text and "from publishing.cells import diagram" in text
    margin = "    " if name.startswith("f") else ""
    call = f"diagram(\n    {figure},\n    {name},\n{ASKED})"
    assert "\n".join(margin + line for line in call.split("\n")) in text
    assert text.count("diagram(") == 1


@pytest.mark.parametrize("given", ["fig, ax = plt.subplots()", "plt.plot([1]); plt.close()", "plt.rcParams['a'] = 1"])
def test_what_shows_no_plot_stays(paper, given):
    assert "diagram" not in code(paper, f"import matplotlib.pyplot as plt\n{given}")


def test_code_that_shows_no_plot_means_what_it_meant(paper):
    assert code(paper, "class A:\n    @property\n    def n(self): return 0x10").split() == [
        *("```python", "class", "A:", "@property", "def", "n(self):", "return", "0x10", "```")
    ]


@pytest.mark.parametrize("kernel", [None, "python3"])
def test_what_others_wrote_in_a_wrong_form_stops_nothing(paper, kernel):
    attached = new_markdown_cell("![a](attachment:a.png)", attachments={"a.png": {"image/png": "no base64"}})
    dated = new_raw_cell("---\ndate: 2020-01-32\n---")
    assert "![" in brought(paper, "# Title\n\nAnswer.", attached, dated, kernelspec=kernel)


def test_code_in_a_line_that_begins_like_a_cell_stays_where_it_is(paper):
    (file := paths.ROOT / "given.md").write_text("# Title\n\n```python words``` stay.\n\nMore.\n")
    bring_in(str(file), "toy/studies/given")
    assert "`python words` stay.\n\nMore." in (paths.NOTEBOOKS / "toy/studies" / "given.md").read_text()


def test_a_figure_of_axes_is_given_to_diagram(paper):
    assert "diagram(\n    ax.figure,\n" in code(paper, "ax = draw()\nax.figure")


@pytest.mark.parametrize("given", ["[badge](https://a.org/b) [c](d)", "[badge](a)\n[c](d)"])
def test_a_paragraph_of_links_alone_is_no_answer(paper, given):
    assert ANSWER in brought(paper, f"# Title\n\n{given}\n\nMore.")
    assert ANSWER not in brought(paper, f"# Title\n\n{given}\nand words.", to="studies/other")


def test_what_a_cell_showed_when_it_ran_is_known(paper):
    picture = new_output("display_data", data={"image/png": base64.b64encode(png()).decode()})
    assert "given to diagram()" in code(paper, "draw()", picture)


def test_two_figures_of_a_cell_are_two(paper):
    text = code(paper, "import matplotlib.pyplot as plt\nplt.figure()\nplt.plot([1])\nplt.figure()\nplt.plot([2])")
    assert text.index('"plot-1"') < text.index("plt.plot([2])") < text.index('"plot-2"')


QUOTED = "text = '''\n!no\n%matplotlib inline\n\ta\tb\nwhy?\n'''"


@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        ("%matplotlib inline\nx = 1", "```python\nx = 1\n```"),
        ("%%time\nx = 1", "```python\nx = 1\n```"),
        ("%time x = 1", "```python\nx = 1\n```"),
        ("#| echo: false\nx = 1", '```python tags=["remove-input"]\nx = 1\n```'),
        ("#| eval: false\nx = 1", "```python .noeval\nx = 1\n```"),
        ("#hide\nx = 1", '```python tags=["remove-cell"]\nx = 1\n```'),
        ("torch.manual_seed(0)", "```python\ntorch.manual_seed(0);\n```"),
        ("x = 1\n!ls", "```python\nx = 1\n# Starter: runs outside Python, do without it: !ls\n```"),
        ("%%latex\n\\[x^2\\]", "$$\nx^2\n$$"),
        (f"%matplotlib inline\n{QUOTED}", f"```python\n{QUOTED}\n```"),
    ],
)
def test_code(paper, given, becomes):
    assert code(paper, given) == becomes


def test_tags_of_other_tools_are_ours_or_none(paper):
    assert code(paper, "x = 1", tags=["hide_input", "foo"]).startswith('```python tags=["hide-input"]\n')


def test_macros_go_to_the_papers_file(paper, capsys):
    paper.write("notebooks/toy/macros.tex", "\\newcommand{\\E}{\\mathbb{E}}")
    text = prose(paper, "$\\newcommand{\\E}{E}\\def\\R{\\mathbb{R}}$\n\nIn $\\R$.")
    assert text == '```python tags=["remove-input"]\nfrom publishing.cells import macros\n\nmacros()\n```\n\nIn $\\R$.'
    kept = (paper.root / "notebooks/toy/macros.tex").read_text().splitlines()
    assert kept == ["\\newcommand{\\E}{\\mathbb{E}}", "% \\newcommand{\\E}{E}", "\\newcommand{\\R}{\\mathbb{R}}"]
    assert steps(capsys) == ["notebooks/toy/macros.tex: \\E is another macro; rename that at its end"]


def test_pictures_come_along(paper, capsys):
    (paper.root / "old").mkdir()
    (paper.root / "old/My Sketch.png").write_bytes(png(1))
    words = "See ![here](attachment:a.png) and ![A sketch](My%20Sketch.png 'Of it') and ![a.png](a.png)"
    attached = {"a.png": {"image/png": base64.b64encode(png(2)).decode()}}
    text = brought(paper, "# T\n\nAnswer.", new_markdown_cell(words, attachments=attached))
    assert 'See\n\n![here](a.png)\n\nand\n\n![A sketch](my-sketch.png "Of it")\n\nand\n\n![Starter: ' in text
    folder = paper.root / "notebooks/toy/studies"
    assert (folder / "a.png").read_bytes() == png(2) and (folder / "my-sketch.png").read_bytes() == png(1)
    assert not any("'a.png' leads nowhere" in step for step in steps(capsys))


def test_a_picture_that_is_where_it_should_be_is_looked_for_nowhere_else(tmp_path, monkeypatch):
    def walked(*_):
        yield pytest.fail("the whole tree was walked")

    (tmp_path / "a.png").write_bytes(png())
    monkeypatch.setattr(Path, "rglob", walked)
    assert pictures._content("a.png?x", SimpleNamespace(folder=tmp_path)) == png()


def test_a_name_that_no_file_can_have_is_a_step_for_a_person(paper, capsys):
    picture, data = f"{'a' * 300}.png", f"{'b' * 300}.csv"
    brought(paper, f"# T\n\nAnswer, ![A]({picture}).", new_code_cell(f"import csv\ncsv.reader('{data}')"))
    told = "\n".join(steps(capsys))
    assert "a.png' leads nowhere" in told and "b.csv', which is not" in told


@pytest.mark.parametrize(
    ("cells", "opening"),
    [
        (["# One", "Answer.", "## Part"], "# One\n\nAnswer.\n\n\n## Part"),
        (["# One\n\nAnswer.", "# Two"], "# One\n\nAnswer.\n\n\n## Two"),
        (["Words first.", "# One"], "# One\n\nWords first."),
        (["[![Open In Colab](//a.org/b.svg)](//a.org)", "# One"], "# One\n\nStarter: the answer in two or three"),
        (["## Part"], "# Starter: title\n\nStarter: the answer in two or three sentences"),
        (["Title\n=====\n\nAnswer."], "# Title\n\nAnswer."),
        (["# One", "Answer.", new_code_cell("%%bash\n# no heading")], "# One\n\nAnswer.\n\n\nStarter: "),
        ([new_raw_cell("---\ntitle: Two\n---"), "# One", "# Two"], "# Two\n\nStarter: "),
        ([new_raw_cell("---\ntitle: Told\n---"), "# One\n\nAnswer."], "# Told\n\nStarter: the answer in"),
    ],
)
def test_a_study_has_one_title_and_an_answer(paper, cells, opening):
    assert brought(paper, *cells).startswith(opening)


def test_a_section_has_its_number_and_equations_that_no_other_has(paper):
    text = brought(paper, "# Title\n\n$$x$$ (a)\n\nBy {eq}`a`.", to="05-key-equations")
    assert text == "# 5. Title\n\n$$\nx \\tag{5.1}\n$$\n\nBy Eq. (5.1)."


def test_what_a_person_must_do_is_told_in_order(paper, capsys):
    brought(
        paper,
        "# T\n\nBy \\cite{other}.\n\n{{< video a >}}",
        new_code_cell("import nowhere_at_all as n\nopen('data/a.csv')\n!pip install n\nm = n.x()"),
        to="03-t",
    )
    at = "notebooks/toy/03-t.md"
    assert [step.removeprefix(at) for step in steps(capsys)] == [
        ":23 (cell 2): nowhere_at_all is not installed here; do without it, or add it to the lock",
        ":24 (cell 2): opens 'data/a.csv', which is not beside the notebook; put it there, or make it here",
        ":20 (cell 1): “{{<” would be printed as it is; leave it out; nothing is included here",
        ":25 (cell 2): a cell runs no other program: !pip install n; take the line out",
        "notebooks/toy/references.bib: add other, which the notebook cites",
        "no section of the post shows its references; call references() in a cell of one",
    ]


# --- nothing is lost ------------------------------------------------------------------------------------------------

SIGNED = (
    r"$ $$ \[ \] \( \) ` `` ``` ```python ::: :::{tip} {ref}`a` \cite{k} @k [@k] [[x|y]] ![a](b.png) ![a](c){ <center> "
    r"</center> <div> </div> <b> </b> # ## > - 1. | \begin{align} \end{align} \label{x} \eqref{x} \newcommand{\E}{e} "
    r"{#id} (l)= --- === == %% % & \tag{1} θ { } [ ] ( ) <!-- --> < \ ~ ^ _ * ** +++ [TOC] {{<x>}} [^1] !!! note "
    "<img/src=x>"
)
SIGNS = SIGNED.split(" ")
BREAKS = [" ", " ", "\n", "\n\n", "\t", "    ", "```{note}\n", "```{math}\n:label: a\n", "| a | b |\n|---|---|\n"]
WORDS = st.integers(0, 10**6).map("wörd{}".format)
TEXTS = st.lists(st.one_of(WORDS, st.sampled_from(SIGNS), st.sampled_from(BREAKS)), max_size=25).map(" ".join)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_no_word_of_the_prose_is_lost_whatever_stands_between(paper, texts):
    new = paper.root / "notebooks/toy/studies/new.md"
    new.unlink(missing_ok=True)
    (paper.root / "notebooks/toy/macros.tex").unlink(missing_ok=True)
    text = brought(paper, "Some words.", *texts)
    assert set(re.findall(r"wörd\d+", "\n".join(texts))) <= set(re.findall(r"wörd\d+", text))
    assert notebooks.read("toy", "studies/new").cells


def test_what_is_ours_already_stays_as_it_is(paper):
    """A notebook of this repository, but for its numbers and links, which belong to its paper."""
    for name in ("faq", "copies", "errata"):
        source = ROOT / f"notebooks/ddpm/studies/{name}.md"
        paper.write(f"old/{name}.md", source.read_text())
        bring_in(str(paper.root / f"old/{name}.md"), f"toy/studies/{name}")
        old, new = source.read_text(), (paper.root / f"notebooks/toy/studies/{name}.md").read_text()
        assert set(re.findall(r"\w+", old)) <= set(re.findall(r"\w+", new))


# --- what is refused ------------------------------------------------------------------------------------------------


R = {"language": "R", "name": "ir", "display_name": "R"}
IN_R = new_notebook(cells=[new_markdown_cell("x")], metadata={"kernelspec": R})


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("gone.ipynb", None, "FILE is a notebook, .*gone.ipynb' is not there"),
        ("", None, "FILE is a notebook, .* is a folder"),
        ("a.txt", "x", "FILE is one of .ipynb, .md, .*; got 'a.txt'"),
        ("a.ipynb", "{", "a.ipynb:1: .*, so it is no notebook of Jupyter's"),
        ("a.ipynb", "[1]", "a.ipynb is no notebook: it has no cells"),
        ("a.ipynb", '{"cells": 3}', "a.ipynb: no readable notebook"),
        ("a.ipynb", '{"cells": [{"cell_type": "markdown"}]}', "a.ipynb: no readable notebook"),
        ("a.ipynb", json.dumps(new_notebook()), "a.ipynb is empty"),
        ("a.md", "", "a.md is empty"),
        ("a.md", "---\na: [\n---\n\n# x\n", "a.md"),
        ("a.py", b"\xff# x", "a.py: byte 1 is no UTF-8"),
        ("a.ipynb", json.dumps(IN_R), "a.ipynb is written in r; notebooks here are in Python"),
    ],
)
def test_a_bad_file_is_one_line_and_nothing_is_written(paper, name, content, says):
    path = paper.write(f"old/{name}", "") if content is not None else paper.root / name
    if content:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = contents(paths.NOTEBOOKS)
    assert re.match(says, refused(bring_in, str(path), "toy/studies/new"))
    assert contents(paths.NOTEBOOKS) == before


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("toy", "AS is the paper and the new notebook's name"),
        ("toy/", "AS is the paper"),
        ("", "AS is the paper"),
        ("toy/Equations", "AS is the paper"),
        ("toy/05-key equations", "AS is the paper"),
        ("toy/../toy/05-x", "AS is the paper"),
        ("toy/studies/Which", "toy/studies/Which.md: a study is named like"),
        ("toy/studies/claims", "toy/studies/claims.md: the name is taken"),
        ("other/05-x", "there are no notebooks of a paper 'other'; begin it by make new"),
        ("toy/12-others", "toy/12-references.md bears the number 12 already; choose another AS"),
        ("toy/12-references", "notebooks/toy/12-references.md is there already, and stays"),
    ],
)
def test_a_place_that_cannot_be_is_refused(paper, place, says):
    path = paper.write("old/a.md", "# Title\n")
    before = contents(paths.NOTEBOOKS)
    assert refused(bring_in, str(path), place).startswith(says)
    assert contents(paths.NOTEBOOKS) == before


def test_what_cannot_be_written_leaves_nothing(paper):
    (paper.root / "notebooks/toy/macros.tex").mkdir()
    path = paper.write("old/a.md", "# Title\n\n$\\newcommand{\\E}{E}$\n")
    before = contents(paths.NOTEBOOKS)
    with pytest.raises(OSError):
        bring_in(str(path), "toy/studies/new")
    assert contents(paths.NOTEBOOKS) == before


def test_steps_of_one_line_stand_in_the_order_in_which_they_were_found():
    told = [f"step {number}" for number in range(20)]
    source = SimpleNamespace(at=lambda cell, line: f"notebooks/toy/01-a.md:{line}")
    assert left._once(source, [(1, 7, step) for step in told]) == [f"notebooks/toy/01-a.md:7: {step}" for step in told]
