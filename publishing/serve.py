"""`make serve`: the site at a local address, rebuilt when something in the rooms of the house changes."""

import os
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from watchfiles import Change, DefaultFilter, watch

from publishing import paths
from publishing.errors import PublishingError

ROOMS = ("_includes", "_layouts", "_posts", "assets/css", "assets/js", "experiments", "notebooks")


def serve(port: int) -> None:
    """Build, show the site on the loopback address, and build again after every edit, until interrupted.

    A build that fails says so, and the last good site stays up.
    """
    with start_server(paths.SITE, port) as server:
        print(f"the site: http://127.0.0.1:{server.server_port}/  (Ctrl-C ends)", flush=True)
        stale = True  # the first build runs when the watch is on, so that no edit falls in between
        for edits in watch(*rooms(), watch_filter=Handwritten(), yield_on_timeout=True, rust_timeout=200):
            if edits or stale:
                rebuild()
                stale = False


def start_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server of files on the loopback address, running in a thread; port 0 takes any that is free."""
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(Files, directory=str(folder)))
    except OverflowError:
        raise PublishingError(f"{port} is no port; take one from 1024 to 65535") from None
    except OSError:
        raise PublishingError(f"port {port} is taken; try `make serve PORT={port + 1}`") from None
    Thread(target=server.serve_forever, daemon=True).start()
    return server


class Files(SimpleHTTPRequestHandler):
    """Files as they are now, never from a browser's cache, and nothing said but errors."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_request(self, *_: object) -> None:
        pass


class Handwritten(DefaultFilter):
    """Lets pass what a person edits, not what the build writes into the same rooms."""

    def __call__(self, change: Change, path: str) -> bool:
        return paths.SECTIONS not in Path(path).parents and super().__call__(change, path)


def rooms() -> list[Path]:
    """The folders a person edits: those of the site, and the packages of this repository."""
    return paths.packages() + [paths.ROOT / room for room in ROOMS if (paths.ROOT / room).exists()]


def rebuild() -> None:
    """Bring the site up to date by the same build as `make`, in a process that has today's code."""
    environment = os.environ | {"BASEURL": ""}
    subprocess.run([sys.executable, "-m", "publishing", "site"], cwd=paths.ROOT, env=environment)
