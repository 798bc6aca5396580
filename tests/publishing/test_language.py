"""What a writer may say, in the forms of this project and in those that other tools taught."""

import pytest
from nbformat.v4 import new_output

from publishing.checks import lint as lints

from .notes import code, error, fragment, refusals, select, shows, texts


def faults(*cells) -> list[str]:
    """What is wrong with each, without its place."""
    return [line.partition(": ")[2] for line in refusals(fragment, *cells)]


def shown(**data):
    """A cell that shows this; `text__html` is text/html."""
    return code("1", new_output("display_data", data={kind.replace("__", "/"): said for kind, said in data.items()}))


# --- boxes


@pytest.mark.parametrize(
    ("lead", "kind", "name"),
    [
        ("Note.", "note", None),
        ("Warning:", "warning", None),
        ("Definition (Forward *process* $q$).", "statement", "definition-forward-process-q"),
        ("Theorem 2", "statement", "theorem-2"),
        ("Lemma A.1 (Gauss).", "statement", "lemma-a-1"),
        ("Proof.", "proof", None),
    ],
)
def test_a_quote_that_begins_with_its_name_is_a_box(lead, kind, name):
    html = fragment(f"> **{lead}** Text $x$.\n>\n> - more\n>\n> > quoted\n\nafter")
    (box,) = select(html, f".block > div.box.{kind}")
    assert box.get("id") == name and box.select_one("p > strong").get_text() == lead.replace("*", "").replace("$", "")
    assert box.select("p > .math, ul > li, blockquote") and texts(html, ".block > p") == ["after"]


def test_a_box_is_linked_to_by_its_title():
    assert select(fragment("> **Lemma 3.** x\n\nBy [Lemma 3](#lemma-3)."), '#lemma-3 + p > a[href="#lemma-3"]')
    assert "already given" in faults("> **Lemma 3.** x", "> **Lemma 3.** y")[0]


@pytest.mark.parametrize("quote", ["**Note that** this", "*Note.* x", "Note. x", "**Notes.** x", "x **Note.**"])
def test_another_quote_stays_a_quote(quote):
    assert select(fragment(f"> {quote}"), "blockquote") and not select(fragment(f"> {quote}"), ".box")


@pytest.mark.parametrize(
    "text",
    [
        *("> [!NOTE]\n> text", "> [!warning]- Title\n> text", "> [!DEFINITION] Title", ":::{note} Title\ntext\n:::"),
        *("::: {.callout-tip}\n\ntext\n\n:::", '!!! note "Title"\n    text', "??? tip\n    text", ".. note:: text"),
        *("```{note}\ntext\n```", "```{admonition} Title\nx\n```", "````{prf:theorem}\nx\n````", "```ad-note\nx\n```"),
        *("\\begin{theorem}\nx\n\\end{theorem}", ":::tip\nx\n:::", "???+ note\n    x"),
    ],
)
def test_boxes_of_other_tools_are_refused_with_ours(text):
    assert all("> **Note.** …, > **Definition (Title).** …" in fault for fault in faults(text))


# --- code


@pytest.mark.parametrize(
    "mark", ["{python}", "{python echo=FALSE}", "Python", "py", "ipython3", "{code-cell} ipython3"]
)
def test_a_fence_of_python_that_would_not_run_is_refused(mark):
    (fault,) = faults(f"```{mark}\nclaim('false', 1, '==', 2)\n```")
    assert fault.startswith(f"the code in ```{mark} would not run; write ```python at the beginning of a line")


@pytest.mark.parametrize(
    "text", ["- a\n\n  ```python\n  x\n  ```", "> ```python\n> x\n> ```", "  ```python\n  x\n  ```"]
)
def test_python_within_a_list_or_a_quote_is_refused_unless_it_is_to_be_shown(text):
    assert "would not run" in faults(text)[0]
    assert texts(fragment(text.replace("python", "python .noeval")), "code.language-python") == ["x"]


