import base64
import math
import struct
import subprocess
import sys

import numpy as np
import pytest
import torch
from IPython.utils.capture import capture_output
from matplotlib import pyplot
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from publishing import cells
from publishing.cells import ClaimError, claim, diagram, macros, references, table

from .notes import refused

pytestmark = pytest.mark.usefixtures("shell")


def shown(function, *arguments, **keywords):
    """The one output that the call displays: its bundle and metadata."""
    with capture_output() as captured:
        function(*arguments, **keywords)
    (output,) = captured.outputs
    return output.data, output.metadata


def drawing():
    figure = Figure(figsize=(4, 3))
    figure.subplots().plot([1, 2])
    return figure


def drawn(figure, **more):
    """What the page is told of a figure."""
    return shown(diagram, figure, "a", alt="A.", caption="A.", **more)[0][cells.DIAGRAM]


# diagram


def test_a_diagram_carries_its_facts_and_an_image_of_twice_its_size_on_the_page():
    data, metadata = shown(diagram, drawing(), "a-line", alt="A line.", caption="A line $y = x$.")
    facts = {"name": "a-line", "alt": "A line.", "caption": "A line $y = x$.", "width": 400, "height": 300}
    assert {key: data[cells.DIAGRAM][key] for key in facts} == facts
    assert struct.unpack(">II", base64.b64decode(data["image/png"])[16:24]) == (800, 600)
    assert metadata == {"image/png": {"width": 400, "height": 300}}


