"""The server of `make serve`; tests/site/test_serving.py has it rebuild, with a page open in a browser."""

import urllib.request
from contextlib import nullcontext
from types import SimpleNamespace
from urllib.error import HTTPError

import pytest
from watchfiles import Change

from publishing import paths, serve
from publishing.errors import PublishingError


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
    assert handwritten(Change.modified, str(repository.root / "assets/css/notes.css"))
    assert not handwritten(Change.modified, str(repository.root / "publishing/__pycache__/x.pyc"))
    assert not handwritten(Change.modified, str(repository.root / "_includes/sections/toy/01-x.html"))
    for room in ("data", "images", "notebooks", "vendor"):
        assert not handwritten(Change.modified, str(repository.root / f"assets/{room}/toy/x"))


def test_the_rooms_are_those_of_the_site_and_the_packages(repository):
    repository.write("toy_package/__init__.py", "")
    repository.write("notebooks/toy/01-x.md", "")
    repository.write(".venv/x/__init__.py", "")
    repository.write("build/x.txt", "")
    assert serve.rooms() == [repository.root / "toy_package", repository.root / "notebooks"]


def test_the_checkpoints_and_results_that_notebooks_open_are_in_one_watched_room():
    for opened in ("checkpoints", "results"):
        around = [room for room in serve.rooms() if room in (paths.ROOT / "experiments" / opened).parents]
        assert around == [paths.ROOT / "experiments"]


def test_the_site_is_built_at_once_and_after_every_edit(repository, monkeypatch):
    builds, counted = [], []

    def watch(*_, **__):
        for seen in (set(), set(), {"notebooks/toy/01-x.md"}):
            yield seen
            counted.append(len(builds))
        for name in ("_config.yml", "index.md"):
            repository.write("new", name).rename(repository.root / name)  # as many editors save
            yield set()
            counted.append(len(builds))

    monkeypatch.setattr(serve, "watch", watch)
    monkeypatch.setattr(serve, "rebuild", builds.append)
    monkeypatch.setattr(serve, "start_server", lambda *_: nullcontext(SimpleNamespace(server_port=1)))
    serve.serve(1)
    assert counted == [1, 1, 2, 3, 4]
