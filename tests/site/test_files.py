"""What is published: all that belongs to the site, and nothing else."""

import re
from pathlib import Path

import pytest

from publishing import notebooks, paths

ALLOWED = re.compile(
    r"index\.html|feed\.xml|feed/studies\.xml|sitemap\.xml|robots\.txt"
    r"|ddpm/index\.html|ddpm/[a-z0-9-]+/index\.html"
    r"|assets/icon\.svg"
    r"|assets/css/(tokens|site|notes|code|print|instruments)\.css"
    r"|assets/js/(note|contents|copy|folds|pages|previews)\.js"
    r"|assets/js/instruments/((parts|reverse-process)/)?[a-z-]+\.js"
    r"|assets/data/ddpm-[a-z0-9-]+\.(json|onnx|safetensors)"
    r"|assets/vendor/onnxruntime-web/[a-z.-]+\.(mjs|wasm)"
    r"|assets/images/ddpm-[a-z0-9-]+(\.phone)?\.png"
    r"|assets/notebooks/ddpm/(\d\d-[a-z-]+|studies/[a-z0-9-]+)\.(ipynb|md)"
)


def published() -> dict[str, Path]:
    found = {path.relative_to(paths.SITE).as_posix(): path for path in paths.SITE.rglob("*") if path.is_file()}
    assert "ddpm/index.html" in found, "there is no site to test; run `make` first"
    return found


def test_nothing_is_published_that_the_allowlist_does_not_name():
    assert [name for name in published() if not ALLOWED.fullmatch(name)] == []


@pytest.mark.parametrize("kind", [".ipynb", ".md"])
def test_every_notebook_can_be_downloaded(kind):
    assert len([name for name in published() if name.endswith(kind)]) == len(notebooks.every("ddpm"))


def test_the_feed_carries_a_summary_and_not_the_post():
    feed = published()["feed.xml"].read_text(encoding="utf-8")
    assert "<entry>" in feed
    assert "paper-section" not in feed
    assert len(feed) < 10_000


def test_the_sitemap_lists_the_post_and_not_the_downloads():
    sitemap = published()["sitemap.xml"].read_text(encoding="utf-8")
    assert "/ddpm/</loc>" in sitemap
    assert ".ipynb" not in sitemap
