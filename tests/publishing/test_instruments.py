"""Figures that can be tried out: what a cell says of them, what is published, what stands on the page."""

import json

import pytest

from publishing import paths
from publishing.contract import DIAGRAM
from publishing.site import vendor

from .notes import code, diagram, executed, made, refused, select
from .test_includes import built  # noqa: F401

FILES = {"table.json": {"text": "[1,2]"}, "net.bin": {"path": "data/net.bin"}}


def live(**changes) -> dict:
    """A cell with a figure that can be tried out."""
    output = diagram("chain")
    output["data"][DIAGRAM] |= {"instrument": "slider", "files": FILES} | changes
    return code("1", output)


@pytest.fixture
def parts(repository):
    """What such a figure needs in its repository."""
    repository.write("assets/js/instruments/slider.js", "export function mount() {}")
    repository.write("data/net.bin", "numbers")
    return repository


def test_the_files_are_published_under_the_figure_s_name(parts):
    made(executed(parts, "01-first", live()))
    published = {path.name: path.read_text() for path in paths.DATA.iterdir()}
    assert published == {"toy-chain-table.json": "[1,2]", "toy-chain-net.bin": "numbers"}
    report = made(executed(parts, "01-first", live(files={"table.json": {"text": "[3]"}})))
    assert [path for path in report.made if path.parent == paths.DATA] == [paths.DATA / "toy-chain-table.json"]


def test_the_figure_on_the_page_names_its_instrument_and_where_its_files_are(built, parts):  # noqa: F811
    made(executed(parts, "01-first", live(), code("2", diagram("plain"))))
    page = built('{% include paper_section.html name="toy/01-first" %}\n')
    (figure,) = select(page, "#fig-chain[data-instrument=slider]")
    assert figure["data-files"] == "/base/assets/data/toy-chain-"
    loader = 'script[type=module][src="/base/assets/js/instruments/loader.js"]'
    assert len(figure.select(loader)) == len(select(page, "script")) == 1, "only a figure with an instrument"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"instrument": "none"}, "wants the instrument 'none'; write assets/js/instruments/none.js"),
        ({"files": {"a": {"path": "data/none"}}}, "needs 'data/none', which is not in the repository; add it"),
        ({"files": {"a": {"path": "../other/secret"}}}, "needs '../other/secret', which is not in the repository"),
        ({"files": {"../a": {"text": "1"}}}, "cannot publish a file named '../a'"),
    ],
)
def test_what_would_not_work_is_refused(parts, changes, message):
    told = refused(made, executed(parts, "01-first", live(**changes)))
    assert told.startswith("toy/01-first, cell 1: the figure 'chain' ") and message in told


def test_what_npm_packages_give_the_browser_is_copied(repository):
    repository.write("package.json", json.dumps({"browserFiles": {"runtime": ["dist/run.mjs", "dist/run.wasm"]}}))
    for name in ("run.mjs", "run.wasm", "unused.js"):
        repository.write(f"node_modules/runtime/dist/{name}", name)
    repository.write("assets/vendor/runtime/stale.js", "")
    vendor.copy_packages()
    assert sorted(path.name for path in (paths.VENDOR / "runtime").iterdir()) == ["run.mjs", "run.wasm"]


def test_a_package_that_is_not_installed_is_named(repository):
    repository.write("package.json", json.dumps({"browserFiles": {"runtime": ["dist/run.mjs"]}}))
    assert "node_modules/runtime/dist/run.mjs is not installed; run" in refused(vendor.copy_packages)