def test_a_row_of_plots_is_stacked_for_a_phone_and_otherwise_as_it_was():
    figure = Figure(figsize=(7.2, 3.0), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    left.set_ylabel("bits")
    right.plot([1, 2])
    data, _ = shown(diagram, figure, "a", alt="A.", caption="A.")
    phone = data[cells.DIAGRAM]["phone"]
    assert (phone["width"], phone["height"]) == (390, 540)
    assert struct.unpack(">II", base64.b64decode(phone["png"])[16:24]) == (780, 1080)
    upper, lower = left.get_position(), right.get_position()
    assert lower.y1 < upper.y0
    assert upper.width == pytest.approx(lower.width)
    assert right.get_ylabel() == "bits"
    assert any(label.get_visible() and label.get_text() for label in right.get_yticklabels())
    assert struct.unpack(">II", base64.b64decode(data["image/png"])[16:24]) == (1440, 600)


@pytest.mark.parametrize("layout", [None, "tight"])
def test_plots_of_any_layout_are_whole_on_a_phone(layout):
    figure = Figure(figsize=(9, 3), layout=layout)
    for panel in figure.subplots(1, 2):
        panel.set(title="variance", xlabel="step", ylabel="bits")
    drawn(figure)
    first, second = (panel.get_tightbbox() for panel in figure.axes)
    assert 0 <= min(first.x0, second.x0) and 0 <= second.y0 < second.y1 <= first.y0 < first.y1 <= figure.bbox.y1


def test_four_plots_make_two_rows_on_a_phone():
    figure = Figure(figsize=(7.2, 2.0), layout="constrained")
    panels = figure.subplots(1, 4, sharey=True)
    panels[0].set_ylabel("bits")
    drawn(figure)
    assert len({round(panel.get_position().y0, 2) for panel in panels}) == 2
    assert [panel.get_ylabel() for panel in panels] == ["bits", "", "bits", ""]
    assert [any(label.get_visible() for label in panel.get_yticklabels()) for panel in panels] == [True, False] * 2


def test_plots_of_different_things_do_not_share_a_label():
    figure = Figure(figsize=(7.2, 3.0))
    left, right = figure.subplots(1, 2)
    left.set_ylabel("bits")
    drawn(figure)
    assert right.get_ylabel() == ""


def pictures(figure, rows=1, columns=2):
    for panel in figure.subplots(rows, columns, squeeze=False).flat:
        panel.imshow([[0, 1], [2, 3]])


def test_of_a_row_of_pictures_a_phone_has_the_first_the_last_and_some_between():
    figure = Figure(figsize=(7.2, 2.0), layout="constrained")
    pictures(figure, rows=2, columns=8)
    for number, panel in enumerate(figure.axes):
        panel.set_title(number)
    phone = drawn(figure)["phone"]
    assert [panel.get_title() for panel in figure.axes] == ["0", "2", "5", "7", "8", "10", "13", "15"]
    assert (phone["width"], phone["height"]) == (390, 200)


def test_a_figure_may_bring_its_own_picture_for_a_phone():
    narrow = Figure(figsize=(3.0, 5.0))
    phone = drawn(drawing(), phone=narrow)["phone"]
    assert (phone["width"], phone["height"]) == (300, 500)


def test_an_artist_with_an_address_is_a_link_where_it_is_drawn():
    figure = Figure(figsize=(4.0, 2.0))
    figure.add_artist(Rectangle((0.25, 0.5), 0.5, 0.25, url="#eq-3", label="Eq. (3)"))
    told = drawn(figure, phone=figure)
    place = {"left": 100.0, "top": 50.0, "width": 200.0, "height": 50.0}
    assert told["links"] == told["phone"]["links"] == [{"target": "eq-3", "label": "Eq. (3)"} | place]


def test_a_link_without_words_is_refused():
    figure = Figure()
    figure.add_artist(Rectangle((0, 0), 1, 1, url="#eq-3"))
    with pytest.raises(ValueError, match="the link to '#eq-3' has no words; give the artist a label"):
        diagram(figure, "a", alt="A.", caption="A.")


@pytest.mark.parametrize(("names", "rows"), [(["a", "b", "c"], 2), (["a name as long as a sentence is", "b"], 3)])
def test_a_plot_is_narrower_on_a_phone_and_its_legend_hides_nothing(names, rows):
    figure = Figure(figsize=(7.2, 3.0), layout="constrained")
    panel = figure.subplots()
    for name in names:
        panel.plot([1, 2], label=name)
    panel.errorbar([1, 2], [1, 2], fmt="s--", label="bars")
    panel.legend(title="of what")
    names = [*names, "bars"]
    phone = drawn(figure)["phone"]
    assert (phone["width"], phone["height"]) == (390, 270 + 22 * (rows + 1))
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == names
    assert legend.get_title().get_text() == "of what"
    lines = legend.findobj(Line2D)
    assert "--" in [line.get_linestyle() for line in lines] and "s" in [line.get_marker() for line in lines]
    assert legend.get_window_extent().y1 <= panel.get_window_extent().y0


@pytest.mark.parametrize("draw", [Figure.subplots, lambda figure: figure.subplots().legend(handles=[])])
def test_a_plot_without_a_legend_keeps_its_height_on_a_phone(draw):
    figure = Figure(figsize=(7.2, 2.0))
    draw(figure)
    phone = drawn(figure)["phone"]
    assert (phone["width"], phone["height"]) == (390, 200)


@pytest.mark.parametrize(
    ("width", "draw"),
    [
        (3.9, Figure.subplots),
        (3.0, pictures),
        (7.2, lambda figure: None),
        (7.2, lambda figure: figure.subplots(2, 2)),
        (7.2, lambda figure: figure.subplots(1, 2)[0].imshow([[0, 1]])),
        (7.2, lambda figure: figure.subplots().text(0, 0, "residual block")),
    ],
    ids=["fits", "pictures that fit", "empty", "a square of plots", "mixed", "words inside"],
)
def test_any_other_figure_is_the_same_on_a_phone(width, draw):
    figure = Figure(figsize=(width, 2.0))
    draw(figure)
    assert "phone" not in drawn(figure)


def mesh(figure):
    figure.subplots().pcolormesh([[0, 1]])


def inset(figure):
    figure.subplots().inset_axes([0, 0, 1, 1]).imshow([[0, 1]])


@pytest.mark.parametrize(("draw", "chart"), [(Figure.subplots, True), (pictures, False), (mesh, False), (inset, False)])
def test_what_holds_no_picture_is_a_chart(draw, chart):
    figure = Figure()
    draw(figure)
    assert drawn(figure)["chart"] == chart


def test_the_same_figure_gives_the_same_bytes_and_names_no_software():
    one, two = (shown(diagram, drawing(), "a", alt="A.", caption="A.")[0]["image/png"] for _ in range(2))
    assert one == two
    assert b"atplotlib" not in base64.b64decode(one)


def test_a_figure_is_closed_when_it_is_shown():
    figure, _ = pyplot.subplots()
    drawn(figure)
    assert not pyplot.fignum_exists(figure.number)


AXES = drawing().axes[0]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        *(({"name": name}, "a name is made of") for name in (None, "", "A", "a_b", "a b", "-a", "a--b", "ä", "a/b")),
        *(({"alt": alt}, "the alt is empty") for alt in ("", " ", None)),
        ({"caption": "\n"}, "the caption is empty"),
        *(({"figure": one}, "shows a figure of matplotlib, got .*; of axes give ax.figure") for one in (AXES, pyplot)),
        ({"figure": [AXES]}, "got list"),
        ({"phone": AXES}, "got Axes"),
    ],
)
def test_a_diagram_that_no_page_can_show_is_refused(wrong, says):
    with pytest.raises(ValueError, match=says):
        diagram(**{"figure": drawing(), "name": "a", "alt": "A.", "caption": "A."} | wrong)


