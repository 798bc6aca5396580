"""The server of `make serve`; tests/site/test_serving.py has it rebuild, with a page open in a browser."""

import re
import signal
import socket
import struct
import threading
import time
import urllib.request
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from urllib.error import HTTPError

import pytest
from playwright.sync_api import expect
from watchfiles import Change

from publishing import build, paths, stamps
from publishing.errors import PublishingError
from publishing.serve import watch as serve
from publishing.serve.builds import Builder
from publishing.serve.live import LivePages, News

from ..conftest import PATIENCE, eventually

POLICY = re.compile("^default-src 'none'; script-src 'self'; connect-src 'self';")


@pytest.fixture
def served(tmp_path):
    (tmp_path / "index.html").write_text("first")
    with serve.start_server(tmp_path, 0) as server:
        assert server.server_address[0] == "127.0.0.1"
        yield tmp_path, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def live(tmp_path):
    """A site that is not built yet, its news, and its address."""
    news, folder = News(), tmp_path / "site"
    with serve.start_server(folder, 0, partial(LivePages, news=news, index=lambda: None)) as server:
        yield folder, news, f"http://127.0.0.1:{server.server_port}"
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


@pytest.mark.parametrize("address", ["/", "/toy/claims/#c", "/toy", "/assets/icon.svg"])
def test_until_the_first_build_is_done_any_address_tells_how_far_it_is_and_then_shows_the_site(live, browser, address):
    folder, news, url = live
    page = browser.new_page()
    page.goto(url + address)
    expect(page.get_by_role("heading")).to_have_text("The site is not built yet")
    expect(page.locator("meta[http-equiv='Content-Security-Policy']")).to_have_attribute("content", POLICY)
    for progress in ("1.0 s  0 of 2 notebooks executed", "2.5 s  building the site with Jekyll"):
        news.doing(progress)
        expect(page.get_by_text(progress)).to_be_visible()
    news.failed("error: toy/01-x, cell 2: <b>")
    expect(page.get_by_role("alert")).to_have_text("error: toy/01-x, cell 2: <b>")
    expect(page.get_by_text("it runs again after the next edit")).to_be_visible()
    (folder / "toy/claims").mkdir(parents=True)
    for name in ("index.html", "toy/index.html", "toy/claims/index.html", "assets/icon.svg"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("<svg xmlns='http://www.w3.org/2000/svg'><text y='20'>built</text></svg>")
    news.built()
    expect(page.get_by_text("built", exact=True)).to_be_visible()
    page.close()


def test_a_page_that_the_site_lacks_is_not_found_and_waits_for_the_next_build(live, browser):
    folder, news, url = live
    news.built()
    page, loads = browser.new_page(), []
    page.on("response", lambda answer: loads.append(answer.status) if answer.url == f"{url}/new/" else None)
    page.goto(f"{url}/new/")
    expect(page.get_by_role("heading")).to_have_text("File not found")
    news.doing("rendering toy")
    expect(page.get_by_text("rendering toy")).to_be_visible()
    assert loads == [404], "it reloads only when there is news"
    (folder / "new").mkdir(parents=True)
    (folder / "new/index.html").write_text("<body>built</body>")
    news.built()
    expect(page.get_by_text("built", exact=True)).to_be_visible()
    page.close()


def test_the_index_of_the_search_is_made_when_its_script_is_asked_for_and_lies_beside_the_site(repository):
    made = []

    def index() -> None:
        if made:
            raise PublishingError("no room")
        made.append(repository.write("build/search/pagefind/pagefind.js", "script"))

    repository.write("build/search/pagefind/entry.json", "{}")
    repository.write("_site/index.html", "built")
    news = News()
    news.built()
    with serve.start_server(paths.SITE, 0, partial(LivePages, news=news, index=index)) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        assert get(f"{url}/")[0].endswith("built")
        with pytest.raises(HTTPError, match="404"):
            get(f"{url}/{'a' * 300}.html")
        assert get(f"{url}/pagefind/entry.json?ts=1")[0] == "{}" and not made
        assert get(f"{url}/pagefind/pagefind.js") == ("script", "no-store")
        with pytest.raises(HTTPError, match="500: No search"):
            get(f"{url}/pagefind/pagefind.js")
        server.shutdown()


@pytest.fixture
def press(repository):
    """Writes what `python -m publishing` is here."""
    repository.write("publishing/__init__.py", "")  # or the real package is found first
    return lambda code: repository.write("publishing/__main__.py", code)


@pytest.mark.parametrize(("ends", "error"), [("", None), ("sys.exit('error: no paper')", "error: no paper")])
def test_what_a_rebuild_is_doing_is_told_and_how_it_ended(press, monkeypatch, ends, error):
    press(f"import os, sys\nos.write(int(sys.argv[-1]), b'rendering\\n')\n{ends}\n")
    news, told = News(), []
    monkeypatch.setattr(news, "doing", told.append)
    Builder().rebuild(news)
    assert told == ["rendering"]
    assert news.other_than(None)["error"] == error
    assert bool(news.build) == (error is None)


def test_a_build_that_waits_has_gone_through_the_paper_that_was_edited_last(repository, monkeypatch):
    gone_through = []
    monkeypatch.setattr("publishing.execute.jobs.planned", lambda paper, _: gone_through.append(paper))
    for paper in ("two", "three", "one"):
        repository.write(f"notebooks/{paper}/01-first.md", "# 1. First")
        (repository.root / f"notebooks/{paper}/link").symlink_to("nowhere")
        time.sleep(0.02)  # the clock of a file system has ticks
    next(build.warm_up())
    assert gone_through == ["one"]


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
    for folder in ("data", "images", "notebooks", "vendor"):
        assert not handwritten(Change.modified, str(repository.root / f"assets/{folder}/toy/x"))


def test_the_folders_are_all_of_the_root_but_generated_and_hidden_ones(repository):
    repository.write("toy_package/__init__.py", "")
    repository.write("data/numbers.json", "")
    repository.write("notebooks/toy/01-x.md", "")
    repository.write("node_modules/x/index.js", "")
    repository.write(".venv/x/__init__.py", "")
    repository.write("build/x.txt", "")
    assert [folder.name for folder in serve.folders()] == ["data", "notebooks", "toy_package"]


def test_a_file_that_is_edited_while_the_site_is_built_is_built_again_and_one_that_is_only_met_is_not(
    repository, monkeypatch, tmp_path_factory
):
    met, builds = tmp_path_factory.mktemp("elsewhere") / "data.txt", []

    def meets_it() -> None:
        met.write_text("1")
        stamps.record(stamps.of_notebooks("toy"), {}, [], {str(met): None})

    meanwhile = [meets_it, lambda: met.write_text("22"), lambda: repository.write("new.toml", ""), lambda: None]

    def rebuild(*_) -> None:
        meanwhile[len(builds)]()
        builds.append("build")

    monkeypatch.setattr(Builder, "rebuild", rebuild)
    counted = []

    def looks():
        for edits in (set(), set(), {"notebooks/toy/01-x.md"}, set(), set(), set()):
            yield edits
            counted.append(len(builds))

    monkeypatch.setattr(serve, "looks", looks)
    monkeypatch.setattr(serve, "start_server", lambda *_: nullcontext(SimpleNamespace(server_port=1)))
    serve.serve(1, lambda: None)
    assert counted == [1, 1, 2, 3, 4, 4]


@pytest.mark.parametrize("is_outdated", [False, True])
def test_a_site_is_made_again_once_after_another_build_and_after_one_that_ended_early(
    repository, monkeypatch, is_outdated
):
    def looks():
        for edit in (None, None, "by `make`", None, None):
            if edit:
                stamps.record("site", {"unpublished": False}, [])
            yield set()
            counted.append(len(builds))

    def rebuild(*_) -> bool:
        stamps.record("site", {}, [])
        builds.append("build")
        return is_outdated and len(builds) == 1

    builds, counted = [], []
    monkeypatch.setattr(Builder, "rebuild", rebuild)
    monkeypatch.setattr(serve, "looks", looks)
    monkeypatch.setattr(serve, "start_server", lambda *_: nullcontext(SimpleNamespace(server_port=1)))
    serve.serve(1, lambda: None)
    assert counted == ([1, 2, 3, 3, 3] if is_outdated else [1, 1, 2, 2, 2])


@pytest.mark.parametrize("name", ["loose.py", "_config.yml", "requirements.txt", ".git/index"])
def test_a_file_of_the_root_that_appears_or_changes_is_an_edit(repository, name):
    before = serve.loose()
    repository.write(name, "1")
    after = serve.loose()
    repository.write(name, "22")
    assert before != after != serve.loose()


def test_a_new_folder_is_watched_and_what_came_with_it_counts_as_edited(repository):
    looks = serve.looks()
    while next(looks):
        pass
    repository.write("data/new.csv", "1")
    eventually(lambda: next(looks), "the new folder")
    while next(looks):
        pass
    repository.write("data/new.csv", "2")
    eventually(lambda: next(looks), "an edit in it")


def test_a_folder_that_goes_before_it_is_watched_is_no_end(repository, monkeypatch):
    there = repository.write("data/new.csv", "1").parent
    gone = iter([[there, there.with_name("gone")]])
    monkeypatch.setattr(serve, "folders", lambda: next(gone, [there]))
    assert next(serve.looks())


@pytest.mark.parametrize("error", [OSError("OS file watch limit reached."), RuntimeError("Too many open files")])
def test_where_the_system_watches_no_more_files_they_are_looked_at_again_and_again(
    repository, monkeypatch, capsys, error
):
    asked, watching = [], serve.watch

    def watch(*folders, force_polling=False, **options):
        asked.append(force_polling)
        if not force_polling:
            raise error
        return watching(*folders, force_polling=True, **options)

    monkeypatch.setattr(serve, "watch", watch)
    repository.write("data/new.csv", "1")
    looks = serve.looks()
    while next(looks):
        pass
    # One within the second in which a file was last looked at may be missed.
    eventually(lambda: repository.write("data/new.csv", f"{time.time()}") and next(looks), "an edit")
    assert asked[:2] == [False, True]
    next(serve.looks())
    assert capsys.readouterr().err.count(f"{error}: edits are seen a second later") == 1


def test_a_page_that_is_replaced_while_it_is_read_bears_the_number_of_the_build_that_it_shows(live, monkeypatch):
    folder, news, url = live
    folder.mkdir()
    (folder / "index.html").write_text("<body>old</body>")
    news.built()
    old, read = news.build, Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: (read(path), news.built())[0])
    assert f"build={old}" in get(f"{url}/")[0] and news.build != old


