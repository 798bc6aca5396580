"""What tests share: Ctrl-C that works, and a real Chromium for the page and the press."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """It ends with each file, so that no event loop is left running."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    chromium = str(DEBIAN_CHROMIUM) if DEBIAN_CHROMIUM.exists() else None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *sandbox])
        yield browser
        browser.close()