def test_a_diagram_says_its_instrument_and_where_its_files_come_from(repository):
    files = {"table.json": [1, 2], "net.bin": repository.write("data/net.bin", "numbers")}
    told = drawn(drawing(), instrument="slider", files=files)
    assert told["instrument"] == "slider"
    assert told["files"] == {"table.json": {"text": "[1,2]"}, "net.bin": {"path": "data/net.bin"}}


def test_a_file_of_an_instrument_that_is_not_there_stops_the_cell(repository):
    with pytest.raises(FileNotFoundError, match="none"):
        diagram(drawing(), "a", alt="A.", caption="A.", instrument="slider", files={"x": repository.root / "none"})


# table


def test_a_table_keeps_strings_and_shortens_numbers():
    rows = [["$x$", 2020, 0.123456, None], ["**b**", True, np.float64(1e-9), torch.tensor(2.5)]]
    data, _ = shown(table, rows, columns=["n", "y", "v", "w"], name="t", caption="C.")
    assert data[cells.TABLE] == {
        "name": "t",
        "columns": ["n", "y", "v", "w"],
        "rows": [["$x$", "2020", "0.1235", "–"], ["**b**", "True", "1e-09", "2.5"]],
        "caption": "C.",
    }
    head = "| n | y | v | w |\n| --- | --- | --- | --- |\n| $x$ | 2020 | 0.1235 | – |\n"
    assert data["text/markdown"].startswith(head)


@pytest.mark.parametrize("rows", [zip("ab", [1, 2.5], strict=True), ((one, n) for one, n in (("a", 1), ("b", 2.5)))])
def test_rows_and_columns_may_come_one_by_one(rows):
    data, _ = shown(table, rows, columns=map(str, "nv"), name="t", caption="C.")
    assert data[cells.TABLE]["columns"] == ["n", "v"] and data[cells.TABLE]["rows"] == [["a", "1"], ["b", "2.5"]]


class Frame:
    """What a DataFrame gives where it is taken for a list."""

    columns = ("a", "b")

    def __iter__(self):
        return iter(self.columns)


@pytest.mark.parametrize(
    ("rows", "caption", "says"),
    [
        ([[1, 2], [1]], "C.", "table 't', row 2: 1 cells for 2 columns"),
        ([[1, 2]], "", "the caption is empty"),
        (Frame(), "C.", r"takes rows, each a list of cells, got Frame; .*df.to_numpy\(\)"),
        (["ab", "cd"], "C.", r"takes rows, each a list of cells, got list; .*df.to_numpy\(\)"),
        (np.ones(2), "C.", "takes rows, each a list of cells, got ndarray"),
        (None, "C.", "takes rows, each a list of cells, got NoneType"),
    ],
)
def test_what_makes_no_table_is_refused(rows, caption, says):
    with pytest.raises(ValueError, match=says):
        table(rows, columns=["a", "b"], name="t", caption=caption)


# claim


@pytest.mark.parametrize(
    ("relation", "true", "false"),  # each measured, expected and tolerance
    [
        ("==", [(1, 1, 0), (1.05, 1, 0.1), (1e-9, 0.0, 1e-6)], [(1, 2, 0), (1.2, 1, 0.1), (0.8, 1, 0.1)]),
        ("<", [(1, 2, 0), (2.05, 2, 0.1)], [(2, 2, 0), (2.2, 2, 0.1)]),
        ("<=", [(2, 2, 0), (2.05, 2, 0.1)], [(2.1, 2, 0), (2.2, 2, 0.1)]),
        (">", [(2, 1, 0), (0.95, 1, 0.1)], [(1, 1, 0), (0.8, 1, 0.1)]),
        (">=", [(1, 1, 0), (0.95, 1, 0.1)], [(0.9, 1, 0), (0.8, 1, 0.1)]),
    ],
)
def test_a_true_claim_is_shown_and_a_false_one_raises(relation, true, false):
    for measured, expected, tolerance in true:
        data, _ = shown(claim, "it holds", measured, relation, expected, tolerance=tolerance)
        assert data["text/plain"].startswith("✓ it holds: ")
    for measured, expected, tolerance in false:
        with pytest.raises(ClaimError, match="the claim 'it holds' is false"):
            claim("it holds", measured, relation, expected, tolerance=tolerance)


