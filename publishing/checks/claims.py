"""Claims that could not be false, whatever the code does."""

import ast

from publishing.checks.places import Found, Source
from publishing.notebooks import calls, syntax

_NEVER_NEGATIVE = {"abs", "square", "sqrt", "norm", "vector_norm", "std", "var", "len", "exp"}
_ARITHMETIC = (
    ast.Constant | ast.List | ast.Tuple | ast.UnaryOp | ast.BinOp | ast.operator | ast.unaryop | ast.expr_context
)


def idle_claims(source: Source) -> Found:
    """A thing compared with itself, numbers that are both written down, and what no number could break."""
    constants = _constants(source)
    for number, call in calls(source.notebook, "claim"):
        given = dict(zip(("statement", "measured", "relation", "expected"), call.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        if not {"measured", "relation", "expected"} <= given.keys():
            continue  # it raises when it runs
        measured, expected = given["measured"], given["expected"]
        if ast.dump(measured) == ast.dump(expected):
            yield number, call.lineno, f"the claim compares {ast.unparse(measured)!r} with itself; compare two things"
        elif _is_written(measured, constants) and _is_written(expected, constants):
            yield number, call.lineno, "the claim compares two numbers that are written down; measure one of them"
        elif _is_bound(measured, given["relation"], expected):
            yield number, call.lineno, f"{ast.unparse(measured)!r} is never negative; claim something that can fail"


def _constants(source: Source) -> set[str]:
    """Names that only ever stand for numbers which are written down."""
    written: set[str] = set()
    measured: set[str] = set()
    for tree in filter(None, (syntax(code) for _, code in source.cells("code"))):
        plain = {
            node.targets[0]: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
        }
        for target, value in plain.items():
            (written if _is_written(value, written) else measured).add(target.id)
        bound = {node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        measured |= {node.id for node in bound - plain.keys()}
    return written - measured


def _is_written(value: ast.expr, constants: set[str]) -> bool:
    """Whether this is arithmetic on literals and on names that stand for literals."""
    nodes = (node for node in ast.walk(value) if not isinstance(node, _ARITHMETIC))
    return all(isinstance(node, ast.Name) and node.id in constants for node in nodes)


def _is_bound(measured: ast.expr, relation: ast.expr, expected: ast.expr) -> bool:
    called = getattr(measured, "func", None)
    if getattr(called, "attr", getattr(called, "id", None)) not in _NEVER_NEGATIVE:
        return False
    try:
        sign, bound = ast.literal_eval(relation), ast.literal_eval(expected)
    except ValueError:
        return False
    return isinstance(bound, int | float) and ((sign == ">=" and bound <= 0) or (sign == ">" and bound < 0))
