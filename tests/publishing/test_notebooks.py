import pytest

from publishing import notebooks

from .notes import refused


def test_papers_are_the_folders_beside_the_template(repository):
    repository.notebook("01-a", "# 1")
    repository.notebook("01-a", "# 1", paper="ddpm")
    repository.notebook("01-a", "# 1", paper="template")
    for name in (".ipynb_checkpoints", "__pycache__"):
        repository.write(f"notebooks/{name}/x.md", "")
    assert notebooks.papers() == ["ddpm", "toy"]


def test_a_paper_with_an_awkward_name_is_refused(repository):
    repository.notebook("01-a", "# 1", paper="my-paper")
    assert "notebooks/my-paper: name it by" in refused(notebooks.papers)


def test_sections_come_in_the_order_of_their_numbers(repository):
    for stem in ("10-later", "02-second", "01-first"):
        repository.notebook(stem, "# x")
    assert notebooks.sections("toy") == ["01-first", "02-second", "10-later"]


STUDIES = [f"studies/{name}" for name in ("claims", "01-a", "A b")]


@pytest.mark.parametrize("stem", ["overview", "1-overview", "01-Overview", "01_overview", *STUDIES])
def test_a_notebook_without_a_proper_name_is_refused(repository, stem):
    repository.notebook(stem, "# x")
    assert refused(notebooks.every, "toy").startswith(f"toy/{stem}.md: ")


@pytest.mark.parametrize("stem", ["02-b", "studies/b"])
def test_a_folder_or_a_link_to_nothing_is_no_notebook(repository, stem):
    path = repository.notebook(stem, "# x")
    path.unlink()
    path.symlink_to("gone.md")
    told = f"notebooks/toy/{stem}.md is no file, but a folder or a link to nothing; move it away"
    assert refused(notebooks.every, "toy") == told
    path.unlink()
    path.mkdir()
    assert refused(notebooks.every, "toy") == told


def test_two_notebooks_of_one_number_are_refused(repository):
    repository.notebook("01-a", "# x")
    repository.notebook("01-b", "# x")
    assert "2 notebooks bear the number 01" in refused(notebooks.sections, "toy")


@pytest.mark.parametrize(
    ("only", "stems"),
    [
        *((name, ["01-a"]) for name in ("1", "01", "01-a", "toy/01-a", "toy/1")),
        *((name, ["studies/why"]) for name in ("why", "studies/why", "toy/why", "toy/studies/why")),
        *((name, []) for name in ("7", "a", "other/1")),
        (None, ["01-a", "02-b", "studies/why"]),
    ],
)
def test_one_notebook_is_chosen_by_its_number_or_its_name(repository, only, stems):
    for stem in ("01-a", "02-b", "studies/why"):
        repository.notebook(stem, "# x")
    assert notebooks.select("toy", only) == stems


def test_cell_ids_are_stable_unique_and_follow_the_content(repository):
    repository.notebook("01-a", "# Title", "x = 1", "x = 1", "y = 2")
    first = [cell["id"] for cell in notebooks.read("toy", "01-a").cells]
    assert [cell["id"] for cell in notebooks.read("toy", "01-a").cells] == first
    assert len(set(first)) == 4

    repository.notebook("01-a", "# Another title", "x = 1", "x = 1", "y = 3")
    second = [cell["id"] for cell in notebooks.read("toy", "01-a").cells]
    assert [a == b for a, b in zip(first, second, strict=True)] == [False, True, True, False]


def test_a_header_that_is_no_yaml_is_one_line_of_error(repository):
    repository.write("notebooks/toy/01-a.md", "---\njupyter: [\n---\n\n# x\n")
    assert refused(notebooks.read, "toy", "01-a").startswith("toy/01-a: ")


def test_a_file_that_is_no_text_is_one_line_of_error(repository):
    repository.write("notebooks/toy/01-a.md", "").write_bytes(b"# \xff")
    assert refused(notebooks.read, "toy", "01-a") == "toy/01-a: byte 3 is no UTF-8; save the file as UTF-8"
