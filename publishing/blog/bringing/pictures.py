"""Pictures: attached to a cell, in the text, or files beside the notebook; they become files beside the new one."""

import base64
import binascii
import io
import re
from itertools import chain
from pathlib import Path
from urllib.parse import unquote

from PIL import Image

from publishing.blog.bringing.known import STARTER, Known, alone, before
from publishing.notebooks import is_study, path_of
from publishing.render import named

_TITLE = r"""(?:\s+(?:"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'))?"""
_PICTURE = re.compile(
    rf"!\[(?P<alt>(?:\\.|[^\[\]]|\[[^\[\]]*\])*)\]\(\s*(?P<src><[^<>\n]+>|(?:[^\s()]|\([^\s()]*\))+)(?:\s+=[\dx%]+)?"
    rf"{_TITLE}\s*\)(?P<attributes>\{{(?:[#.]|[\w-]+=)[^{{}}\n]*\}})?"
)
_LINKED = re.compile(rf"\[{_PICTURE.pattern}\]\((?P<href>[^\s()]+)\)")
_EMBEDDED = re.compile(
    r"!\[\[(?P<src>[^\[\]|]+\.(?:png|jpe?g|gif|webp|bmp))(?:\|(?P<alt>[^\[\]]*))?\]\]", re.IGNORECASE
)
_NO_ALT = re.compile(
    r"(?i)(?:(?:image|img|alt text|picture|screenshot|figure|attachment:.*)[ _-]?\d*|[\w .-]+\.\w{3,4}|\d+(?:x\d+)?)?"
)
ASK_ALT = f"{STARTER} what one sees here, for those who do not see it"


def pictures(text: str, known: Known) -> str:
    """The text with each picture in a paragraph of its own, and its file among those to be written."""
    text = _EMBEDDED.sub(lambda found: f"![{found['alt'] or ''}](<{found['src']}>)", text)
    text = _LINKED.sub(lambda found: _linked(found, known), text)
    return _PICTURE.sub(lambda found: _placed(found, _written(found, known)), text)


def _linked(found: re.Match, known: Known) -> str:
    """A picture that is a link, such as a badge, is a link in words; a file of one's own is shown as well."""
    link = f"[{found['alt'] or found['href']}]({found['href']})"
    if _is_elsewhere(found["src"]):
        return link
    picture = found.group()[1:].rpartition("](")[0]
    return f"{picture}\n\n{link}"


def _written(found: re.Match, known: Known) -> str:
    src = unquote(found["src"].strip("<>"))
    attributes = found["attributes"] or ""
    alt, caption = " ".join(found["alt"].split()), found["double"] or (found["single"] or "").replace('"', r"\"")
    label = re.search(r"#([\w:.-]+)", attributes)
    if attributes and ".given" not in attributes and (label or "fig-alt" in attributes):
        told = re.search(r'fig-alt="([^"]*)"', attributes)
        alt, caption = told[1] if told else "", caption or alt.replace('"', r"\"")
    name = src if _is_elsewhere(src) else _copied(src, known)
    if label:
        known.labels[label[1]] = f"[Figure](#fig-{Path(name or src).stem})"
    alt = ASK_ALT if _NO_ALT.fullmatch(alt) else alt
    return known.keep(f"![{alt}]({name or found['src']}" + (f' "{caption}")' if caption else ")"))


def _placed(found: re.Match, picture: str) -> str:
    """The picture with blank lines around it, unless it stands in a table."""
    return picture if before(found).lstrip().startswith("|") else alone(found, picture)


def _is_elsewhere(src: str) -> bool:
    return bool(re.match(r"(?:https?:)?//", src))


def _copied(src: str, known: Known) -> str | None:
    """The name that a picture's file gets beside the notebook; None if there is none that can be shown."""
    if (data := _content(src, known)) is None or (shown := _shown(data)) is None:
        return None
    content, suffix = shown
    for name, other in known.pictures.items():
        if other == content:
            return name
    words = "picture" if src.startswith("data:") else Path(src.removeprefix("attachment:")).stem
    folder = path_of(known.paper, known.stem).parent
    while True:
        name = known.name(words, "picture") + suffix
        there = [path for path in folder.glob("*.*") if path.stem == Path(name).stem]
        is_same = is_study(known.stem) and there == [folder / name] and there[0].read_bytes() == content
        if is_same or not there:
            break
    known.pictures[name] = content
    return name


def _content(src: str, known: Known) -> bytes | None:
    if src.startswith("attachment:"):
        return known.attachments.get(src.removeprefix("attachment:"))
    if found := re.match(r"data:image/[\w.+-]+;base64,(.*)", src, re.DOTALL):
        try:
            return base64.b64decode(found[1])
        except binascii.Error:
            return None
    name = re.sub(r"[?#].*", "", src).lstrip("/")
    places = chain([known.folder / name], known.folder.rglob(Path(name).name)) if len(name) < 200 else ()
    return next((place.read_bytes() for place in places if place.is_file()), None)


def _shown(data: bytes) -> tuple[bytes, str] | None:
    """A picture as a page can have it, with the end of its name: as it is, or else saved anew as a PNG."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            suffix = {kind: end for end, kind in named.KINDS.items()}.get(image.format or "")
            is_plain = suffix and (suffix == ".png" or not image.getexif()) and not getattr(image, "is_animated", False)
            if is_plain and max(image.size) <= named.MOST_PIXELS and len(data) <= named.MOST_BYTES:
                return data, suffix or ".png"
            image.thumbnail((named.MOST_PIXELS, named.MOST_PIXELS))
            is_clear = "transparency" in image.info or image.mode in ("RGBA", "LA")
            return named.as_png(image.convert("RGBA" if is_clear else "RGB")), ".png"
    except named.UNREADABLE:
        return None