@pytest.mark.parametrize(
    ("fence", "says"),
    [
        ("~~~python\nx\n~~~", "cut at two blank lines; write ```python"),
        ("~~~\nx\n~~~", "cut at two blank lines; write ```"),
        ("```{math}\nx\n```", "$$"),
        ("```math\nx\n```", "$$"),
        ("```{figure} x.png\nx\n```", "![alt](picture.png"),
        ("```{list-table}\nx\n```", "table()"),
        ("```mermaid\nx\n```", "diagram()"),
        ("```{bibliography}\n```", "references()"),
        ("```{toctree}\nx\n```", "the contents are made by themselves"),
        ("```{dropdown} T\nx\n```", "<details>"),
        ("```{literalinclude} x.py\n```", "source("),
        ("```{r}\nx\n```", "without braces"),
        ("```{code-block} python\nx\n```", "without braces"),
        ("```text\nnever closed", "never ends"),
    ],
)
def test_a_fence_that_would_be_shown_as_code_though_it_means_more_is_refused(fence, says):
    (fault,) = faults(fence)
    assert says in fault


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("#| echo: false", 'remove-input: ```python tags=["remove-input"]'),
        ("#| code-fold: true", "hide-input"),
        ("#| label: fig-x", "diagram()"),
        ("#| export", "remove-input"),
        ("#hide_input", "remove-input"),
        ("# hide", "remove-cell"),
        ("#collapse", "hide-input"),
        ("#default_exp core", "take the line out"),
        ("#|hide", "remove-cell"),
        ("#| layout-ncol: 2", "take the line out"),
        ("%%time", "a magic is no Python"),
        ("%matplotlib inline", "a magic is no Python"),
        ("!pip install x", "a program that a cell starts"),
    ],
)
def test_options_and_magics_of_other_tools_are_refused_with_what_to_do(repository, line, says):
    repository.notebook("01-a", "# T", f"```python\n{line}\nx = 1\n```")
    (fault,) = lints.problems("toy", "01-a")
    assert fault.startswith("notebooks/toy/01-a.md:19 (cell 2): ") and says in fault


@pytest.mark.parametrize("tag", ["skip-execution", "hide-cell", "hide_input", "remove_cell", "scroll-output"])
def test_a_tag_that_would_do_nothing_is_refused(repository, tag):
    repository.notebook("01-a", "# T", f'```python tags=["{tag}"]\nx = 1\n```')
    (fault,) = lints.problems("toy", "01-a")
    assert f"the tag '{tag}' would do nothing; there are hide-input, raises-exception, remove-cell" in fault


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (["## T"], "01-a.md:16 (cell 1): the section has no title"),
        (["# T", "x = 1", "# U"], "01-a.md:22 (cell 3): a section has one title"),
        (["# T\n\nU\n==="], "01-a.md:18 (cell 1): a section has one title"),
    ],
)
def test_a_section_has_one_title(repository, cells, says):
    repository.notebook("01-a", *cells)
    (fault,) = lints.problems("toy", "01-a")
    assert says in fault


def test_a_hash_in_code_is_no_title(repository):
    repository.notebook("01-a", "# T\n\n```text\n# U\n```\n\n#hash `# x`", "```python\n# comment\nx = 1\n```")
    assert list(lints.problems("toy", "01-a")) == []


# --- prose


