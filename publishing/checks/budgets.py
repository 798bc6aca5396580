"""Sections that have grown longer than their notebooks allow, and studies that take another time than is told."""

import re
from collections.abc import Iterator, Mapping

from publishing.checks.places import Source, at, line_of
from publishing.errors import PublishingError
from publishing.notebooks import slug_of

TOLD = re.compile(r"\]\((?:\.\./)?(?:studies/)?(?P<slug>[a-z0-9-]+)\.md\) \((?P<minutes>\d+) min\)")


def exceeded(paper: str, sources: Mapping[str, Source]) -> Iterator[str]:
    """Those of a paper that, as executed, show more words than the line `words: 280` of their header says.

    And links to studies, as in `[a study](studies/name.md) (9 min)`, that tell another time than the study's page.
    """
    allowed = {stem: words for stem, one in sources.items() if (words := one.notebook.metadata.get("words"))}
    told = [(one, found) for one in sources.values() for found in TOLD.finditer(one.text)]
    if not allowed and not told:
        return
    from publishing.render import reading
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
    for source, found in told:
        page = pages.get(found["slug"])
        if page and (takes := reading.minutes(page.seconds)) != int(found["minutes"]):
            place = at(source.path, line_of(source.text, found.start()))
            yield f"{place}: {found['slug']} takes {takes} min to read, not {found['minutes']}; write {takes}"
