"""Roles, labels, links and citations, as links that JupyterLab follows too."""

import re

from publishing import notebooks, paths
from publishing.blog.bringing.formulas import inline
from publishing.blog.bringing.known import Known, place
from publishing.render import bibliography
from publishing.render.page import slug

_CODE_OR_ROLE = re.compile(
    r"(?P<role>\{[a-z][\w:+.-]*\})?(?<!`)(?P<ticks>`{1,2})(?!`)(?P<inside>(?:(?!\n\s*\n).)+?)(?<!`)(?P=ticks)(?!`)",
    re.DOTALL,
)
_WITH_TARGET = re.compile(r"(?P<words>.*?)\s*<(?P<target>[^<>]+)>", re.DOTALL)
_CITE_TEX = re.compile(
    r"~?\\(?:no|full|foot|text|paren|auto)?cite(?:p|t|alp|alt|author|year)?\*?(?:\[[^\]]*\]){0,2}\{([^{}]+)\}"
)
_CITE_BRACKETS = re.compile(r"\[(?P<inside>[^\[\]\n]*?-?@[\w:.#$%&+?<>~/-]+[^\[\]\n]*)\](?!\()")
_KEY = re.compile(r"(?<![\w@.`/])-?@(?P<key>[A-Za-z0-9_](?:[\w:.#+?/-]*[\w])?)")
_EQUATION = re.compile(
    r"(?:\b(?:Eqs?\.|Equations?|equations?|eqs?\.)[ ~\n]?)?"
    r"(?P<open>\()?\\(?:eq|c|C|auto)?ref\{(?P<label>[^{}]+)\}(?(open)\))"
)
_LINK = re.compile(
    r"(?<!!)\[(?P<words>(?:\\.|[^\[\]]|\[[^\[\]]*\])*)\]\((?P<target>[^\s()]*)(?P<title>\s+\"[^\"]*\")?\)"
)
_WIKI = re.compile(r"(?<!!)\[\[(?P<page>[^\[\]|#]*)(?:#(?P<heading>[^\[\]|]*))?(?:\|(?P<words>[^\[\]]*))?\]\]")
_HEADING = re.compile(r"^(?P<hashes>#{1,6})[ ]+(?P<words>.*?)[ ]*#*[ ]*$", re.MULTILINE)
_ATTRIBUTES = re.compile(r"[ ]*\{(?P<told>[#.][^{}]*|-)\}[ ]*$")
_LABEL = re.compile(r"^[ ]*\((?P<label>[\w:.+-]+)\)=[ ]*\n+(?P<next>.*)", re.MULTILINE)
_KINDS = {"fig": "Figure", "tbl": "Table", "tab": "Table", "lst": "Listing", "thm": "Theorem", "def": "Definition"}


def roles(text: str, known: Known) -> str:
    """The text with its code in lines kept, and its roles as what they mean."""
    return _CODE_OR_ROLE.sub(lambda found: _role(found, known), text)


def headings(text: str, known: Known) -> str:
    """The text with plain headings, whose names and labels are known from here on."""
    text = _LABEL.sub(lambda found: _labelled(found, known), text)
    return _HEADING.sub(lambda found: _heading(found, known), text)


def links(text: str, known: Known) -> str:
    """The text with links and citations, of which some lead to what only a later cell has."""
    text = re.sub(r"<(https?://[^<>\s]+)>", r"\1", text)
    text = _WIKI.sub(lambda found: _to_page(found, known), text)
    text = _CITE_TEX.sub(lambda found: known.keep(cited(found[1].split(","), known)), text)
    text = _EQUATION.sub(lambda found: known.keep(lambda: _to_label("", found["label"], known) or found.group()), text)
    text = _LINK.sub(lambda found: _link(found, known), text)
    text = _CITE_BRACKETS.sub(lambda found: _in_brackets(found, known), text)
    return _KEY.sub(lambda found: _bare(found, known), text)


def entries(paper: str) -> dict[str, str]:
    """How each entry of the bibliography is cited, by its key."""
    path = paths.bibliography(paper)
    found = bibliography.read(path).entries if path.is_file() else {}
    return {key: _names(entry) for key, entry in found.items()}


def cited(keys: list[str], known: Known) -> str:
    """Citations, also of what the bibliography does not have yet, which the list of steps names."""
    keys = [key.strip() for key in keys if key.strip()]
    return ", ".join(f"[{known.citations.get(key, key)}](#ref-{key})" for key in keys)


def _names(entry) -> str:
    people = [" ".join(person.prelast_names + person.last_names) for person in entry.persons.get("author", [])]
    people = [re.sub(r"[{}\\]", "", name) for name in people]
    year = entry.fields.get("year", "")
    who = " and ".join(people) if len(people) < 3 else f"{people[0]} et al."
    return ", ".join(filter(None, [who or entry.key, year]))


