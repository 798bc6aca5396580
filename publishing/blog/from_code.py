"""Code cells of other notebooks: options become tags, what is no Python a comment, and plots are given to `diagram`."""

import ast
import re

from publishing import contract
from publishing.blog.bringing.directives import code_fence
from publishing.blog.bringing.known import RUNS, STARTER, Known, facts_of
from publishing.blog.bringing.plots import Options, Plots
from publishing.checks.code import TAGS
from publishing.notebooks import NotebookNode, syntax

_TAGS = {tag: tag for tag in (*TAGS, "skip-execution")}
_TAGS |= dict.fromkeys(("hide-cell", "hide-code"), contract.HIDE_INPUT)
_OPTIONS = {
    ("echo", False): contract.REMOVE_INPUT,
    ("include", False): contract.REMOVE_CELL,
    ("output", False): contract.REMOVE_OUTPUT,
    ("results", "hide"): contract.REMOVE_OUTPUT,
    ("code-fold", True): contract.HIDE_INPUT,
    ("error", True): contract.MAY_RAISE,
    ("eval", False): "skip-execution",
}
_WORDS = {"hide": contract.REMOVE_CELL, "hide_input": contract.REMOVE_INPUT, "hide_output": contract.REMOVE_OUTPUT}
_WORDS |= {"collapse": contract.HIDE_INPUT, "collapse_input": contract.HIDE_INPUT, "collapse-hide": contract.HIDE_INPUT}
_ARRANGE = re.compile(
    r"\s*%(?:matplotlib|load_ext|autoreload|config|reload_ext|pylab|precision)\b.*|\s*%%(?:time|capture)\b.*"
)
_MAGIC = re.compile(r"(\s*)((?:[\w., ]+=\s*)?[!%]\S.*|\?{1,2}\w.*|[\w.]+\?{1,2})$")
_TIMED = re.compile(r"(\s*)%(?:time|prun)\s+(.*)")
_OF_CELL = {"bash": "console", "sh": "console", "script": "console", "html": "html", "javascript": "javascript"}
_OF_CELL |= {"js": "javascript", "writefile": "python", "file": "python", "svg": "html", "sql": "sql", "R": "r"}
_ADDRESS = re.compile(r"<[^<>]* at 0x[0-9a-f]+>")
_RETURNS_OBJECT = re.compile(r"manual_seed|legend|title|[xy]label|set_\w+|set|register_\w*hook|\w+_")


def converted(cell: NotebookNode, known: Known, plots: Plots) -> tuple[str, str, list[str]]:
    """The cell's kind, text and tags as they are to be."""
    options, source = _options(cell, _indented_by_blanks(cell.source.replace("\r\n", "\n").strip("\n")))
    tags = list(dict.fromkeys(options.tags))
    if found := re.match(r"%%(\w+)[^\n]*\n?", source):
        if found[1] in ("latex", "markdown"):
            text = source[found.end() :]
            is_bare = found[1] == "latex" and not re.search(r"\$|\\begin|\\\[", text)
            return "prose", f"$$\n{text}\n$$" if is_bare else text, []
        if found[1] in _OF_CELL:
            note = f"{STARTER} what this did, by `{found.group().strip()}`, or take it out"
            return "markdown", f"{note}\n\n{code_fence(_OF_CELL[found[1]], source[found.end() :])}", []
    source = _plain(source)
    if all(line.startswith(f"# {RUNS}") for line in source.split("\n")):
        return "markdown", "\n".join(f"<!-- {line[2:]} -->" for line in source.split("\n")), []
    if "skip-execution" in tags:
        return "markdown", code_fence("python", source), []
    if contract.REMOVE_OUTPUT not in tags and contract.REMOVE_CELL not in tags:
        source = plots.given(source, _shows_picture(cell), options, known)
    return "code", _quiet(source, cell), tags


