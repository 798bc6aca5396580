"""What a notebook's code means: a fingerprint of every module of this repository that it imports.

It is made from the syntax tree, through imports of imports, module by module, so that a docstring, a comment or a
new layout changes nothing, and a changed formula changes exactly the notebooks that reach it. A name that a package
only passes on, in an `__init__` of nothing but imports, is followed to its own module; of the others count those that
act when they are imported, as by entering something into a table.
"""

import ast
import functools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import decode_source
from pathlib import Path
from typing import NamedTuple

from publishing.files import digest_of
from publishing.memory import remembered
from publishing.notebooks import syntax

SHOWS_TEXT = re.compile(r"__do[c]__|\bgetdo[c]\b|\bhel[p]\(|\bgetsourc[e]")  # which does not find itself here


class Module(NamedTuple):
    """A file that is reached, and what counts of it: its source, or of a package that passes names on, those taken."""

    path: Path
    source: str


def fingerprint(modules: Mapping[str, Module], shown_in: str = "") -> dict[str, str]:
    """What each of these modules means; its text, where that code or one of them shows docstrings or source."""
    if any(map(_shows_text, (shown_in, *(module.source for module in modules.values())))):
        return {name: digest_of(module.path.read_bytes()) for name, module in modules.items()}
    return {name: meaning(module.source) for name, module in modules.items()}


def reached(code: str, folders: tuple[Path, ...], whole: bool = False) -> dict[str, Module]:
    """By name, all modules under these folders that the code imports, through imports of imports.

    With `whole`, those too that a package only passes on under names that are not taken.
    """
    for known in (_find, _passed_on):
        known.cache_clear()  # files come and go between two calls, not during one
    found: dict[str, Module] = {}
    seen: set[str] = set()
    ours = {path.stem for folder in folders for path in folder.iterdir()}
    waiting = list(_names(code, package=""))
    while waiting:
        name = waiting.pop()
        if name in seen or name.partition(".")[0] not in ours:
            continue
        seen.add(name)
        package, _, taken = name.rpartition(".")
        for passed, origin in _passed_on(package, folders).items():
            if taken in (passed, "*"):
                waiting += _with_packages(origin)
        if path := _find(name, folders):
            source = _read(path)
            found[name] = Module(path, source)
            names = _names(source, package=name if path.name == "__init__.py" else package)
            waiting += names if whole or not _passed_on(name, folders) else _acting(names, folders, ours)
    for name, module in found.items():
        if exported := _passed_on(name, folders):
            lines = (f"{taken} = {exported[taken]}" for taken in exported if {f"{name}.{taken}", f"{name}.*"} & seen)
            found[name] = module._replace(source="\n".join(sorted(lines)))
    return dict(sorted(found.items()))


def _acting(names: Sequence[str], folders: tuple[Path, ...], ours: set[str]) -> list[str]:
    """Those of these modules, and of what they import, that do something when they are imported."""
    waiting, seen, acting = list(names), set(), []
    while waiting:
        if (name := waiting.pop()) in seen or name.partition(".")[0] not in ours:
            continue
        seen.add(name)
        if path := _find(name, folders):
            source, package = _read(path), name if path.name == "__init__.py" else name.rpartition(".")[0]
            waiting += _names(source, package)
            body = (syntax(source) or ast.Module([], [])).body
            bound = {taken for taken, origin in _bound(body, package) if origin.partition(".")[0] in ours}
            acting += [name] * any(_acts(statement, bound) for statement in body)
    return acting


def _acts(statement: ast.stmt, ours: set[str]) -> bool:
    """Whether it calls something for its effect or changes a part of something; `ours` are names of our own code."""
    match statement:
        case ast.Expr(value=ast.Call()) | ast.Delete() | ast.For() | ast.While() | ast.With() | ast.AugAssign():
            return True
        case ast.Assign(targets=targets):
            return any(isinstance(target, ast.Attribute | ast.Subscript) for target in targets)
        case ast.FunctionDef(decorator_list=decorators) | ast.ClassDef(decorator_list=decorators):
            named = {node.id for one in decorators for node in ast.walk(one) if isinstance(node, ast.Name)}
            return not named.isdisjoint(ours)
        case ast.If(body=body, orelse=other) | ast.Try(body=body, finalbody=other):
            return any(_acts(inside, ours) for inside in (*body, *other))
    return False


