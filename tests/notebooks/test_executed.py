"""The executed notebooks hold what nbval is about to compare.

nbval passes over cells without outputs, so a notebook that never ran would pass it unseen.
"""

import json

import pytest

from publishing import notebooks, paths

SECTIONS = [(paper, stem) for paper in notebooks.papers() for stem in notebooks.sections(paper)]


def test_there_are_notebooks():
    assert SECTIONS


@pytest.mark.parametrize("section", SECTIONS, ids="/".join)
def test_todays_code_ran_in_order_and_something_came_out_and_no_cell_failed_unless_it_says_that_it_will(section):
    path = paths.executed_path(*section)
    assert path.is_file(), f"{paths.relative(path)} is missing: run `make notebooks`"
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    today = [cell.source for cell in notebooks.read(*section).cells if cell.cell_type == "code"]
    assert ["".join(cell["source"]) for cell in cells] == today
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert any(cell["outputs"] for cell in cells)
    failed = [cell for cell in cells if any(output["output_type"] == "error" for output in cell["outputs"])]
    assert all("raises-exception" in cell["metadata"].get("tags", []) for cell in failed)