@pytest.mark.parametrize(
    ("several", "says"),
    [
        (["see {ref}`sec`"], "[words](#id-of-a-heading)"),
        (["see {eq}`x`", r"in \eqref{a}", "in :eqref:`a`"], "Eq. (5)"),
        (["## Head\n:label:`sec_x`", "$$\nx\n$$\n:eqlabel:`eq_x`"], r"number a formula by \tag{5}"),
        (["by {cite:p}`ho2020`", "as @ho2020 says", "so [@ho; @song]", "so [see @ho, p. 3]"], "#ref-ho2020ddpm"),
        ([r"so \cite{ho2020}", r"so \citep[p. 3]{ho2020}"], "#ref-ho2020ddpm"),
        (["so {math}`x`", "so :math:`x`", r"the angle \theta", r"so \\(x\\) is"], "$…$"),
        (["a {kbd}`x`"], "<kbd>"),
        (["(sec)=\n## Head"], 'write <span id="name"></span>'),
        (["## Head {#my-id}", "## Head {.unnumbered}", "## Head {-}"], "a heading's id is made of its words"),
        (["[x](https://a.b){target=_blank}", "[x]{.smallcaps}", "`x`{.python}"], "leave the braces out"),
        (["in @fig-chain"], "[Figure](#fig-name)"),
        ([r"\textbf{x}"], "**bold**"),
        ([r"x\footnote{y}"], "[^name]"),
        ([r"\section{y}"], "## …"),
        (["see [[05-key-equations]]"], "[words](05-key-equations.md)"),
        (["![[x.png]]", ".. figure:: x.png", '<img src="x.png" width="300">'], "![alt](picture.png"),
        (["so ==high== it"], "<mark>"),
        (["H~2~O"], "<sub>"),
        (["x^2^ y"], "<sup>"),
        (["a :warning: b"], "the sign itself"),
        (["a %%note%% b", "% a comment"], "<!-- … -->"),
        (["<!-- never closed"], "two blank lines"),
        (["+++", "{{< include x.qmd >}}", r"a \newpage b", "<center>x</center>"], "leave it out"),
        (["[TOC]"], "made by themselves"),
        (["##Head"], "a blank after its #"),
        (["a[^x]"], "the footnote has no text"),
        (["\\[\na + b\n\\]", r"so \[x^2\] is"], "write $$ on a line of its own"),
        (["| a | b |\n|---|\n| 1 | 2 |"], "as many columns"),
        (["so $ x_1 $ is", "so $x_1 $ is"], "write $x_1$"),
        ([r"$\text{na\"ive}$", r"$\text{naïve}$"], "without its accent"),
        (["a thing ^block-id"], '<span id="name">'),
        ([": A caption of a table"], "table() in a cell"),
        (["as `{python} 1 + 1` is", "as `r mean(x)` is"], "[4](#claim-name)"),
        (["see [](#sec)"], "has no words"),
        ([":::{math}\nx\n:::"], "between $$"),
        (["```geojson\nx\n```"], "diagram()"),
        (['<a href="https://a.b">x</a>', "<video src=x></video>"], "[words](https://…)"),
        (["<b>x</b>"], "**…**"),
        (['<span style="color:red">x</span>'], "class, id, title, lang or open"),
        (["<table><tr><td>x</td></tr></table>"], "a table with |"),
        ([r"Text \begin{align}a&=b\end{align} text.", "see $$x$$ there"], "lines of its own"),
        (["| $$x$$ |\n|---|\n| a |"], "lines of its own"),
        (["\\begin{itemize}\n\\item x\n\\end{itemize}"], "write - …"),
        ([r"the value \(x\)"], "begins no formula"),
        ([r"$x \tag{1}$"], r"\tag"),
    ],
)
def test_what_other_tools_taught_is_refused_with_what_to_write(several, says):
    for text in several:
        assert any(says in fault for fault in faults(text)), text


@pytest.mark.parametrize(
    "text",
    [
        *("a@b.org and @ alone", "a == b == c, x==y, `==x==`", "about ~5 to ~6", "12:30:45 and a:b:c", "[1, 2], {x}"),
        *(r"\@ho2020 and \[sic\] and \[\[x\]\]", "https://example.org/@ho2020/~a/b~c", "10^5 and 2^10", "100% of %"),
        *(r"C:\Users\x and \\theta, `\theta`", "[a]: b", "`{ref}` `x`", "a [[1, 2], [3, 4]] matrix", "{% raw %}"),
        *("# 1 a\n\n#1 b", "x_1_ ^^"),
    ],
)
def test_what_only_looks_like_it_is_text(text):
    assert fragment(text)


def test_signs_of_other_dialects_are_signs_in_plain_prose():
    text = "It takes ~5–~10 steps, 50%% and 60%% of them."
    assert texts(fragment(text), "p") == [text]


def test_a_thing_to_do_has_its_box():
    assert texts(fragment("- [ ] open\n- [x] done\n- [see](https://a.b)"), "li") == ["☐ open", "☑ done", "see"]