def test_what_a_notebook_met_outside_the_watched_folders_is_looked_at(repository, tmp_path_factory):
    met = tmp_path_factory.mktemp("elsewhere") / "data.txt"
    stamps.record(stamps.of_notebooks("toy"), {}, [], {str(met): None, "notebooks/toy/x": None})
    repository.write("notebooks/toy/x", "")
    before = serve.loose()
    assert met in before and not any(path.name == "x" for path in before)
    met.write_text("1")
    assert serve.loose() != before


@pytest.mark.parametrize("host", ["evil.example", "evil.example:4000", "127.0.0.1.evil.example", ""])
@pytest.mark.parametrize("address", ["/", "/.serve/news"])
def test_another_host_is_not_answered(live, host, address):
    """A foreign page whose name is made to lead here would read drafts and tracebacks."""
    folder, news, url = live
    (folder).mkdir()
    (folder / "index.html").write_text("secret")
    asked = urllib.request.Request(url + address, headers={"Host": host})
    with pytest.raises(HTTPError, match="403"):
        urllib.request.urlopen(asked)


@pytest.mark.parametrize("address", ["/%00", "/a%00b/"])
def test_an_impossible_name_is_not_found(live, address, capsys):
    with pytest.raises(HTTPError, match="404"):
        get(live[2] + address)
    assert capsys.readouterr().err == ""


