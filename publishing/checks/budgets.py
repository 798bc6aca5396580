"""Sections that have grown longer than their notebooks allow."""

from collections.abc import Iterator, Mapping

from publishing.checks.places import Source, at
from publishing.errors import PublishingError
from publishing.notebooks import slug_of


def exceeded(paper: str, sources: Mapping[str, Source]) -> Iterator[str]:
    """Those of a paper that, as executed, show more words than the line `words: 280` of their header says."""
    allowed = {stem: words for stem, one in sources.items() if (words := one.notebook.metadata.get("words"))}
    if not allowed:
        return
    from publishing.render.exporter import SectionExporter

    try:
        pages = SectionExporter().paper(paper).pages
    except PublishingError as error:
        yield str(error)
        return
    for stem, most in allowed.items():
        page = pages.get(slug_of(stem))
        if page and stem in page.sections and (words := page.sections[stem].words) > most:
            source = sources[stem]
            line = source.text.splitlines().index(f"  words: {most}") + 1
            excess = f"{words:,} words are shown, {words - most:,} more than the {most:,} of its budget"
            yield f"{at(source.path, line)}: {excess}; shorten it, or fold what not everyone reads"
