"""What a build must not tell of the machine that made it."""

import getpass
import platform
import re
import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from publishing import paths
from publishing.checks.places import line_of

_PICTURE = {b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"pHYs", b"IDAT", b"IEND"}


def in_text(text: str) -> Iterator[tuple[int, str]]:
    """Each name of a place or a person of this machine, with the line on which it stands first."""
    for what, name in _names():
        if found := re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text):
            yield line_of(text, found.start()), f"it names {what}, {name!r}"


def in_picture(png: bytes) -> Iterator[str]:
    """Notes that a drawing program left in a PNG beside the picture itself."""
    position = 8
    while position < len(png):
        length, kind = struct.unpack(">I4s", png[position : position + 8])
        if kind not in _PICTURE:
            yield f"its {kind.decode('latin-1')} is no part of the picture"
        position += length + 12


def _names() -> Iterator[tuple[str, str]]:
    yield "this repository's folder", str(paths.ROOT)
    yield "the user's folder", str(Path.home())
    yield "Python's folder", sys.prefix
    yield "the folder of temporary files", tempfile.gettempdir()
    yield "Python's packages", "site-packages"
    if re.search(r"\d|-", host := platform.node()):  # a host called by a plain word would be found in any prose
        yield "this machine", host
    if (user := getpass.getuser()) != "root":
        yield "the user", user
