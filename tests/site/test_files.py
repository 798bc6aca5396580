"""What is published: all that belongs to the site, and nothing else."""

import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from PIL import Image, ImageChops, ImageStat

from publishing import notebooks, paths

ALLOWED = re.compile(
    r"index\.html|404\.html|feed\.xml|feed/studies\.xml|sitemap\.xml|robots\.txt"
    r"|ddpm/index\.html|ddpm/[a-z0-9-]+/index\.html"
    r"|assets/icon\.svg|assets/icon-\d+\.png|assets/manifest\.json"
    r"|assets/css/(tokens|site|notes|code|print|instruments|search)\.css"
    r"|assets/js/(note|contents|copy|folds|mathml|pages|previews|search)\.js"
    r"|pagefind/(pagefind(-worker)?\.js|pagefind-entry\.json|pagefind\.en_[0-9a-f]+\.pf_meta|wasm\.en\.pagefind)"
    r"|pagefind/(fragment|index)/en_[0-9a-f]+\.pf_(fragment|index)"
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


def test_an_entry_of_the_feed_carries_a_picture_and_a_lead_and_not_the_post():
    feed = published()["feed.xml"].read_text(encoding="utf-8")
    assert "paper-section" not in feed
    assert len(feed) < 10_000
    (entry,) = entries("feed.xml")
    assert entry.select_one("img[alt]")["src"].endswith("/assets/images/ddpm-card.png")
    assert "A diffusion model adds a little noise to a picture" in entry.get_text()


def test_an_entry_of_a_study_carries_its_answer_with_formulas_in_words():
    found = entries("feed/studies.xml")
    assert len(found) == len(list(paths.ROOT.glob("notebooks/ddpm/studies/*.md")))
    assert all(entry.select_one("img[alt]") and len(entry.get_text()) > 80 for entry in found)
    assert any("beta tilde sub t" in entry.get_text() for entry in found)


def entries(name: str) -> list[BeautifulSoup]:
    contents = ElementTree.parse(published()[name]).iter("{http://www.w3.org/2005/Atom}content")
    return [BeautifulSoup(content.text or "", "html.parser") for content in contents]


def test_the_sitemap_lists_the_post_and_not_the_downloads():
    sitemap = published()["sitemap.xml"].read_text(encoding="utf-8")
    assert "/ddpm/</loc>" in sitemap
    assert ".ipynb" not in sitemap and "404" not in sitemap


@pytest.mark.parametrize("side", [180, 192, 512])
def test_an_icon_for_phones_is_the_icon_of_the_site_without_its_round_corners(browser, side):
    page = browser.new_page(viewport={"width": side, "height": side})
    drawn = (paths.ASSETS / "icon.svg").read_text(encoding="utf-8").replace(' rx="7"', "")
    page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block; width: {side}px }}</style>{drawn}")
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    icon = Image.open(published()[f"assets/icon-{side}.png"]).convert("RGB")
    assert icon.size == shot.size
    assert max(ImageStat.Stat(ImageChops.difference(icon, shot)).mean) < 1
    page.close()


def test_the_manifest_names_icons_that_are_there_by_their_sizes():
    manifest = json.loads(published()["assets/manifest.json"].read_text(encoding="utf-8"))
    assert {icon["src"] for icon in manifest["icons"]} == {"icon-192.png", "icon-512.png"}
    for icon in manifest["icons"]:
        assert "{}x{}".format(*Image.open(published()[f"assets/{icon['src']}"]).size) == icon["sizes"]
    page = BeautifulSoup(published()["index.html"].read_text(encoding="utf-8"), "html.parser")
    colours = [tag["content"] for tag in page.select("meta[name=theme-color]")]
    assert colours == re.findall("--paper: (#[0-9a-f]{6});", (paths.ASSETS / "css/tokens.css").read_text())
    assert manifest["theme_color"] == manifest["background_color"] == colours[0]
    assert page.select_one("link[rel=manifest], link[rel=apple-touch-icon]")
