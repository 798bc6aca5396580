"""Plain matplotlib plots, given to `diagram`, with words to be written."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from publishing.blog.bringing.known import STARTER, Known
from publishing.blog.bringing.pictures import ASK_ALT
from publishing.notebooks import syntax

ASK_CAPTION = f"{STARTER} what the figure means"
ASK_NAMES = f"# {STARTER} a name of its own for each figure of this loop"
ASK_PICTURE = f"# {STARTER} a figure of matplotlib in place of the picture that this cell showed, given to diagram()"
_OPENS = ("subplots", "figure", "subplot_mosaic")
_CHARTS = re.compile(
    "plot|scatter|hist|hist2d|imshow|matshow|contourf?|pcolormesh|errorbar|fill_between|semilog[xy]|loglog|boxplot"
)
_ON_AXES = re.compile("barh?|violinplot|stem|step|quiver|streamplot|hexbin|pie|heatmap|lineplot|histplot|scatterplot")
_AXES = re.compile(r"ax(?:is|es|s)?\d*")


@dataclass
class Options:
    """What a cell says about how it is shown."""

    tags: list[str] = field(default_factory=list)
    label: str = ""
    caption: str = ""
    alt: str = ""


@dataclass
class Plots:
    """The plots of a notebook: how it calls pyplot, which of its functions draw, what figure would be shown next."""

    pyplot: str = ""
    needs_pyplot: bool = False
    functions: set[str] = field(default_factory=set)
    figure: str = ""  # what its code calls it, if it does
    drawn: bool = False
    count: int = 0

    def given(self, source: str, shows: bool | None, options: Options, known: Known) -> str:
        """The cell's code with a call of `diagram` for each plot that Jupyter showed, or would have shown.

        `shows` says whether the cell showed a picture when it ran; None if that is not known.
        """
        if (tree := syntax(source := _unfolded(source))) is None:
            return source
        self.pyplot = next(_pyplots(tree), self.pyplot)
        count, changes = self.count, _Changes(source, options, known)
        for statement in tree.body:
            self._visit(statement, changes)
        if self.drawn and shows is not False:
            changes.more.append(self._call(changes, None))
        elif shows and self.count == count:
            changes.more.append(ASK_PICTURE)
        self._shown()
        return changes.text()

    def _visit(self, statement: ast.stmt, changes: "_Changes") -> None:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            self._define(statement, changes)
        elif shows := [node for node in _statements(statement) if self._is_show(node)]:
            for show in shows:
                changes.replace(show, self._call(changes, show, within=statement))
            self._shown()
        elif figure := self._named_alone(statement):
            changes.replace(statement, self._call(changes, statement, figure=figure))
            self._shown()
        elif isinstance(statement, ast.For) and any(self._opened(one) is not None for one in statement.body):
            last = statement.body[-1]
            changes.replace(last, f"{changes.of(last)}\n{self._call(changes, last, within=statement)}")
            self._shown()
        elif (opened := self._opened(statement)) is not None:
            if self.drawn:
                changes.replace(statement, f"{self._call(changes, statement)}\n{changes.of(statement)}")
            self.figure, self.drawn = opened, False
        elif self._calls_pyplot(statement, ("close",)):
            self._shown()
        elif self._draws(statement):
            self.drawn = True

    def _define(self, definition: ast.stmt, changes: "_Changes") -> None:
        """Functions that draw show nothing by themselves any more; the figure is shown where they are called."""
        for function in ast.walk(definition):
            if not isinstance(function, ast.FunctionDef):
                continue
            shows = [node for node in _statements(function) if self._is_show(node)]
            returns = any(isinstance(node, ast.Return) and node.value for node in ast.walk(function))
            on_axes = any(_AXES.fullmatch(argument.arg) for argument in function.args.args)
            if shows or (self._draws(function) and not returns and not on_axes):
                self.functions.add(function.name)
            for show in shows:
                changes.replace(show, "pass" if _is_alone(show, function) else "")

    def _shown(self) -> None:
        self.figure, self.drawn = "", False

    def _is_show(self, node: ast.stmt) -> bool:
        """`plt.show()` and `fig.show()`."""
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="show"))):
                return name in (self.pyplot, "plt") or name.startswith("fig")
        return False

    def _named_alone(self, statement: ast.stmt) -> str:
        """The figure that stands alone on a line, by which Jupyter shows it."""
        match statement:
            case ast.Expr(value=ast.Name(id=name)) if name == self.figure or re.fullmatch(r"fig(?:ure)?\d*", name):
                return name
            case ast.Expr(value=ast.Attribute(value=ast.Name(), attr="figure")):
                return ast.unparse(statement)
        return self._current if self._calls_pyplot(statement, ("gcf",)) else ""

    def _opened(self, statement: ast.stmt) -> str | None:
        """What a figure is called that the statement makes, nothing if it has no name; None if it makes none."""
        if not self._calls_pyplot(statement, _OPENS):
            return None
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]):
                return name
            case ast.Assign(targets=[ast.Tuple(elts=[ast.Name(id=name), *_])]) if name != "_":
                return name
        return ""

    def _calls_pyplot(self, statement: ast.stmt, names: tuple[str, ...]) -> bool:
        match getattr(statement, "value", None) if isinstance(statement, ast.Expr | ast.Assign) else None:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=of), attr=attr)):
                return of in (self.pyplot, "plt") and attr in names
        return False

    def _draws(self, statement: ast.stmt) -> bool:
        for node in ast.walk(statement):
            match node:
                case ast.Call(func=ast.Attribute(value=of, attr=name)):
                    owner = ast.unparse(of).partition("[")[0]
                    is_axes = owner in (self.pyplot, "plt", "sns") or bool(_AXES.fullmatch(owner))
                    is_chart = _CHARTS.fullmatch(name) and (self.pyplot or self.figure)
                    if name in self.functions or is_chart or (is_axes and _ON_AXES.fullmatch(name)):
                        return True
                case ast.Call(func=ast.Name(id=name)) if name in self.functions:
                    return True
        return False

    @property
    def _current(self) -> str:
        return f"{self.pyplot or 'plt'}.gcf()"

    def _call(
        self, changes: "_Changes", here: ast.stmt | None, within: ast.stmt | None = None, figure: str = ""
    ) -> str:
        """The call, by the words that the writer gave: a label, a title, a caption."""
        options, known = changes.options, changes.known
        self.count += 1
        figure = figure or self.figure or self._current
        if figure == self._current and not self.pyplot:
            self.needs_pyplot, self.pyplot = True, "plt"
        known.cells.add("diagram")
        words = re.sub(r"^fig[-:_]", "", options.label) or changes.title(here)
        name = known.name(words, f"plot-{known.prefix.replace('.', '-')}{self.count}")
        if options.label:
            known.labels[options.label] = f"[Figure](#fig-{name})"
        alt, caption = _quoted(options.alt or ASK_ALT), _quoted(options.caption or ASK_CAPTION)
        options.label = options.alt = options.caption = ""
        in_turn, turn = _turn(within, here)
        named = f'f"{name}-{{{turn}}}"' if turn else f'"{name}"'
        call = f"diagram({figure}, {named}, alt={alt}, caption={caption})"
        if len(call) > 100:
            call = f"diagram(\n    {figure},\n    {named},\n    alt={alt},\n    caption={caption},\n)"
        return f"{ASK_NAMES}\n{call}" if in_turn and not turn else call


class _Changes:
    """A cell, with other text in the place of some of its statements, and more at its end."""

    def __init__(self, source: str, options: Options, known: Known):
        self.lines, self.options, self.known = source.split("\n"), options, known
        self.more: list[str] = []
        self.texts: list[tuple[ast.stmt, str]] = []

    def replace(self, statement: ast.stmt, text: str) -> None:
        self.texts.append((statement, text))

    def title(self, here: ast.stmt | None) -> str:
        """The words of the last title that the code gave a plot up to here."""
        before = "\n".join(self.lines[: here.lineno if here else None])
        found = re.findall(r"""title\(\s*r?(["'])(.*?)\1\s*[,)]""", before)
        return re.sub(r"\$[^$]*\$|\{[^}]*\}|\\\w+", " ", found[-1][1]) if found else ""

    def text(self) -> str:
        for statement, text in sorted(self.texts, key=lambda change: (change[0].lineno, change[0].col_offset))[::-1]:
            first, last = statement.lineno - 1, statement.end_lineno or statement.lineno
            line = self.lines[last - 1].encode()
            before = self.lines[first].encode()[: statement.col_offset].decode()
            after = line[statement.end_col_offset or len(line) :].decode().strip().removeprefix(";").strip()
            indent = before[: len(before) - len(before.lstrip())]
            kept = before.rstrip().removesuffix(";").rstrip()
            new = [indent + one for one in [*text.split("\n"), *filter(None, [after])]]
            self.lines[first:last] = [*filter(None, [kept]), *new]
        return "\n".join([*self.lines, *self.more]).strip("\n")

    def of(self, statement: ast.stmt) -> str:
        first, *rest = self.lines[statement.lineno - 1 : statement.end_lineno]
        margin = first[: statement.col_offset]
        return "\n".join(line.removeprefix(margin) for line in [first, *rest])


def _unfolded(source: str) -> str:
    """The code with what is written in one line, as `for x in xs: plt.plot(x); plt.show()`, in several."""
    lines, tree = source.split("\n"), syntax(source)
    for block in _blocks(tree) if tree else ():
        line = lines[block[0].lineno - 1].encode()
        head, rest = line[: block[0].col_offset].decode(), line[block[-1].end_col_offset :].decode()
        if head.strip() and block[0].lineno == block[-1].end_lineno:
            margin = head[: len(head) - len(head.lstrip())] + 4 * " "
            own = [margin + line[one.col_offset : one.end_col_offset].decode() for one in block]
            lines[block[0].lineno - 1] = "\n".join([head.rstrip(), *own]) + rest.removeprefix(";")
    return "\n".join(lines)


def _blocks(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """The statements below each heading, as that of a loop or a branch."""
    for node in ast.walk(tree):
        for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            if isinstance(block, list) and block:
                yield block


def _is_alone(statement: ast.stmt, within: ast.stmt) -> bool:
    return any([statement] in (getattr(one, "body", []), getattr(one, "orelse", [])) for one in ast.walk(within))


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    return (one for one in ast.walk(node) if isinstance(one, ast.stmt))


def _pyplots(tree: ast.Module) -> Iterator[str]:
    """By what name the code imports pyplot."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (name.asname or name.name for name in names if name.name == "matplotlib.pyplot")
            case ast.ImportFrom(module="matplotlib", names=names):
                yield from (name.asname or name.name for name in names if name.name == "pyplot")


def _turn(within: ast.stmt | None, here: ast.stmt | None) -> tuple[bool, str]:
    """Whether a loop runs here, and by what it counts, for the names of its figures."""
    loops = [node for node in ast.walk(within) if isinstance(node, ast.For | ast.While)] if within else []
    around = [loop for loop in loops if here in list(_statements(loop))]
    for loop in around:
        if isinstance(loop, ast.For):
            over, target = ast.unparse(loop.iter), loop.target
            if over.startswith("enumerate(") and isinstance(target, ast.Tuple):
                target = target.elts[0]
            if over.startswith(("range(", "enumerate(")) and isinstance(target, ast.Name) and len(around) == 1:
                return True, target.id
    return bool(around), ""


def _quoted(words: str) -> str:
    return '"' + " ".join(words.split()).replace("\\", r"\\").replace('"', r"\"") + '"'
