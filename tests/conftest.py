"""What tests share: Ctrl-C that works, patience with a busy machine, and a real Chromium."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect, sync_playwright

# How long a state may take to come, in seconds: no machine that works is so slow, and what never comes still fails.
PATIENCE = 180
expect.set_options(timeout=PATIENCE * 1000)
settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fuzz", settings.get_profile("any-machine"))  # by `make faults`
settings.load_profile("any-machine")

# A shell starts a job in the background with Ctrl-C ignored, and the programs under test would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

DEBIAN_CHROMIUM = Path("/usr/bin/chromium")
# Chromium by itself calls home, which a test of "no foreign request" should not have to hear.
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait for what `expect` has no word for; to raise, as while a page is being loaded anew, is "not yet"."""
    deadline, error = time.monotonic() + PATIENCE, None
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except Exception as raised:
            error = raised
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come within {PATIENCE} seconds") from error


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by their names from there."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """It ends with each file, so that no event loop is left running."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    chromium = str(DEBIAN_CHROMIUM) if DEBIAN_CHROMIUM.exists() else None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *sandbox])
        browser.on("context", lambda context: context.set_default_timeout(PATIENCE * 1000))
        yield browser
        browser.close()


@pytest.fixture
def git_checkout() -> Path:
    """This repository, for a test of what git keeps; a source archive has no `.git`, and some machines no `git`."""
    root = Path(__file__).parent.parent
    if not (root / ".git").exists() or shutil.which("git") is None:
        pytest.skip("this is no git checkout, or there is no git")
    return root
