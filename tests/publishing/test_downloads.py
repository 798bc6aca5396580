"""The notebooks that a reader may download: they say what the page says, and lead out of the reader's folder."""

import base64
import json
import re

import jupytext
import pytest

from publishing import paths
from publishing.notebooks import every, read
from publishing.render.exporter import SectionExporter
from publishing.site import downloads

from .notes import claim, code, diagram, executed, made, picture, printed, shows
from .test_pictures import put  # noqa: F401

PROSE = """\
# 1. A

![A square](square.png "By [Eq. (1)](#eq-1).")

[Two](#claim-two), [a study](studies/why.md#because) and [its code][code]; `[x](y.md)`, https://example.org/a_(b),
[not ours](https://example.org/01-first.md).

$$
x \\tag{1}
$$

```text
[Eq. (1)](#eq-1)
and more code than the name of a file has letters, AND_MORE
```

[code]: ../../pack.py#L1""".replace("AND_MORE", "and more, " * 30)
WHY = "# Why?\n\nBecause of [Eq. (1)](../01-first.md#eq-1).\n\n## Because\n\n$y$"
TARGET = re.compile(r"(?<=\]\()[^\s)]+|(?<=\]: )\S+")
SITE = {
    "square.png": "https://example.org/notes/assets/images/toy-square.png",
    "#eq-1": "https://example.org/notes/toy/#eq-1",
    "#claim-two": "https://example.org/notes/toy/claims/#claim-two",
    "studies/why.md#because": "https://example.org/notes/toy/why/#because",
}
FILES = {
    "square.png": "https://github.com/me/notes/raw/HEAD/notebooks/toy/square.png",
    "studies/why.md#because": "https://github.com/me/notes/blob/HEAD/notebooks/toy/studies/why.md#because",
    "../../pack.py#L1": "https://github.com/me/notes/blob/HEAD/pack.py#L1",
}


def loaded(repository, site: str = "", source: str | None = None) -> tuple[str, str, dict]:
    """The section as written, and its two downloads."""
    files = downloads.of(SectionExporter().paper("toy"), site, source)
    folder = paths.DOWNLOADS / "toy"
    written = (repository.root / "notebooks/toy/01-first.md").read_text().partition("\n---\n")[2]
    return written, files[folder / "01-first.md"], json.loads(files[folder / "01-first.ipynb"])


@pytest.fixture
def toy(put, repository):  # noqa: F811
    """A section that shows a picture and leads everywhere, and a study."""
    put("square.png", picture())
    put("../../pack.py", b"x = 1\n")
    repository.write("_claims/toy.md", "---\npaper: toy\n---\n")
    executed(repository, "01-first", PROSE, code("1", claim(name="two")))
    executed(repository, "studies/why", WHY)
    repository.notebook("01-first", PROSE)
    repository.notebook("studies/why", WHY)
    return repository


@pytest.mark.parametrize(
    ("site", "source", "targets"),
    [
        ("https://example.org/notes", "me/notes", FILES | SITE),
        ("https://example.org/notes", None, SITE),
        ("", "me/notes", FILES),
        ("", None, {}),
    ],
)
def test_links_and_pictures_lead_to_the_site_or_else_to_the_repository_s_files(toy, site, source, targets):
    written, markdown, notebook = loaded(toy, site, source)
    *before, in_code, after = TARGET.findall(written)
    expected = [targets.get(target, target) for target in before] + [in_code, targets.get(after, after)]
    assert TARGET.findall(markdown) == expected
    assert TARGET.sub("", markdown).endswith(TARGET.sub("", written))
    assert TARGET.findall("".join(notebook["cells"][0]["source"])) == ["attachment:square.png", *expected[1:]]


def test_a_study_leads_to_the_site_from_its_own_folder(toy):
    files = downloads.of(SectionExporter().paper("toy"), "https://example.org", None)
    study = files[paths.DOWNLOADS / "toy" / "studies/why.md"]
    assert "[Eq. (1)](https://example.org/toy/#eq-1)" in study


def test_a_notebook_holds_its_pictures(toy):
    _, _, notebook = loaded(toy)
    attached = notebook["cells"][0]["attachments"]["square.png"]["image/png"]
    assert base64.b64decode(attached) == picture()


def test_the_markdown_is_the_notebook_but_no_page_to_jekyll(toy):
    _, text, _ = loaded(toy)
    assert text.startswith("<!--")
    notebook = jupytext.reads(text, fmt="md")
    assert notebook.metadata["kernelspec"]["language"] == "python"
    assert [cell.source for cell in notebook.cells] == [cell.source for cell in read("toy", "01-first").cells]


def test_the_notebook_is_what_jupyter_shows(repository):
    repository.write("pack/__init__.py", "x = 1\n")
    repository.write("_claims/toy.md", "---\npaper: toy\n---\n")
    listing = shows(source={"object": "pack.x"}, **{"text/html": "<pre>x = 1</pre>"})
    executed(repository, "01-first", code("1", listing, diagram("chain"), printed("a\n"), tags=("hide-input",)))
    made()
    cell = json.loads((paths.DOWNLOADS / "toy" / "01-first.ipynb").read_text())["cells"][0]
    source, figure, stream = cell["outputs"]
    assert cell["metadata"] == {"tags": ["hide-input"]}
    assert source["data"] == {"text/plain": ["as Jupyter shows it"], "text/html": ["<pre>x = 1</pre>"]}
    assert sorted(figure["data"]) == ["image/png", "text/plain"]
    assert stream["text"] == ["a\n"]


def test_the_code_of_these_notes_is_as_it_was_written_in_a_repository_on_github_too():
    files = downloads.of(SectionExporter().paper("ddpm"), "", "me/notes")
    for stem in every("ddpm"):
        text = files[paths.DOWNLOADS / "ddpm" / f"{stem}.md"]
        assert all(cell.source in text for cell in read("ddpm", stem).cells if cell.cell_type == "code")
