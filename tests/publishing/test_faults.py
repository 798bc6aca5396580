"""All faults of all files in one run, as a compiler tells them."""

import pytest

from publishing.faults import in_order

from .small_site import Commands

HEADERLESS = "# T\n\n```python\nx = 1\n```\n"
FIGURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"


def test_faults_are_told_by_notebook_cell_and_line_and_each_once():
    told = [
        "toy/02-b, cell 10: late",
        "notebooks/toy/02-b.md:40 (cell 9): x is no y; write z: as here",
        "toy/02-b, cell 9: x is no y; write z: as here",
        "notebooks/toy/02-b.md:38 (cell 9): x is no y; write z: as here",
        "toy/02-b, cell 9: after those with a line",
        "notebooks/toy/02-b.md:20 (cell 2): early",
        "notebooks/toy/01-a.md:1: its header",
        "a fault without a place",
    ]
    assert in_order([*told, told[1]]) == [told[7], told[6], told[5], told[3], told[1], told[4], told[0]]


@pytest.fixture
def commands(tmp_path):
    commands = Commands.lay(tmp_path)
    commands.post("01-a", "02-b", "03-c")
    return commands


def test_all_that_is_wrong_with_what_is_written_is_told_before_anything_runs(commands):
    commands.notebook("01-a", "# A\n\n:::note\n\n[x](#a)", "%%time\nx = 1", "## B\n\n$\\bm{x}$, $\\frac$ and @ho2020")
    commands.notebook("02-b", "# B", "open('ran', 'w')", "```bash\nls\n```", "## C\n\n$é$ <b>x</b>")
    commands.write("notebooks/toy/03-c.md", HEADERLESS)
    commands.write("notebooks/toy/macros.tex", "\\def\\a{x}\n")
    commands.write("index.md", '---\n---\n[gone](/toy/gone) {% include paper_section.html name="toy/09-x" %}\n')
    told = commands.faults("site")
    assert "executing" not in commands.run("site")[1]
    assert not (commands.root / "notebooks/toy/ran").exists()
    for place, says in [
        ("index.md:3", "includes 'toy/09-x'"),
        ("notebooks/toy/macros.tex:1", "this is no macro"),
        ("toy/01-a, cell 1", "“:::note” would be printed"),
        ("notebooks/toy/01-a.md:23 (cell 2)", "%%time"),
        ("toy/01-a, cell 3", "@ho2020"),
        ("toy/01-a, cell 3", r"Undefined control sequence \bm"),
        ("toy/01-a, cell 3", r"\frac"),
        ("(cell 3)", "a fence marked bash"),
        ("(cell 4)", "'é' in the formula"),
        ("toy/02-b, cell 4", "<b> is not allowed"),
        ("notebooks/toy/03-c.md:1", "its header"),
    ]:
        assert [line for line in told if place in line and says in line], (place, says, told)
    assert len(told) == 11


def test_what_outputs_have_wrong_is_told_of_all_notebooks_with_those_that_fail(commands):
    commands.notebook("01-a", "# A\n\n[x](#nowhere)", "1 / 0")
    commands.notebook("02-b", "# B", FIGURE, "from IPython.display import Math\nMath('x \\\\frac')", "object()")
    commands.notebook("03-c", "# C", "from IPython.display import HTML\nHTML('<b>x</b>')")
    told = commands.faults("site")
    others = ["toy/02-b, cell 2", "toy/02-b, cell 3", "toy/02-b, cell 4", "toy/03-c, cell 2"]
    assert [line.partition(": ")[0] for line in told] == ["toy/01-a, cell 2", *others]
    assert 'diagram(plt.gcf(), "name", alt=' in told[1]
    commands.notebook("01-a", "# A\n\n[x](#nowhere)")
    assert [line.partition(": ")[0] for line in commands.faults("site")] == ["toy/01-a, cell 1", *others]
