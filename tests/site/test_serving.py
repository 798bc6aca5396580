"""`make serve` on a small real repository, with the page open in a browser."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Page, expect

from publishing.notebooks import HEADER

from ..conftest import PATIENCE, eventually
from ..publishing.small_site import Commands

PARTS = "\n\n".join(f"## Part {number}\n\n" + "Words of this part, a whole line of them. " * 20 for number in range(20))
FOLD = "<details><summary>Folded</summary>\n\nInside.\n\n</details>"


class Served(Commands):
    """A repository with one notebook, and what `make serve` said about it."""

    def edit(self, lead: str, code: str = "print(1)") -> None:
        text = f"{HEADER}\n# 1. First\n\n{lead}\n\n{FOLD}\n\n{PARTS}\n\n```python\n{code}\n```\n"
        self.replace("notebooks/toy/01-first.md", text)

    def replace(self, name: str, text: str) -> None:
        """Give a file this text at once, as an editor does, by way of a hidden file, which nobody watches."""
        self.write(".new", text).replace(self.root / name)

    def wait_for(self, words: str) -> str:
        said = self.root / "said.txt"
        eventually(lambda: words in said.read_text(), f"the words {words!r}")
        return said.read_text().partition(words)[2]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    toy = Served.lay(tmp_path_factory.mktemp("served"))
    toy.post("01-first", front="published: false\n")
    (toy.root / "notebooks/toy").mkdir(parents=True)
    toy.edit("Words at first.")
    toy.environment["PYTHONUNBUFFERED"] = "1"
    with (toy.root / "said.txt").open("w") as output:
        server = toy.start("serve", "--port", "0", stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    yield toy
    os.killpg(server.pid, signal.SIGINT)
    server.wait(PATIENCE)


@pytest.fixture(scope="module")
def page(served: Served, browser: Browser) -> Page:
    address = served.wait_for("the site: ").split()[0]
    page = browser.new_context(viewport={"width": 1000, "height": 800}).new_page()
    page.goto(f"{address}toy/")
    page.wait_for_selector("script[src*='live.js?build=1']", state="attached")  # of a build that has been announced
    return page


def build_of(page: Page) -> str:
    """The build that is announced now."""
    with urllib.request.urlopen(urljoin(page.url, "/.serve/news")) as news:
        return json.loads(news.readline().removeprefix(b"data: "))["build"]


def wait_for_another_build(page: Page, before: str) -> None:
    """On one connection, since the server has few, and keeps each for a while after its client left."""
    deadline = time.monotonic() + PATIENCE
    with urllib.request.urlopen(urljoin(page.url, "/.serve/news"), timeout=PATIENCE) as news:
        for line in news:  # the same comes again and again
            if line.startswith(b"data: ") and json.loads(line.removeprefix(b"data: "))["build"] != before:
                return
            assert time.monotonic() < deadline, "there was no other build"


def top_of(page: Page, target: str) -> float:
    return page.locator(f"#{target}").bounding_box()["y"]


def test_the_page_appears_as_soon_as_it_is_built_and_a_draft_is_shown(page):
    expect(page.get_by_text("Words at first.")).to_be_visible()


def test_an_edit_reloads_the_page_which_keeps_its_place(served, page):
    page.locator("summary", has_text="Folded").click()
    page.evaluate("document.getElementById('part-12').scrollIntoView({ behavior: 'instant' })")
    eventually(lambda: page.evaluate("scrollY") > 500, "the scroll")
    before = top_of(page, "part-12")

    served.edit("Words afterwards, and $x^2$.\n\n" + "A new paragraph.\n\n" * 12)
    expect(page.get_by_text("Words afterwards")).to_be_attached()
    eventually(lambda: abs(top_of(page, "part-12") - before) < 3, "the return to the same place")
    expect(page.get_by_text("Inside.")).to_be_visible()


def test_a_mistake_shows_in_the_browser_and_the_terminal_until_it_is_mended(served, page):
    served.edit("Words before the mistake.", "print(1)")
    expect(page.get_by_text("Words before the mistake.")).to_be_attached()
    served.edit("Words with a mistake.", "def f(x):\n    return 1 / x\n\nf(0)")
    error = page.locator("#serve-error")
    expect(error).to_be_visible()
    place, cause = "toy/01-first, cell 2", "ZeroDivisionError: division by zero"
    for words in (place, cause, "return 1 / x"):
        assert words in error.inner_text()
    said = served.wait_for("error: ")
    assert place in said and cause in said and "return 1 / x" in said
    expect(page.get_by_text("Words before the mistake.")).to_have_count(1)  # the last good page stays

    served.edit("Words that are fixed.", "print(2)")
    expect(page.get_by_text("Words that are fixed.")).to_be_attached()
    expect(error).to_have_count(0)


def test_a_formula_that_cannot_be_set_is_told_and_an_edit_of_a_style_reloads(served, page):
    served.edit("A formula that is $\\nonsense$.", "print(2)")
    expect(page.locator("#serve-error")).to_contain_text("toy/01-first, cell 1")
    served.edit("Words that are fixed.", "print(2)")
    expect(page.locator("#serve-error")).to_have_count(0)

    style = (served.root / "assets/css/notes.css").read_text()
    served.replace("assets/css/notes.css", style + "\n.paper-notes h2 { outline: 7px solid; }\n")
    expect(page.locator(".paper-notes h2").first).to_have_css("outline-width", "7px")


def test_an_edit_of_a_notebook_that_runs_is_not_waited_for(served, page):
    served.edit("Words that would come late.", "import pathlib, time\npathlib.Path('runs').touch()\ntime.sleep(9999)")
    eventually((served.root / "notebooks/toy/runs").exists, "the run of the cell")
    served.edit("Words that come at once.", "print(3)")
    expect(page.get_by_text("Words that come at once.")).to_be_attached()
    expect(page.locator("#serve-error")).to_have_count(0)
    (served.root / "notebooks/toy/runs").unlink()


def test_a_folder_of_the_repository_that_is_elsewhere_for_a_moment_ends_nothing(served, page):
    elsewhere = served.root.rename(served.root.with_name("elsewhere"))
    time.sleep(1)
    elsewhere.rename(served.root)
    served.edit("Words after the way back.", "print(3)")
    expect(page.get_by_text("Words after the way back.")).to_be_attached()


def test_the_script_is_not_in_the_site_itself(served, page):
    eventually(lambda: "/.serve/" in page.content(), "the script")
    assert "/.serve/" not in (served.root / "_site/toy/index.html").read_text()


def test_the_search_finds_what_was_written_just_now_and_its_index_is_made_for_it(served, page):
    served.edit("Words about marigolds.", "print(2)")
    expect(page.get_by_text("about marigolds")).to_be_attached()
    assert not (served.root / "build/search").exists()
    expect(page.locator(f"script[src$='build={build_of(page)}']")).to_be_attached()
    eventually(lambda: page.keyboard.press("/") or page.get_by_role("textbox").is_visible(), "the search")
    page.get_by_role("textbox").fill("marigolds")
    expect(page.locator(".search-results mark").first).to_have_text("marigolds.")
    assert not (served.root / "_site/pagefind").exists()

    before = build_of(page)
    served.edit("Words about lilies.", "print(2)")
    wait_for_another_build(page, before)
    expect(page.get_by_role("textbox")).to_have_value("marigolds")
    page.locator(".search-results a").first.click()
    expect(page.get_by_text("about lilies")).to_be_attached()
