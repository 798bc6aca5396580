"""What people know from MyST, Quarto, Pandoc, GitHub, MkDocs, Obsidian and LaTeX: refused, with what to write instead.

JupyterLab shows their signs as they are typed, and so would the page; nobody means that.
"""

import re
from collections.abc import Iterator, Sequence
from textwrap import shorten

from markdown_it.token import Token

from publishing.render.nodes import merged

BOX = "a box is a quote that begins with its name: > **Note.** …, > **Definition (Title).** …, > **Proof.** …"
_ATTRIBUTES = 'leave the braces out: a heading\'s id is made of its words, and another is <span id="name"></span>'
_CITE = "cite by [Ho et al., 2020](#ref-ho2020ddpm), an entry of references.bib"
_LINK = "link to it: Eq. (5), [Figure](#fig-name), [words](#id-of-a-heading), [words](05-key-equations.md)"
_DRAW = "draw it in a cell, and show it with diagram()"
_PICTURE = 'write ![alt](picture.png "caption") on lines of its own'

_SYMBOLS = (
    "alpha|beta|gamma|delta|epsilon|eta|theta|kappa|lambda|mu|nu|pi|rho|sigma|tau|phi|psi|omega|nabla|partial|infty"
    "|sum|int|prod|times|cdot|sim|approx|leq?|geq?|neq|to|mapsto|rightarrow|mid|ldots|dots|quad"
)

