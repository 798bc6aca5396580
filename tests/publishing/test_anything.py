"""Whatever stands in a notebook comes out as it went in, or is refused; it never becomes markup or Liquid."""

import re
from html import unescape
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from publishing.errors import PublishingError
from publishing.escaping import clean, terminal

from .notes import claim, code, fragment, printed

PIECES = [
    "{{",
    "{%",
    "%}",
    "{:",
    "<script>",
    "</samp>",
    "<b>",
    "&amp;",
    "$",
    "$x$",
    "$$",
    "\\",
    "`",
    "*",
    "_",
    "|",
    "\n",
]
PIECES += [
    "\n\n",
    "- ",
    "# ",
    "> ",
    "\t",
    "[a](#b)",
    "[^1]",
    "^[",
    "]",
    "Eq. (3)",
    "\x1b[31m",
    "\r",
    "\x00",
    "\ufdd0",
    "'",
    '"',
    "<!--",
    "-->",
]
text = st.lists(st.sampled_from(PIECES) | st.text(max_size=5)).map("".join)
few = settings(max_examples=60)


class Tags(HTMLParser):
    """Collects the elements of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}


def words(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", html))


@given(text)
@few
def test_printed_text(printed_text):
    html = fragment(code("1", printed(printed_text)))
    shown = re.search("<samp>(.*)</samp>", html, re.DOTALL)[1]
    plain = re.sub(r"\x1b\[(.*?)([@-~])", "", terminal(printed_text))
    assert words(shown).rstrip("\n") == clean(plain).rstrip("\n")
    assert "{" not in html


@given(text)
@few
def test_code(source):
    html = fragment(code("# " + source.replace("\n", "\n# ")))
    shown = re.search("<code[^>]*>(.*)</code>", html, re.DOTALL)[1]
    assert words(shown) == clean("# " + source.replace("\n", "\n# ")).rstrip("\n")
    assert "{" not in html


@given(text)
@few
def test_prose(source):
    try:
        html = fragment(source)
    except PublishingError as error:
        assert str(error).startswith("toy/05-key-equations, cell 1: ")
        return
    tools = r'(?<=</h2>\n)\{% include paper_section_tools\.html stem="05-key-equations" minutes="\d+" %\}'
    assert "{" not in re.sub(tools, "", html, count=1)
    assert not {"script", "b", "img", "samp"} & Tags(html).found


@given(text)
@few
def test_a_claim(source):
    try:
        html = fragment(code("1", claim(source, measured=source)))
    except PublishingError as error:
        assert str(error).startswith("toy/05-key-equations, cell 1: ")
        return
    numbers = re.search('<span class="claim-numbers">(.*)</span></p>', html, re.DOTALL)[1]
    assert words(numbers) == clean(f"{source} = 1")
    assert not {"script", "b", "samp"} & Tags(html).found
    assert "{" not in html
