"""`macros.tex`: how it is read, what it is refused for, and how it reaches page, JupyterLab and downloads."""

import json

import pytest

from publishing import contract, macros
from publishing.checks import lint as lints
from publishing.faults import Faults
from publishing.macros import Macro
from publishing.render.serialise import html_of
from publishing.typeset.formulas import Formula, typeset

from .notes import code, fragment, linted, refusals, refused, run, select, shows

GOOD = r"""% Letters
\newcommand{\eps}{\boldsymbol{\epsilon}}  % the noise
\newcommand\given{\mid}

\newcommand{\loss}[2][\theta]{L_{#1}(\eps \given #2) \cdot 50\%}
"""


def typeset_one(tex: str) -> str:
    formula = Formula(tex, False, "toy/05-key-equations, cell 1")
    typeset({"toy": [formula]}, "toy")
    return str(html_of(formula))


@pytest.fixture
def toy(repository):
    repository.write("package-lock.json", "{}")
    repository.write("notebooks/toy/macros.tex", GOOD)
    return repository


def test_lines_of_newcommand_are_read_with_their_arguments(toy):
    assert macros.read("toy") == [
        Macro(r"\eps", r"\boldsymbol{\epsilon}", 0, None, 2),
        Macro(r"\given", r"\mid", 0, None, 3),
        Macro(r"\loss", r"L_{#1}(\eps \given #2) \cdot 50\%", 2, r"\theta", 5),
    ]
    assert macros.read("other") == []


def test_a_letter_after_a_row_s_end_is_no_macro(repository):
    lines = r"\newcommand{\b}{x}", r"\newcommand{\c}{a \\d}", r"\newcommand{\d}{y}"
    repository.write("notebooks/toy/macros.tex", "\n".join(lines))
    assert [macro.name for macro in macros.read("toy")] == ["\\b", "\\c", "\\d"]
    assert linted(repository, "# T\n\n$$\na \\\\b\n$$") == []


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (r"\newcommand{\a}{x}\newcommand{\b}{\a}", "1: this is no macro; write one in a line"),
        (r"\def\a{x}", "1: this is no macro"),
        (r"\newcommand{\a}{x}}{", "1: this is no macro"),
        ("\\newcommand{\\a}{\nx}", "1: this is no macro"),
        (r"\newcommand{\a1}{x}", "1: this is no macro"),
        ("\\newcommand{\\a}{x}\n% b\n\\newcommand{\\a}{y}", "3: \\a is defined on line 1 already; define it once"),
        ("\\newcommand{\\a}{\\b}\n\\newcommand{\\b}{x}", "1: \\a uses \\b, which is not defined above it; put the"),
        (r"\newcommand{\a}{x \a}", "1: \\a uses \\a, which is not defined above it"),
        (r"\newcommand{\a}[1]{#1 #2}", "1: \\a uses #2 and takes 1 arguments; say how many"),
        (r"\newcommand{\a}{x \tag{1}}", "1: \\tag cannot stand in a formula here"),
        (r"\newcommand{\a}{é}", "1: 'é' in the formula “é” is not TeX"),
    ],
)
def test_a_line_that_would_not_do_what_it_says_is_refused_with_its_number(repository, lines, says):
    repository.write("notebooks/toy/macros.tex", lines)
    repository.notebook("01-a", "# T")
    lints.sound("toy", ["01-a"], faults := Faults())
    assert refusals(faults.tell)[0].startswith(f"notebooks/toy/macros.tex:{says}")


def test_all_faults_of_the_file_are_told_at_once(repository, capsys):
    repository.write("notebooks/toy/macros.tex", "\\let\\a=b\n\\newcommand{\\c}{#1}\n")
    repository.notebook("01-a", "# T")
    assert "2 things to fix" in refused(lints.check_all, sources_alone=True)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("notebooks/toy/macros.tex:1: ") and second.startswith("notebooks/toy/macros.tex:2: ")


# on the page


def test_a_macro_is_typeset_as_what_it_stands_for(toy):
    written = typeset_one(r"\eps \loss{x} \loss[\phi]{x}")
    theta, phi = (rf"L_{{\{letter}}}(\boldsymbol{{\epsilon}} \mid x) \cdot 50\%" for letter in ("theta", "phi"))
    assert written == typeset_one(rf"\boldsymbol{{\epsilon}} {theta} {phi}")


