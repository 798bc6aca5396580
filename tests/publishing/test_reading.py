"""Words, minutes, and the budget of words in a notebook's header."""

import jupytext
import pytest

from publishing.checks import budgets, places
from publishing.checks import lint as lints
from publishing.render import reading
from publishing.render.exporter import SectionExporter
from publishing.render.page import Page

from .notes import STEM, claim, code, diagram, draft, executed, fragment, linted, printed, refused, shows, table

WORDY = "word " * 300
CLOSED = "<details><summary>inner</summary>\n\nnot seen\n\n</details>"


def measured(*cells) -> tuple[int, float]:
    page = Page("toy", complete=False)
    fragment(*cells, page=page)
    return page.sections[STEM].words, page.sections[STEM].seconds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# 5. Key Equations\n\nTwo words", 5),
        (r"the ($\frac{a}{b + c}$), that $\epsilon$-prediction – is", 5),
        ("$$\na + b \\tag{1}\n$$\n\nis Eq. (1).", 3),
        ("**bold**ly *so*, [a link](#x) `x = 1`", 6),
        ("H<sub>2</sub>O<br>is", 2),
        ("one\ntwo  \nthree", 3),
        ("- one\n- two\n\n> three", 3),
        ("| a b | c |\n|---|---|\n| 1 | – |", 4),
        ("a[^1] b\n\n[^1]: Three more words.", 5),
        ("```text\nnot read\n```\n\n<!-- nor this -->", 0),
        ("<details><summary>What is seen</summary>\n\nand what is not, $x$\n\n</details>\n\nafter", 4),
        ("<details open><summary>Seen</summary>\n\nand this\n\n</details>\n\nafter", 4),
        (f"<details open><summary>Seen</summary>\n\n{CLOSED}\n\nseen\n\n</details>\n\nafter", 4),
        (f"<details><summary>Seen</summary>\n\n{CLOSED}\n\nnot\n\n</details>\n\nafter", 2),
    ],
)
def test_words_are_what_a_reader_sees_and_a_formula_is_not_its_tex(text, words):
    assert measured(text)[0] == words


def test_captions_tables_and_claims_count_and_code_and_what_it_printed_do_not():
    assert measured(code("x = 1  # not read", printed("nor this"), diagram(caption="A short $x$ caption.")))[0] == 4
    assert measured(code("1", table(["one", "2 $x$"], columns=("a", "b"), caption="The caption.")))[0] == 7
    assert measured(code("1", claim("It holds", measured=[0.5], expected=[0.5])))[0] == 5
    assert measured(code("references()", shows(references={})))[0] == 0


@pytest.mark.parametrize(
    ("cells", "seconds"),
    [
        (["word " * 238], 60),
        (["$$a$$", "$$b \\tag{2}$$"], 40),
        ([code("1", diagram(caption="!"))], 15),
        ([code("1", table(["–"], ["–"], columns=("–",), caption="–"))], 12),
        (["| – |\n|---|\n| – |"], 8),
        (["<details><summary>–</summary>\n\n$$a$$\n\n</details>"], 0),
        ([code("x = 1\n" * 99)], 0),
    ],
)
def test_words_take_238_a_minute_and_what_is_looked_at_its_own_seconds(cells, seconds):
    assert measured(*cells)[1] == pytest.approx(seconds)


def test_the_byline_adds_seconds_of_lead_and_sections_and_rounds_once(repository):
    repository.write("_posts/2026-01-01-toy.md", f"---\npaper: toy\n---\n{{% include x y=1 %}}\n\n{'word ' * 238}\n")
    for stem in ("01-a", "02-b", "03-c"):
        executed(repository, stem, "word " * 80)  # 20 s
    assert reading.of_lead("toy", None) == pytest.approx(60)
    assert draft("reading").strip() == "2 min read"


def with_budget(repository, words: object) -> str:
    text = "# T\n\n" + WORDY.strip()
    executed(repository, "01-a", text)
    path = repository.notebook("01-a", text)
    path.write_text(path.read_text().replace("name: python3\n", f"name: python3\n  words: {words}\n", 1))
    return path.read_text()


def test_a_section_above_its_budget_is_named_with_count_and_excess(repository, capsys):
    with_budget(repository, 280)
    assert "1 thing to fix" in refused(lints.check_all)
    assert capsys.readouterr().out == (
        "notebooks/toy/01-a.md:14: 301 words are shown, 21 more than the 280 of its budget; "
        "shorten it, or fold what not everyone reads\n"
    )


def test_a_section_within_its_budget_is_no_problem_and_its_header_is_what_jupyter_saves(repository, capsys):
    text = with_budget(repository, 301)
    lints.check_all()
    assert capsys.readouterr().out.endswith("nothing to fix\n")
    assert jupytext.writes(jupytext.reads(text, fmt="md"), fmt="md") == text


@pytest.mark.parametrize("words", ["many", "0", "-3", "2.5", "'280'", ""])
def test_a_budget_is_a_whole_number(repository, words):
    with_budget(repository, words)
    (problem,) = lints.problems("toy", "01-a")
    assert problem.endswith("copy it from another notebook; a budget is its last line, as in `  words: 280`")


def test_a_line_of_that_kind_elsewhere_is_text(repository):
    assert linted(repository, "# T\n\n```text\n  words: 280\n---\n```") == []


def test_the_answer_of_a_study_counts(repository):
    executed(repository, "01-first", "# 1. First")
    executed(repository, "studies/why", "# Why?\n\nOf four words made.\n\nAnd three more.")
    (section,) = SectionExporter().paper("toy").pages["why"].sections.values()
    assert section.words == 7


WRONG = "notebooks/toy/01-a.md:18: why takes 1 min to read, not 9; write 1"


@pytest.mark.parametrize(("told", "problems"), [(1, []), (9, [WRONG])])
def test_the_minutes_that_a_link_tells_are_those_of_its_study(repository, told, problems):
    text = f"# T\n\n[Why?](studies/why.md) ({told} min)"
    executed(repository, "01-a", text)
    repository.notebook("01-a", text)
    executed(repository, "studies/why", f"# Why?\n\n{WORDY}")
    repository.notebook("studies/why", f"# Why?\n\n{WORDY}")
    sources = {stem: places.read("toy", stem) for stem in ("01-a", "studies/why")}
    assert list(budgets.exceeded("toy", sources)) == problems


def test_a_fold_that_is_closed_but_was_never_opened_is_told_in_one_line(repository):
    executed(repository, "01-first", "# Title\n\nx\n\n</details>")
    assert refused(draft, "01-first").startswith("toy/01-first, cell 1: </details> closes what is not open")
