"""`references.bib`, its entries formatted by pybtex, with the places where each is cited."""

import json
import re
from collections.abc import Mapping
from functools import cache
from itertools import groupby
from pathlib import Path

from pybtex.backends.html import Backend
from pybtex.database import BibliographyData, parse_string
from pybtex.errors import capture
from pybtex.exceptions import PybtexError
from pybtex.richtext import BaseText, HRef
from pybtex.style.formatting.unsrt import Style
from pybtex.style.template import field, sentence

from publishing.errors import PublishingError
from publishing.escaping import clean
from publishing.memory import remembered
from publishing.render.nodes import Reference
from publishing.render.serialise import liquid_safe, text_html

_ADDRESS_OF = {"doi": r"(?:https?://)?(?:dx\.)?doi\.org/|doi:\s*", "eprint": r"https?://arxiv\.org/\w+/|arxiv:\s*"}
_TEX = re.compile(r"\\[A-Za-z]+|\\?\$")


class _Style(Style):
    """Keeps the capitals of titles, so that a name like SceneDiffuser needs no braces."""

    default_sorting_style = "author_year_title"
    get_conference_template = Style.get_inproceedings_template
    get_electronic_template = Style.get_online_template

    def format_title(self, entry, which_field, as_sentence=True):
        return sentence[field(which_field)] if as_sentence else field(which_field)


class _Html(Backend):
    """Plain HTML: no wrappers for BibTeX's braces, links marked as leaving the site."""

    def format_protected(self, text):
        return text

    @staticmethod
    def format_href(url, text, external=False):
        if not url.startswith(("https://", "http://")):
            raise PybtexError(f"the address {url!r} is not https://…")
        if "\\" in url:
            raise PybtexError(f"the address {url!r} holds TeX; write it as a browser shows it")
        return f'<a href="{text_html(url)}" rel="external">{text}</a>'


def read(path: Path) -> BibliographyData:
    """The entries of a bibliography."""
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except (PybtexError, OSError, UnicodeDecodeError) as error:
        raise _error(path, error) from None


@cache
def _parsed(text: str) -> BibliographyData:
    data = parse_string(text, bib_format="bibtex")
    for entry in data.entries.values():
        for name, address in _ADDRESS_OF.items():
            if name in entry.fields:  # be it the number alone, or an address with it
                entry.fields[name] = re.sub(rf"(?i)^(?:{address})", "", entry.fields[name].strip())
    return data


def references(path: Path, citations: Mapping[str, list[str]]) -> list[Reference]:
    """The entries that are cited, sorted by author; `citations` are ids that cite them."""
    entries = read(path)
    keys = [key for key in entries.entries if key in citations]
    asked = f"{path.read_text(encoding='utf-8')}\0{keys}".encode()
    items = json.loads(remembered(asked, lambda: json.dumps(_formatted(path, entries, keys)).encode(), by=__file__))
    return [Reference(key, liquid_safe(clean(text)), _by_section(citations[key])) for key, text in items]


def _formatted(path: Path, entries: BibliographyData, keys: list[str]) -> list[tuple[str, str]]:
    types = sorted(found[1] for name in dir(_Style) if (found := re.fullmatch(r"get_(\w+)_template", name)))
    for key in keys:
        if (kind := entries.entries[key].type) not in types:
            raise _error(path, f"{key} is a @{kind}, which is unknown; take one of {', '.join(types)}")
    try:
        with capture() as problems:
            formatted = list(_Style().format_bibliography(entries, keys))
            items = [(entry.key, entry.text.render(_Html("utf-8"))) for entry in formatted]
    except PybtexError as error:
        raise _error(path, error) from None
    if problems:
        raise _error(path, problems[0])
    for entry in formatted:
        if found := _TEX.search(_outside_links(entry.text)):
            remedy = "write signs, as in β-VAE, and addresses as url = {https://…}"
            raise _error(path, f"{entry.key} would show {found.group()} as it is, since TeX is not set here; {remedy}")
    return items


def _outside_links(text: BaseText) -> str:
    parts = [] if isinstance(text, HRef) else getattr(text, "parts", [str(text)])
    return "".join(part if isinstance(part, str) else _outside_links(part) for part in parts)


def _by_section(citations: list[str]) -> list[tuple[int | None, list[str]]]:
    """Citations by the number of the section that cites: `cite-05-2` stands in section 5, and `cite-2` in a study."""
    sections = groupby(citations, lambda citation: next(map(int, citation.split("-")[1:-1]), None))
    return [(number, list(cites)) for number, cites in sections]


def _error(path: Path, error: Exception | str) -> PublishingError:
    cause = " ".join(str(error).split())
    return PublishingError(f"{path.parent.name}/{path.name}: {cause}; fix the bibliography")
