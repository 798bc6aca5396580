"""The page of claims lists where each part of the paper stands, and who reads which file."""

import pytest

from publishing import paths
from publishing.render.exporter import SectionExporter
from publishing.render.whereabouts import of_files, of_the_paper

from .notes import code, diagram, draft, executed, made, select, table, texts

NO_COUNTERPART = {3, 4, 9, 11, 16, 17, 18, 19}  # photographs of faces and rooms, for which no network is here


@pytest.fixture
def paper(repository):
    """A paper whose captions say what they are the counterpart of, and whose code names two files."""
    repository.write("_claims/toy.md", "---\npaper: toy\n---\n")
    repository.write("runs/long/loss-digits.json", "{}")
    repository.write("runs/long/loss-clothes.json", "{}")
    executed(
        repository,
        "01-first",
        '# 1. First\n\n$$a \\tag{7}$$\n\n<div class="algorithm" id="algorithm-2">\n\n**Algorithm 2**\n\n</div>',
        code("1", diagram("chain", caption="Like Figs. 6 and 14 of the paper.")),
        code("2", table(["1", "2"], caption="Table 4 and Fig. 5 of the paper; Fig. 9 is another's.")),
    )
    repository.write("notebooks/toy/01-first.md", '```python\nopen(f"runs/long/loss-{name}.json")\n```\n')
    made()


def test_each_part_is_listed_with_a_link_to_where_it_stands(paper):
    rows = select(draft("list", page="claims"), "#places ~ .table-scroll tr")[1:]
    assert [
        (row.td.get_text().replace("\u200b", ""), [one["href"].partition("#")[2] for one in row.select("a")])
        for row in rows
    ] == [
        ("Equation 7", ["eq-7"]),
        ("Algorithm 2", ["algorithm-2"]),
        ("Figure 5", ["table-results"]),
        ("Figure 6", ["fig-chain"]),
        ("Figure 14", ["fig-chain"]),
        ("Table 4", ["table-results"]),
        ("runs/long/loss-clothes.json", ["01-first"]),
        ("runs/long/loss-digits.json", ["01-first"]),
    ]
    assert {*texts(draft("list", page="claims"), "#places ~ .table-scroll td a")} == {"1. First"}


@pytest.fixture(scope="module")
def ddpm():
    return SectionExporter().paper("ddpm")


def test_nothing_of_the_ddpm_paper_is_missing(ddpm):
    found = of_the_paper(ddpm)
    counted = {"Equation": range(1, 27), "Algorithm": range(1, 5), "Table": range(1, 5)}
    figures = [number for number in range(1, 20) if number not in NO_COUNTERPART]
    wanted = {f"{kind} {number}" for kind, numbers in (*counted.items(), ("Figure", figures)) for number in numbers}
    assert found.keys() == wanted


def test_the_results_of_every_experiment_are_read_by_a_page(ddpm):
    read = of_files(ddpm)
    results = {paths.relative(path) for path in (paths.ROOT / "experiments/results").iterdir()}
    assert {one for one in results if not one.startswith("experiments/results/photographs")} <= read.keys()