@functools.cache
def _shows_text(source: str) -> bool:
    return SHOWS_TEXT.search(source) is not None


@functools.cache
def meaning(source: str) -> str:
    """Digest of a module's syntax tree without docstrings; of its text where that is no Python."""
    return remembered(source.encode(), functools.partial(_meaning, source), by=__file__).decode()


def _meaning(source: str) -> bytes:
    tree = syntax.__wrapped__(source)  # one of its own, which is changed here
    if tree is None:
        return digest_of(source.encode()).encode()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [statement for statement in node.body if not _is_text(statement)]
    return digest_of(ast.dump(tree).encode()).encode()


def _read(path: Path) -> str:
    """A module in the encoding that it declares; what Python could not read either, byte by byte."""
    content = path.read_bytes()
    try:
        return decode_source(content)
    except (SyntaxError, UnicodeDecodeError):
        return content.decode("latin-1")


@functools.cache
def _find(name: str, folders: tuple[Path, ...]) -> Path | None:
    for folder in folders:
        for end in (f"{os.sep}__init__.py", ".py"):
            path = os.path.join(folder, *name.split(".")) + end  # noqa: PTH118
            if os.path.isfile(path):  # noqa: PTH113 - no Path for each of the thousands that are not there
                return Path(path)
    return None


@functools.cache
def _passed_on(package: str, folders: tuple[Path, ...]) -> dict[str, str]:
    """Where each name of a package comes from whose `__init__` holds nothing but imports; else nothing."""
    path = _find(package, folders)
    return _re_exports(_read(path), package) if path and path.name == "__init__.py" else {}


@functools.cache
def _re_exports(source: str, package: str) -> dict[str, str]:
    body = [statement for statement in (syntax(source) or ast.Module([], [])).body if not _is_text(statement)]
    names = dict(_bound(body, package)) if all(isinstance(statement, ast.ImportFrom) for statement in body) else {}
    return {} if "*" in names else names


@functools.cache
def _names(source: str, package: str) -> tuple[str, ...]:
    """Dotted names that may be modules or names in packages, with the packages that are imported on the way to them.

    Those that are imported, and those that are looked up in what was imported, as in `import net; net.loss`, ending in
    `.*`, since all of it is used then.
    """
    nodes = list(ast.walk(syntax(source) or ast.Module([], [])))
    bound = list(_bound(nodes, package))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [origin for _, origin in bound]
    names += [named for node in nodes if isinstance(node, ast.Call) and (named := _imported_by_name(node))]
    dotted: dict[ast.AST, list[str]] = {}
    for node in reversed(nodes):  # what an attribute is looked up in comes before it
        if isinstance(node, ast.Name):
            dotted[node] = [origin for name, origin in bound if name == node.id]
        elif isinstance(node, ast.Attribute) and node.value in dotted:
            dotted[node] = [f"{origin}.{node.attr}" for origin in dotted.pop(node.value)]
    names += [f"{origin}.*" for origins in dotted.values() for origin in origins]
    return tuple({part: None for name in names for part in _with_packages(name)})


def imports_by_name(code: str, modules: Mapping[str, Module]) -> bool:
    """Whether the code, or a module, imports what it computes the name of."""
    trees = (syntax(source) for source in (code, *(module.source for module in modules.values())))
    nodes = (node for tree in trees if tree for node in ast.walk(tree))
    return any(_imported_by_name(node) == "" for node in nodes if isinstance(node, ast.Call))


def _imported_by_name(call: ast.Call) -> str | None:
    """The module that a call of import_module or __import__ names; empty if only the run knows; None of other calls."""
    if getattr(call.func, "attr", getattr(call.func, "id", None)) not in ("import_module", "__import__"):
        return None
    name = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else ""
    return name if isinstance(name, str) and not name.startswith(".") else ""


def _bound(nodes: Sequence[ast.AST], package: str) -> Iterator[tuple[str, str]]:
    """What these statements import: a name, and what it stands for."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((a.asname, a.name) if a.asname else (a.name.partition(".")[0],) * 2 for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield from ((alias.asname or alias.name, f"{base}.{alias.name}") for alias in node.names)


def _with_packages(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