# --- what Markdown would drop


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (["a\n\n[^1]: Never referred to."], "nothing refers to the footnote [^1]"),
        (["a[^1]\n\n[^1]: One.", "[^1]: Two."], "the footnote [^1] has a text already"),
        (["[a][x]\n\n[x]: https://a.b", "[b][x]\n\n[x]: https://c.d"], "[x]: is defined already, to lead elsewhere"),
        (["| a | b |\n|---|---|\n| 1 | 2 | 3 |"], "has 3 cells for 2 columns"),
        (
            ["\n".join(f"{'  ' * depth}- {depth}" for depth in range(31))],
            "stand so deep in each other that text would be lost",
        ),
        (["> | a | b |\n> |---|---|\n> | 1 | 2 | 3 |"], "has 3 cells for 2 columns"),
        (["| a | b |\n|---|---|\n| `x|y` | 2 |"], "the | in the code"),
        (["| a | b |\n|---|---|\n| `x|y` |"], "the | in the code"),
    ],
)
def test_text_is_never_lost(cells, says):
    (fault,) = faults(*cells)
    assert says in fault


def test_tables_whose_rows_fit_are_tables():
    for text in ("| a | b |\n|---|---|\n| `x\\|y` | 2 |\n| 1 |", "- a | b\n  -|-\n  1 | 2", "> a | b\n> -|-\n> 1 | 2"):
        assert len(select(fragment(text), "td")) >= 2


# --- outputs


@pytest.mark.parametrize(
    "tex", [r"$\displaystyle x^2$", "$x^2$", "$$x^2$$", "\\[x^2\\]", "$$\nx^2\n$$"]
)  # Math, sympy, Latex
def test_a_formula_of_a_cell_is_an_equation(tex):
    html = fragment(shown(text__latex=tex, image__png="AAAA", text__plain="<IPython.core.display.Math object>"))
    assert texts(html, '.equation[data-tex="x^2"] .math.display') == ["x^2"]


def test_a_formula_of_a_cell_may_be_aligned_and_numbered():
    html = fragment(shown(text__latex="\\begin{align*}a&=b\\end{align*}"), shown(text__latex="$x \\tag{7}$"), "Eq. (7)")
    assert texts(html, ".math.display") == ["\\begin{align*}a&=b\\end{align*}", "x"]
    assert select(html, '#eq-7.equation, a.equation-link[href="#eq-7"]')


@pytest.mark.parametrize(
    ("tex", "says"),
    [("the $x$ is $y$", "more than one formula; write Markdown(…)"), ("$é$", "'é' in the formula"), ("x", "Markdown")],
)
def test_a_wrong_formula_of_a_cell_is_told_with_its_cell(tex, says):
    told = error("text", shown(text__latex=tex))
    assert told.startswith("toy/05-key-equations, cell 2: ") and says in told


def test_markdown_of_a_cell_is_prose():
    html = fragment(shown(text__markdown="## A\n\n**b** $x$, Eq. (3)\n\n> **Note.** n\n\n$$y \\tag{3}$$"))
    assert texts(html, ".cell > h3#a, .cell > p > strong, .cell > .box, #eq-3 .math") == ["A", "b", "Note. n", "y"]
    assert "write its headings as `## …`" in faults(shown(text__markdown="# T"))[0]
    assert "a footnote stands in Markdown" in faults(shown(text__markdown="a[^1]\n\n[^1]: b"))[0]
    assert "would not run" in faults(shown(text__markdown="```python\nx\n```"))[0]


class Frame:
    """As pandas prints one."""

    def __init__(self, head: str, *rows: str, style: str = ".dataframe th {\n  text-align: right;\n}", after: str = ""):
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        table = f'<table border="1" class="dataframe"><thead>{head}</thead><tbody>{body}</tbody></table>'
        self.html = f"<div>\n<style scoped>\n{style}\n</style>\n{table}\n{after}</div>"

    def _repr_html_(self) -> str:
        return self.html


HEAD = '<tr style="text-align: right;"><th></th><th>model</th><th>$L$</th></tr>'
ROW = "<th>0</th><td>_a_ *b* &lt;b&gt; $x_t$</td><td>1.5e-05</td>"


