"""`make serve`: the site at a local address, rebuilt after every edit."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread

from watchfiles import Change, DefaultFilter, watch

from publishing import paths
from publishing.contract import MAY_RAISE
from publishing.errors import PublishingError
from publishing.files import digest
from publishing.serve.live import Files, LivePages, News

FOLDERS = ("_includes", "_layouts", "_posts", "_claims", "assets", "notebooks")
LOOSE = ("_config.yml", "index.md")


def serve(port: int) -> None:
    """Build, show the site on the loopback address, and build again after every edit, until interrupted.

    A build that fails says so, here and in the browser, and the last good site stays up.
    """
    news = News()
    with start_server(paths.SITE, port, partial(LivePages, news=news)) as server:
        print(f"the site: http://127.0.0.1:{server.server_port}/  (Ctrl-C ends)", flush=True)
        built = None  # the first build runs when the watch is on, so that no edit falls in between
        for edits in watch(*folders(), watch_filter=Handwritten(), yield_on_timeout=True, rust_timeout=200):
            if edits or built != loose():
                built = loose()
                rebuild(news)


def start_server(folder: Path, port: int, pages: Callable = Files) -> ThreadingHTTPServer:
    """A server of files on the loopback address, running in a thread; port 0 takes any that is free."""
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(pages, directory=str(folder)))
    except OverflowError:
        raise PublishingError(f"{port} is no port; take one from 1024 to 65535") from None
    except OSError:
        raise PublishingError(f"port {port} is taken; try `make serve PORT={port + 1}`") from None
    Thread(target=server.serve_forever, daemon=True).start()
    return server


class Handwritten(DefaultFilter):
    """Lets pass what a person edits, not what the build writes into the same folders."""

    def __call__(self, change: Change, path: str) -> bool:
        return set(paths.generated()).isdisjoint(Path(path).parents) and super().__call__(change, path)


def folders() -> list[Path]:
    """The folders a person edits: those of the site, and the packages of this repository."""
    return paths.packages() + [paths.ROOT / name for name in FOLDERS if (paths.ROOT / name).exists()]


def loose() -> list[str | None]:
    """What the files of the root hold that a person edits; a watch on a file ends when an editor replaces it."""
    return [digest(paths.ROOT / name) for name in LOOSE]


def rebuild(news: News) -> None:
    """Update the site by the same build as `make`, drafts included, in a process that has today's code."""
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "publishing", "site", "--drafts", "--progress", str(writing)]
    environment = os.environ | {"BASEURL": ""}
    with TemporaryFile("w+", encoding="utf-8") as stderr:
        build = subprocess.Popen(command, cwd=paths.ROOT, env=environment, stderr=stderr, pass_fds=[writing])
        os.close(writing)
        try:
            with os.fdopen(reading, encoding="utf-8") as progress:
                for line in progress:
                    news.doing(line.strip())
        finally:
            build.wait()  # after Ctrl-C too, which the build hears itself
        stderr.seek(0)
        error = stderr.read().strip()
    if build.returncode == 0:
        news.built()
        return
    if paths.relative(paths.FAILED) in error:
        error += "".join(f"\n\n{traceback}" for traceback in tracebacks())
    print(error, file=sys.stderr, flush=True)
    news.failed(error)


def tracebacks() -> Iterator[str]:
    """What Python said in the notebooks that failed, without colours."""
    for path in sorted(paths.FAILED.rglob("*.ipynb")):
        for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"], 1):
            for output in cell.get("outputs", []):
                if output["output_type"] == "error" and MAY_RAISE not in cell["metadata"].get("tags", []):
                    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output["traceback"]))
                    yield f"{path.relative_to(paths.FAILED).with_suffix('')}, cell {number}\n{text}"
