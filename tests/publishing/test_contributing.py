"""The forms that CONTRIBUTING.md lists are those that the build understands, and `make new` writes each of them."""

import re

import pytest
from IPython.display import Markdown, Math, display
from IPython.utils.capture import capture_output
from matplotlib.figure import Figure
from nbformat.v4 import new_output

from publishing import cells, paths
from publishing.checks.code import TAGS
from publishing.render.boxes import KINDS

from .notes import code, fragment, png, select
from .test_language import HEAD, ROW, Frame

LANGUAGE = (paths.ROOT / "CONTRIBUTING.md").read_text().partition("## The whole language\n")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| (?!in |---)(.+?) \| (.+) \|$", LANGUAGE, re.MULTILINE)
FIRST = (paths.TEMPLATE / "01-paper-overview.md").read_text()
CODED = re.compile(r"(`+)(?: (?=`)|)(.+?)(?:(?<=`) |)\1(?!`)")


def forms() -> dict[str, str]:
    """What is to be written, by what it is for: the code of a row, a line each."""
    return {what: "\n".join(_line(piece) for piece in wrote.split("<br>")) for what, wrote in ROWS}


def _line(piece: str) -> str:
    return ", ".join(found[2].replace("\\|", "|") for found in CODED.finditer(piece)).strip()


def is_call(form: str) -> bool:
    return re.fullmatch(r"frame|\w+\(.*\)", form) is not None


PROSE = {what: form for what, form in forms().items() if not is_call(form)}
CALLS = {what: form for what, form in forms().items() if is_call(form)}
BRINGS = {  # what each form of the text becomes, in the order of the table
    "heading": "h3#why-it-works",
    "words": "strong ~ em ~ s ~ mark",
    "code": "code ~ kbd ~ sub ~ sup",
    "formula": ".math.inline",
    "equation": "#eq-5.equation",
    "link to an equation": 'a[href="#eq-5"]',
    "link to a section": 'a[href="#07-algorithm"]',
    "link to a file": 'a[href="https://arxiv.org"]',
    "source": "a.citation",
    "number": 'a[href="#claim-four"]',
    "footnote": ".footnotes li",
    "list": "ul > li, ol > li",
    "table": "table.paper-table td",
    "term": "dl > dd",
    "box:": ".box.note",
    "box with": "#theorem-1.box.statement",
    "quotation": "blockquote",
    "folded": "details > summary",
    "algorithm": "#algorithm-1.algorithm li",
    "picture": None,  # an include
    "place": "span#here",
    "does not run": "code.language-python",
    "not shown": None,
}


@pytest.mark.parametrize(("what", "brings"), [*zip(PROSE, BRINGS.items(), strict=True)])
def test_every_form_of_the_text_is_what_it_says(repository, what, brings):
    kind, selector = brings
    assert kind.split()[0].strip(":") in what
    repository.write("net.py", "")
    repository.write("notebooks/toy/picture.png", "").write_bytes(png())
    html = fragment("$$x \\tag{5}$$" if "link" in what else "$x$", PROSE[what])
    assert select(html, selector) if selector else "picture.png" in html or "to do" not in html


@pytest.mark.parametrize("what", CALLS)
def test_every_form_of_a_cell_is_shown(what, shell, repository, monkeypatch):
    (repository.root / "notebooks/toy").mkdir(parents=True)
    monkeypatch.chdir(repository.root / "notebooks/toy")
    repository.write("notebooks/toy/references.bib", "@misc{ho, title={A}, author={Ho, J.}, year={2020}}\n")
    repository.write("notebooks/toy/macros.tex", "\\newcommand{\\E}{\\mathbb{E}}\n")
    repository.write("publishing/paths.py", "def paper_of(x):\n    return x\n")
    figure = Figure(figsize=(3, 2))
    figure.subplots().plot([1, 2])
    names = {**vars(cells), "figure": figure, "frame": Frame(HEAD, ROW), "Math": Math, "Markdown": Markdown}
    with capture_output() as captured:
        if (result := eval(CALLS[what], names)) is not None:
            display(result)
    outputs = [new_output("display_data", data=output.data) for output in captured.outputs]
    assert outputs or captured.stdout or "depends_on" in CALLS[what]
    assert fragment(code("x", *outputs))


def test_all_that_cells_may_import_is_listed():
    assert {form.partition("(")[0] for form in CALLS.values()} >= {name for name in cells.__all__ if name != "ROOT"}
    assert all(f"`{tag}`" in LANGUAGE for tag in TAGS) and all(kind in LANGUAGE for kind in KINDS)


def test_the_first_notebook_of_a_paper_uses_each_form():
    elsewhere = ("references", "ROOT")  # Section 12 of the template has the bibliography
    for name in (*(one for one in cells.__all__ if one not in elsewhere), "Math", "Markdown"):
        assert f"{name}(" in FIRST, name
    assert all(f'tags=["{tag}"]' in FIRST for tag in TAGS)
    prose = re.sub(r"^```python.*?^```\n", "", FIRST.partition("\n---\n")[2], flags=re.DOTALL | re.MULTILINE)
    html = fragment(prose.replace("# 1.", "# 1", 1))
    for selector in (
        *("h2", "strong", "em", "s", "mark", "code", "sub", ".math.inline", ".equation[id]", "a.equation-link", "dl"),
        *("a.citation", "a[rel=external]", 'a[href="#claim-four"]', 'a[href="#05-key-equations"]', ".footnotes", "ol"),
        *("ul", "td", ".box.statement[id]", ".box.proof", "details", ".algorithm", "span[id]", ".language-text"),
    ):
        assert select(html, selector), selector