def _role(found: re.Match, known: Known) -> str:
    inside, full = found["inside"], (found["role"] or "").strip("{}")
    if not (role := full.split(":")[-1]):
        return known.keep(found.group())
    with_target = _WITH_TARGET.fullmatch(inside)
    words, target = with_target.groups() if with_target else ("", inside)
    if role == "math":
        return inline(inside, known)
    if full.startswith("cite") or role == "cite":
        return known.keep(cited(inside.split(","), known))
    if role == "eq":
        return known.keep(lambda: known.labels.get(target, found.group()))
    if role in ("ref", "numref", "any", "doc", "nb"):
        return known.keep(lambda: _to_label(words.replace("%s", "").strip(), target, known) or found.group())
    if role in ("sub", "sup", "subscript", "superscript"):
        return f"<{role[:3]}>{inside}</{role[:3]}>"
    if role == "kbd":
        return f"<kbd>{inside}</kbd>"
    if role == "abbr":
        return re.sub(r"^(.*?)\s*\((.*)\)$", r'<abbr title="\2">\1</abbr>', inside)
    if role in ("code", "command", "file", "func", "class", "meth", "mod", "py", "attr", "program", "envvar"):
        return known.keep(f"`{inside}`")
    if role == "index":
        return inside.partition(";")[0].partition(": ")[2] or inside
    if role in ("term", "dfn", "emphasis", "guilabel", "menuselection"):
        return f"*{words or inside}*"
    if role == "strong":
        return f"**{inside}**"
    if role == "download":
        return f"[{words or target}]({target})"
    return known.keep(found.group())


def _to_label(words: str, target: str, known: Known) -> str | None:
    """A link to what bears the label, in these words or its own."""
    if target in known.headings:
        name, heading = known.headings[target]
        return f"[{words or heading}](#{name})"
    if found := known.labels.get(target):
        return re.sub(r"\[.*?\]", lambda _: f"[{words}]", found) if words and found.startswith("[") else found
    return None


def _labelled(found: re.Match, known: Known) -> str:
    """A label before a heading is the heading's, and before anything else a place by itself."""
    label, after = found["label"], found["next"]
    if re.match(r"#{1,6} ", after):
        return f"{after} {{#{label}}}"
    name = place(label)
    known.labels.setdefault(label, f"[{label}](#{name})")
    gap = "\n\n" if after.startswith(("\ue000", ">", "|", "!", "<")) else ""
    return f'<span id="{name}"></span>{gap}{after}'


def _heading(found: re.Match, known: Known) -> str:
    words, label = found["words"], None
    if attributes := _ATTRIBUTES.search(words):
        words = words[: attributes.start()]
        label = re.search(r"#([\w:.-]+)", attributes["told"])
    words = re.sub(r'<span id="([^"]*)"></span>', "", words)
    name = slug(re.sub(r"\$[^$]*\$|[*`]|\b_|_\b", "", known.restored(words)))
    for one in (words.replace(" ", "-"), name, *([label[1]] if label else [])):
        known.headings.setdefault(one, (name, words))
    return f"{found['hashes']} {words}"


def _to_page(found: re.Match, known: Known) -> str:
    """A link of Obsidian's leads to a heading of this notebook, or is words alone."""
    words = found["words"] or found["heading"] or found["page"]
    if (heading := found["heading"]) and not found["page"]:
        is_block = heading.startswith("^")
        block = f"[{words}](#{place(heading)})"
        return known.keep(block if is_block else lambda: _to_label(words, heading.replace(" ", "-"), known) or words)
    stem = _stem(place(found["page"]), known)
    return known.keep(f"[{words}]({stem})") if stem else words


def _stem(name: str, known: Known) -> str | None:
    """The notebook of the paper that is called so, as seen from this one."""
    up = "../" if notebooks.is_study(known.stem) else ""
    found = (stem for stem in notebooks.every(known.paper) if name in (stem, notebooks.slug_of(stem)))
    return next((f"{up}{stem}.md" for stem in found), None)


def _link(found: re.Match, known: Known) -> str:
    words, target, title = found["words"], found["target"], found["title"] or ""
    file, _, anchor = target.partition("#")
    if file.endswith((".ipynb", ".md", ".qmd", ".html")) and not re.match(r"\w+:", file):
        stem = _stem(place(file.rpartition("/")[2].rpartition(".")[0]), known)
        target = f"{stem}#{slug(anchor)}" if stem and anchor else stem or target
        return known.keep(f"[{words}]({target}{title})") if stem else f"[{words}]({target}{title})"
    if target.startswith("#"):
        return known.keep(lambda: _to_label(words, anchor, known) or f"[{words}]({_own(target)}{title})")
    if target and (target in known.labels or target in known.headings):
        return known.keep(lambda: _to_label(words, target, known) or found.group())
    return found.group()


def _own(target: str) -> str:
    """An anchor as our ids are written, if it is one of a kind that we know."""
    return target if re.match(r"#(?:eq|fig|table|ref|claim|source)-", target) else f"#{place(target) or target[1:]}"


def _in_brackets(found: re.Match, known: Known) -> str:
    """`[@key, p. 3; @other]`, with what stands around the keys in parentheses."""
    inside = found["inside"]
    if all(_cross(one["key"], known) for one in _KEY.finditer(inside)):
        return _KEY.sub(lambda one: _bare(one, known), inside)
    return f"({_KEY.sub(lambda one: known.keep(cited([one['key']], known)), inside)})"


def _bare(found: re.Match, known: Known) -> str:
    key = found["key"]
    if _cross(key, known):
        return known.keep(lambda: _to_label(_KINDS.get(re.split("[-:]", key)[0], ""), key, known) or found.group())
    return known.keep(cited([key], known)) if key in known.citations else found.group()


def _cross(key: str, known: Known) -> bool:
    """Whether it is Quarto's way to refer to a part of this page."""
    return bool(re.match(r"(?:fig|tbl|tab|eq|sec|lst|thm|def|lem|prp|cor|exm)[-:]", key)) and key not in known.citations
