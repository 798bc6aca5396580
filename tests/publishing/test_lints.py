import re

import pytest

from publishing.checks import lint as lints
from publishing.errors import PublishingError
from publishing.faults import Faults
from publishing.notebooks import HEADER


def problems(repository, *cells):
    titled = any(cell.startswith("# ") for cell in cells)
    repository.notebook("01-a", *cells, *([] if titled else ["# Title"]))
    return list(lints.problems("toy", "01-a"))


def test_a_canonical_notebook_has_no_problems(repository):
    code = '```python tags=["hide-input"]\nx = 1\n```'
    assert problems(repository, "# Title\n\nProse, $x_t$ and `\\ref`.", code, "await x") == []


EXECUTED = "bash sh html js javascript latex svg sql ruby perl R julia python2 python3 markdown C++ BASH PYTHON"


@pytest.mark.parametrize("language", EXECUTED.split())
def test_a_fence_that_would_be_executed_by_accident_is_named(repository, language):
    problem, *_ = problems(repository, "# Title", f"```{language}\nls\n```")
    assert re.match(r"notebooks/toy/01-a.md:1[89] \(cell 2\): a fence marked", problem)


@pytest.mark.parametrize("language", ["text", "console", "yaml", "json", "pycon", "python .noeval"])
def test_a_fence_that_stays_text_is_no_problem(repository, language):
    assert problems(repository, "# Title", f"```{language}\nls $x \\ref\n```") == []


@pytest.mark.parametrize("line", ["%matplotlib inline", "!ls", "x = (", "x = '\0'"])
def test_a_cell_that_is_not_plain_python_is_named(repository, line):
    (problem,) = problems(repository, "# Title", f"y = 1\n{line}")
    assert problem.startswith("notebooks/toy/01-a.md:20 (cell 2): this is not plain Python")


@pytest.mark.parametrize("command", [r"\label{a}", r"\ref{a}", r"\eqref{a}"])
def test_numbering_by_tex_is_named(repository, command):
    (problem,) = problems(repository, f"# Title\n\n$$\nx {command}\n$$")
    assert problem.startswith(f"notebooks/toy/01-a.md:18 (cell 1): {command[:4]}")


def test_words_that_only_begin_like_a_forbidden_command_are_allowed(repository):
    assert problems(repository, "# Title\n\n$\\refstepcounter \\labelwidth$") == []


def test_a_header_of_ones_own_is_named(repository):
    repository.write("notebooks/toy/01-a.md", HEADER.replace("Python 3", "Py") + "\n# x\n")
    assert list(lints.problems("toy", "01-a")) == [
        "notebooks/toy/01-a.md:1: its header is not the one that all notebooks share; copy it from another notebook"
    ]


def test_the_first_line_out_of_canonical_form_is_named(repository):
    (problem,) = problems(repository, "# Title", "```python tags=['hide-input']\nx = 1\n```")
    assert problem.startswith("notebooks/toy/01-a.md:18: not in canonical form")
    assert """should be '```python tags=["hide-input"]'""" in problem


def test_a_missing_last_line_break_is_named(repository):
    path = repository.notebook("01-a", "# x")
    path.write_text(path.read_text().rstrip())
    assert list(lints.problems("toy", "01-a")) == ["notebooks/toy/01-a.md:16: the file must end in one line break"]


def test_what_is_wrong_with_notebooks_is_added_to_the_faults(repository):
    repository.notebook("01-a", "# x", "```bash\nls\n```", "```latex\nls\n```")
    repository.write("notebooks/toy/02-b.md", HEADER + "\n# x\n").write_bytes(b"\xff")
    repository.notebook("03-c", "# x")
    faults = Faults()
    assert list(lints.sound("toy", ["01-a", "02-b", "03-c"], faults)) == ["01-a", "03-c"]
    unread, bash, latex = faults
    assert unread.startswith("toy/02-b: byte 1 is no UTF-8")
    assert "(cell 2): a fence marked bash" in bash and "(cell 3): a fence marked latex" in latex


@pytest.mark.parametrize(
    "cell",
    ["# T\n\n_Starter:_", "# T\n\nabout **…**", "# T\n\n- …", "def f():\n    # your code here\n    pass"],
)
def test_starters_of_the_template_are_found_but_do_not_stop_a_draft(repository, cell):
    assert problems(repository, cell) == []
    (starter,) = lints.starters("toy")
    assert re.match(r"notebooks/toy/01-a.md:1[678] \(cell 1\): “", starter)


def test_checking_everything_prints_all_and_fails(repository, capsys):
    repository.notebook("01-a", "# T\n\n_Starter:_")
    repository.notebook("02-b", "# T", "```bash\nls\n```")
    with pytest.raises(PublishingError, match="2 things to fix"):
        lints.check_all()
    printed = capsys.readouterr().out
    assert "notebooks/toy/01-a.md:18 (cell 1)" in printed and "notebooks/toy/02-b.md:18 (cell 2)" in printed


def test_the_sources_can_be_checked_without_what_was_built_before(repository, capsys):
    repository.notebook("01-a", "# T")
    repository.write("build/executed/toy/01-a.ipynb", '{"cells": []}')
    repository.write("_site/index.html", "<img>")
    lints.check_all(sources_alone=True)
    assert capsys.readouterr().out == "1 notebooks checked, and the posts: nothing to fix\n"
    with pytest.raises(PublishingError, match="3 things to fix"):
        lints.check_all()


def test_checking_a_finished_paper_passes(repository, capsys):
    repository.notebook("01-a", "# T")
    lints.check_all()
    assert capsys.readouterr().out == ("1 notebooks checked, but no site, since none is built: nothing to fix\n")
