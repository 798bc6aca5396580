"""Files beside a notebook that its prose shows: `![alt](picture.png "caption")`."""

import io
import re

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from publishing import build, paths, stamps
from publishing.checks import leaks
from publishing.render.page import Page, Paper
from publishing.render.products import images_and_data

from .notes import error, fragment, picture, select
from .test_origin import git

SHOWN = '![A grey *square*](square.png "Eq. (1) says $\\{x\\}$ is \\"grey\\".")'


@pytest.fixture
def put(repository):
    """Writes a file beside the notebook; all that is there so far is in git."""
    git(repository, "init", "-q")

    def write(name: str, content: bytes, add: bool = True) -> None:
        path = repository.root / "notebooks/toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if add:
            git(repository, "add", str(path))

    return write


def test_a_picture_by_itself_is_a_figure_with_its_size_and_its_caption_as_typed(put):
    put("square.png", picture())
    page = Page("toy", complete=False)
    html = fragment("$$a \\tag{1}$$", f"before\n\n{SHOWN}\n\nafter", page=page)
    assert [one.get_text() for one in select(html, "p")] == ["before", "after"]
    assert 'src="/assets/images/toy-square.png" alt=paper_alt caption=paper_caption width="40" height="30" %}' in html
    assert "{% capture paper_alt %}A grey square{% endcapture %}" in html
    caption = re.search(r"paper_caption %}(.*?){% endcapture", html)[1].replace("&#123;", "{")
    link, formula = '<a href="#eq-1" class="equation-link">Eq. (1)</a>', '<span class="math inline">\\{x\\}</span>'
    assert caption == f"{link} says {formula} is &quot;grey&quot;."
    assert "fig-square" in page.ids
    assert set(images_and_data(Paper("toy", {"": page}))) == {paths.IMAGES / "toy-square.png"}


def published(*names: str) -> dict[str, bytes]:
    """The files that become of these pictures, by their names."""
    page = Page("toy", complete=False)
    fragment(*(f"![A]({name})" for name in names), page=page)
    return {path.name: content for path, content in images_and_data(Paper("toy", {"": page})).items()}


def test_the_colours_of_a_picture_stay_as_they_are_and_are_no_leak(put):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    put("square.png", picture(icc_profile=profile))
    made = published("square.png")["toy-square.png"]
    assert Image.open(io.BytesIO(made)).info["icc_profile"] == profile
    assert list(leaks.in_picture(made)) == []


def test_a_picture_wider_than_the_text_is_shown_as_wide_as_that(put):
    put("wide.JPG", picture(1520, 1000, "JPEG"))
    html = fragment("![A](wide.JPG)")
    assert 'toy-wide.jpg" alt=paper_alt caption=paper_caption width="760" height="500"' in html


def test_a_png_has_the_same_pixels_in_fewer_bytes_and_no_notes_and_other_kinds_are_copied(put):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (30, 40, 4), np.uint8))
    notes, buffer = PngImagePlugin.PngInfo(), io.BytesIO()
    notes.add_text("Author", "somebody")
    noise.save(buffer, "PNG", pnginfo=notes, compress_level=0)
    given = {"a.png": buffer.getvalue(), "b.jpg": picture(form="JPEG"), "c.webp": picture(form="WEBP")}
    for name, content in given.items():
        put(name, content)
    made = published(*given)
    assert (made["toy-b.jpg"], made["toy-c.webp"]) == (given["b.jpg"], given["c.webp"])
    assert len(made["toy-a.png"]) < len(given["a.png"]) and b"somebody" not in made["toy-a.png"]
    assert Image.open(io.BytesIO(made["toy-a.png"])).tobytes() == noise.tobytes()


FRAMES = {"save_all": True, "append_images": [Image.new("RGB", (40, 30), "red")]}
EXIF = Image.Exif()
EXIF[0x010F] = "A camera"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.png", picture(4001, 1), "has 4001 × 1 pixels, and 4000 a side are allowed; make it smaller"),
        ("a.png", picture() + bytes(2_000_000), "has 2.0 MB, and 2 are allowed; make it smaller"),
        ("a.png", picture(form="JPEG"), "is no PNG but JPEG; name it so, or save it as a PNG"),
        ("a.jpg", picture(form="GIF"), "is no JPEG but GIF"),
        ("a.png", b"<svg/>", "is no whole PNG, or none at all; save it anew"),
        ("a.png", picture(400, 300)[:200], "is no whole PNG"),
        ("a.svg", b"<svg/>", "is none of .png, .jpg, .jpeg, .webp; save it as a PNG"),
        ("a.gif", picture(form="GIF"), "is none of .png"),
        ("a.png", picture(**FRAMES), "is animated; save one frame of it"),
        ("a.webp", picture(form="WEBP", **FRAMES), "is animated"),
        ("a.jpg", picture(form="JPEG", exif=EXIF), "carries notes of camera and place (EXIF); save it without them"),
        ("A_b.png", picture(), "a figure cannot be named 'A_b'"),
        ("card.png", picture(), "a figure cannot be named 'card'"),
    ],
)
def test_a_file_that_is_no_picture_for_a_page_is_refused(put, name, content, says):
    put(name, content)
    message = error("text", f"![A]({name})")
    assert message.startswith("toy/05-key-equations, cell 2: ") and says in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("![A](gone.png)", "'gone.png' leads nowhere: there is no file notebooks/toy/gone.png"),
        (f"![A]({'a' * 300}.png)", "a.png' leads nowhere"),
        ("![A](new.png)", "'new.png' is not in git, so readers do not have it; git add notebooks/toy/new.png"),
        ("![A](../../../x.png)", "lies outside this repository"),
        ("![A](../other/square.png)", "the picture '../other/square.png' lies elsewhere; copy it to notebooks/toy/"),
        ("![A](/square.png)", "'/square.png' is no file of this repository"),
        ("![A](https://example.org/a.png)", "is no file of this repository"),
        ("![](square.png)", "the figure 'square' has no alternative text"),
        ("![$x$](square.png)", "the alternative text of 'square.png' holds more than words; say it in words"),
        ("so ![A](square.png) it is", "the picture 'square.png' stands within a line; put blank lines around it"),
        ("[![A](square.png)](#x)", "stands within a line"),
        ("![A](square.png) ![B](square.png)", "stands within a line"),
        ("![A][s]\n\n[s]: square.png 'B'", "write the picture 'square.png' as ![alt](picture.png \"caption\")"),
        ("![A](square.png)\n\n![B](square.png)", "a figure named 'square' is drawn twice"),
        ('![A](square.png "$5")', "a lone $"),
    ],
)
def test_a_picture_that_is_not_there_or_not_said_is_refused(put, text, says):
    put("square.png", picture())
    put("../other/square.png", picture())
    put("new.png", picture(), add=False)
    assert says in error(text)


def test_another_picture_is_work_for_the_build(put):
    put("square.png", picture())

    def read() -> list[dict]:
        return [build._inputs("toy", {}), stamps.digests(build._read_by_site(["toy"]))]

    notes, site = read()
    put("square.png", picture(41))
    assert read()[0] != notes and read()[1] != site
