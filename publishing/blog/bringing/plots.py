"""Plain matplotlib plots, given to `diagram`, with words to be written."""

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from publishing.blog.bringing.known import STARTER, Known
from publishing.blog.bringing.pictures import ASK_ALT
from publishing.notebooks import syntax

if TYPE_CHECKING:
    from publishing.blog.from_code import Options

ASK_CAPTION = f"{STARTER} what the figure means"
_CHARTS = (
    "plot scatter hist hist2d bar barh imshow matshow contour contourf pcolormesh errorbar fill_between semilogx "
    "semilogy loglog boxplot violinplot stem step quiver streamplot hexbin pie heatmap subplots figure subplot axes"
)
_DRAWS = set(_CHARTS.split(" "))
_OPENS = {"subplots", "figure", "subplot_mosaic"}


@dataclass
class Plots:
    """The plots of a notebook: which of its functions draw, and what name stands for the figure."""

    functions: set[str] = field(default_factory=set)
    figure: str = "plt.gcf()"
    count: int = 0
    pyplot: str | None = None  # by what name the notebook has it
    needs_pyplot: bool = False

    def given(self, source: str, shows: bool | None, options: "Options", known: Known) -> str:
        """The cell's code with a call of `diagram` for each plot that it showed."""
        tree = syntax(source)
        if tree is None:
            return source
        self._learn(tree)
        lines = source.split("\n")
        changes, is_open = [], False
        for statement in tree.body:
            if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                changes += self._in_function(statement, lines)
                continue
            if self._is_show(statement):
                if is_open or shows is None or shows:
                    changes.append((statement, self._call(source, statement, options, known)))
                is_open, self.figure = False, self._current
                continue
            inside = [node for node in ast.walk(statement) if isinstance(node, ast.stmt) and self._is_show(node)]
            for show in inside:
                changes.append((show, self._call(source, show, options, known, _turn(statement, show))))
            if inside:
                is_open = False
            elif self._closes(statement):
                is_open, self.figure = False, self._current
            elif self._opens(statement) or self._draws(statement):
                is_open = True
        is_open = is_open and (shows or (shows is None and self._is_drawn(tree)))
        last = tree.body[-1] if tree.body else None
        if isinstance(last, ast.Expr) and self._is_figure(last.value) and (shows is not False):
            figure = (
                ast.unparse(last.value).removesuffix(".figure") if isinstance(last.value, ast.Name) else self.figure
            )
            changes.append((last, self._call(source, last, options, known, figure=figure)))
            is_open = False
        text = _changed(lines, changes)
        if is_open:
            text = f"{text}\n{self._call(source, None, options, known)}"
            self.figure = self._current
        return text

    @property
    def _current(self) -> str:
        return f"{self.pyplot or 'plt'}.gcf()"

    def _learn(self, tree: ast.Module) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for name in node.names:
                    if name.name == "matplotlib.pyplot":
                        self.pyplot = name.asname or name.name
            elif isinstance(node, ast.ImportFrom) and node.module == "matplotlib":
                for name in node.names:
                    if name.name == "pyplot":
                        self.pyplot = name.asname or name.name
        if self.figure.endswith(".gcf()"):
            self.figure = self._current

    def _is_show(self, node: ast.AST) -> bool:
        """`plt.show()` and `fig.show()`, also of a name that is no figure's, which no other thing here has."""
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="show"))):
                return name in (self.pyplot, "plt", "pylab") or name.startswith("fig")
        return False

    def _closes(self, statement: ast.stmt) -> bool:
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="close"))):
                return name in (self.pyplot, "plt")
        return False

    def _opens(self, statement: ast.stmt) -> bool:
        """Whether it makes a figure; that is the one shown next."""
        match statement:
            case ast.Assign(targets=[target], value=ast.Call(func=ast.Attribute(value=ast.Name(id=of), attr=attr))):
                if of not in (self.pyplot, "plt") or attr not in _OPENS:
                    return False
                first = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else target
                is_named = isinstance(first, ast.Name) and first.id != "_" and isinstance(target, ast.Name | ast.Tuple)
                self.figure = first.id if is_named and isinstance(first, ast.Name) else self._current
                return True
            case ast.Assign(value=ast.Call(func=ast.Name(id=name))) if name in self.functions:
                return False
        return False

    def _draws(self, statement: ast.stmt) -> bool:
        for node in ast.walk(statement):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=of), attr=attr)):
                    if of in (self.pyplot, "plt", "sns") and attr in _DRAWS:
                        if attr in _OPENS and isinstance(statement, ast.Expr):
                            self.figure = self._current
                        return True
                case ast.Call(func=ast.Attribute(attr=attr)) if attr in _DRAWS and self.pyplot:
                    return True
                case ast.Call(func=ast.Name(id=name)) if name in self.functions:
                    return True
        return False

    def _is_drawn(self, tree: ast.Module) -> bool:
        """Whether a figure of this cell is drawn in it, as it is not where one is only laid out for later cells."""
        calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
        names = {call.attr for call in calls if isinstance(call, ast.Attribute)} - _OPENS - {"subplot", "axes"}
        called = {call.id for call in calls if isinstance(call, ast.Name)}
        return bool(names & _DRAWS or called & self.functions)

    def _is_figure(self, value: ast.expr) -> bool:
        match value:
            case ast.Name(id=name):
                return name == self.figure or bool(re.fullmatch(r"fig\w*", name))
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="gcf")):
                return name in (self.pyplot, "plt")
        return False

    def _in_function(self, function: ast.stmt, lines: list[str]) -> list[tuple[ast.stmt, str]]:
        """A function that draws: the figure is shown where it is called."""
        shows = [node for node in ast.walk(function) if isinstance(node, ast.stmt) and self._is_show(node)]
        draws = any(self._draws(node) for node in getattr(function, "body", []))
        returns = any(isinstance(node, ast.Return) and node.value for node in ast.walk(function))
        if isinstance(function, ast.FunctionDef) and (
            shows or (draws and not returns and self._takes_no_axes(function))
        ):
            self.functions.add(function.name)
        self.figure = self._current
        alone = [show for show in shows if len(getattr(function, "body", [])) == 1]
        return [(show, "pass" if show in alone else "") for show in shows]

    def _takes_no_axes(self, function: ast.FunctionDef) -> bool:
        return not any(re.match(r"ax(?:is|es|s)?\d*$", argument.arg) for argument in function.args.args)

    def _call(
        self,
        source: str,
        show: ast.AST | None,
        options: "Options",
        known: Known,
        turn: str = "",
        figure: str | None = None,
    ) -> str:
        """The call, and what it shows by the words that the writer gave: a label, a title, a caption."""
        self.count += 1
        title = _title(source, show)
        label = re.sub(r"^fig[-:_]", "", options.label)
        section = known.prefix.rstrip(".")
        name = known.name(label or title, f"plot-{section}-{self.count}" if section else f"plot-{self.count}")
        if options.label:
            known.labels[options.label] = f"[Figure](#fig-{name})"
            options.label = ""
        alt, caption = options.alt or ASK_ALT, options.caption or ASK_CAPTION
        options.alt = options.caption = ""
        shown = f'f"{name}-{{{turn}}}"' if turn else f'"{name}"'
        if (figure or self.figure).endswith(".gcf()") and self.pyplot is None:
            self.needs_pyplot, self.pyplot = True, "plt"
        known.cells.add("diagram")
        alt, caption = _quoted(alt), _quoted(caption)
        call = f"diagram({figure or self.figure}, {shown}, alt={alt}, caption={caption})"
        if len(call) < 100:
            return call
        return f"diagram(\n    {figure or self.figure},\n    {shown},\n    alt={alt},\n    caption={caption},\n)"


