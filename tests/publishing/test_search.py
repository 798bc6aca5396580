"""What gets into the index of the search, when it is made, and what stands where there is none."""

import gzip
import json
import re
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

INDEX = """from publishing import __main__ as publishing, build
publishing._site = lambda _: build.index_site()
sys.exit(publishing.main())"""


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Commands:
    """A site with a post and a draft, to be looked at alone."""
    commands = Commands.lay(tmp_path_factory.mktemp("built"))
    commands.notebook("01-section", TEXT, CODE)
    commands.post("01-section")
    commands.write("_posts/2026-01-02-draft.md", "---\ntitle: Draft\nlayout: post\npublished: false\n---\nPeonies.\n")
    commands.succeed("site")
    return commands


def index(folder: Path) -> dict[str, str]:
    """The texts that an index holds, by their addresses."""
    raw = [gzip.decompress(path.read_bytes()).removeprefix(b"pagefind_dcd") for path in folder.rglob("*.pf_fragment")]
    return {told["url"]: told["content"] for told in map(json.loads, raw)}


def test_the_index_holds_the_text_of_all_pages_and_no_code_mathematics_or_draft(built):
    found = index(built.root / "_site/pagefind")
    assert found.keys() == {"/", "/toy/"}
    text = found["/toy/"]
    marigolds = "Marigolds of … are", "They are (in a link) and in inline_code."
    assert all(words in text for words in (*marigolds, "Tulips.", "Crocuses.", "roses ferns"))
    page = (built.root / "_site/toy/index.html").read_text()
    for words in ("alpha", "delta", "lilacs", "output of a cell", "min read"):
        assert words in page and words not in text
    assert "Peonies" not in "".join(found.values())


def test_the_index_is_made_again_only_when_a_text_has_changed(commands):
    entry = commands.root / "build/search/pagefind/pagefind-entry.json"
    made, before = entry.stat().st_mtime_ns, commands.outputs("_site/pagefind")
    style = commands.root / "assets/css/site.css"
    style.write_text(f"{style.read_text()}\n.site b {{ color: red; }}\n")
    assert "search" not in commands.succeed("site")
    assert "color: red" in (commands.root / "_site/toy/index.html").read_text()
    assert (entry.stat().st_mtime_ns, commands.outputs("_site/pagefind")) == (made, before)

    commands.notebook("01-section", TEXT.replace("Tulips", "Hyacinths"), CODE)
    commands.succeed("site")
    assert "Hyacinths" in index(commands.root / "_site/pagefind")["/toy/"]
    assert "nothing changed" in commands.succeed("site")


def test_while_it_is_written_an_index_is_made_when_it_is_asked_for_with_drafts_and_stands_beside_the_site(commands):
    commands.succeed("site", "--drafts")
    assert select((commands.root / "_site/toy/index.html").read_text(), "button.search-button")
    assert not (commands.root / "_site/pagefind").exists()
    commands.succeed("site", code=INDEX)
    assert "Peonies" in "".join(index(commands.root / "build/search").values())
    assert "removed" not in commands.succeed("site", "--drafts")
    commands.succeed("site")
    assert "Peonies" not in "".join(index(commands.root / "_site/pagefind").values())


def replace_pagefind(commands: Commands, program: str | None) -> None:
    """Put a script in place of Pagefind's program, or nothing."""
    modules = commands.root / "node_modules"
    modules.unlink()
    modules.mkdir()
    for package in (paths.ROOT / "node_modules").iterdir():
        if package.name != "@pagefind":
            (modules / package.name).symlink_to(package)
    if program:
        commands.write("node_modules/@pagefind/linux-x64/bin/pagefind", program).chmod(0o755)


@pytest.mark.parametrize("program", [None, "#!/bin/sh\nexit 126\n"], ids=["not there", "does not run"])
def test_where_pagefind_does_not_run_it_is_said_in_a_line_and_the_button_is_absent(commands, program):
    replace_pagefind(commands, program)
    commands.notebook("01-section", TEXT.replace("Tulips", "Hyacinths"), CODE)
    said = commands.succeed("site")
    assert said.count("search: none, since Pagefind does not run here\n") == 1
    assert not (commands.root / "_site/pagefind").exists()
    for page in (commands.root / "_site").rglob("*.html"):
        assert not select(page.read_text(), ".search-button"), page


@pytest.mark.parametrize(
    "end",
    [
        "echo 'Os { message: \"no room\" }, at main' >&2; exit 1",
        "exit 1",
        "sleep 0.2; exit 1",
        "exec <&-; sleep 0.2",
        "kill -9 $$",
    ],
)
def test_an_index_that_cannot_be_made_is_one_line_and_the_site_stays(commands, end):
    """However the program ends: Node hears of it in one way or another."""
    before = commands.outputs("_site")
    replace_pagefind(commands, f"#!/bin/sh\ntest $1 = --version || {{ echo no room >&2; {end}; }}\n")
    if whole := end == "exit 1":
        commands.notebook("01-section", TEXT.replace("Tulips", "Hyacinths"), CODE)
    else:
        shutil.rmtree(commands.root / "build/search")
    said = commands.fail("site", code="" if whole else INDEX)
    assert re.fullmatch("Pagefind made no index for the search: no room(?: Pagefind backend closed)?; try again", said)
    assert commands.outputs("_site") == before


def test_below_an_address_results_and_the_page_for_what_is_not_found_lead_below_it(commands, browser, tmp_path):
    commands.environment["BASEURL"] = "/notes"
    commands.succeed("site")
    (tmp_path / "host").mkdir()
    (tmp_path / "host/notes").symlink_to(commands.root / "_site")
    with start_server(tmp_path / "host", 0) as server:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/notes/404.html")
        assert page.get_by_role("link", name="All notes").get_attribute("href") == "/notes/"
        page.get_by_role("button", name="Search", exact=True).click()
        page.get_by_role("textbox").fill("tulips")
        expect(page.get_by_role("link", name="A heading")).to_have_attribute("href", "/notes/toy/#a-heading")
        page.close()
        server.shutdown()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A <cite>book</cite>.", ["A book."]),
        ('<a class="button">A book</a>.', ["A book."]),
        ('A <img class="math" alt="x"> book.', ["A … book."]),
        ("A book, Q&A", ["A book, Q&A"]),
        ("<p>Above.</p><main>A book.</main><p>Below.</p>", ["A book."]),
        ("<main><nav>Menu</nav><pre>code</pre></main><p>Below.</p>", []),
    ],
)
def test_only_what_has_no_words_is_left_out(tmp_path, text, found):
    (page := tmp_path / "index.html").write_text(f"<html><body>{text}")
    for name, content in search.of(tmp_path, [page]).items():
        (path := tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content)
    assert list(index(tmp_path).values()) == found
