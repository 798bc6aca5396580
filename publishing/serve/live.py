"""What `make serve` adds to a page: it reloads when the site was built anew, and says what stopped a build."""

import json
import os
import time
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler
from io import BytesIO
from pathlib import Path
from threading import Condition
from typing import Any
from urllib.parse import unquote

from publishing import paths
from publishing.errors import PublishingError
from publishing.site import search

SCRIPT = Path(__file__).with_name("live.js")
TAG = '<script type="module" src="/.serve/live.js?build={}"></script>'
ERROR = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'; connect-src 'self'; \
base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>%(message)s</title>
<h1>%(message)s</h1>
<p id="serve-progress">%(explain)s</p>
"""
OWN = ("127.0.0.1", "localhost")
HEARTBEAT = 2  # seconds, so that the thread of a tab that was closed ends


class News:
    """The last good build, the error that stopped the builds since, and what the build does that runs now."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._now: dict[str, str | None] = {"build": "", "error": None, "progress": ""}

    @property
    def build(self) -> str:
        return self._now["build"] or ""

    def doing(self, progress: str) -> None:
        self._tell(self._now | {"progress": progress})

    def built(self) -> None:
        self._tell({"build": str(time.time_ns()), "error": None, "progress": ""})

    def failed(self, error: str) -> None:
        self._tell(self._now | {"error": error, "progress": "The build failed; it runs again after the next edit."})

    def other_than(self, known: dict | None) -> dict:
        """The news, as soon as they are no longer what is known, or after a heartbeat."""
        with self._changed:
            self._changed.wait_for(lambda: self._now != known, HEARTBEAT)
            return self._now

    def _tell(self, news: dict) -> None:
        with self._changed:
            self._now = news
            self._changed.notify_all()


class Files(SimpleHTTPRequestHandler):
    """Files as they are now, never from a browser's cache, and nothing said in the terminal."""

    timeout = 60  # seconds that a client may keep silent within a request

    def parse_request(self) -> bool:
        """Whether it asks under this machine's own name, as no page of another site can, for a possible file."""
        if not super().parse_request():
            return False
        if self.headers.get("Host", "").partition(":")[0] not in OWN:
            self.send_error(403, "Only 127.0.0.1 and localhost are answered")
        elif "\0" in unquote(self.path):
            self.send_error(404, "No file has such a name")
        else:
            return True
        return False

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


class LivePages(Files):
    """The same, with a script in every page that listens to the news; what the first build will bring is awaited.

    The index of the search is made by `index`, when a page asks for its script, and does not lie in the site.
    """

    def __init__(self, *arguments: Any, news: News, index: Callable[[], None], **keywords: Any) -> None:
        self._news, self._index = news, index
        super().__init__(*arguments, **keywords)

    def do_GET(self) -> None:
        self.error_message_format = ERROR + TAG.format(self._news.build)
        if self.path == "/.serve/news":
            self._tell_news()
        else:
            super().do_GET()

    def send_head(self):
        address = self.path.partition("?")[0]
        if address == "/.serve/live.js":
            return self._begin("text/javascript", SCRIPT.read_bytes())
        if address.startswith(f"/{search.FOLDER}/"):
            return self._send_of_index(address)
        if not self._news.build and not os.path.exists(self.translate_path(address)):  # noqa: PTH110 - of any length
            return self.send_error(503, "The site is not built yet", "Building it …")
        build = self._news.build  # before the page is read, which may be replaced meanwhile
        page = Path(self.translate_path(address), "index.html" if address.endswith("/") else "")
        if page.suffix == ".html":
            try:
                head, end, tail = page.read_bytes().rpartition(b"</body>")
            except OSError:  # not there, or not at this moment; the page of the error reloads
                return self.send_error(404, "File not found")
            return self._begin("text/html; charset=utf-8", head + TAG.format(build).encode() + end + tail)
        return super().send_head()

    def _send_of_index(self, address: str):
        if address == f"/{search.FOLDER}/{search.SCRIPT}":
            try:
                self._index()
            except PublishingError as error:
                return self.send_error(500, "No search", str(error))
        self.directory = str(paths.SEARCH)
        return super().send_head()

    def _begin(self, kind: str, content: bytes) -> BytesIO:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return BytesIO(content)

    def _tell_news(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        news = None
        try:
            while True:
                news = self._news.other_than(news)
                self.wfile.write(f"data: {json.dumps(news)}\n\n".encode())
        except OSError:  # the tab was closed
            pass
