"""`references.bib` as a list in HTML, by pybtex, with links back to where each entry is cited."""

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

from pybtex.backends.html import Backend
from pybtex.database import BibliographyData, parse_file
from pybtex.errors import capture
from pybtex.exceptions import PybtexError
from pybtex.style.formatting.unsrt import Style
from pybtex.style.template import field, sentence

from publishing.errors import PublishingError
from publishing.escaping import clean, html_safe, liquid_safe


class _Style(Style):
    """Keeps the capitals of titles, so that a name like SceneDiffuser needs no braces."""

    default_sorting_style = "author_year_title"

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
        return f'<a href="{html_safe(url)}" rel="external">{text}</a>'


def read(path: Path) -> BibliographyData:
    """The entries of a bibliography."""
    try:
        return parse_file(path, bib_format="bibtex")
    except (PybtexError, OSError, UnicodeDecodeError) as error:
        raise _error(path, error) from None


def entries_html(path: Path, citations: Mapping[str, list[str]]) -> str:
    """A list of all entries, sorted by author. An entry has the id `ref-<key>`; `citations` are ids that cite it."""
    entries = read(path)
    try:
        with capture() as problems:
            formatted = list(_Style().format_bibliography(entries))
            items = [(entry.key, entry.text.render(_Html("utf-8"))) for entry in formatted]
    except PybtexError as error:
        raise _error(path, error) from None
    if problems:
        raise _error(path, problems[0])
    lines = [f'<li id="ref-{html_safe(key)}">{clean(text)}{_back(citations.get(key, []))}</li>' for key, text in items]
    return liquid_safe("\n".join(['<ol class="references">', *lines, "</ol>\n"]))


def _back(citations: list[str]) -> str:
    """Links back, by the number of the section that cites: `cite-05-2` stands in section 5."""
    if not citations:
        return ""
    by_section = groupby(citations, lambda cite: int(cite.split("-")[1]))
    sections = ", ".join(_links(number, list(cites)) for number, cites in by_section)
    return f' <span class="backlinks">Cited in {sections}.</span>'


def _links(section: int, cites: list[str]) -> str:
    """§6, and where it cites the same thing more than once, §6 (1, 2, 3)."""
    if len(cites) == 1:
        return f'<a href="#{cites[0]}">§{section}</a>'
    each = ", ".join(f'<a href="#{cite}">{time}</a>' for time, cite in enumerate(cites, 1))
    return f"§{section} ({each})"


def _error(path: Path, error: Exception) -> PublishingError:
    cause = " ".join(str(error).split())
    return PublishingError(f"{path.parent.name}/{path.name}: {cause}; mend the bibliography")