@pytest.mark.parametrize("relation", ["==", "<", "<=", ">", ">="])
@pytest.mark.parametrize(("measured", "expected"), [(math.nan, 1), (1, math.nan), (math.nan, math.nan)])
def test_nan_makes_every_claim_false(relation, measured, expected):
    with pytest.raises(ClaimError):
        claim("it holds", measured, relation, expected, tolerance=10)


@pytest.mark.parametrize("make", [list, np.array, torch.tensor])
def test_every_element_must_hold_and_the_first_that_does_not_is_named(make):
    claim("all hold", make([1.0, 2.0]), "==", make([1.0, 2.0]))
    claim("all hold", make([1.0, 2.0]), "<=", 2)
    with pytest.raises(ClaimError, match=r"2 of 3 elements fail, the first at \[1\]: 2.0 == 1.0, tolerance 0"):
        claim("all hold", make([1.0, 2.0, 3.0]), "==", make([1.0, 1.0, 1.0]))


def test_tensors_of_any_kind_are_welcome_everywhere():
    claim("it holds", torch.ones(2, requires_grad=True) * 2, "==", 2)
    claim("it holds", torch.ones(2, dtype=torch.bfloat16), "==", 1)
    error = torch.tensor(0.25, requires_grad=True)
    data, _ = shown(claim, "it holds", 1, "==", 2, tolerance=5 * error, standard_error=error)
    assert (data[cells.CLAIM]["tolerance"], data[cells.CLAIM]["standard_error"]) == (1.25, 0.25)


ONES = torch.ones(2)


@pytest.mark.parametrize(
    ("measured", "relation", "expected", "tolerance", "message"),
    [
        (1, "!=", 2, 0, "the relation is one of"),
        ([], "==", 0, 0, "measured is empty"),
        ([1, math.inf], "<", 2, 0, "is about an infinite number; compare finite ones"),
        (1, "<", math.inf, 0, "is about an infinite number; compare finite ones"),
        (-math.inf, "<", 0, 0, "is about an infinite number; compare finite ones"),
        (ONES, "==", ONES, 0, "compares a thing with itself"),
        (1, "==", 1, -1, "the tolerance is"),
        (1, "==", 1, math.nan, "the tolerance is"),
        (1, "==", 1, math.inf, "the tolerance is"),
        (1, "==", 1, [0, 1], "tolerance must be one number, got 2"),
        ("x", "==", 1, 0, "measured must be numbers, got str"),
        (1, "==", None, 0, "is false"),
        ([1, 1], "==", [1, 1, 1], 0, r"measured has shape \(2,\), expected \(3,\)"),
        (1, "==", [1, 1], 0, r"measured has shape \(\), expected \(2,\)"),
    ],
)
def test_a_claim_that_makes_no_sense_is_refused(measured, relation, expected, tolerance, message):
    with pytest.raises((ValueError, ClaimError), match=message):
        claim("it holds", measured, relation, expected, tolerance=tolerance)


@pytest.mark.parametrize(("expected", "tolerance"), [(0.5, 0.5), (-0.5, 1), ([0.1, -0.5], 0.5)])
def test_a_tolerance_as_wide_as_the_value_is_refused(expected, tolerance):
    with pytest.raises(ClaimError, match=f"can hardly fail: the tolerance {tolerance:g} is as wide as the value 0.5"):
        claim("it holds", np.multiply(expected, 1), "==", expected, tolerance=tolerance)
    claim("it holds", np.multiply(expected, 1), "==", expected, tolerance=0.49)


def test_a_claim_needs_a_statement():
    with pytest.raises(ValueError, match="the statement is empty"):
        claim(" ", 1, "==", 1)


