"""Outputs of cells as HTML: what the writer's language says, and plain text as a terminal shows it."""

import re

from nbconvert.filters import ansi2html

from publishing import diagrams, source
from publishing.escaping import MARK, clean, html_safe, terminal
from publishing.highlighting import code_html
from publishing.markdown import inline
from publishing.section import Claim, Section

CLAIM = "application/vnd.paper-claim+json"
TABLE = "application/vnd.paper-table+json"
REFERENCES = "application/vnd.paper-references+json"

_RELATIONS = {"==": "=", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}
_STAND_IN = re.compile(r"<IPython\.core\.display\.\w+ object>")  # what HTML(…) and its like say of themselves
_NUMBER = re.compile(r"[<>≤≥≈~±]?\s*[-+−]?[\d.,]*\d(?:e[-+−]?\d+)?(?:\s*±\s*[\d.]+(?:e[-+]?\d+)?)?\s*%?")


def output_html(output: dict, section: Section) -> str:
    """HTML of one output of a cell. Foreign HTML is shown as its text; a bis picture or what has none, is refused."""
    if output["output_type"] == "stream":
        return text_html(output["text"], "stdout" if output["name"] == "stdout" else "stderr")
    if output["output_type"] == "error":
        return text_html(f"{output['ename']}: {output['evalue']}", "error")
    data = output["data"]
    for mime, show in _SHOW.items():
        if mime in data:
            return show(data[mime], section)
    if any(mime.startswith("image/") for mime in data):
        raise section.error(
            "a picture is shown without alternative text; show it with diagram(figure, name, alt=…, caption=…)"
        )
    if "text/plain" in data and not _STAND_IN.fullmatch(data["text/plain"]):
        return text_html(data["text/plain"], "result")
    raise section.error(f"nothing on a page can show {', '.join(data)}; use table(), diagram() or print()")


def text_html(text: str, kind: str) -> str:
    """A terminal's text, its colours as classes."""
    html = clean(ansi2html(terminal(text).rstrip("\n")))
    return f'<div class="cell-output {kind}"><pre tabindex="0"><samp>{html}</samp></pre></div>\n'


def table_html(table: dict, section: Section) -> str:
    """A table with its caption, in a box that scrolls sideways and can be focused."""
    name = section.claim_id(f"table-{table['name']}")
    head = "".join(f'<th scope="col">{inline(str(column), section)}</th>' for column in table["columns"])
    rows = "\n".join(f"<tr>{''.join(_table_cell(cell, section) for cell in row)}</tr>" for row in table["rows"])
    return (
        f'<div class="table-scroll" tabindex="0" role="group" aria-labelledby="{name}-caption">'
        f'<table class="paper-table" id="{name}">\n'
        f'<caption><span id="{name}-caption">{inline(table["caption"], section)}</span>{_permalink(name)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>\n"
    )


def _permalink(name: str) -> str:
    return f'<a class="permalink" href="#{name}" aria-label="Link to this table"></a>'


def _table_cell(value: object, section: Section) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    if _NUMBER.fullmatch(text.strip()):
        return f'<td class="number">{inline(readable(text), section)}</td>'
    return f"<td>{inline(text, section)}</td>"


def claim_html(claim: dict, section: Section) -> str:
    """A claim that held: its statement, its numbers, and what it is about."""
    name = section.counted_id("claim")
    numbers = _claim_numbers(claim)
    statement = inline(claim["statement"], section)
    for target in claim["of"]:
        section.link(target)
    section.page.claims.append(Claim(name, section.stem, statement, numbers, tuple(claim["of"])))
    return (
        f'<p class="claim" id="{name}">'
        f'<a class="claim-mark" href="#{name}" aria-label="Checked; link to this claim">✓</a> '
        f'{statement} <span class="claim-numbers">{numbers}</span></p>\n'
    )


def _claim_numbers(claim: dict) -> str:
    measured, relation, expected, tolerance = (
        claim[name] for name in ("measured", "relation", "expected", "tolerance")
    )
    said = [f"{measured} {_RELATIONS[relation]} {expected}"]
    if tolerance and relation == "==" and measured == expected and claim["count"] > 1:
        said = [f"{measured}, each as expected within {tolerance:g}"]
    elif tolerance and relation == "==":
        said = [f"{measured} ≈ {expected}", f"within {tolerance:g}"]
    elif tolerance:
        said.append(f"tolerance {tolerance:g}")
    if claim["standard_error"] is not None:
        said.append(f"standard error {claim['standard_error']:.2g}")
    return html_safe(clean(readable(", ".join(said))))


def readable(numbers: str) -> str:
    """Numbers as people write them: 4.1 × 10⁻⁵ for 4.1e-05, and a true minus."""
    powers = re.sub(r"(?:\b1|(\d[\d.]*))e([-+]\d+)\b", lambda found: _power(found[1], int(found[2])), numbers)
    return re.sub(r"(?<![\w.])-(?=\d)", "−", powers)


def _power(factor: str | None, exponent: int) -> str:
    power = "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{factor}\u00a0×\u00a0{power}" if factor else power


def source_html(reference: dict, section: Section) -> str:
    """The package's source as it is today, whatever it was when the notebook ran."""
    name = reference["object"]
    anchor = section.free_id(f"source-{name}")
    code = code_html(source.source_text(name))
    title = f'<a href="#{anchor}"><code>{name}</code></a>'
    return f'<figure class="source" id="{anchor}">\n{code}<figcaption>{title}</figcaption></figure>\n'


def references_mark(reference: dict, section: Section) -> str:
    """Where the bibliography goes, once all sections are rendered and every citation is known."""
    return f"{MARK}{reference['file']}{MARK}\n"


def diagram_html(drawn: dict, section: Section) -> str:
    return diagrams.shown(drawn, section, inline)


_SHOW = {
    diagrams.MIME: diagram_html,
    TABLE: table_html,
    CLAIM: claim_html,
    source.MIME: source_html,
    REFERENCES: references_mark,
}