def frame(*arguments, **keywords):
    return shown(text__html=Frame(*arguments, **keywords)._repr_html_(), text__plain="model")


def test_a_table_of_a_library_is_a_table_of_the_page():
    html = fragment(frame(HEAD, ROW, after="<p>1 rows × 2 columns</p>"))
    assert texts(html, "table.paper-table#table-05-1 caption > span") == ["1 rows × 2 columns"]
    assert texts(html, "th[scope=col]") == ["model", "L"] and texts(html, "th > .math, td > .math") == ["L", "x_t"]
    assert texts(html, "td") == ["", "0", "_a_ *b* <b> x_t", "1.5\u00a0×\u00a010⁻⁵"]
    assert select(fragment(frame(HEAD, ROW)), '.table-scroll[aria-label="Table"]')

    named = fragment(frame(f"{HEAD}<tr><th>step</th><th></th><th></th></tr>", ROW))
    assert texts(named, "th") == ["step", "model", "L"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (frame(HEAD, ROW.replace("<td>", '<td rowspan="2">')), "cells that are merged"),
        (frame(HEAD, ROW.replace("_a_", "<b>a</b>")), "<b>"),
        (frame(f"{HEAD}<tr><th></th><th>str</th><th>f64</th></tr>", ROW), "several rows of names"),
        (frame(HEAD, "<td>1</td>"), "rows of several lengths"),
        (frame(HEAD, ROW, style="#T_1 {color: red}"), "a style of its own"),
    ],
)
def test_a_table_that_is_more_than_one_is_refused(given, says):
    (fault,) = faults(given)
    assert says in fault and "write table(rows, columns=[…], name=…, caption=…)" in fault


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"text/html": "<audio src=x>", "text/plain": "<IPython.lib.display.Audio object>"}, "[words](https://…)"),
        ({"text/html": "<iframe>", "text/plain": "<IPython.lib.display.IFrame at 0x7f>"}, "[words](https://…)"),
        ({"text/html": "<b>x</b>", "text/plain": "<IPython.core.display.HTML object>"}, "Markdown(…), table(…)"),
        ({"text/html": "<script>x</script>", "text/plain": "a frame"}, "Markdown(…), table(…)"),
        ({"text/plain": "<__main__.A object at 0x7f9191919191>"}, "print what is meant"),
        ({"text/plain": "[<matplotlib.lines.Line2D at 0x7f9191919191>]"}, "with a semicolon"),
        ({"image/png": "AAAA", "text/plain": "<Figure size 640x480 with 1 Axes>"}, 'diagram(plt.gcf(), "name", alt='),
        ({"text/plain": "<Figure size 640x480 with 1 Axes>"}, 'write diagram(plt.gcf(), "name", alt='),
        ({"application/vnd.plotly.v1+json": {}, "text/html": "<div>"}, "write diagram("),
        ({"application/vnd.vegalite.v5+json": {}, "text/plain": "alt.Chart(...)"}, "write diagram("),
        ({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "IntSlider()"}, "diagram() or table()"),
        ({"application/javascript": "x", "text/plain": "<IPython.core.display.Javascript object>"}, "runs no script"),
        ({"application/json": {}, "text/plain": "<IPython.core.display.JSON object>"}, "print()"),
    ],
)
def test_an_output_that_no_page_shows_is_refused_with_what_to_write(data, says):
    (fault,) = faults(code("1", new_output("display_data", data=data)))
    assert says in fault


def test_a_result_that_says_what_it_is_is_shown():
    for said in ("<class 'int'>", "tensor([1., 2.])", "Schedule(T=1000)", "a < b > c"):
        assert texts(fragment(shown(text__plain=said)), "samp") == [said]


def test_all_faults_of_a_notebook_are_told_together_in_order():
    cells = ["# T\n\ntext $ and @ho2020 <b>x</b>", code("1", shows(**{"image/png": "AAAA"})), "$é$\n\n[x](#nowhere)"]
    places = [line.partition(": ")[0] for line in refusals(fragment, *cells)]
    assert places == [f"toy/05-key-equations, cell {cell}" for cell in (1, 1, 1, 2, 3)]