def test_formulas_are_typeset_again_when_a_macro_changes(toy):
    before = typeset_one(r"\eps")
    toy.write("notebooks/toy/macros.tex", r"\newcommand{\eps}{\varepsilon}")
    assert typeset_one(r"\eps") == typeset_one(r"\varepsilon") != before


@pytest.mark.parametrize("name", [r"\epsilon", r"\sum", r"\lbrace", r"\coloneqq"])
def test_a_command_of_tex_keeps_its_meaning(toy, name):
    toy.write("notebooks/toy/macros.tex", f"\n\\newcommand{{{name}}}{{x}}")
    told = f"notebooks/toy/macros.tex:2: {name} is a command of TeX; give the macro another name"
    assert refused(typeset_one, "x") == told


def test_a_macro_of_another_paper_is_not_known(toy):
    told = refused(typeset, {"other": [Formula(r"\eps", False, "other/01-a, cell 3")]}, "other")
    assert told.startswith(r"other/01-a, cell 3: Undefined control sequence \eps")


def test_the_tex_that_a_reader_copies_is_what_was_written(toy):
    (equation,) = select(fragment("$$\n\\eps = \\loss{x} \\tag{3}\n$$"), "#eq-3")
    assert equation["data-tex"] == r"\eps = \loss{x} \tag{3}"


def test_what_tells_jupyter_the_macros_is_not_on_the_page(toy):
    told = shows(**macros.bundle("toy"))
    assert select(fragment(code("macros()", told, tags=("remove-input",))), ".block") == []
    assert "newcommand" not in fragment(code("macros()", told))


# in Jupyter


def test_an_edited_macro_reaches_executed_notebooks_without_running_them(toy):
    read = "from pathlib import Path\n\ntext = Path('macros.tex').read_text()\n"
    toy.notebook("01-a", "# 1. A", f"{read}display({{'{contract.MACROS}': {{}}, 'text/plain': text}}, raw=True)")

    def executed() -> tuple[bool, str]:
        (one,) = run("01-a")
        (output,) = json.loads(one.path.read_text())["cells"][1]["outputs"]
        return one.ran, "".join(output["data"].get("text/latex", []))

    ran, latex = executed()
    assert ran and latex.startswith(r"$\newcommand{\eps}{\boldsymbol{\epsilon}}")
    toy.write("notebooks/toy/macros.tex", r"\newcommand{\eps}{e}")
    ran, latex = executed()
    assert not ran and latex == r"$\newcommand{\eps}{e}$"


@pytest.mark.parametrize(
    ("prose", "line"),
    [
        (r"$\newcommand{\x}[1]{a_{#1}}$", r"\newcommand stands in a notebook; move it to "
         r"notebooks/toy/macros.tex: \newcommand{\x}[1]{a_{#1}}"),
        ("$$\n\\renewcommand\\x{b\nc}\n$$", r"\newcommand{\x}{b c}"),
        (r"$\def\x#1#2{#1 #2}$", r"\newcommand{\x}[2]{#1 #2}"),
        (r"\DeclareMathOperator{\KL}{KL}", r"\newcommand{\KL}{\operatorname{KL}}"),
        (r"\def x", r"\newcommand{\name}{…}"),
    ],
)  # fmt: skip
def test_a_definition_in_a_notebook_is_refused_with_the_line_to_move(repository, prose, line):
    (problem,) = linted(repository, f"# T\n\n{prose}")
    assert problem.startswith("notebooks/toy/01-a.md:1") and problem.endswith(line)


def test_a_definition_in_a_caption_is_refused_and_one_in_code_is_not(repository):
    caption = 'diagram(f, "n", alt="a", caption=r"$\\def\\x{y}$")'
    (problem,) = linted(repository, "# T\n\n`\\def`", 'x = r"\\def"', caption)
    assert problem.startswith("notebooks/toy/01-a.md:25 (cell 3): \\def stands in a notebook")


def test_a_macro_that_jupyter_does_not_know_yet_is_named(toy):
    (problem,) = linted(toy, "# T\n\n$x$ and $\\eps$, $\\given$", "macros()", "## U\n\n$\\eps$")
    assert problem.endswith(":18 (cell 1): JupyterLab does not know \\eps yet; call macros() in a cell above")
    assert linted(toy, "# T\n\n`$\\eps$`, $\\epsilon$", "macros()", "## U\n\n$\\eps$") == []
