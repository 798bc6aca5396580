import re

import pytest

from publishing.checks import lint as lints
from publishing.notebooks import HEADER

from .notes import linted, refusals, refused


def test_a_canonical_notebook_has_no_problems(repository):
    code = '```python tags=["hide-input"]\nx = 1\n```'
    assert linted(repository, "# Title\n\nProse, $x_t \\refstepcounter$ and `\\ref`.", code, "await x") == []


EXECUTED = "bash sh html js javascript latex svg sql ruby perl R julia python2 python3 markdown C++ BASH PYTHON"


@pytest.mark.parametrize("language", EXECUTED.split())
def test_a_fence_that_would_be_executed_by_accident_is_named(repository, language):
    problem, *_ = linted(repository, "# Title", f"```{language}\nls\n```")
    assert re.match(r"notebooks/toy/01-a.md:1[89] \(cell 2\): a fence marked", problem)


@pytest.mark.parametrize("language", ["text", "console", "yaml", "json", "pycon", "python .noeval"])
def test_a_fence_that_stays_text_is_no_problem(repository, language):
    assert linted(repository, "# Title", f"```{language}\nls $x \\ref\n```") == []


@pytest.mark.parametrize("line", ["%matplotlib inline", "!ls", "x = (", "x = '\0'"])
def test_a_cell_that_is_not_plain_python_is_named(repository, line):
    (problem,) = linted(repository, "# Title", f"y = 1\n{line}")
    assert problem.startswith("notebooks/toy/01-a.md:20 (cell 2): this is not plain Python")


def test_a_header_of_ones_own_is_named(repository):
    repository.write("notebooks/toy/01-a.md", HEADER.replace("Python 3", "Py") + "\n# x\n")
    assert list(lints.problems("toy", "01-a")) == [
        "notebooks/toy/01-a.md:1: its header is not the one that all notebooks share; copy it from another notebook"
    ]


def test_the_first_line_out_of_canonical_form_is_named(repository):
    (problem,) = linted(repository, "# Title\n\n<!-- #region tags=['remove-cell'] -->\nNo.\n<!-- #endregion -->")
    assert problem.startswith("notebooks/toy/01-a.md:18: not in canonical form")
    assert """should be '<!-- #region tags=["remove-cell"] -->'""" in problem


def test_a_cell_that_never_ends_lacks_its_last_line(repository):
    (problem,) = linted(repository, "# Title\n\n```python\nx = 1")
    assert problem.endswith("it is '' and should be '```'")


@pytest.mark.parametrize(
    "mark",
    [
        *("tags=[hide-input]", 'tags="hide-input"', "tags=hide-input", "hide-input", 'tags=["hide-input"', 'name="x"'),
        *("echo=false", '{tags=["hide-input"]}', 'tags=["a"] collapsed=true', "tags=['a']", 'tags=["a",]', "#| echo"),
        *('title="x.py"', 'tags=["a" "b"]', " "),
    ],
)
def test_every_cell_whose_first_line_says_what_means_nothing_here_is_named(repository, mark):
    repository.notebook("01-a", "# Title", f"```python {mark}\nx = 1\n```", "x = 1", f"```python {mark}\nx = 1\n```")
    told = refusals(lints.problems, "toy", "01-a")
    remedy = 'after ```python stands nothing, .noeval, or tags as in tags=["hide-input", "remove-output"]; got '
    assert told == [f"notebooks/toy/01-a.md:{line}: {remedy}{f'```python {mark}'!r}" for line in (18, 26)]


def test_a_missing_last_line_break_is_named(repository):
    path = repository.notebook("01-a", "# x")
    path.write_text(path.read_text().rstrip())
    assert list(lints.problems("toy", "01-a")) == ["notebooks/toy/01-a.md:16: the file must end in one line break"]


@pytest.mark.parametrize(
    "cell", ["# T\n\n_Starter:_", "# T\n\nabout **…**", "# T\n\n- …", "def f():\n    # your code here\n    pass"]
)
def test_starters_of_the_template_are_found_but_do_not_stop_a_draft(repository, cell):
    assert linted(repository, cell) == []
    (starter,) = lints.starters("toy")
    assert re.match(r"notebooks/toy/01-a.md:1[678] \(cell 1\): “", starter)


def test_the_sources_can_be_checked_without_what_was_built_before(repository, capsys):
    repository.notebook("01-a", "# T")
    repository.write("build/executed/toy/01-a.ipynb", '{"cells": []}')
    repository.write("_site/index.html", "<img>")
    lints.check_all(sources_alone=True)
    assert capsys.readouterr().out == "1 notebooks checked, and the posts: nothing to fix\n"
    assert "3 things to fix" in refused(lints.check_all)


def test_code_that_is_nested_too_deeply_for_python_is_told(repository):
    assert [
        problem for problem in linted(repository, "# T", "+".join(["1"] * 20_000)) if "nested too deeply" in problem
    ]
