"""Every section of the post runs the method that it speaks of: the forward process, a loss or a bound, or a sampler."""

import ast
import json

import pytest

from publishing import notebooks
from publishing.paths import executed_path

METHOD = {"forward_process", "forward_step"}
METHOD |= {"simple_loss", "bound_term", "variational_bound", "variational_bounds"}
METHOD |= {"sample", "sample_from", "sample_steps"}


@pytest.mark.parametrize("stem", notebooks.sections("ddpm"))
def test_an_executed_cell_of_the_section_calls_it(stem):
    cells = json.loads(executed_path("ddpm", stem).read_text(encoding="utf-8"))["cells"]
    called = [name for cell in cells if cell.get("execution_count") for name in calls("".join(cell["source"]))]
    assert METHOD.intersection(called), f"{stem} calls none of {', '.join(sorted(METHOD))}"


def calls(code: str) -> list[str]:
    """The functions that are called by their own names."""
    found = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    return [node.func.id for node in found if isinstance(node.func, ast.Name)]
