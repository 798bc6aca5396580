"""The server of `make serve`, and its rebuilding on a small real repository."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from urllib.error import HTTPError

import pytest
from watchfiles import Change

from publishing import paths, serve
from publishing.errors import PublishingError
from publishing.notebooks import HEADER

ROOT = paths.ROOT
INCLUDES = ("mathjax", "paper_diagram", "paper_section")
POST = """---
layout: post
title: Toy
paper: toy
mathjax: true
permalink: /toy/
---
{% include paper_section.html name="toy/01-first" %}
"""


@pytest.fixture
def served(tmp_path):
    (tmp_path / "index.html").write_text("first")
    with serve.start_server(tmp_path, 0) as server:
        yield tmp_path, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def get(url: str) -> tuple[str, str]:
    with urllib.request.urlopen(url) as answer:
        return answer.read().decode(), answer.headers["Cache-Control"]


def test_a_page_is_served_as_it_is_now(served):
    folder, url = served
    assert get(f"{url}/") == ("first", "no-store")
    (folder / "index.html").write_text("second")
    assert get(f"{url}/")[0] == "second"


def test_a_missing_page_is_not_found(served):
    with pytest.raises(HTTPError, match="404"):
        get(f"{served[1]}/nowhere")


def test_only_this_machine_is_served(served):
    assert served[1].startswith("http://127.0.0.1:")


def test_a_port_that_is_taken_is_one_line_that_says_what_to_do(served):
    port = int(served[1].rpartition(":")[2])
    with pytest.raises(PublishingError, match=rf"port {port} is taken; try `make serve PORT={port + 1}`"):
        serve.start_server(served[0], port)


def test_a_number_that_is_no_port_is_refused(tmp_path):
    with pytest.raises(PublishingError, match="99999 is no port"):
        serve.start_server(tmp_path, 99999)


def test_an_edit_is_news_and_a_generated_section_is_not(repository):
    handwritten = serve.Handwritten()
    assert handwritten(Change.modified, str(repository.root / "notebooks/toy/01-x.md"))
    assert handwritten(Change.modified, str(repository.root / "_includes/mathjax.html"))
    assert not handwritten(Change.modified, str(repository.root / "_includes/sections/toy/01-x.html"))
    assert not handwritten(Change.modified, str(repository.root / "publishing/__pycache__/x.pyc"))


def test_the_rooms_are_those_of_the_site_and_the_packages(repository):
    repository.write("toy_package/__init__.py", "")
    repository.write("notebooks/toy/01-x.md", "")
    repository.write(".venv/x/__init__.py", "")
    repository.write("build/x.txt", "")
    assert serve.rooms() == [repository.root / "toy_package", repository.root / "notebooks"]


def text_of(url: str) -> str:
    """What the server has at this moment, be it nothing."""
    try:
        return get(url)[0]
    except HTTPError:
        return ""


def eventually(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, f"{what} never happened"
        time.sleep(0.1)


def test_an_edit_shows_on_the_page_and_a_mistake_leaves_the_page_up(tmp_path):
    for room in ("publishing", "_layouts", "assets/css", "requirements"):
        shutil.copytree(ROOT / room, tmp_path / room)
    (tmp_path / "_includes").mkdir()
    for name in ("_config.yml", "package.json", "package-lock.json", *(f"_includes/{name}.html" for name in INCLUDES)):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    (tmp_path / "_posts").mkdir()
    (tmp_path / "_posts/2026-11-24-toy.md").write_text(POST)
    notebook = tmp_path / "notebooks/toy/01-first.md"
    notebook.parent.mkdir(parents=True)

    def write(text: str) -> None:
        notebook.write_text(f"{HEADER}\n# 1. First\n\n{text}\n")

    write("Words at first.")

    said = tmp_path / "said.txt"
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with said.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "publishing", "serve", "--port", "0"],
            cwd=tmp_path,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        eventually(lambda: "Ctrl-C ends" in said.read_text(), "the server")
        url = said.read_text().partition("the site: ")[2].split()[0] + "toy/"
        eventually(lambda: "Words at first." in text_of(url), "the first build")

        write("Words afterwards, and $x^2$.")
        eventually(lambda: "Words afterwards" in text_of(url), "the second build")

        write("A formula that is $\\nonsense$.")
        eventually(lambda: "error: " in said.read_text(), "the complaint")
        assert "toy/01-first" in said.read_text().partition("error: ")[2]
        assert "Words afterwards" in get(url)[0]
    finally:
        os.killpg(server.pid, signal.SIGINT)
        server.wait(10)
