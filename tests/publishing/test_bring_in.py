"""`make import`: notebooks from elsewhere, in the manner of real ones, become notebooks of ours that build."""

import contextlib
import io
import re
import shutil
from pathlib import Path

import jupytext
import pytest
import yaml

from publishing import notebooks, paths
from publishing.blog import new
from publishing.blog.bring_in import KINDS, bring_in

from .conftest import repository_in
from .small_site import Commands

TEMPLATE = paths.TEMPLATE
CORPUS = Path(__file__).with_name("corpus")
NOTEBOOKS = sorted(path for path in CORPUS.iterdir() if path.suffix in KINDS)
SECTIONS = {"handbook": "01-handbook", "colab": "02-colab", "report": "03-report"}
BIBLIOGRAPHY = """\
@article{efron1979,
  author = {Efron, Bradley},
  title = {Bootstrap Methods},
  journal = {Annals of Statistics},
  year = {1979}
}
@inproceedings{ho2020ddpm,
  author = {Ho, Jonathan and Jain, Ajay and Abbeel, Pieter},
  title = {Denoising Diffusion Probabilistic Models},
  booktitle = {NeurIPS},
  year = {2020}
}
"""
ENTRY = "@misc{{{key},\n  author = {{Somebody}},\n  title = {{Something}},\n  year = {{2000}}\n}}\n"


def place(file: Path) -> str:
    return f"toy/{SECTIONS.get(file.stem, f'studies/{file.stem}')}"


def told(file: Path, where: str) -> list[str]:
    """The steps that an import lists."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        bring_in(str(file), where)
    return re.findall(r"^ *\d+\. (.*)$", out.getvalue(), re.MULTILINE)


def prepare(root: Path) -> None:
    """A paper of the template whose sections are still to come, but for the list of references."""
    shutil.copytree(TEMPLATE, paths.TEMPLATE)
    with contextlib.redirect_stdout(io.StringIO()):
        new.new("toy", "Toy")
    for path in paths.notebooks_dir("toy").glob("[01]*.md"):
        if not path.name.startswith("12"):
            path.unlink()
    paths.bibliography("toy").write_text(BIBLIOGRAPHY)
    (post,) = paths.POSTS.glob("*-toy.md")
    text = re.sub(r'(\{% include .*"toy/(?!12|claims).*|card:.*)\n', "", post.read_text())
    post.write_text(text)


@pytest.fixture(scope="module")
def commands(tmp_path_factory) -> Commands:
    return Commands.lay(tmp_path_factory.mktemp("brought") / "repository")


@pytest.fixture(scope="module")
def steps(commands) -> dict[str, list[str]]:
    """All of the corpus imported, and the steps that each import listed."""
    with pytest.MonkeyPatch.context() as patch:
        repository_in(commands.root, patch)
        prepare(commands.root)
        return {file.stem: told(file, place(file)) for file in NOTEBOOKS}


def path_in(commands: Commands, file: Path) -> Path:
    return commands.root / "notebooks" / f"{place(file)}.md"


def edits(file: Path) -> list[dict[str, str]]:
    """What a person changes beyond writing words where they are asked for, by the steps."""
    written = file.with_suffix(".yaml")
    return yaml.safe_load(written.read_text()) if written.is_file() else []


def worked(text: str, file: Path) -> str:
    """The notebook after a person has done what the steps say."""
    for edit in edits(file):
        assert text.count(edit["from"]) == 1, edit["from"]
        text = text.replace(edit["from"], edit["to"])
    text = re.sub(r"^ *(?:pass  )?(?:#|<!--) Starter: runs outside Python.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"<!-- Starter: .*? -->\n*", "", text)
    text = re.sub(r"Starter: title", "A title", text)
    text = re.sub(r'Starter: [^"\n\]]*', "What a person wrote here.", text)
    saved = notebooks.parsed(text, file.name)
    saved.cells = [cell for cell in saved.cells if cell.source.strip()]
    return jupytext.writes(saved, fmt="md").rstrip("\n") + "\n"  # as JupyterLab saves it


def cells_with(text: str, part: str) -> set[int]:
    cells = notebooks.parsed(text, "here").cells
    return {number for number, cell in enumerate(cells, 1) if part in cell.source}


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_the_list_of_steps_is_short_and_names_each_place_that_a_person_changes(commands, steps, file):
    found = steps[file.stem]
    assert len(found) <= 12
    cells = " ".join(re.findall(r"cell [\d, ]+", "\n".join(found)))
    named = set(map(int, re.findall(r"\d+", cells)))
    text = path_in(commands, file).read_text()
    for edit in edits(file):
        assert cells_with(text, edit["from"].splitlines()[0]) & named, edit["from"]
    if "Starter:" in text:
        assert any(": write " in step or "takes" in step or "take the line out" in step for step in found)


def test_all_of_them_build_after_the_listed_steps_alone(commands, steps):
    """And so nothing is left for the lints."""
    for file in NOTEBOOKS:
        path = path_in(commands, file)
        path.write_text(worked(path.read_text(), file))
    (post,) = (commands.root / "_posts").glob("*-toy.md")
    bibliography = commands.root / "notebooks/toy/references.bib"
    for found in steps.values():
        for step in found:
            if include := re.search(r": add (\{% include .* %\})", step):
                post.write_text(post.read_text().replace("{% include", f"{include[1]}\n\n{{% include", 1))
            if keys := re.search(r"references.bib: add (.*), which", step):
                more = [ENTRY.format(key=key) for key in keys[1].split(", ") if key not in bibliography.read_text()]
                bibliography.write_text(bibliography.read_text() + "".join(more))
    commands.succeed("site", "--drafts")
    for file in NOTEBOOKS:
        if file.stem not in SECTIONS:
            assert (commands.root / "_site/toy" / file.stem / "index.html").is_file()
