"""What is said about all sections together: the table of contents, and the list of claims."""

import re
from collections.abc import Iterable

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

    Links lead to the post, whose address that page gives in the Liquid variable `paper_post`.
    """
    rows = "\n".join(_claim_row(claim) for claim in page.claims)
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Section", "Claim", "Numbers", "About"))
    return _leading_to_the_post(
        f"{_coverage(page)}"
        '<div class="table-scroll" tabindex="0" role="group" aria-labelledby="claims-caption">'
        '<table class="paper-table claims-table" id="claims">\n'
        f'<caption id="claims-caption">{_count(page)} when the site was built</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>\n"
    )


def claims_summary_html(page: Page) -> str:
    """How many claims were checked, for the post."""
    return f"<p>{_count(page)} when this page was built.</p>\n"


def _count(page: Page) -> str:
    count = len(page.claims)
    return "1 claim, checked" if count == 1 else f"{count} claims, each checked"


def _leading_to_the_post(html: str) -> str:
    return liquid_safe(html).replace('href="#', 'href="{{ paper_post }}#')


def _claim_row(claim: Claim) -> str:
    section = int(claim.id.split("-")[1])
    statement = re.sub(r' id="[^"]*"', "", claim.statement)
    about = ", ".join(f'<a href="#{target}">{_label(target)}</a>' for target in claim.of)
    cells = [f'<a href="#{claim.id}">§{section}</a>', statement, claim.numbers, about]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


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
