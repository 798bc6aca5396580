"""What a notebook's code means: a fingerprint of every module of this repository that it imports.

It is made from the syntax tree, through imports of imports, module by module, so that a docstring, a comment or a
new layout changes nothing, and a changed formula changes exactly the notebooks that reach it.
"""

import ast
import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from publishing.files import digest_of


def fingerprint(modules: Mapping[str, Path]) -> dict[str, str]:
    """What each of these modules means."""
    return {name: meaning(path.read_text(encoding="utf-8")) for name, path in modules.items()}


def reached(code: str, folders: Sequence[Path]) -> dict[str, Path]:
    """File by name, for all modules under these folders that the code imports, through imports of imports."""
    found: dict[str, Path] = {}
    waiting = list(_imports(code, package=""))
    while waiting:
        name = waiting.pop()
        if name in found or (path := _find(name, folders)) is None:
            continue
        found[name] = path
        source = path.read_text(encoding="utf-8")
        waiting += _imports(source, package=name if path.name == "__init__.py" else name.rpartition(".")[0])
    return dict(sorted(found.items()))


@functools.cache
def meaning(source: str) -> str:
    """Digest of a module's syntax tree without docstrings; of its text where that is no Python."""
    tree = _parse(source)
    if tree is None:
        return digest_of(source.encode())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [statement for statement in node.body if not _is_text(statement)]
    return digest_of(ast.dump(tree).encode())


def _find(name: str, folders: Sequence[Path]) -> Path | None:
    for folder in folders:
        stem = folder.joinpath(*name.split("."))
        for path in (stem / "__init__.py", stem.with_suffix(".py")):
            if path.is_file():
                return path
    return None


@functools.cache
def _imports(source: str, package: str) -> tuple[str, ...]:
    """Dotted names that may be modules, with the packages that are imported on the way to them."""
    names = [name for node in ast.walk(_parse(source) or ast.Module([], [])) for name in _named_by(node, package)]
    return tuple({".".join(name.split(".")[:end]): None for name in names for end in range(1, name.count(".") + 2)})


def _named_by(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        parents = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
        base = ".".join([*parents, *([node.module] if node.module else [])])
        yield from (f"{base}.{alias.name}" for alias in node.names)


def _parse(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return None


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
