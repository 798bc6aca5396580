"""What is said about all sections together: the contents, the time that they take, and the list of claims."""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import groupby

from publishing.escaping import liquid_safe
from publishing.section import Claim, Heading, Page

_KINDS = {"eq": "Eq.", "fig": "Figure", "table": "Table", "source": "Code"}


def toc_html(page: Page) -> str:
    """Links to the sections, and within each to its headings of the second level.

    It stands beside the text where there is room; elsewhere it is a popover, which a button opens without a script.
    """
    groups: list[list[Heading]] = []
    for heading in page.headings:
        if heading.level == 2:
            groups.append([heading])
        elif heading.level == 3 and groups:
            groups[-1].append(heading)
    items = "".join(f"<li>{_link(first)}{_list(map(_item, rest))}</li>\n" for first, *rest in groups)
    return liquid_safe(f'<nav class="toc" id="toc" popover aria-label="Contents">{_list([items])}</nav>\n')


def _link(heading: Heading) -> str:
    return f'<a href="#{heading.target}">{heading.html}</a>'


def _item(heading: Heading) -> str:
    return f"<li>{_link(heading)}</li>\n"


def _list(items: Iterable[str]) -> str:
    inside = "".join(items)
    return f"\n<ol>\n{inside}</ol>\n" if inside else ""


def claims_html(page: Page) -> str:
    """Every claim of the paper by section, with its numbers and what it is about; for a page of its own.

    Links lead to the post, whose address that page gives in the Liquid variable `paper_post`; but for those at the
    top, which lead to what stands below them on that page.
    """
    titles = {heading.target: heading.html for heading in page.headings}
    groups = groupby(page.claims, lambda claim: claim.stem)
    rows = "\n".join(_claims_of_section(stem, titles.get(stem, stem), claims) for stem, claims in groups)
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Claim", "Numbers", "About"))
    return _claims_toc(page, titles) + _leading_to_the_post(
        f"{_coverage(page)}"
        '<div class="table-scroll" tabindex="0" role="group" aria-labelledby="claims-caption">'
        '<table class="paper-table claims-table" id="claims">\n'
        f'<caption id="claims-caption">{_count(page)} when the site was built</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n{rows}\n</table></div>\n"
    )


def reading_html(page: Page) -> str:
    """How long it takes to read all of it, for the post's byline."""
    hours, minutes = divmod(sum(page.minutes), 60)
    return f"{hours} h {minutes} min read\n" if hours else f"{minutes} min read\n"


def claims_summary_html(page: Page) -> str:
    """How many claims were checked, for the post."""
    return f"<p>{_count(page)} when this page was built.</p>\n"


def _count(page: Page) -> str:
    count = len(page.claims)
    return "1 claim, checked" if count == 1 else f"{count} claims, each checked"


def _number_of(claims: int) -> str:
    return "1 claim" if claims == 1 else f"{claims} claims"


def _leading_to_the_post(html: str) -> str:
    return liquid_safe(html).replace('href="#', 'href="{{ paper_post }}#')


def _claims_toc(page: Page, titles: dict[str, str]) -> str:
    """How many claims each section makes, and whether it keeps code folded."""
    claims, listings = (Counter(one.stem for one in ones) for ones in (page.claims, page.listings))
    items = []
    for stem in sorted(claims | listings):
        links = [f'<a href="#claims-{stem}">{_number_of(claims[stem])}</a>'] if claims[stem] else []
        links += [f'<a href="#code-{stem}">code</a>'] if listings[stem] else []
        items.append(f"<li>{titles.get(stem, stem)}: {', '.join(links)}</li>\n")
    return liquid_safe(f'<nav class="claims-toc" aria-label="Contents">{_list(items)}</nav>\n')


def _claims_of_section(stem: str, title: str, claims: Iterable[Claim]) -> str:
    name = f'<tr><th scope="rowgroup" colspan="3"><a href="#{stem}">{title}</a></th></tr>'
    rows = "\n".join(map(_claim_row, claims))
    return f'<tbody id="claims-{stem}">\n{name}\n{rows}\n</tbody>'


def _claim_row(claim: Claim) -> str:
    statement = re.sub(r' id="[^"]*"', "", claim.statement)
    mark = f'<a class="claim-mark" href="#{claim.id}" aria-label="The claim in its place">✓</a>'
    about = ", ".join(f'<a href="#{target}">{_label(target)}</a>' for target in claim.of)
    return f"<tr><td>{mark} {statement}</td><td>{claim.numbers}</td><td>{about}</td></tr>"


def _coverage(page: Page) -> str:
    about = {target for claim in page.claims for target in claim.of}
    lines = []
    for words, names in (
        ("Equations that claims cover", [name for name in page.equations if name in about]),
        ("Equations that no claim covers", [name for name in page.equations if name not in about]),
    ):
        links = ", ".join(f'<a href="#{name}">({name[3:]})</a>' for name in names)
        lines.append(f"<p>{words}: {links or 'none'}.</p>\n")
    return f'<div class="claims-coverage">\n{"".join(lines)}</div>\n'


def _label(target: str) -> str:
    kind, _, name = target.partition("-")
    return f"Eq. ({name})" if kind == "eq" else _KINDS.get(kind, f"#{target}")
