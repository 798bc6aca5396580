"""Blocks of MyST, Quarto, MkDocs and Obsidian: boxes become ours, and listings plain fences."""

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile

from publishing.blog.bringing import formulas
from publishing.blog.bringing.known import Known, again, facts_of, place

_NOTES = (
    "note seealso admonition sidebar margin aside info abstract summary todo example quote question exercise tip hint "
    "success check done solution important remark"
)
_WARNINGS = "warning attention caution danger error failure bug"
_STATEMENTS = "definition theorem lemma proposition corollary proof"
_KIND = dict.fromkeys(_NOTES.split(" "), "Note") | dict.fromkeys(_WARNINGS.split(" "), "Warning")
_KIND |= {name: name.capitalize() for name in _STATEMENTS.split(" ")}
_FENCE = re.compile(
    r"(?P<margin>[ >]*(?:(?:[-*+]|\d+[.)])[ ]+)?)(?P<fence>`{3,}(?!.*`)|~{3,}|:{3,})[ ]*(?P<info>.*?)[ ]*$"
)
_DIRECTIVE = re.compile(r"\{(?P<name>[A-Za-z][\w:.+-]*)\}[ ]*(?P<rest>.*)")
_QUARTO = re.compile(r"\{(?P<attributes>[.#][^}]*)\}|(?P<class>[A-Za-z][\w-]*)$")
_MKDOCS = re.compile(
    r"(?P<margin> *)(?:(?P<mark>!!!|\?\?\?\+?)[ ]+(?P<kind>[a-z-]+)(?=[ ]|\x22|$)(?:[ ]+(?:inline|end))*|===[!+]?)"
    r'[ ]*(?:"(?P<title>[^"]*)"|(?P<bare>(?<!=)[^"=]*))[ ]*$'
)
_CALLOUT = re.compile(r"(?P<margin>[ >]*)>[ ]?\[!(?P<kind>[A-Za-z-]+)\](?P<fold>[-+]?)[ ]*(?P<title>.*)$")
_VERBATIM = "code code-block sourcecode code-cell math mermaid raw eval-rst literalinclude csv-table glue bibtex"
_LISTED = {"shell": "console", "bash": "console", "sh": "console", "zsh": "console", "ipython": "python"}
_LISTED |= {"ipython3": "python", "py": "python", "python3": "python", "none": "text", "": "text"}
_RUN = re.compile(  # languages whose fences jupytext runs
    r"(?i)(python[23]?|pypy|bash|sh|r|julia|c\+\+|c#|cs|csharp|f#|fs|fsharp|latex|html|svg|js|javascript|typescript|"
    r"sql|ruby|rust|perl|go|java|lua|scala|haskell|ocaml|matlab|octave|sage|stata|sas|markdown|script|powershell|q)"
)


@dataclass
class Directive:
    """One block: its name, what stands beside the name, its options and what it holds."""

    name: str
    argument: str
    options: dict[str, str]
    body: str
    known: Known

    @property
    def label(self) -> str:
        return self.options.get("label") or self.options.get("name") or ""

    @property
    def text(self) -> str:
        """What it holds, with the blocks in it."""
        return blocks(self.body, self.known)


def listings(text: str, known: Known) -> str:
    """The text with its listings kept as they are to be written, and formulas that are directives too."""
    lines, out, position = text.split("\n"), [], 0
    outer: list[str] = []
    while position < len(lines):
        found = _FENCE.match(lines[position])
        name = _DIRECTIVE.match(found["info"]) if found else None
        if found and outer and not found["info"] and found["fence"].startswith(outer[-1]):
            outer.pop()
        elif found and name and name["name"] not in _VERBATIM.split():
            outer.append(found["fence"])
        elif found and found["fence"][0] != ":":
            end = _end(lines, position, found)
            inside = [line.removeprefix(again(found["margin"])) for line in lines[position + 1 : end]]
            out.append(found["margin"] + _listing(found, name, "\n".join(inside), known))
            position = end + 1
            continue
        out.append(lines[position])
        position += 1
    return "\n".join(out)


