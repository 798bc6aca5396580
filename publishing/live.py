"""What `make serve` adds to a page: it reloads when the site was built anew, and says what stopped a build."""

import json
import time
from http.server import SimpleHTTPRequestHandler
from io import BytesIO
from pathlib import Path
from threading import Condition

SCRIPT = Path(__file__).with_name("live.js")
TAG = '<script type="module" src="/.press/live.js?build={}"></script>'
HEARTBEAT = 10  # seconds, so that the thread of a tab that was closed ends


class News:
    """The last good build, and the error that stopped the builds since."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._now = {"build": "", "error": None}

    @property
    def build(self) -> str:
        return self._now["build"]

    def built(self) -> None:
        self._tell({"build": str(time.time_ns()), "error": None})

    def failed(self, error: str) -> None:
        self._tell(self._now | {"error": error})

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
    """Files as they are now, never from a browser's cache, and nothing said but errors."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_request(self, *_: object) -> None:
        pass


class LivePages(Files):
    """The same, with a script in every page that listens to the news."""

    error_message_format = f"<!doctype html><title>%(code)d</title><p>%(code)d: %(message)s</p>{TAG.format('')}"

    def __init__(self, *arguments: object, news: News, **keywords: object) -> None:
        self._news = news
        super().__init__(*arguments, **keywords)

    def do_GET(self) -> None:
        if self.path == "/.press/news":
            self._tell_news()
        else:
            super().do_GET()

    def send_head(self):
        address = self.path.partition("?")[0]
        if address == "/.press/live.js":
            return self._begin("text/javascript", SCRIPT.read_bytes())
        page = Path(self.translate_path(address), "index.html" if address.endswith("/") else "")
        if page.suffix == ".html" and page.is_file():
            head, end, tail = page.read_bytes().rpartition(b"</body>")
            return self._begin("text/html; charset=utf-8", head + TAG.format(self._news.build).encode() + end + tail)
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
