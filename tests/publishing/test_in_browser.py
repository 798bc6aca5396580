"""Arbitrary text, code, outputs and formulas: in the browser they are what they were in the notebook, and never more.

All the way: our renderer, MathJax, Jekyll with its Liquid and kramdown, and Chromium's parser. `make test` tries the
examples that are written here, `make faults` lets Hypothesis look for more.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_output

from publishing import paths
from publishing.errors import PublishingError
from publishing.escaping import clean, terminal
from publishing.render.serialise import html_of
from publishing.typeset import formulas as typesetting
from publishing.typeset.formulas import Formula

from .notes import claim, code, diagram, fragment, printed, shows, table

ROOT = paths.ROOT
FUZZ = settings.get_current_profile_name() == "fuzz"
few = settings() if FUZZ else settings(phases=[Phase.explicit])


@pytest.fixture(scope="module")
def jekyll(tmp_path_factory):
    """Jekyll as a function: the page that a section becomes."""
    root = tmp_path_factory.mktemp("jekyll")
    shutil.copy(ROOT / "_config.yml", root)
    shutil.copytree(ROOT / "_includes", root / "_includes", ignore=shutil.ignore_patterns("sections"))
    (root / "_includes/sections/toy").mkdir(parents=True)
    script = Path(__file__).with_name("jekyll_pages.rb")
    ruby = subprocess.Popen(["ruby", script, root], cwd=root, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def page(section: str) -> str:
        (root / "_includes/sections/toy/05.html").write_text(section, encoding="utf-8")
        ruby.stdin.write("toy/05\n")
        ruby.stdin.flush()
        return json.loads(ruby.stdout.readline())

    yield page
    ruby.stdin.close()
    ruby.wait()


@pytest.fixture(scope="module")
def tab(browser):
    page = browser.new_page()
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog was opened: {dialog.message}"))
    page.route("**/*", lambda route: route.abort())
    return page


def show(tab, html: str) -> None:
    """Let Chromium parse this, without waiting for what it may fetch."""
    tab.set_content(f"<!DOCTYPE html><body>{html}", wait_until="domcontentloaded")


@pytest.fixture(scope="module")
def seen(jekyll, tab):
    """The texts of all elements that a selector finds on the page that a notebook becomes."""

    def texts(cells: list, *selectors: str) -> list[list[str]]:
        show(tab, jekyll(fragment(*cells)))
        assert tab.evaluate(DANGEROUS) == []
        told = "found => found.map(one => one.alt ?? one.textContent)"
        return [tab.eval_on_selector_all(one, told) for one in selectors]

    return texts


# Everything that runs, fetches or sends, wherever it hides.
DANGEROUS = """() => {
    const kinds = new Set(('script style link meta base iframe frame object embed form input button textarea select '
        + 'audio video canvas template foreignObject animate set image a:not([href])').split(' '));
    const found = [];
    for (const one of document.body.querySelectorAll('*')) {
        if (kinds.has(one.localName)) found.push(one.outerHTML.slice(0, 200));
        for (const { name, value } of one.attributes) {
            const runs = name.startsWith('on') || name === 'srcdoc' || name === 'formaction';
            const leads = /^(xlink:)?href$|^src$/.test(name);
            const home = /^(#|https?:|mailto:|[/]assets[/](images|notebooks)[/])/.test(value);
            if (runs || (leads && !home)) found.push(`${one.localName} ${name}=${value}`);
        }
    }
    if (window.pwned) found.push('a script ran');
    return found;
}"""

PIECES = [
    "{{", "}}", "{%", "%}", "{:", "{::nomarkdown}", "{:/nomarkdown}", "{% endraw %}", "{% endcapture %}", "{{ site }}",
    "<script>pwned=1</script>", "<img src=x onerror=pwned=1>", "</samp>", "</section>", "<!--", "-->", "]]>",
    "<svg/onload=pwned=1>", "&amp;", "&#123;", "&lt", "&", "<", ">", '"', "'",
    "`", "``", "```", "~~~", "*", "_", "|", "\\", "#", "- ", "1. ", "> ", "[a](javascript:pwned=1)", "![a](b)", "[^1]",
    "[a]: b", "$", "$$", "\\(", "\\)", "\\[", "$x$", ": ", "---", "===",
    "\x1b[31m", "\x1b[0m", "\x1b[", "\x1b]8;;javascript:pwned=1\x07", "\r", "\n", "\n\n", "\t", "\x00", "\x08",
    "\ufdd0", "\ufdd1", "\ufeff", "\u2028", "\x85", "\xa0",
    "\N{RIGHT-TO-LEFT OVERRIDE}", "é", "\N{GREEK SMALL LETTER THETA}", "\N{GRINNING FACE}",
]  # fmt: skip
anything = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12).map("".join)
printable = st.text(st.characters(exclude_categories=("C", "Z")) | st.sampled_from(" {}%<>&|$_*`\\"), min_size=1)

ALL, ALL_APART = "".join(PIECES), " x ".join(PIECES)
AS_TEXT = ["{{ x }}", "{% raw %}", "{:.a}", "&amp; &#123; <b>", "\"a\" 'b'", "*a* `c` $x$ [a](#b) ![a](b) | ~~d~~ \\"]
HARMFUL = [
    *("{{ site }} {% endraw %} {% endcapture %}", "{::nomarkdown}{:/nomarkdown}", "<svg/onload=pwned=1>", "</section>"),
    *("`<img src=x onerror=pwned=1>`", "[a](javascript:pwned=1)", '" onerror="pwned=1', "x <!-- x", "]]>\x1b[31m"),
]


def examples(*texts: str):
    def with_all(test):
        for text in texts:
            test = example(text)(test)
        return test

    return with_all


def written(text: str) -> str:
    """Text as Markdown that means exactly this text."""
    return re.sub(r"([!-'*-/:-@[-`{-~])", r"\\\1", text)


@given(anything, anything, anything)
@example(ALL, ALL_APART, ALL)
@example(ALL_APART, ALL, ALL_APART)
@few
def test_outputs_and_code(seen, text, source, result):
    source = "# " + source.replace("\n", "\n# ").replace("\r", "\n# ")
    cells = [code(source, printed(text), printed(text, "stderr"), shows(**{"text/plain": result or "0"}))]
    cells[0].outputs[2].data = {"text/plain": result}
    cells.append(code("x", new_output("error", ename="E", evalue=result), tags=("raises-exception",)))
    (inputs, outputs) = seen(cells, "code", "samp")
    assert inputs == [clean(source).rstrip("\n"), "x"]
    plain = [_uncoloured(one) for one in (text, text, result, f"E: {result}")]
    assert [one.rstrip("\n") for one in outputs] == plain


def _uncoloured(text: str) -> str:
    return clean(re.sub(r"\x1b\[(.*?)([@-~])", "", terminal(text).rstrip("\n"))).rstrip("\n")


@given(printable)
@examples(*AS_TEXT)
@few
def test_text_in_every_place_where_a_writer_may_put_it(seen, text):
    markdown, text = f"x{written(text)}x", f"x{text}x"
    cells = [
        f"# {markdown}\n\n{markdown}\n\n- {markdown}\n\n> {markdown}\n\n| a |\n|---|\n| {markdown} |",
        f"a[^1]\n\n[^1]: {markdown}",
        code("1", claim(markdown)),
        code("2", table([markdown], columns=(markdown,), caption=markdown)),
        code("3", diagram("a", alt=text, caption=markdown)),
        code(f"# {text}", printed(text)),
    ]
    selectors = ("h2", ".block > p:not(.section-tools)", "ul li", "blockquote", "td", "th")
    selectors += ("caption", "figcaption", "img")
    within = (".claim", ".footnotes li", '[data-cell="6"] code', '[data-cell="6"] samp')
    found = [[" ".join(one.split()) for one in texts] for texts in seen(cells, *selectors, *within)]
    text = " ".join(text.split())
    assert [one for texts in found[: len(selectors)] for one in texts if one[0] != "a"] == [text] * 10
    assert all(text in shown for (shown,) in found[len(selectors) :])


@given(anything)
@examples(ALL, ALL_APART, *AS_TEXT)
@few
def test_fenced_code_and_code_in_a_line(seen, text):
    fence = "`" * (3 + max(map(len, re.findall("`+", text)), default=0))
    lines = clean(text)
    cell = f"{fence}text\n{lines}\n{fence}\n\nx {fence} {lines.replace(chr(10), ' ')} {fence} x"
    try:
        blocks, codes = seen([cell], "pre", "p code")
    except PublishingError as refused:
        assert str(refused).startswith("toy/05-key-equations, cell 1: ")
        return
    assert blocks == [lines.rstrip("\n")]
    assert [one.split() for one in codes] == [lines.split()]


@given(anything)
@examples(*HARMFUL)
@few
def test_anything_at_all_is_refused_or_harmless(seen, text):
    for cells in (
        [text],
        [f"# T\n\nx {text} x"],
        [code("1", claim(text))],
        [code("1", table([text], columns=(text,), caption=text))],
        [code("1", diagram("a", alt=text, caption=text))],
        [code("1", shows(**{"text/html": text, "image/svg+xml": text, "application/javascript": text}))],
        [f"```{text}\nx\n```"],
    ):
        try:
            seen(cells, "body")
        except PublishingError as refused:
            assert str(refused).startswith("toy/05-key-equations, cell 1: ")


# formulas: what MathJax makes of them is read back from the MathML that a display formula carries

SIGNS = {"<": "<", ">": ">", "=": "=", "+": "+", "|": "|", r"\mid ": "∣", r"\& ": "&", r"\% ": "%", ",": ",", "-": "−"}
SIGNS |= {r"\{": "{", r"\}": "}", r"\{\{": "{{", r"\%\}": "%}", r"\{\%": "{%", r"\theta ": "θ", r"\to ": "→"}
atoms = st.sampled_from("abxyz0123").map(lambda sign: (sign, sign)) | st.sampled_from(sorted(SIGNS.items()))
atoms |= st.text("abc <>&'\"/=;:!()", min_size=1, max_size=8).map(lambda text: (rf"\text{{{text}}}", text))


def _larger(formulas: st.SearchStrategy) -> st.SearchStrategy:
    def both(shape: str):
        return st.tuples(formulas, formulas).map(lambda two: (shape % (two[0][0], two[1][0]), two[0][1] + two[1][1]))

    return st.one_of([both(shape) for shape in (r"{%s}{%s}", r"\frac{{%s}}{{%s}}", r"{%s}^{%s}", r"{%s}_{%s}")])


formulas = st.recursive(atoms, _larger, max_leaves=8)


def mathjax(*formulas: str, display: bool = True) -> list[dict]:
    question = {"toy": {"macros": {}, "formulas": [{"tex": tex, "display": display} for tex in formulas]}}
    results = json.loads(typesetting._mathjax(json.dumps(question)))["toy"]["formulas"]
    return [one if "error" in one else {"html": html_of(Formula("", display, "", one["html"]))} for one in results]


@given(st.lists(formulas, min_size=60, max_size=60))
@example([(rf"\text{{a <b>'}}_{{\frac{{{tex}}}{{x}}}}", f"a <b>'{sign}x") for tex, sign in SIGNS.items()])
@settings(few, max_examples=4)
def test_the_signs_of_a_formula_come_out_in_order(jekyll, tab, several):
    results = mathjax(*(tex for tex, _ in several))
    for (tex, _), result in zip(several, results, strict=True):
        assert "error" not in result, (tex, result)
    show(tab, jekyll("".join(one["html"] for one in results)))
    assert tab.evaluate(DANGEROUS) == []
    shown = tab.eval_on_selector_all("math", "found => found.map(one => one.textContent)")
    for (tex, signs), text in zip(several, shown, strict=True):
        assert re.sub("[\u2061-\u2064\\s]", "", text) == re.sub(r"\s", "", signs), tex


ATTACKS = [
    r"\href{javascript:pwned=1}{x}", r"\href{#}{x}", r"\url{javascript:pwned=1}", r"\style{color:red}{x}",
    r"\class{a}{x}", r"\cssId{a}{x}", r"\data{a=b}{x}", r"\unicode{60}", r"\require{html}", r"\html{<b>}",
    r"\text{<img src=x onerror=pwned=1>}", r"\text{</span></div><script>pwned=1</script>}",
    r"\operatorname{<script>pwned=1</script>}", r"\mathrm{<b onclick=x>}",
    r"\mmlToken{mi}[href='javascript:pwned=1']{x}", r"\mmlToken{mi}[onclick='pwned=1']{x}", r"\color{red}{x}",
    r"\bbox[red]{x}", r"\begin{array}{c<script>}x\end{array}", r"\hspace{1em\"><script>}", r"\rule{1em}{1em}",
    r"\kern1em x", r"\cancel{x}", r"\boxed{x}", r"\begin{CD}A@>>>B\end{CD}",
    r"\def\x{\href{javascript:pwned=1}{x}}\x", r"\let\x\href\x{a}{b}", r"\newcommand{\x}{y}",
    r"\enclose{circle}[mathbackground='red']{x}", r"\verb|<b>|", r"\text{$\href{javascript:x}{y}$}",
    r"\toggle{a}{b}\endtoggle", r"\mathtip{x}{y}", r"\texttip{x}{y}", r"\includegraphics{x}", r"\\[1em] x",
    r"\text{{{ site }}{% raw %}}", "{{ x }}", "{% x %}", "</span>", "<!--",
]  # fmt: skip
attacks = st.lists(st.sampled_from(ATTACKS) | st.sampled_from('{}^_&\\"<>x'), max_size=5)


@given(st.lists(attacks.map(" ".join), min_size=60, max_size=60))
@example(ATTACKS)
@settings(few, max_examples=4)
def test_no_formula_brings_anything_but_a_drawing(jekyll, tab, several):
    results = mathjax(*ATTACKS, *several) + mathjax(*several, display=False)
    good = [one["html"] for one in results if "error" not in one]
    assert good and len(good) < len(results)
    show(tab, jekyll("".join(good)))
    assert tab.evaluate(DANGEROUS) == []
    assert tab.locator("body > *").count() == len(good), "a formula broke out of its element"
    names = set(tab.eval_on_selector_all(".math svg *", "found => found.flatMap(one => one.getAttributeNames())"))
    assert {name for name in names if re.fullmatch(".*href|src|class|id|on.*", name)} <= {"href"}
