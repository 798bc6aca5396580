"""The package's source as the notes show it: read from the file by its syntax tree, never imported."""

import ast
import re
from html import escape
from pathlib import Path
from textwrap import dedent
from typing import Any

from publishing import paths
from publishing.contract import SOURCE, SourceFacts
from publishing.errors import PublishingError


def source_text(object: str, docstring: bool = True) -> str:
    """Source of a module, function, class, method or constant, e.g. `ddpm_notes.forward.forward_process`.

    Decorators belong to it, indentation of a method does not, and its docstring as you say. Raises PublishingError if
    there is no such object.
    """
    path, names = module_of(object)
    text = path.read_text(encoding="utf-8")
    if not names:
        return text.strip("\n")
    try:
        node: Any = ast.parse(text)
    except SyntaxError as error:
        raise PublishingError(f"{paths.relative(path)}, line {error.lineno}: {error.msg}; fix the file") from None
    for name in names:
        node = next((child for child in getattr(node, "body", []) if name in _names(child)), None)
        if node is None:
            raise PublishingError(f"source({object!r}): {paths.relative(path)} has no {name!r}; name what is there")
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
    lines: list[str] = text.splitlines()[: node.end_lineno]
    if not docstring and (said := _docstring(node)):
        del lines[said.lineno - 1 : said.end_lineno]
    return dedent("\n".join(lines[first - 1 :]))


def source_bundle(facts: SourceFacts) -> dict:
    """MIME bundle of today's source: for Jupyter as text and HTML, for the renderer as a reference."""
    text = source_text(**facts)
    return {SOURCE: facts, "text/plain": text, "text/html": f"<pre>{escape(text)}</pre>"}


def module_of(dotted: str) -> tuple[Path, list[str]]:
    """File of the longest prefix that is a module, and the names that are left."""
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", dotted):
        raise PublishingError(f"source({dotted!r}): not a dotted name; write package.module.object")
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        stem = paths.ROOT.joinpath(*parts[:count])
        for path in (stem.with_suffix(".py"), stem / "__init__.py"):
            if path.is_file():
                return path, parts[count:]
    raise PublishingError(f"source({dotted!r}): no module {parts[0]} in this repository; check the name")


def _docstring(node: Any) -> ast.Expr | None:
    """The statement that is its docstring."""
    can_have_one = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    return node.body[0] if can_have_one and ast.get_docstring(node) is not None else None


def _names(node: ast.stmt) -> set[str]:
    """Names that a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return {target.id for target in targets if isinstance(target, ast.Name)}