def blocks(text: str, known: Known) -> str:
    """The text with every block that we have a form for in that form; what we have none for stays."""
    lines, out, position = text.split("\n"), [], 0
    while position < len(lines):
        block = _fenced(lines, position, known) or _indented(lines, position, known) or _quoted(lines, position, known)
        new, position = block or ([lines[position]], position + 1)
        out += new
    return "\n".join(out)


def code_fence(language: str, code: str, more: str = "") -> str:
    """A listing that nothing runs, with what more its mark says."""
    language = _LISTED.get(language.lower(), language)
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`{3,}", code)), 0)
    never_run = " .noeval" if _RUN.fullmatch(language) else ""
    return f"{fence}{' '.join(f'{language}{never_run} {more}'.split())}\n{code}\n{fence}"


def box(kind: str, title: str, body: str, known: Known) -> str:
    """A box, whose title gives it an id; a second one of the same kind and title would give that twice."""
    title, body = " ".join(title.split()).strip(".:"), body.strip("\n")
    name = place(f"{kind} {title}")
    is_first = bool(title) and name not in known.taken
    known.taken |= {name} if is_first else set()
    opening = f"**{kind} ({title}).**" if is_first else f"**{kind}.** *{title}.*" if title else f"**{kind}.**"
    gap = "\n\n" if not body or re.match(r"[-*+>|#`]|\d+[.)] |\ue000\d+\ue001\s*(?:\n|$)", body) else " "
    return "\n".join(f"> {line}".rstrip() for line in f"{opening}{gap}{body}".strip().split("\n"))


def picture(alt: str, src: str, title: str) -> str:
    """A picture, with its caption if it has one."""
    caption = title.replace('"', r"\"")
    return f'![{alt}]({src} "{caption}")' if title else f"![{alt}]({src})"


def folded(title: str, body: str) -> str:
    """What opens at its title."""
    return f"<details>\n<summary>{title.strip() or 'More'}</summary>\n\n{body.strip()}\n\n</details>"


def _end(lines: list[str], position: int, opening: re.Match) -> int:
    fence = opening["fence"]
    closing = re.compile(rf"[ >]*{re.escape(fence[0])}{{{len(fence)},}}\s*$")
    return next((i for i in range(position + 1, len(lines)) if closing.match(lines[i])), len(lines))


def _listing(found: re.Match, directive: re.Match | None, code: str, known: Known) -> str:
    as_it_is = f"{found['fence']}{found['info']}\n{code}\n{found['fence']}"
    if directive is None:
        language, _, rest = found["info"].partition(" ")
        if re.search(r"(?:title|label|caption)=|\.noeval", found["info"]):
            return known.keep(as_it_is)
        language = language.strip("{}.").partition(",")[0]
        return known.keep(code_fence(language, code, "" if found["info"].startswith("{") else rest))
    options, body = _options(code)
    name, argument = directive["name"], directive["rest"]
    if name == "math":
        return formulas.display("\n".join(filter(None, [argument, body])), options.get("label"), known)
    if name in ("code", "code-block", "sourcecode", "code-cell"):
        return known.keep(_paragraphs(options.get("caption"), code_fence(argument or "python", body)))
    if name == "csv-table" and body:
        return _rows(list(csv.reader([*filter(None, [options.get("header")]), *body.split("\n")])), argument)
    return known.keep(code_fence("text", code) if name == "mermaid" else as_it_is)


def _paragraphs(*parts: str | None) -> str:
    return "\n\n".join(filter(None, parts))


def _fenced(lines: list[str], position: int, known: Known) -> tuple[list[str], int] | None:
    found = _FENCE.match(lines[position])
    if not found or not found["info"] or (end := _matching(lines, position, found)) is None:
        return None
    margin = again(found["margin"])
    inside = "\n".join(line.removeprefix(margin) for line in lines[position + 1 : end])
    if directive := _DIRECTIVE.match(found["info"]):
        options, body = _options(inside)
        name = directive["name"].split(":")[-1]
        new = _brought(Directive(name, directive["rest"], options, body, known))
    elif found["fence"][0] == ":" and (quarto := _QUARTO.match(found["info"])):
        new = _division(quarto["attributes"] or f".{quarto['class']}", inside, known)
    else:
        return None
    if new is None:
        return [lines[position], *blocks(inside, known).split("\n"), lines[end]], end + 1
    return ["", *((margin + line).rstrip() for line in new.split("\n")), ""], end + 1


