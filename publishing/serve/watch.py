"""`make serve`: the site at a local address, rebuilt after every edit."""

import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import BoundedSemaphore, Thread
from typing import Any

from watchfiles import Change, DefaultFilter, watch

from publishing import paths, stamps
from publishing.errors import PublishingError
from publishing.serve.builds import Builder
from publishing.serve.live import Files, LivePages, News

CLIENTS = 64  # connections at once, of which every open tab holds one
STEP = 25  # milliseconds without an edit, after which a file that is being saved is whole


def serve(port: int, index: Callable[[], None]) -> None:
    """Build, show the site on the loopback address, and build again after every edit, until interrupted.

    A build that fails says so, here and in the browser, and the last good site stays up.
    `index` makes that of the search.
    """
    news, builder = News(), Builder()
    with start_server(paths.SITE, port, partial(LivePages, news=news, index=index)) as server:
        print(f"the site: http://127.0.0.1:{server.server_port}/  (Ctrl-C ends)", flush=True)
        built = made = again = None  # the first build runs when the watch is on, so that no edit falls in between
        for edited in looks():
            before = loose()
            if edited or again or built != before or made != _seen(stamps.path_of("site")):  # by a `make` beside us
                again = builder.rebuild(news)
                made = _seen(stamps.path_of("site"))
                # Meanwhile a person may edit; of what notebooks met for the first time we know only now.
                built = {path: seen for path, seen in loose().items() if path.parent != paths.ROOT} | before


def looks() -> Iterator[bool]:
    """Five times a second, whether anything may have been edited since.

    A folder that is new in the root is watched from then on; what happened until the watch is on counts as edited.
    """
    is_new = False
    while True:
        watched = folders()
        try:
            for edits in _edits(watched):
                yield bool(edits) or is_new
                if is_new := folders() != watched:
                    break
            else:
                return
        except FileNotFoundError:  # a folder that went meanwhile
            is_new = True


def _edits(watched: list[Path]) -> Iterator[set]:
    """What was edited; if the system watches no more files for us, we look at them again and again."""
    watching = partial(watch, *watched, watch_filter=Handwritten(), step=STEP, yield_on_timeout=True, rust_timeout=200)
    watching = partial(watching, ignore_permission_denied=True)  # with which one that is gone is no error either
    if gone := [folder for folder in watched if not folder.is_dir()]:
        raise FileNotFoundError(gone[0])
    try:
        yield from watching()
    except FileNotFoundError:
        raise
    except (OSError, RuntimeError) as error:
        _say(f"{error}: edits are seen a second later, since all files are looked at again and again")
        yield from watching(force_polling=True)


@cache
def _say(warning: str) -> None:
    """Once, though the watch begins anew with each folder that comes."""
    print(warning, file=sys.stderr)


def start_server(folder: Path, port: int, pages: Callable = Files) -> ThreadingHTTPServer:
    """A server of files on the loopback address, running in a thread; port 0 takes any that is free."""
    try:
        server = LocalServer(("127.0.0.1", port), partial(pages, directory=str(folder)))
    except (OverflowError, PermissionError):
        raise PublishingError(f"{port} is no port for this; take one from 1024 to 65535") from None
    except OSError:
        raise PublishingError(f"port {port} is taken; try `make serve PORT={port + 1}`") from None
    Thread(target=server.serve_forever, daemon=True).start()
    return server


class LocalServer(ThreadingHTTPServer):
    """Serves a browser on this machine: no more clients at once than that has, and no word about those that leave."""

    request_queue_size = CLIENTS  # a browser asks for many files at once, and tries again late where it finds no place

    def __init__(self, *arguments: Any) -> None:
        self._free = BoundedSemaphore(CLIENTS)
        super().__init__(*arguments)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Turn away who comes when all threads are taken."""
        return self._free.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and be free again."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is no error."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Handwritten(DefaultFilter):
    """Lets pass what a person edits, not what the build writes into the same folders."""

    def __call__(self, change: Change, path: str) -> bool:
        return set(paths.generated()).isdisjoint(Path(path).parents) and super().__call__(change, path)


def folders() -> list[Path]:
    """The root's folders that a person edits, new ones too; packages, data, notebooks, what the site is made of."""
    made = {*paths.generated(), paths.ROOT / "node_modules", paths.ROOT / "vendor"}
    return sorted(path for path in paths.ROOT.glob("[!.]*") if path.is_dir() and path not in made)


def loose() -> dict[Path, tuple[int, int] | None]:
    """When the root's files, git's index, and files elsewhere that notebooks met, were written, and how large they are.

    A watch on a file ends when an editor replaces it.
    """
    met = (paths.ROOT / name for paper in stamps.papers() for name in stamps.found(stamps.of_notebooks(paper)))
    watched = set(folders())
    elsewhere = [path for path in met if watched.isdisjoint(path.parents)]
    looked_at = (*paths.ROOT.glob("[!.]*"), paths.ROOT / ".git" / "index", *elsewhere)
    return {path: _seen(path) for path in looked_at if not path.is_dir()}


def _seen(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
