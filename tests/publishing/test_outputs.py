import pytest
from nbformat.v4 import new_output, new_raw_cell

from publishing.render.nodes import Drawing
from publishing.render.page import Page

from .notes import claim, code, diagram, error, fragment, png, printed, refused, select, shows, table, texts

# --- cells ----------------------------------------------------------------------------------------------------------


def test_a_code_cell_shows_its_code_and_what_it_printed():
    html = fragment(code("print(1)", printed("1\n")))
    cell = 'section[id="05-key-equations"] > div.cell.code[data-cell="1"] >'
    assert texts(html, f"{cell} .cell-input pre[tabindex='0'] code.language-python") == ["print(1)"]
    assert texts(html, f"{cell} .cell-output.stdout pre[tabindex='0'] samp") == ["1"]


@pytest.mark.parametrize("kind", ["stdout", "stderr"])
def test_an_output_of_more_than_a_hundred_lines_is_folded_under_their_number(kind):
    html = fragment(code("1", printed("\x1b[31ma\x1b[0m\n" * 100, kind)), code("2", printed("a\n" * 2000, kind)))
    short, long = select(html, f".cell-output.{kind}")
    assert not short.select("details") and len(short.select("samp .ansi-red-fg")) == 100
    assert long.select_one("details:not([open]) > summary").get_text() == "2,000 lines"
    assert long.select_one("details > pre[tabindex='0'] > samp").get_text() == "\n".join("a" * 2000)


def test_folded_code_is_no_figure_that_takes_time_to_read():
    cells = [code("x = 1", tags=("hide-input",)) for _ in range(20)]
    assert 'minutes="1"' in fragment("# Title", *cells)


@pytest.mark.parametrize(("tag", "left"), [("remove-input", ["2"]), ("remove-output", ["1 + 1"]), ("remove-cell", [])])
def test_a_half_of_a_cell_is_removed_alone_or_all_of_it_and_no_other_is_renumbered(tag, left):
    html = fragment(code("1 + 1", printed("2"), tags=(tag,)), "text $x$")
    assert texts(html, ".cell") == left and select(html, '.block[data-cell="2"]')


def test_a_cell_without_anything_to_show_leaves_nothing():
    assert "cell" not in fragment(code("x = 1", tags=("remove-input",)))


@pytest.mark.parametrize("cell", ["", "<!-- a -->\n<!-- b -->", "[there]: https://example.org"])
def test_a_markdown_cell_of_which_nothing_is_seen_leaves_nothing(cell):
    assert not select(fragment(cell), ".block")
    assert select(fragment(f"{cell}\n\n$x$"), ".block")


def test_a_display_of_nothing_is_nothing():
    assert texts(fragment(code("display({}, raw=True)", new_output("display_data", data={}))), "samp") == [""]


def test_a_raw_cell_is_refused():
    assert "raw cell" in error("text", new_raw_cell("<script>x</script>"))


def test_an_error_is_shown_where_it_is_expected_without_the_machine_s_paths_and_else_refused():
    raised = new_output("error", ename="ValueError", evalue="t < 1", traceback=["/home/somebody/x.py"])
    html = fragment(code("f(0)", raised, tags=("raises-exception",)))
    assert texts(html, ".cell-output.error samp") == ["ValueError: t < 1"]
    assert "somebody" not in html
    assert error("text", code("f(0)", raised)).startswith("toy/05-key-equations, cell 2: raised ValueError")


# --- text -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
        ("\x1b[31mred\x1b[0m", '<span class="ansi-red-fg">red</span>'),
        ("\x1b[2J\x1b[Hclear", "clear"),
        ("\x1b]8;;http://x\x07link\x1b]8;;\x07", "link"),
        ("10%\r50%\r100%\ndone", "100%\ndone"),
        ("a\r\nb", "a\nb"),
        ("{{ x }} {% y %}", "&#123;&#123; x }} &#123;% y %}"),
        ("\n\nfirst", "\n\nfirst"),
        ("bell\x07\x00", "bell"),
        ("$x$ *a* [b](c)", "$x$ *a* [b](c)"),
    ],
)
def test_text_comes_out_as_a_terminal_shows_it(text, html):
    assert f"<samp>{html}</samp>" in fragment(code("1", printed(text)))


def test_a_picture_without_alternative_text_is_refused():
    assert "alternative text" in error(code("1", shows(**{"image/png": "AAAA"})))
    assert "alternative text" in error(code("1", shows(**{"image/svg+xml": "<svg><style>*{}</style></svg>"})))


# --- figures --------------------------------------------------------------------------------------------------------


def drawn(*names: str) -> Page:
    return Page("toy", drawings={name: Drawing(name, png(), 600, 300) for name in names})


def test_the_links_of_a_figure_lie_over_its_image():
    link = {"target": "eq-3", "label": "Eq. (3)", "left": 60.0, "top": 30.0, "width": 300.0, "height": 150.0}
    page = Page("toy", drawings={"forward-reverse": Drawing("forward-reverse", png(), 600, 300, [link])})
    html = fragment(code("1", diagram()), page=page)
    place = "left:10.00%;top:10.00%;width:50.00%;height:50.00%"
    assert f'<a class="figure-link" href="#eq-3" aria-label="Eq. (3)" style="{place}"></a>' in html
    assert "links=paper_links" in html
    assert [place.id for _, place in page.links] == ["eq-3"]


