"""Blocks of a page that a browser need not draw before they come into sight, and how tall each will be, roughly.

A block says its height in lines of text, on a coarse scale that the stylesheet knows (`lines-8`), and whether a phone
has a taller picture in it (`stacked`), so that the scroll bar and links to a place far down are nearly right before
anything is drawn. What is estimated too low would seem to overlap what follows it.
"""

import re
from pathlib import Path

from publishing import bibliography, paths
from publishing.escaping import MARK
from publishing.section import Section

SCALE = (2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256)
_LINE = 62  # characters
_PIXELS = 30  # of a line
_LISTED = 5  # lines that an entry of the bibliography takes
_FOLDED = re.compile(r"(?<=</summary>).*?(?=</details>)", re.DOTALL)
_CODE = re.compile(r"<pre.*?</pre>", re.DOTALL)
_HEIGHT = re.compile(r' height="(\d+)"')
_APART = re.compile(r"<(?:p|li|tr|figcaption|caption)\b")
_SPACED = re.compile(r"<(?:h\d|summary)\b")


def block(html: str, section: Section, kind: str = "") -> str:
    """HTML as one block of its own."""
    if not html.strip():
        return html
    stacked = any("phone_height" in include for include in _includes(html, section))
    classes = " ".join(filter(None, ["block", kind, f"lines-{_size(html, section)}", "stacked" if stacked else ""]))
    return f'<div class="{classes}" data-cell="{section.cell}">\n{html}</div>\n'


def _includes(html: str, section: Section) -> list[str]:
    return [section.includes[int(number)] for number in re.findall(f"{MARK}(\\d+){MARK}", html)]


def _size(html: str, section: Section) -> int:
    lines = _lines(_FOLDED.sub("", html), section)
    return next((size for size in SCALE if size >= lines), SCALE[-1])


def _bibliographies(html: str, section: Section) -> list[Path]:
    """Those that will be listed in the place of a mark."""
    folder = paths.notebooks_dir(section.page.paper)
    return [folder / name for name in re.findall(f"{MARK}([^{MARK}]+\\.bib){MARK}", html)]


def _lines(html: str, section: Section) -> float:
    heights = (height for include in _includes(html, section) for height in _HEIGHT.findall(include))
    figures = sum(map(int, heights)) / _PIXELS
    code = sum(one.count("\n") + 2 for one in _CODE.findall(html)) * 0.7
    text = _CODE.sub("", html)
    equations = text.count('class="equation"') * 3
    words = len(re.sub(r"<[^>]*>", "", text)) / _LINE
    references = sum(_LISTED * len(bibliography.read(path).entries) for path in _bibliographies(html, section))
    gaps = 0.9 * len(_APART.findall(text)) + 2.6 * len(_SPACED.findall(text))
    return figures + code + equations + words + references + gaps