def _matching(lines: list[str], position: int, opening: re.Match) -> int | None:
    """The line that closes a fence. Between colons each that opens has one that closes; of backticks length decides."""
    fence, still_open = opening["fence"], 0
    for number in range(position, len(lines)):
        found = _FENCE.match(lines[number])
        if not found or found["fence"][0] != fence[0]:
            continue
        if found["info"]:
            still_open += fence[0] == ":" or number == position
        elif fence[0] == ":" or len(found["fence"]) >= len(fence):
            still_open -= 1
        if not still_open:
            return number
    return None


def _options(text: str) -> tuple[dict[str, str], str]:
    """The options with which a directive begins, and the rest."""
    found = re.match(r"---\n(.*?)\n---(?:\n|$)", text, re.DOTALL)
    if found and (told := facts_of(found[1])) is not None:
        return {str(name): str(value) for name, value in told.items()}, text[found.end() :]
    options, lines = {}, text.split("\n")
    while lines and (found := re.match(r":([\w-]+):[ ]*(.*)$", lines[0].strip())):
        options[found[1]] = found[2]
        lines.pop(0)
    return options, "\n".join(lines).strip("\n")


def _brought(directive: Directive) -> str | None:
    """What a directive becomes; None if it has no form here."""
    name, known, argument = directive.name, directive.known, directive.argument
    if name in _OTHERS:
        return _OTHERS[name](directive)
    body, look = directive.text, directive.options.get("class", "")
    if name == "dropdown" or "dropdown" in look:
        return _place(directive.label, argument or name, known) + folded(argument, body)
    if name not in _KIND:
        return None
    kind, title = _KIND[name], ""
    if name in _TITLED:
        kind = next((_KIND[one] for one in look.split() if one in _KIND), kind)
        title = argument or ("" if name in _STATEMENTS.split(" ") else name.capitalize())
    else:
        body = _paragraphs(argument, body)
    return _place(directive.label, argument or name, known) + box(kind, title, body, known)


_TITLED = ("admonition", "sidebar", "example", "exercise", "solution", *_STATEMENTS.split(" "))


def _place(label: str, words: str, known: Known) -> str:
    """A place to which the label of a block can lead."""
    if not label:
        return ""
    name = place(label)
    known.labels[label] = f"[{words}](#{name})"
    return f'<span id="{name}"></span>\n\n'


def _division(attributes: str, inside: str, known: Known) -> str | None:
    """A division of Quarto's: a callout, or what only says how the text in it is laid out."""
    told = dict(re.findall(r'([\w-]+)="([^"]*)"', attributes))
    body = rest = blocks(inside, known)
    title = told.get("title", "")
    if heading := re.match(r"\s*#+ +(.*)\n", body):
        title, rest = title or heading[1], body[heading.end() :]
    if found := re.search(r"\.callout-(\w+)", attributes):
        if told.get("collapse", "false") != "false":
            return folded(title, rest)
        return box(_KIND.get(found[1], "Note"), title, rest, known)
    if found := re.match(r"#((thm|def|lem|prp|cor)-[\w-]+)", attributes):
        kind = _QUARTO_KINDS[found[2]]
        return _place(found[1], kind, known) + box(kind, title, rest, known)
    named = re.match(r"\.([\w-]+)", attributes)
    return box(_KIND[named[1]], title, rest, known) if named and named[1] in _KIND else body


_QUARTO_KINDS = {"thm": "Theorem", "def": "Definition", "lem": "Lemma", "prp": "Proposition", "cor": "Corollary"}