# Within a line, but for code, formulas and signs with a backslash before them.
_ANYWHERE = {
    r"!\[\[[^\[\]]+\]\]": _PICTURE,
    r"\[\[[^\[\],]+\]\]": "write [words](05-key-equations.md)",
    r"(?<![\w/.@])@(?:fig|tbl|eq|sec|thm|def|lem|lst)-[\w-]+": _LINK,
    r"\[[^\[\]]*(?<![\w.])@[A-Za-z][^\]]*\]|(?<![\w/.@])@[A-Za-z][\w:.-]*\d{4}\w*": _CITE,
    r"(?<![=\w])==(?=[^\s=])[^=]*(?<=[^\s=])==(?![=\w])": "write <mark>…</mark>",
    r"(?<!\S)%%[^%]+%%(?!\w)": "write <!-- … -->",
    r"(?<=\w)~[^\s~]+~(?!~)": "write <sub>…</sub>, or ~~…~~ for what is struck out",
    r"(?<=\w)\^[^\s^]+\^": "write <sup>…</sup>",
    r"(?<![\w:/]):[a-z][a-z0-9]*(?:_[a-z0-9]+)*:(?![\w:])": "write the sign itself",
    r"\[\^[^\]\s]+\]": "the footnote has no text; write it as [^name]: …, once, in this notebook",
    rf"(?<!\\)\\(?:{_SYMBOLS})(?![A-Za-z{{])": "put $…$ around a formula",
    r"\\(?:(?:new|clear)page|pagebreak|noindent|(?:big|med|small)skip|tableofcontents)(?![A-Za-z])": "leave it out",
    r"(?<=\s)\^[A-Za-z][\w-]*\Z": 'write <span id="name"></span>',
    r"\{\{[<%]": "leave it out; nothing is included here",
    r"(?<!\S)-->(?=\s)": "write → for an arrow; a comment begins and ends in one cell, without two blank lines inside",
    r"<!--|-->": "a comment begins and ends in one cell, without two blank lines inside",
    r"\]\{[^{}]+\}": _ATTRIBUTES,
}
# At the beginning of a line.
_FIRST = {
    r":{3,}.*": BOX,
    r"(?:!!!|\?\?\?)\+?\s.*": BOX,
    r"\.\. [\w-]+::.*": BOX,
    r"\([\w:-]+\)=$": 'write <span id="name"></span>, or link to a heading by its words',
    r"\[TOC\]|\[\[_?toc_?\]\]": "leave it out; the contents are made by themselves",
    r"#{1,6}[A-Za-z]\w*": "a heading has a blank after its #",
    r"(?=.*\|)\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$": "a table's rows have as many columns as its first",
}
_ANY = re.compile("|".join(_ANYWHERE))  # found in few lines, so that the others are looked at once
_ANY_FIRST = re.compile(rf"^(?:{'|'.join(_FIRST)})", re.IGNORECASE | re.MULTILINE)
# At the beginning of a paragraph.
_OPENING = {
    r"\+{3}(?:\s|$)": "leave it out; two blank lines, or code, part cells",
    r"% [A-Za-z].*": "write <!-- … -->",
    r": \S.*": 'a table with a caption is shown by table() in a cell, a picture as ![alt](picture.png "caption")',
}
_BRACES = r"\{(?:[:#.=-]|\w+=)[^{}]*\}"
_OF_TEX = {
    r"\w*cite\w*": _CITE,
    r"(?:eq|auto|c|C|page)?ref|label": _LINK,
    "footnote": "write [^name], and [^name]: … below",
    "textbf|textit|emph|texttt|underline": "write **bold**, *italic* or `code`",
    r"(?:sub)*section|paragraph|chapter": "write ## …",
    "href|url": "write [words](https://…)",
    "includegraphics": _PICTURE,
}
_TEX = re.compile(r"\\([A-Za-z]{2,})\*?(?:\[[^\]]*\])?\{([^{}]*)\}?")
_DEFINES = re.compile(r"(?:re|provide)?newcommand|[egx]?def|DeclareMathOperator")  # refused with a line for macros.tex
_STATEMENTS = re.compile(r"(note|warning|remark|definition|theorem|lemma|proposition|corollary|proof|example)\*?")
_LISTS = {"itemize": "- …", "enumerate": "1. …", "description": "a term, and `: …` on the next line"}
_ROLE = re.compile(r"\{([\w:-]+)\}\Z|(?<![\w:]):([\w-]+):\Z")
_OF_ROLES = {
    r"math": "write $…$",
    r"cite.*|footcite.*": _CITE,
    r"(?:eq)?label": 'number a formula by \\tag{5} in it; another place is <span id="name"></span>',
    r"eq|eqref|numref|ref|doc|any|term|download|.*:.*": _LINK,
    r"sub|sup|abbr|kbd": 'write <sub>…</sub>, <sup>…</sup>, <kbd>…</kbd> or <abbr title="…">…</abbr>',
}
_OF_FENCES = {
    r"(?:note|warning|tip|hint|important|caution|attention|danger|error|seealso|admonition|ad-.*|prf:.*|proof:.*)": BOX,
    r"(?:callout.*|definition|theorem|lemma|proposition|corollary|proof|remark|example|exercise|solution)": BOX,
    r"math|katex": "write the formula between $$ on lines of their own, with \\tag{5} for its number",
    r"figure|image|video": _PICTURE,
    r"(?:list-|csv-)?table": "write a table with | and a row of hyphens, or table() in a cell",
    r"bibliography": "call references() in a cell",
    r"dropdown|details|toggle": "write <details><summary>…</summary>, and </details>, with blank lines around the text",
    r"toctree|contents|tableofcontents": "leave it out; the contents are made by themselves",
    r"mermaid|geojson|topojson|stl|dot|graphviz|plantuml|vega.*|tikz": _DRAW,
    r"(?:literal)?include": 'show code with source("package.module.name") in a cell',
}
_OF_TAGS = {
    "img|picture|svg|figure|figcaption": _PICTURE,
    "a": 'write [words](https://…), or <span id="name"></span> for a place',
    "b": "write **…**",
    "i": "write *…*",
    "u|ins": "write <em>…</em>",
    "s|del|strike": "write ~~…~~",
    "h[1-6]": "write ## …",
    "p|center|font|section|article|header|footer|nav|main|hgroup": "leave it out; a blank line parts paragraphs",
    "ul|ol|li": "write a list with - or 1.",
    "table|thead|tbody|tfoot|tr|td|th|caption|colgroup|col": "write a table with | and a row of hyphens",
    "pre|tt|samp|var": "write `…`, or lines between ```",
    "blockquote|q|cite": "begin the lines with >",
    "hr": "write ---",
    "dl|dt|dd": "write a term, and `: …` on the next line",
    "iframe|video|audio|embed|object|source|track": "link to it: [words](https://…)",
    "style|script|link|meta|template": "leave it out; the site has its own",
    "input|button|form|select|textarea|label": "leave it out, or write - [ ] … for what is to be done",
    "math": "write $…$",
}
_PYTHON = re.compile(r"\.?(?:i?python[23]?|py[23]?|code-cell|jupyter-execute|pyodide)", re.IGNORECASE)
_SHOWN = re.compile(r"\.noeval\b")


def in_text(children: Sequence[Token], is_heading: bool) -> Iterator[str]:
    """What stands in a line of prose, as it was typed, and what to write instead."""
    yield from _tex_brackets(children)
    yield from _of_other_tokens(children)
    whole = merged(children)
    for before, child, after in zip([None, *whole], whole, [*whole[1:], None], strict=False):
        if child.type != "text" or (before and before.type == "link_open" and "://" in child.content):
            continue
        text = child.content
        role = _ROLE.search(text)
        if role and after and after.type == "code_inline":
            yield _told(f"{role[0]}`{after.content}`", _of(_OF_ROLES, role[1] or role[2]) or "write Markdown")
            text = text[: role.start()]
        yield from _in_run(text, before)
        braces = re.match(_BRACES, text) if before and before.type in _CLOSED else None
        if is_heading and after is None:
            braces = braces or re.search(rf"{_BRACES}\s*\Z", text)
        if braces or (before is None and after is None and (braces := re.fullmatch(_BRACES, text.strip()))):
            yield _told(braces.group().strip(), _ATTRIBUTES)


