"""The built site in a real Chromium, from a server on the loopback address."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page

from publishing import paths
from publishing.serve.watch import start_server

from ..conftest import eventually

POST, STUDY, CLAIMS = "/ddpm/", "/ddpm/which-variance/", "/ddpm/claims/"
PAGES = ("/", POST, CLAIMS)


def load_images(page: Page) -> None:
    """Load what is below the fold too. (Playwright's own waiting is by eval, which the page's policy forbids.)"""
    page.evaluate(
        """() => {
            document.querySelectorAll('img').forEach(image => { image.loading = 'eager' });
            return Promise.all([...document.images].map(image => image.decode()));
        }"""
    )


def unfold(page: Page) -> None:
    """Open everything that folds."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")


def stop_clock(page: Page) -> None:
    """Let no frame be drawn and no timer run by itself, so that what passes stays until the test has looked."""
    page.clock.install(time=0)
    page.clock.pause_at(3_600_000)  # later than any machine comes here


def violations(page: Page, context: dict | str | None = None, **options: object) -> list[str]:
    """What axe-core finds on the page, or in a part of it: all is checked, only this described, in half the time."""
    found = Axe().run(page, context, {"resultTypes": ["violations"]} | options).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def take_picture(of: Page | Locator, name: str) -> None:
    """A screenshot on which something can be seen: a busy machine may take one before anything is drawn."""
    path = paths.BUILD / "screenshots" / f"{name}.png"
    eventually(lambda: len(of.screenshot(path=path)) > 10_000, f"anything to be seen in {path.name}")


@dataclass
class Visit:
    """A page, and what went wrong on it or left for another host."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    assert (paths.SITE / "index.html").exists(), "there is no site to test; run `make` first"
    with start_server(paths.SITE, 0) as server:
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def opened() -> dict[tuple, Visit]:
    """Pages that are open already: the post is long, and most tests only look at it."""
    return {}


@pytest.fixture
def visit(browser: Browser, address: str, opened: dict[tuple, Visit]) -> Callable[..., Visit]:
    """A page, as if just opened: `visit("/ddpm/", width=320, scheme="dark")`."""

    def show(path: str = POST, *, width: int = 1280, scheme: str = "light") -> Visit:
        key = (path, width, scheme)
        if key not in opened:
            screen = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
            opened[key] = _open(browser.new_context(**screen, reduced_motion="reduce"), address + path)
        else:
            _reset(opened[key].page)
        return opened[key]

    return show


@pytest.fixture
def fresh(browser: Browser, address: str) -> Iterator[Callable[..., Visit]]:
    """A page that nobody has used yet, the post if no other; `before` gets it while it is empty."""
    contexts = []

    def show(path: str = POST, before: Callable = lambda page: None, **options) -> Visit:
        contexts.append(browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options))
        return _open(contexts[-1], address + path, before)

    yield show
    for context in contexts:
        context.close()


def _open(context: BrowserContext, url: str, before: Callable = lambda page: None) -> Visit:
    visited = Visit(context.new_page())
    visited.page.on("console", lambda message: visited.complaints.append(f"{message.type}: {message.text}"))
    visited.page.on("pageerror", lambda error: visited.complaints.append(str(error)))
    visited.page.on("requestfailed", lambda request: visited.complaints.append(f"failed: {request.url}"))
    visited.page.on("request", lambda request: visited.requests.append(request.url))
    before(visited.page)
    visited.page.goto(url)
    return visited


def _reset(page: Page) -> None:
    page.emulate_media(media="screen")
    page.mouse.move(0, 0)  # a pointer that rests on text raises a preview when the page scrolls under it
    page.evaluate(
        """() => {
            document.querySelectorAll('details').forEach(one => { one.open = false });
            document.activeElement.blur();
            scrollTo(0, 0);
        }"""
    )


@pytest.fixture
def post(visit: Callable[..., Visit]) -> Page:
    """The post on a desktop, with its lazy images loaded."""
    page = visit().page
    load_images(page)
    return page