def test_clients_that_leave_say_nothing_and_those_that_wait_are_bounded(live, capsys, monkeypatch):
    folder, news, url = live
    folder.mkdir()
    (folder / "index.html").write_text("here")
    place = ("127.0.0.1", int(url.rpartition(":")[2]))
    before = threading.active_count()
    halves = [socket.create_connection(place) for _ in range(serve.CLIENTS + 5)]
    for turned_away in halves[serve.CLIENTS :]:
        turned_away.settimeout(PATIENCE)
        assert turned_away.recv(1) == b""
    assert threading.active_count() <= before + serve.CLIENTS
    for half in halves:
        half.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, not an end
        half.close()
    eventually(lambda: "here" in get(f"{url}/")[0], "a thread that is free")
    assert capsys.readouterr().err == ""


def test_bytes_that_are_no_text_on_a_builds_stderr_end_nothing(press):
    press("import os, sys\nos.write(2, b'error: \\xff')\nsys.exit(1)\n")
    news = News()
    Builder().rebuild(news)
    assert news.other_than(None)["error"] == "error: \ufffd"


@pytest.fixture
def builder(repository, press):
    """Of a press that writes down each build, and is killed while the source says so."""
    repository.write("source", "fine")
    press(
        "import os, sys\nif sys.stdin.readline():\n    open('built', 'a').write('once ')\n"
        "    if open('source').read() != 'fine':\n        os.kill(os.getpid(), 9)\n"
    )
    return Builder()


def test_a_build_that_stood_ready_and_was_killed_is_replaced(repository, builder):
    news = News()
    builder._next._process.kill()
    builder._next._process.wait()
    builder.rebuild(news)
    assert news.build and (repository.root / "built").read_text() == "once "


@pytest.mark.parametrize("name", ["publishing/new.py", "publishing/render/templates/nodes.html.j2"])
def test_a_build_that_stood_ready_is_replaced_when_what_it_read_of_the_press_changes(repository, builder, name):
    stood_ready = builder._next
    repository.write(name, "")
    builder.rebuild(news := News())
    assert news.build and stood_ready._process.returncode == -signal.SIGKILL


def test_a_build_that_is_killed_says_so_and_the_next_one_builds(repository, builder, capsys):
    news = News()
    repository.write("source", "too large")
    builder.rebuild(news)
    assert news.other_than(None)["error"] == "error: the build was killed; was the machine out of memory?"
    repository.write("source", "fine")
    builder.rebuild(news)
    assert news.other_than(None)["error"] is None and (repository.root / "built").read_text() == "once once "


def test_the_checkpoints_and_results_that_notebooks_open_are_in_one_watched_room():
    for opened in ("checkpoints", "results"):
        around = [folder for folder in serve.folders() if folder in (paths.ROOT / "experiments" / opened).parents]
        assert around == [paths.ROOT / "experiments"]