def _options(cell: NotebookNode, source: str) -> tuple[Options, str]:
    """From the cell's metadata, and from comments above its code, which are taken off."""
    tags = (tag.replace("_", "-") for tag in cell.metadata.get("tags", []))
    options = Options([_TAGS[tag] for tag in tags if tag in _TAGS])
    if cell.metadata.get("cellView") == "form" or cell.metadata.get("jupyter", {}).get("source_hidden"):
        options.tags.append(contract.HIDE_INPUT)
    figure = (cell.metadata.get("mystnb") or {}).get("figure") or {}
    options.label, options.caption = str(figure.get("name") or ""), str(figure.get("caption") or "")
    lines, told = source.split("\n"), []
    while lines and (found := re.match(rf"#\s?\|\s?(.*)|#\s*({'|'.join(_WORDS)})\s*$", lines[0])):
        told.append(found[1] if found[2] is None else found[2])
        lines.pop(0)
    _take(_read(told), options)
    return options, "\n".join(lines).strip("\n")


def _read(told: list[str]) -> dict:
    """The options, also where some of the lines are no YAML, as nbdev's are not."""
    if (facts := facts_of("\n".join(told))) is not None:
        return facts
    single = [_read([line]) for line in told] if len(told) > 1 else []
    return {name: value for facts in single for name, value in facts.items()} or dict.fromkeys(told, "word")


def _take(facts: dict, options: Options) -> None:
    for name, value in facts.items():
        if value == "word" and name in _WORDS:
            options.tags.append(_WORDS[name])
        elif isinstance(value, bool | str) and (tag := _OPTIONS.get((name, value))):
            options.tags.append(tag)
    options.label = str(facts.get("label") or options.label)
    options.caption = str(facts.get("fig-cap") or facts.get("tbl-cap") or options.caption)
    options.alt = str(facts.get("fig-alt") or options.alt)


def _plain(source: str) -> str:
    """Plain Python: magics that arrange JupyterLab are gone, others are comments, each with what to do."""
    if syntax(source) is not None:
        return source
    lines, open_block, in_strings = [], False, _in_strings(source)
    for number, line in enumerate(source.split("\n")):
        if number not in in_strings:
            if _ARRANGE.fullmatch(line):
                continue
            if timed := _TIMED.fullmatch(line):
                line = f"{timed[1]}{timed[2]}"
            elif found := _MAGIC.fullmatch(line):
                line = f"{found[1]}{'pass  ' if open_block else ''}# {RUNS}{found[2]}"
            open_block = line.rstrip().endswith(":") or (open_block and not line.strip())
        lines.append(line)
    return "\n".join(lines).strip("\n")


def _indented_by_blanks(source: str) -> str:
    in_strings = _in_strings(source)
    return "\n".join(
        line if number in in_strings else re.sub(r"^[ \t]+", lambda indent: indent[0].expandtabs(4), line)
        for number, line in enumerate(source.split("\n"))
    )


def _in_strings(source: str) -> set[int]:
    """Lines, counted from 0, that begin within a string: no magics, whatever they look like."""
    guess = [
        re.sub(r"\S.*", "pass", line) if any(one.fullmatch(line) for one in (_ARRANGE, _TIMED, _MAGIC)) else line
        for line in source.split("\n")
    ]
    nodes = ast.walk(syntax("\n".join(guess)) or ast.Module([], []))
    strings = (node for node in nodes if isinstance(node, ast.Constant | ast.JoinedStr))
    return {number for node in strings for number in range(node.lineno, node.end_lineno or 0)}


def _quiet(source: str, cell: NotebookNode) -> str:
    """The code with a semicolon where its last line would show an object by its address, which says nothing."""
    tree = syntax(source)
    last = tree.body[-1] if tree and tree.body else None
    if not isinstance(last, ast.Expr) or not isinstance(last.value, ast.Call) or source.rstrip().endswith(";"):
        return source
    shown = "".join(str(output.get("data", {}).get("text/plain", "")) for output in cell.get("outputs") or [])
    if not _ADDRESS.search(shown) and not _RETURNS_OBJECT.fullmatch(ast.unparse(last.value.func).rpartition(".")[2]):
        return source
    lines, at = source.split("\n"), (last.end_lineno or 1) - 1
    line = lines[at].encode()
    lines[at] = f"{line[: last.end_col_offset].decode()};{line[last.end_col_offset :].decode()}"
    return "\n".join(lines)


def _shows_picture(cell: NotebookNode) -> bool | None:
    """Whether the cell showed a picture when it ran; None if it is not known, as in a file without outputs."""
    outputs = cell.get("outputs") or []
    if not outputs and not cell.get("execution_count"):
        return None
    return any("image/png" in output.get("data", {}) or "image/svg+xml" in output.get("data", {}) for output in outputs)
