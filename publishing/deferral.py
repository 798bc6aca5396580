"""Blocks of a page that a browser need not draw before they come into sight, and how tall each will be, roughly.

A block says its height in lines of text, on a coarse scale that the stylesheet knows (`lines-8`), so that the scroll
bar and links to a place far down are nearly right before anything is drawn.
"""

import re

from publishing.escaping import MARK
from publishing.section import Section

SCALE = (2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128)
_LINE = 62  # characters
_PIXELS = 30  # of a line
_FOLDED = re.compile(r"(?<=</summary>).*?(?=</details>)", re.DOTALL)
_CODE = re.compile(r"<pre.*?</pre>", re.DOTALL)
_HEIGHT = re.compile(r' height="(\d+)"')
_APART = re.compile(r"<(?:p|li|h\d|tr|summary|figcaption|caption)\b")


def block(html: str, section: Section, kind: str = "") -> str:
    """HTML as one block of its own."""
    if not html.strip():
        return html
    classes = " ".join(filter(None, ["block", kind, f"lines-{_size(html, section)}"]))
    return f'<div class="{classes}" data-cell="{section.cell}">\n{html}</div>\n'


def _size(html: str, section: Section) -> int:
    lines = _lines(_FOLDED.sub("", html), section)
    return next((size for size in SCALE if size >= lines), SCALE[-1])


def _lines(html: str, section: Section) -> float:
    includes = [section.includes[int(number)] for number in re.findall(f"{MARK}(\\d+){MARK}", html)]
    figures = sum(int(height) for include in includes for height in _HEIGHT.findall(include)) / _PIXELS
    code = sum(one.count("\n") + 2 for one in _CODE.findall(html)) * 0.7
    text = _CODE.sub("", html)
    equations = text.count('class="equation"') * 3
    words = len(re.sub(r"<[^>]*>", "", text)) / _LINE
    return figures + code + equations + words + 0.9 * len(_APART.findall(text))