def _indented(lines: list[str], position: int, known: Known) -> tuple[list[str], int] | None:
    """A box of MkDocs, whose text is indented."""
    if not (found := _MKDOCS.match(lines[position])):
        return None
    margin = found["margin"]
    within = f"{margin}    "
    inside = list(takewhile(lambda line: not line.strip() or line.startswith(within), lines[position + 1 :]))
    body = blocks("\n".join(line.removeprefix(within) for line in inside), known)
    kind, title = found["kind"], (found["title"] or found["bare"] or "").strip()
    if kind is None:
        new = f"**{title}**\n\n{body}"
    elif found["mark"] != "!!!":
        new = folded(title or kind.capitalize(), body)
    else:
        new = box(_KIND.get(kind, "Note"), title if kind in _KIND else f"{kind} {title}", body, known)
    return [*(f"{margin}{line}".rstrip() for line in new.split("\n")), ""], position + 1 + len(inside)


def _quoted(lines: list[str], position: int, known: Known) -> tuple[list[str], int] | None:
    """A callout of Obsidian's or GitHub's, of more kinds than there are boxes, and with a title."""
    if not (found := _CALLOUT.match(lines[position])):
        return None
    margin, kind, title = found["margin"], found["kind"], found["title"]
    inside = list(takewhile(lambda line: line.startswith(f"{margin}>"), lines[position + 1 :]))
    body = blocks("\n".join(re.sub(r"^> ?", "", line.removeprefix(margin)) for line in inside), known)
    box_of_kind = _KIND.get(kind.lower(), "Note")
    new = folded(title or kind.capitalize(), body) if found["fold"] == "-" else box(box_of_kind, title, body, known)
    return [f"{margin}{line}".rstrip() for line in new.split("\n")], position + 1 + len(inside)


def _figure(directive: Directive) -> str:
    title, alt, label = " ".join(directive.body.split()), directive.options.get("alt", ""), directive.label
    return picture(alt, directive.argument.strip(), title) + (f"{{#{label} .given}}" if label else "")


def _quote(directive: Directive) -> str:
    return "\n".join(f"> {line}".rstrip() for line in directive.text.split("\n"))


def _list_table(directive: Directive) -> str | None:
    rows = [
        [re.sub(r"^\s*- ?", "", cell) for cell in re.split(r"\n(?=  - )", f"  - {row}")]
        for row in re.split(r"(?:^|\n)\* - ", directive.body.strip("\n"))[1:]
    ]
    if not rows or len({len(row) for row in rows}) > 1:
        return None
    return _rows([[" ".join(cell.split()) for cell in row] for row in rows], directive.argument)


def _rows(rows: list[list[str]], caption: str) -> str:
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    table = "\n".join("| " + " | ".join(cell.strip() for cell in line) + " |" for line in lines)
    return _paragraphs(caption, table)


def _card(directive: Directive) -> str:
    """One of several texts that were shown side by side, or one at a time."""
    return _paragraphs(directive.argument and f"**{directive.argument}**", directive.text)


def _hidden(directive: Directive) -> str:
    """What no reader saw."""
    return f"<!-- {directive.name}: {' '.join([directive.argument, *directive.body.split()]).strip()} -->"


def _nothing(directive: Directive) -> str | None:
    """What the page does by itself: contents and bibliography."""
    return None if directive.body.strip() else ""


_OTHERS: dict[str, Callable[[Directive], str | None]] = {
    **dict.fromkeys(("figure", "image"), _figure),
    **dict.fromkeys(("epigraph", "pull-quote", "highlights", "blockquote"), _quote),
    "table": lambda directive: _paragraphs(directive.argument, directive.text),
    "list-table": _list_table,
    **dict.fromkeys(("div", "grid", "tab-set"), lambda directive: directive.text),
    **dict.fromkeys(("grid-item", "grid-item-card", "card", "tab-item", "tab"), _card),
    "index": _hidden,
    "solution-start": lambda directive: "**Solution.**",
    "exercise-start": lambda directive: "**Exercise.**",
    **dict.fromkeys(("solution-end", "exercise-end"), lambda directive: ""),
    **dict.fromkeys(("contents", "tableofcontents", "bibliography"), _nothing),
}