def test_an_include_is_written_by_hand_as_the_template_shows_it():
    lines = ['src="/assets/images/toy-chain.png"', 'alt="Forward"', 'caption="High $x$"']
    text = "\n   ".join(["{% include paper_diagram.html", *lines]) + "\n%}"
    cell = f"text\n{text}\nmore\n\n- item\n\n  {text.replace('chain', 'other')}\n"
    html = fragment(cell, page=drawn("chain", "other"))
    assert html.count('width="600" height="300" %}') == 2
    assert texts(html, "p") == ["text", "more", "item"]
    assert all(line.count("{% capture") == line.count("{% endcapture") for line in html.splitlines())


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ('src="/assets/images/toy-missing.png" alt="a"', "which no cell draws"),
        ('src="/assets/images/other-chain.png" alt="a"', "which no cell draws"),
        ('src="https://example.org/x.png" alt="a"', "which no cell draws"),
        ('src="/assets/images/toy-chain.png"', "is written"),
        ('src="/assets/images/toy-chain.png" alt=" "', "no alternative text"),
        ('src="/assets/images/toy-chain.png" alt="a" onload="x"', "is written"),
        ('src="/assets/images/toy-chain.png" alt=variable', "is written"),
    ],
)
def test_an_include_that_would_not_come_out_is_refused(parameters, word):
    told = refused(fragment, f"{{% include paper_diagram.html {parameters} %}}", page=drawn("chain"))
    assert told.startswith("toy/05-key-equations, cell 1: ") and word in told


def test_an_include_within_a_line_or_of_another_file_is_refused():
    assert "would be printed" in error('text {% include paper_diagram.html src="x" %}')
    assert "would be printed" in error("{% include other.html %}")
    assert "&#123;% include" in fragment("`{% include other.html %}`")


def test_a_figure_shown_twice_is_refused():
    include = '{% include paper_diagram.html src="/assets/images/toy-chain.png" alt="a" %}'
    assert "fig-chain" in refused(fragment, include, include, page=drawn("chain"))


# --- the writer's language ------------------------------------------------------------------------------------------


def test_a_table_has_a_caption_headings_and_numbers_set_apart():
    rows = ["$q(a|b)$ *x*", "1.5e-3"], ["plain < text", "7.67±0.13"]
    html = fragment(code("1", table(*rows, columns=("what", "$L$"))))
    (box,) = select(html, '.table-scroll[tabindex="0"][role=group]')
    assert texts(html, f"caption > #{box['aria-labelledby']}") == ["Results."]
    assert select(html, 'caption > a.permalink[href="#table-results"]')
    assert texts(html, "th[scope=col] > .math.inline") == ["L"]
    assert texts(html, "td > .math.inline, td > em") == ["q(a|b)", "x"]
    assert texts(html, "td:not(.number)") == ["q(a|b) x", "plain < text"]
    assert texts(html, "td.number") == ["1.5\u00a0×\u00a010⁻³", "7.67±0.13"]


def test_a_claim_is_a_line_with_what_was_found():
    html = fragment(code("1", claim("Eq. $x$ holds", measured=[1e-16], relation="<=", expected=[1e-9])))
    assert texts(html, "div.claim#claim-05-1") == ["✓ Eq. x holds: 10⁻¹⁶ ≤ 10⁻⁹"]
    assert texts(html, ".claim > .math.inline") == ["x"]
    assert texts(html, ".claim > .claim-numbers") == ["10⁻¹⁶ ≤ 10⁻⁹"]
    assert select(html, '.claim > a.claim-mark[href="#claim-05-1"][aria-label]')


def test_a_claim_with_a_line_break_stays_in_its_line():
    html = fragment(code("1", claim("First\nsecond"), claim("A\n\n- list"), claim("Last  \nline")))
    said = [" ".join(text.split()) for text in texts(html, "div.claim")]
    assert said == ["✓ First second: both are 1", "✓ A - list: both are 1", "✓ Last line: both are 1"]


def test_source_is_today_s_whatever_the_notebook_showed(repository):
    repository.write("pack/__init__.py", "")
    repository.write("pack/module.py", "def f(x):\n    return x < 2\n")
    old = shows(source={"object": "pack.module.f"}, **{"text/html": "<pre>old</pre>"})
    html = fragment(code("1", old, tags=("remove-input",)))
    (source,) = select(html, 'figure.source[id="source-pack.module.f"]')
    assert source.select_one('figcaption > a[href="#source-pack.module.f"] > code').get_text() == "pack.module.f"
    assert source.select_one("pre").get_text() == "def f(x):\n    return x < 2"


def test_a_footnote_within_a_line_stays_as_jupyter_shows_it():
    assert "so^[why]" in fragment(code("1", claim("so^[why]")))