def _quoted(words: str) -> str:
    return '"' + " ".join(words.split()).replace("\\", r"\\").replace('"', r"\"") + '"'


def _title(source: str, show: ast.AST | None) -> str:
    """The title that the code gave the plot, the last before it is shown."""
    end = getattr(show, "lineno", len(source.split("\n")) + 1)
    found = re.findall(r"""(?:title|suptitle)\(\s*r?(["'])(.*?)\1\s*[,)]""", "\n".join(source.split("\n")[:end]))
    words = found[-1][1] if found else ""
    return re.sub(r"\$[^$]*\$|\{[^}]*\}|\\\w+", " ", words)


def _turn(loop: ast.stmt, show: ast.AST) -> str:
    """By what a loop counts in which a plot is shown, for the plot's name."""
    for node in ast.walk(loop):
        if isinstance(node, ast.For) and show in ast.walk(node):
            target, over = node.target, ast.unparse(node.iter)
            if over.startswith("enumerate(") and isinstance(target, ast.Tuple):
                target = target.elts[0]
            if over.startswith(("range(", "enumerate(")) and isinstance(target, ast.Name):
                return target.id
    return ""


def _changed(lines: list[str], changes: list[tuple[ast.stmt, str]]) -> str:
    """The lines with other text in place of these statements, each on lines of its own."""
    for statement, new in sorted(changes, key=lambda change: -change[0].lineno):
        first, last = statement.lineno - 1, statement.end_lineno or statement.lineno
        margin = lines[first][: statement.col_offset]
        after = lines[last - 1].encode()[statement.end_col_offset or 0 :].decode().strip().lstrip(";").strip()
        inner = [f"{' ' * len(margin) if margin.strip() else margin}{line}" for line in new.split("\n")] if new else []
        if margin.strip():  # several statements in a line
            indent = re.match(r"\s*", margin)
            before = margin.rstrip().removesuffix(";").rstrip()
            inner = (
                [before, *(f"{indent.group() if indent else ''}{line}" for line in new.split("\n"))]
                if new
                else [before]
            )
        if after:
            inner.append(after if not after.startswith("#") else after)
        lines[first:last] = inner
    return "\n".join(lines).strip("\n")
