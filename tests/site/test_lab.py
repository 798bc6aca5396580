"""JupyterLab as `make lab` starts it: who may talk to it, a round trip, and how the writer's language looks there."""

import json
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import ndiff
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from publishing import paths

from ..conftest import PATIENCE, eventually
from ..publishing.small_site import Repository
from .conftest import take_picture

JUPYTER = paths.ROOT / ".venv-lab/bin/jupyter"
CELLS = """\
from matplotlib.figure import Figure
from publishing.cells import claim, diagram, table
import helper

figure = Figure(figsize=(2, 1))
figure.subplots().plot([0, 1])
diagram(figure, "line", alt="A rising line.", caption="A line.")
table([["one", 1.5]], columns=["what", "$x$"], name="numbers", caption="A table.")
claim("One is helped", helper.VALUE, "==", 1)
print("value", helper.VALUE)"""
AGAIN = "print('value is now', helper.VALUE)"


@dataclass(frozen=True)
class Lab:
    """A JupyterLab that runs in a copy of the notebooks and of what they import."""

    root: Path
    process: int
    address: str
    token: str
    context: BrowserContext

    def open(self, notebook: str) -> Page:
        page = self.context.new_page()
        page.goto(f"{self.address}lab/tree/{notebook}?reset&token={self.token}", wait_until="commit")
        expect(page.locator(".jp-NotebookPanel:visible .jp-Cell").first).to_be_visible()
        expect(page.get_by_text("Python 3 | Idle")).to_be_visible()
        return page


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Lab]:
    if not JUPYTER.exists():
        pytest.skip("JupyterLab is not laid here; `make lab` lays it")
    root = tmp_path_factory.mktemp("lab")
    for folder in (paths.NOTEBOOKS, paths.PACKAGE):
        shutil.copytree(folder, root / folder.name, ignore=shutil.ignore_patterns("__pycache__"))
    there = Repository(root)
    there.write("notebooks/toy/helper.py", "VALUE = 1\n")
    there.notebook("01-first", "# 1. First", CELLS, AGAIN)
    there.write("notebooks/ddpm/macros.tex", "\\newcommand{\\half}[1]{\\frac{#1}{2}}\n")
    halves = "# Half $\\half{x}$\n\n<!-- #region -->\n$\\half{y}$\n<!-- #endregion -->"
    there.notebook("99-macros", "from publishing.cells import macros\n\nmacros()", halves, paper="ddpm")
    own = {f"JUPYTER_{kind}_DIR": str(root / f".{kind}") for kind in ("CONFIG", "DATA", "RUNTIME")}
    settings = {"IPYTHONDIR": str(root / ".ipython"), "PYTHONPATH": str(root), "JUPYTER_PREFER_ENV_PATH": "1"}
    with (root / "log.txt").open("w") as log:
        server = subprocess.Popen(
            [JUPYTER, "lab", *options(), "--no-browser", "--ServerApp.port=0", f"--ServerApp.root_dir={root}"],
            cwd=root, env=os.environ | own | settings, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    said = root / f".RUNTIME/jpserver-{server.pid}.json"
    eventually(lambda: said.is_file() and said.read_text().endswith("}"), "JupyterLab's start")
    told = json.loads(said.read_text())
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    yield Lab(root, server.pid, told["url"], told["token"], context)
    context.close()
    server.terminate()
    server.wait(PATIENCE)


def options() -> list[str]:
    """What the Makefile starts JupyterLab with."""
    recipe = r"^lab:.*\n(?:\t.*\n)*?\t@(?:\S+=\S+ )*\S*jupyter lab(.*)$"
    (found,) = re.findall(recipe, (paths.ROOT / "Makefile").read_text(), re.MULTILINE)
    return found.split()


def changes(before: str, after: str) -> list[str]:
    return [line for line in ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


def edit_first_text(page: Page) -> None:
    """Set the cursor to the end of the first Markdown cell, which may move under the pointer while formulas are set."""
    editor = page.locator(".jp-MarkdownCell .cm-content").first
    eventually(lambda: editor.is_visible() or page.locator(".jp-MarkdownCell").first.dblclick(), "the cell's editor")
    editor.click()
    page.keyboard.press("Control+End")


def save(page: Page, path: Path) -> str:
    """What the file holds once JupyterLab has saved it."""
    edited = page.locator(".lm-DockPanel-tabBar .jp-mod-dirty")
    expect(edited).to_have_count(1)
    page.keyboard.press("Control+s")
    expect(edited).to_have_count(0)
    return path.read_text()


def status(url: str) -> int:
    try:
        return urllib.request.urlopen(url, timeout=PATIENCE).status
    except urllib.error.HTTPError as refused:
        return refused.code


def test_it_listens_on_the_loopback_address_alone(lab):
    sockets = psutil.Process(lab.process).net_connections()
    listening = {one.laddr.ip for one in sockets if one.status == psutil.CONN_LISTEN}
    assert listening and listening <= {"127.0.0.1", "::1"}


def test_it_answers_nobody_without_the_token(lab):
    assert len(lab.token) >= 32
    address = f"{lab.address}api/contents"
    assert status(address) == 403
    assert status(f"{address}?token=wrong") == 403
    assert status(f"{address}?token={lab.token}") == 200


def test_it_opens_at_the_notebooks_and_says_nothing_of_scripts(lab):
    page = lab.context.new_page()
    page.goto(f"{lab.address}?token={lab.token}", wait_until="commit")
    expect(page.locator(".jp-DirListing-item").filter(has_text="ddpm")).to_be_visible()
    page.close()
    said = (lab.root / "log.txt").read_text()
    assert max(map(len, said.splitlines())) < 1000 and "yarn" not in said


@pytest.mark.parametrize("stem", ["05-key-equations", "08-python-implementation"])
def test_a_round_trip_changes_only_what_was_edited(lab, stem):
    path = lab.root / f"notebooks/ddpm/{stem}.md"
    before = path.read_text()
    page = lab.open(f"notebooks/ddpm/{stem}.md")
    code = page.locator(".jp-CodeCell .cm-content").first
    code.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("  # edited in JupyterLab")
    expect(code).to_contain_text("  # edited in JupyterLab")
    after = save(page, path)
    removed, added = (line for line in changes(before, after) if line[0] != "?")
    assert added[2:] == f"{removed[2:]}  # edited in JupyterLab"
    assert after.replace("  # edited in JupyterLab", "") == before

    edit_first_text(page)
    page.keyboard.type(" Words.")
    expect(page.locator(".jp-MarkdownCell .cm-content").first).to_contain_text(" Words.")
    again = save(page, path)
    assert [line[-7:] for line in changes(after, again) if line[0] == "+"] == [" Words."]
    assert again.replace(" Words.", "", 1) == after
    page.close()


def test_figures_tables_and_claims_are_shown_and_an_edit_of_a_module_counts_at_once(lab):
    page = lab.open("notebooks/toy/01-first.md")
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    output = page.locator(".jp-CodeCell").first.locator(".jp-OutputArea-output")
    expect(output.get_by_text("value 1")).to_be_visible()
    expect(output.locator("img")).to_be_visible()
    assert output.locator("img").evaluate("image => [image.width, image.height]") == [200, 100]
    expect(output.locator("table td").first).to_have_text("one")
    expect(output.get_by_text("✓ One is helped: both are 1")).to_be_visible()

    (lab.root / "notebooks/toy/helper.py").write_text("VALUE = 2  # edited\n")
    page.locator(".jp-CodeCell .cm-content").nth(1).click()
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_text("value is now 2", exact=True)).to_be_visible()
    take_picture(page, "lab")
    page.close()


def test_a_macro_is_typeset_in_what_is_shown_after_it_was_told(lab):
    page = lab.open("notebooks/ddpm/99-macros.md")
    fractions = page.locator(".jp-MarkdownCell mjx-container mjx-mfrac")
    expect(page.locator(".jp-MarkdownCell mjx-container")).to_have_count(2)
    expect(fractions).to_have_count(0)
    page.locator(".jp-CodeCell .cm-content").click()
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".jp-CodeCell .jp-OutputArea-output mjx-container")).to_have_count(1)

    edit_first_text(page)
    page.keyboard.type(" of it")
    page.keyboard.press("Shift+Enter")
    expect(fractions).to_have_count(1)

    page.locator(".lm-TabBar-tab.jp-mod-current .lm-TabBar-tabCloseIcon").first.click()
    page.get_by_role("button", name="Discard").click()
    file = page.locator(".jp-DirListing-item").filter(has_text="99-macros.md")
    eventually(lambda: page.locator(".jp-NotebookPanel").count() or file.dblclick(), "the notebook")
    expect(fractions).to_have_count(2)
    page.close()
