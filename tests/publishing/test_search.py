"""What gets into the index of the search, when it is made, and what stands where there is none."""

import gzip
import json
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from publishing import paths
from publishing.serve.watch import start_server
from publishing.site import search

from .notes import select
from .small_site import Commands

if not search.is_possible():
    pytest.skip("Pagefind does not run on this platform", allow_module_level=True)

TEXT = """# 1. A section

Marigolds of $\\alpha$ are the words of a paragraph. They are (in [a link](https://example.org)) and in `inline_code`.

$$ \\gamma = \\delta \\tag{1} $$

## A heading

Tulips.

<details><summary>Folded</summary>

Crocuses.

</details>"""
CODE = """from publishing.cells import table

lilacs = 1
print('output of a cell')
table([['roses', 'ferns']], columns=['one', 'two'], name='t', caption='Two.')"""


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Commands:
    """A site with a post and a draft, to be looked at alone."""
    commands = Commands.lay(tmp_path_factory.mktemp("built"))
    commands.notebook("01-section", TEXT, CODE)
    commands.post("01-section")
    commands.write("_posts/2026-01-02-draft.md", "---\ntitle: Draft\nlayout: post\npublished: false\n---\nPeonies.\n")
    commands.succeed("site")
    return commands


@pytest.fixture
def site(built, tmp_path) -> Commands:
    """The same, to be changed."""
    return built.copy(tmp_path / "site")


def index(folder: Path) -> dict[str, str]:
    """The texts that an index holds, by their addresses."""
    raw = [gzip.decompress(path.read_bytes()).removeprefix(b"pagefind_dcd") for path in folder.rglob("*.pf_fragment")]
    return {told["url"]: told["content"] for told in map(json.loads, raw)}


def test_the_index_holds_the_text_of_all_pages_and_no_code_mathematics_or_draft(built):
    found = index(built.root / "_site/pagefind")
    assert found.keys() == {"/", "/toy/"}
    text = found["/toy/"]
    for words in (
        "Marigolds of … are",
        "They are (in a link) and in inline_code.",
        "Tulips.",
        "Crocuses.",
        "roses ferns",
    ):
        assert words in text
    page = (built.root / "_site/toy/index.html").read_text()
    for words in ("alpha", "delta", "lilacs", "output of a cell", "min read"):
        assert words in page and words not in text
    assert "Peonies" not in "".join(found.values())


def test_only_what_the_search_loads_is_published(built):
    names = {path.name for path in (built.root / "_site/pagefind").iterdir()}
    assert {name for name in names if name.endswith((".js", ".css"))} == {"pagefind.js", "pagefind-worker.js"}
    assert [name for name in names if name.startswith("wasm")] == ["wasm.en.pagefind"]


def test_the_index_is_made_again_only_when_a_text_has_changed_and_is_the_same_in_a_clean_build(site):
    entry = site.root / "build/search/pagefind/pagefind-entry.json"
    made, before = entry.stat().st_mtime_ns, site.outputs("_site/pagefind")
    style = site.root / "assets/css/site.css"
    style.write_text(f"{style.read_text()}\n.site b {{ color: red; }}\n")
    assert "search" not in site.succeed("site")
    assert "color: red" in (site.root / "_site/toy/index.html").read_text()
    assert (entry.stat().st_mtime_ns, site.outputs("_site/pagefind")) == (made, before)

    for name in ("build/search", "build/memory", "build/stamps", "_site"):
        shutil.rmtree(site.root / name)
    site.succeed("site")
    assert site.outputs("_site/pagefind") == before

    site.notebook("01-section", TEXT.replace("Tulips", "Hyacinths"), CODE)
    site.succeed("site")
    assert "Hyacinths" in index(site.root / "_site/pagefind")["/toy/"]
    assert "nothing changed" in site.succeed("site")


def test_while_it_is_written_an_index_is_made_when_it_is_asked_for_with_drafts_and_stands_beside_the_site(site):
    site.succeed("site", "--drafts")
    assert select((site.root / "_site/toy/index.html").read_text(), "button.search-button")
    assert not (site.root / "_site/pagefind").exists()
    site.succeed(code="from publishing.build import index_site; index_site()")
    assert "Peonies" in "".join(index(site.root / "build/search").values())
    assert "removed" not in site.succeed("site", "--drafts")
    site.succeed("site")
    assert "Peonies" not in "".join(index(site.root / "_site/pagefind").values())


def replace_pagefind(site: Commands, program: str | None) -> None:
    """Put a script in place of Pagefind's program, or nothing."""
    modules = site.root / "node_modules"
    modules.unlink()
    modules.mkdir()
    for package in (paths.ROOT / "node_modules").iterdir():
        if package.name != "@pagefind":
            (modules / package.name).symlink_to(package)
    if program:
        site.write("node_modules/@pagefind/linux-x64/bin/pagefind", program).chmod(0o755)


@pytest.mark.parametrize("program", [None, "#!/bin/sh\nexit 126\n"], ids=["not there", "does not run"])
def test_where_pagefind_does_not_run_it_is_said_in_a_line_and_the_button_is_absent(site, program):
    replace_pagefind(site, program)
    site.notebook("01-section", TEXT.replace("Tulips", "Hyacinths"), CODE)
    said = site.succeed("site")
    assert said.count("search: none, since Pagefind does not run here\n") == 1
    assert not (site.root / "_site/pagefind").exists()
    for page in (site.root / "_site").rglob("*.html"):
        assert not select(page.read_text(), ".search-button"), page


@pytest.mark.parametrize("end", ["exit 1", "sleep 0.2; exit 1", "exec <&-; sleep 0.2", "kill -9 $$"])
def test_an_index_that_cannot_be_made_is_one_line_and_the_site_stays(site, end):
    """However the program ends: Node hears of it in one way or another."""
    before = site.outputs("_site")
    replace_pagefind(site, f"#!/bin/sh\ntest $1 = --version || {{ echo no room >&2; {end}; }}\n")
    site.notebook("01-section", TEXT.replace("Tulips", "Hyacinths"), CODE)
    assert site.fail("site") == "Pagefind made no index for the search: no room Pagefind backend closed; try again"
    assert site.outputs("_site") == before


def test_below_an_address_results_and_the_page_for_what_is_not_found_lead_below_it(site, browser, tmp_path):
    site.environment["BASEURL"] = "/notes"
    site.succeed("site")
    (tmp_path / "host").mkdir()
    (tmp_path / "host/notes").symlink_to(site.root / "_site")
    with start_server(tmp_path / "host", 0) as server:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/notes/404.html")
        assert page.get_by_role("link", name="All notes").get_attribute("href") == "/notes/"
        page.get_by_role("button", name="Search", exact=True).click()
        page.get_by_role("textbox").fill("tulips")
        expect(page.get_by_role("link", name="A heading")).to_have_attribute("href", "/notes/toy/#a-heading")
        page.close()
        server.shutdown()