def _of_other_tokens(children: Sequence[Token]) -> Iterator[str]:
    """Code that other tools would run within a line, and links that nobody sees."""
    for child, after in zip(children, [*children[1:], None], strict=False):
        if child.type == "code_inline" and _COMPUTED.match(child.content):
            remedy = "give a claim a name and write [4](#claim-name), or show Markdown(f'…') in a cell"
            yield f"the code in `{child.content:.60}` would not run; {remedy}"
        if child.type == "link_open" and after and after.type == "link_close":
            yield f"the link to {child.attrs.get('href')} has no words; write [words](…)"


_COMPUTED = re.compile(r"\{(?:python|r|julia|ojs)\}\s|r [\w.]+\(")


def _in_run(text: str, before: Token | None) -> Iterator[str]:
    for pattern, remedy in _ANYWHERE.items() if _ANY.search(text) else ():
        yield from (_told(found.group(), remedy) for found in re.finditer(pattern, text))
    begins = before is None or before.type == "hardbreak"
    for pattern, remedy in _FIRST.items() if _ANY_FIRST.search(text) else ():
        for found in re.finditer(rf"^(?:{pattern})", text, re.IGNORECASE | re.MULTILINE):
            if found.start() or begins:
                named = _DIRECTIVE.match(found.group())
                yield _told(found.group(), (named and _of(_OF_FENCES, named[1])) or remedy)
    for pattern, remedy in _OPENING.items() if before is None else ():
        yield from (_told(found.group(), remedy) for found in re.finditer(rf"\A(?:{pattern})", text))
    yield from (_of_tex(found) for found in _TEX.finditer(text) if not _DEFINES.fullmatch(found[1]))


def _tex_brackets(children: Sequence[Token]) -> Iterator[str]:
    r"""`\[ … \]`, which holds a formula and is none, and `\\(`, by which JupyterLab alone begins one."""
    for place, child in enumerate(children):
        rest = "".join(map(_typed, children[place + 1 :])) if child.type == "text_special" else ""
        if child.markup == r"\[" and r"\]" in rest and _FORMULA.search(body := rest.partition(r"\]")[0]):
            yield _told(rf"\[{body}\]", "write $$ on a line of its own, the formula, and $$; or $…$ within a line")
        if child.markup == r"\\" and rest[:1] in ("(", "["):
            yield _told(rf"\\{rest[:1]}", "write $…$, or $$ on lines of their own")


def _typed(child: Token) -> str:
    return child.markup if child.type == "text_special" else "\n" if child.type == "softbreak" else child.content


_DIRECTIVE = re.compile(r"(?::+\s*\{|\.\. )([\w:-]+?)(?:\}|::)")
_FORMULA = re.compile(r"\A\s|\\[A-Za-z]|[\^=]|_\{")
_CLOSED = ("link_close", "image", "code_inline", "math_inline", "strong_close", "em_close", "node")


def _of(rules: dict[str, str], name: str) -> str | None:
    return next((remedy for pattern, remedy in rules.items() if re.fullmatch(pattern, name)), None)


def _of_tex(found: re.Match) -> str:
    command, argument = found[1], found[2]
    if command in ("begin", "end"):
        if _STATEMENTS.fullmatch(argument):
            return _told(found.group(), BOX)
        remedy = _LISTS.get(argument)
        return _told(found.group(), f"write {remedy}" if remedy else "put it on lines of its own, or between $$")
    return _told(found.group(), _of(_OF_TEX, command) or "put $…$ around a formula")


def _told(written: str, remedy: str) -> str:
    return f"“{shorten(written, 80, placeholder=' …')}” would be printed as it is; {remedy}"


def of_fence(token: Token) -> str | None:
    """What to write in place of a fence that would not do what its mark says."""
    mark = token.info.strip()
    if token.markup.startswith("~"):
        return f"a fence of ~~~ is cut at two blank lines; write ```{mark}"
    first, last = token.map or [0, 0]
    if last - first < len(token.content.splitlines()) + 2:
        return "a block of code begins here and never ends; two blank lines end a cell, also in code that is indented"
    words = re.split(r"[\s,}]+", mark.strip("{ "), maxsplit=1)
    name, rest = words[0].lower(), "".join(words[1:])
    if _PYTHON.fullmatch(name):
        write = "write ```python at the beginning of a line, or ```python .noeval to show it alone"
        return None if _SHOWN.search(rest) and mark[0] != "{" else f"the code in ```{mark} would not run; {write}"
    if remedy := _of(_OF_FENCES, name):
        return f"```{mark} would be shown as code; {remedy}"
    if mark.startswith("{"):
        return f"```{mark} would be shown as code; mark it ```text, ```console or another language without braces"
    return None


def of_tag(name: str) -> str:
    """What to write in place of an element of HTML that is not allowed."""
    return _of(_OF_TAGS, name.lower()) or r"write \< for the sign, or use Markdown"
