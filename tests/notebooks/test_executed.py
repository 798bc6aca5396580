"""The executed notebooks hold what nbval is about to compare, and nothing of the machine that ran them.

nbval passes over cells without outputs, so a notebook that never ran would pass it unseen.
"""

import json

import pytest

from publishing import notebooks, paths
from publishing.checks import outputs as checks
from publishing.checks import places
from publishing.paths import executed_path

SECTIONS = [(paper, stem) for paper in notebooks.papers() for stem in notebooks.sections(paper)]


@pytest.fixture(params=SECTIONS, ids="/".join)
def section(request) -> tuple[str, str]:
    return request.param


@pytest.fixture
def code_cells(section) -> list[dict]:
    path = executed_path(*section)
    assert path.is_file(), f"{paths.relative(path)} is missing: run `make notebooks`"
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


@pytest.fixture
def outputs(code_cells) -> list[dict]:
    return [output for cell in code_cells for output in cell["outputs"]]


def test_there_are_notebooks():
    assert SECTIONS


def test_the_code_is_todays(section, code_cells):
    today = [cell.source for cell in notebooks.read(*section).cells if cell.cell_type == "code"]
    assert ["".join(cell["source"]) for cell in code_cells] == today


def test_every_cell_ran_in_order(code_cells):
    assert [cell["execution_count"] for cell in code_cells] == list(range(1, len(code_cells) + 1))


def test_something_came_out(outputs):
    assert outputs


def test_no_cell_failed_unless_it_says_that_it_will(code_cells):
    failed = [cell for cell in code_cells if any(output["output_type"] == "error" for output in cell["outputs"])]
    assert all("raises-exception" in cell["metadata"].get("tags", []) for cell in failed)