def test_a_claim_carries_its_facts():
    data, _ = shown(claim, "S", 3.14159, "==", 3.14, tolerance=0.01, of="eq-7", standard_error=0.0022345)
    assert data[cells.CLAIM] == {
        "statement": "S",
        "relation": "==",
        "count": 1,
        "measured": [3.1416],
        "expected": [3.14],
        "tolerance": 0.01,
        "of": ["eq-7"],
        "standard_error": 0.0022345,
    }
    assert data["text/plain"] == "✓ S: 3.1416 ± 0.0022 ≈ 3.14"


@pytest.mark.parametrize(
    ("tolerance", "error", "kind", "message"),
    [
        (0.06, 0.01, ClaimError, "the tolerance 0.06 is 6.0 standard errors; allow at most 5"),
        (0.05, 0.0, ValueError, "the standard error is a finite number > 0, got 0"),
        (0.05, float("nan"), ValueError, "got nan"),
    ],
)
def test_chance_is_allowed_five_standard_errors(tolerance, error, kind, message):
    claim("S", 1, "==", 1, tolerance=0.05, standard_error=0.01)
    with pytest.raises(kind, match=message):
        claim("S", 1, "==", 1, tolerance=tolerance, standard_error=error)


def test_a_claim_may_have_a_name():
    assert "name" not in shown(claim, "S", 1, "==", 1)[0][cells.CLAIM]
    assert shown(claim, "S", 1, "==", 1, name="a-cost")[0][cells.CLAIM]["name"] == "a-cost"
    with pytest.raises(ValueError, match="a name is made of a-z, 0-9"):
        claim("S", 1, "==", 1, name="A cost")


def test_a_claim_may_cover_several_equations_or_none():
    assert shown(claim, "S", 1, "==", 1, of=("eq-1", "eq-2"))[0][cells.CLAIM]["of"] == ["eq-1", "eq-2"]
    assert shown(claim, "S", 1, "==", 1)[0][cells.CLAIM]["of"] == []


@pytest.mark.parametrize(
    ("measured", "tolerance", "told"),
    [
        (35746307, 0, [35746307]),
        (0.07858718123, 0, [0.0785872]),
        (0.07858718123, 1e-3, [0.07859]),
        (0.07858718123, 1e-4, [0.0786]),
        (0.97, 0.2, [0.97]),
        (3.2e-16, 1e-12, [0]),
        (4.035829765e-5, 0, [4.03583e-05]),
        (1234.5678, 100, [1235]),
        (np.float32(0.5), 0, [0.5]),
        ([0.5, 2.0, 1.0], 0, [0.5, 2, 1]),
        (range(13), 0, [0, 12]),
    ],
)
def test_numbers_are_short_and_have_no_digit_that_the_tolerance_calls_noise(measured, tolerance, told):
    data, _ = shown(claim, "S", measured, "<=", 1e9, tolerance=tolerance)
    assert data[cells.CLAIM]["measured"] == told


def test_references_are_read_beside_the_papers_notebooks_wherever_a_copy_runs(repository, monkeypatch):
    entry = "@article{a, author={Doe, Jane}, title={On {X}}, journal={J}, year={2020}}"
    repository.write("notebooks/toy/references.bib", entry)
    for folder in ("notebooks/toy", "build/executed/toy"):
        (repository.root / folder).mkdir(parents=True, exist_ok=True)
        monkeypatch.chdir(repository.root / folder)
        data, _ = shown(references)
        assert data[cells.REFERENCES] == {}
        assert data["text/plain"].startswith("[1] Jane Doe.")


def test_jupyter_is_told_all_macros_in_one_formula(repository, monkeypatch):
    file = repository.write("notebooks/toy/macros.tex", "\\newcommand{\\eps}{\\epsilon}\n\\newcommand\\abs[1]{|#1|}\n")
    monkeypatch.chdir(file.parent)
    data, _ = shown(macros)
    assert data["application/vnd.paper-macros+json"] == {}
    assert data["text/latex"] == r"$\newcommand{\eps}{\epsilon} \newcommand{\abs}[1]{|#1|}$"
    file.unlink()
    assert refused(macros).startswith("notebooks/toy/macros.tex has no macros; write one, or take macros")


def test_the_language_imports_neither_torch_nor_a_papers_package_nor_matplotlib():
    code = "import sys, publishing.cells; print({'torch', 'ddpm_notes', 'matplotlib'} & set(sys.modules))"
    environment = {"PYTHONPATH": str(cells.paths.ROOT)}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert run.stdout.strip() == "set()"
