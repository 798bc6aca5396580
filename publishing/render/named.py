"""Files of the repository that the prose of a notebook names: the pictures that it shows, and what it links to."""

import io
import re
from pathlib import Path
from urllib.parse import unquote

from PIL import Image, UnidentifiedImageError

from publishing import git, notebooks, paths
from publishing.folders import has_file
from publishing.render.nodes import Drawing
from publishing.render.page import Context

UNREADABLE = (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError)
KINDS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
MOST_BYTES, MOST_PIXELS, WIDEST = 2_000_000, 4000, 760  # the last of the page, in CSS pixels


def file_of(address: str, context: Context) -> Path:
    """The file to which an address leads from the notebook, if git keeps it; raises PublishingError if not."""
    folder = notebooks.path_of(context.page.paper, context.stem).parent
    name = unquote(address)
    if re.match(r"[\\/]|[A-Za-z][\w+.-]*:", name):
        remedy = f"name it as seen from {paths.relative(folder)}/"
        raise context.error(f"{repr(name):.60} is no file of this repository; {remedy}")
    path = (folder / name).resolve()
    if not path.is_relative_to(paths.ROOT):
        raise context.error(f"{name!r} lies outside this repository; link to what is in it, or write https://…")
    context.page.met.add(paths.relative(path))
    if not has_file(path):
        raise context.error(f"{name!r} leads nowhere: there is no file {paths.relative(path)}; correct the name")
    if not git.keeps(path):
        raise context.error(f"{name!r} is not in git, so readers do not have it; git add {paths.relative(path)}")
    return path


def picture_of(address: str, context: Context) -> Drawing:
    """A picture that lies beside the notebook, as large on the page as it is, if that is not wider than the text.

    A PNG is written anew in fewer bytes, other kinds are copied.
    """
    path = file_of(address, context)
    beside = paths.notebooks_dir(context.page.paper)
    if not path.is_relative_to(beside):  # which the build knows to look at
        raise context.error(f"the picture {address!r} lies elsewhere; copy it to {paths.relative(beside)}/")
    suffix = path.suffix.lower()
    if fault := _fault(path, KINDS.get(suffix)):
        raise context.error(f"the picture {address!r} {fault}")
    with Image.open(path) as image:
        width, height = image.size
        content = as_png(image) if suffix == ".png" else path.read_bytes()
    shown = min(width, WIDEST)
    return Drawing(path.stem, content, shown, max(1, round(height * shown / width)), suffix=suffix)


def _fault(path: Path, kind: str | None) -> str | None:
    length = path.stat().st_size
    if kind is None:
        return f"is none of {', '.join(KINDS)}; save it as a PNG"
    if length > MOST_BYTES:
        return f"has {length / 1e6:.1f} MB, and {MOST_BYTES / 1e6:.0f} are allowed; make it smaller"
    try:
        with Image.open(path) as image:
            if max(image.size) > MOST_PIXELS:
                size = f"{image.width} × {image.height} pixels"
                return f"has {size}, and {MOST_PIXELS} a side are allowed; make it smaller"
            if image.format != kind:
                return f"is no {kind} but {image.format}; name it so, or save it as a {kind}"
            if getattr(image, "is_animated", False):
                return "is animated; save one frame of it"
            image.load()
            if kind != "PNG" and image.getexif():
                return "carries notes of camera and place (EXIF); save it without them"
    except UNREADABLE:
        return f"is no whole {kind}, or none at all; save it anew"
    return None


def as_png(image: Image.Image) -> bytes:
    """A picture as a file, in few bytes."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
