"""`make lab`: a round trip through JupyterLab in Chromium, and how the writer's language looks there."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import ndiff
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from publishing import paths
from publishing.notebooks import HEADER

JUPYTER = paths.ROOT / ".venv-lab/bin/jupyter"
SECONDS = 120
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
    """A JupyterLab that runs in a copy of the notebooks."""

    root: Path
    address: str
    token: str
    context: BrowserContext

    def open(self, notebook: str) -> Page:
        page = self.context.new_page()
        page.goto(f"{self.address}/lab/tree/{notebook}?reset&token={self.token}", wait_until="commit")
        expect(page.locator(".jp-NotebookPanel:visible .jp-Cell").first).to_be_visible(timeout=SECONDS * 1000)
        expect(page.get_by_text("Python 3 | Idle")).to_be_visible(timeout=SECONDS * 1000)
        return page


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Lab]:
    root = tmp_path_factory.mktemp("lab")
    shutil.copytree(paths.NOTEBOOKS, root / "notebooks")
    (root / "notebooks/toy").mkdir()
    (root / "notebooks/toy/helper.py").write_text("VALUE = 1\n")
    code = "\n\n".join(f"```python\n{cell}\n```" for cell in (CELLS, AGAIN))
    (root / "notebooks/toy/01-first.md").write_text(f"{HEADER}\n# 1. First\n\n{code}\n")
    own = {f"JUPYTER_{kind}_DIR": str(root / f".{kind}") for kind in ("CONFIG", "DATA", "RUNTIME")}
    settings = {"IPYTHONDIR": str(root / ".ipython"), "PYTHONPATH": str(paths.ROOT), "JUPYTER_PREFER_ENV_PATH": "1"}
    log = root / "log.txt"
    with log.open("w") as output:
        server = subprocess.Popen(
            [JUPYTER, "lab", "--allow-root", "--no-browser", "--ServerApp.port=0", f"--ServerApp.root_dir={root}"],
            cwd=root, env=os.environ | own | settings, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    address = re.compile(r"(http://127\.0\.0\.1:\d+)/lab\?token=(\w+)")
    eventually(lambda: address.search(log.read_text()) is not None, "JupyterLab's start")
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(SECONDS * 1000)
    yield Lab(root, *address.search(log.read_text()).groups(), context)
    context.close()
    server.terminate()
    server.wait(30)


def eventually(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what} never happened"
        time.sleep(0.1)


def changes(before: str, after: str) -> list[str]:
    return [line for line in ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


def save(page: Page, path: Path) -> str:
    """What the file holds once JupyterLab has saved it."""
    before = path.stat().st_mtime_ns
    page.keyboard.press("Control+s")
    eventually(lambda: path.stat().st_mtime_ns != before, "the save")
    time.sleep(0.5)  # a second write would come at once
    return path.read_text()


@pytest.mark.parametrize("stem", ["05-key-equations", "08-python-implementation"])
def test_a_round_trip_changes_only_what_was_edited(lab, stem):
    path = lab.root / f"notebooks/ddpm/{stem}.md"
    before = path.read_text()
    page = lab.open(f"notebooks/ddpm/{stem}.md")
    code = page.locator(".jp-CodeCell .cm-content").first
    code.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("  # edited in JupyterLab")
    after = save(page, path)
    removed, added = (line for line in changes(before, after) if line[0] != "?")
    assert added[2:] == f"{removed[2:]}  # edited in JupyterLab"
    assert after.replace("  # edited in JupyterLab", "") == before

    page.locator(".jp-MarkdownCell").first.dblclick()
    page.locator(".jp-MarkdownCell .cm-content").first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Words.")
    again = save(page, path)
    assert [line[-7:] for line in changes(after, again) if line[0] == "+"] == [" Words."]
    assert again.replace(" Words.", "", 1) == after
    page.close()


def test_figures_tables_and_claims_are_shown_and_an_edit_of_a_module_counts_at_once(lab):
    page = lab.open("notebooks/toy/01-first.md")
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    output = page.locator(".jp-CodeCell").first.locator(".jp-OutputArea-output")
    expect(output.get_by_text("value 1")).to_be_visible(timeout=SECONDS * 1000)
    expect(output.locator("img")).to_be_visible()
    assert output.locator("img").evaluate("image => [image.width, image.height]") == [200, 100]
    expect(output.locator("table td").first).to_have_text("one")
    expect(output.get_by_text("✓ One is helped: 1 == 1")).to_be_visible()

    (lab.root / "notebooks/toy/helper.py").write_text("VALUE = 2  # edited\n")
    page.locator(".jp-CodeCell .cm-content").nth(1).click()
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_text("value is now 2", exact=True)).to_be_visible(timeout=SECONDS * 1000)
    pictures = paths.BUILD / "screenshots"
    pictures.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=pictures / "lab.png")
    page.close()
