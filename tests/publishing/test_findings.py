"""Numbers in the text are what the claims measured that they lead to."""

import pytest

from publishing.render.page import Page

from .notes import claim, code, diagram, error, fragment, refused, select


def told(text: str, *values: float, **facts) -> str:
    """A page that says this, and a claim that measured these numbers."""
    cost = claim(name="cost", measured=list(map(float, values)), count=len(values), **facts)
    return fragment(f"It is [{text}](#claim-cost).", code("1", cost))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.486 bits/dim", [0.4861]),
        ("0.5", [0.4861]),
        ("1,947", [1947]),
        ("1,947.3 s", [1947.33]),
        ("−0.055", [-0.0554]),
        ("-0.055", [-0.0554]),
        ("a cost of **0.486**", [0.4861]),
        ("0.2 %", [0.00213]),
        ("24/70/92 %", [0.241, 0.698, 0.92]),
        ("24, 70 and 92 %", [0.241, 0.698, 0.92]),
        ("24 % to 92 %", [0.241, 0.92]),
        ("3 of $x_0$, not T1 or `n2`", [3]),
        ("10⁻⁸", [1.2e-8]),
        ("3.5×10⁻⁵", [3.52e-5]),
        ("3.5 × 10⁻⁵", [3.52e-5]),
        ("2·10⁻⁵", [2.1e-5]),
        ("−2.5 × 10³", [-2500]),
        ("3.5e-05", [3.52e-5]),
        ("$10^{-8}$", [1.2e-8]),
        (r"$3.5 \times 10^{-5}$", [3.52e-5]),
        (r"$24\,\%$", [0.241]),
        ("1 everywhere", [1, 1, 1]),
        ("1–3", [1, 3]),
    ],
)
def test_numbers_are_understood_as_they_are_written(text, values):
    (link,) = select(told(text, *values), "p > a.finding#claim-cost")
    assert link["href"] == "{{ '/toy/claims/' | relative_url }}#claim-cost"
    other = refused(told, text, *(1.9 * value for value in values))
    assert other.startswith("toy/05-key-equations, cell 1: the text says")


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("0.486 bits", 0.4921, "the text says 0.486, but claim-cost measured 0.4921; write 0.492"),
        ("1,947", 2048.4, "the text says 1,947, but claim-cost measured 2048.4; write 2,048"),
        ("−0.055", 0.055, "the text says −0.055, but claim-cost measured 0.055; write 0.055"),
        ("0.2 %", 0.2, "the text says 0.2 %, but claim-cost measured 0.2; write 20.0 %"),
        ("10⁻⁸", 3e-7, "the text says 10⁻⁸, but claim-cost measured 3e-07; write 3 × 10⁻⁷"),
        ("0.01", 0.00004, "the text says 0.01, but claim-cost measured 4e-05; write 4 × 10⁻⁵"),
    ],
)
def test_a_number_that_was_not_measured_is_refused_with_what_to_write(text, value, said):
    assert refused(told, text, value).replace("\u00a0", " ") == f"toy/05-key-equations, cell 1: {said}"


def test_half_a_unit_of_the_last_digit_and_the_claims_own_margin_are_allowed():
    told("0.486", 0.4865)
    told("0.486", 0.4964, tolerance=0.01)
    told("0.486", 0.4874, standard_error=0.01)
    for value, margin in ((0.4867, {}), (0.497, {"tolerance": 0.01}), (0.4876, {"standard_error": 0.01})):
        assert "the text says 0.486, but claim-cost measured" in refused(told, "0.486", value, **margin)


def test_a_standard_error_is_compared_with_the_claims():
    told("0.067 ± 0.027", 0.0669, standard_error=0.0271)
    wide = refused(told, "0.067 ± 0.05", 0.0669, standard_error=0.0271)
    assert "says ± 0.05, but claim-cost measured 0.0271; write 0.03" in wide
    assert "says ± 0.02, but claim-cost has no standard error; give it one" in refused(told, "0.067 ± 0.02", 0.0669)


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("1 of 3", [1], "gives 2 numbers, but claim-cost measured 1; let the link hold that"),
        ("1 and 2", [1, 2, 3], "gives 2 numbers, but claim-cost measured 1, 2, 3; let the link hold these 3"),
        ("1", [1, 2], "says 1, but claim-cost measured 2"),
    ],
)
def test_each_number_has_one_that_was_measured(text, values, message):
    assert message in refused(told, text, *values)


@pytest.mark.parametrize("text", ["the check", "$x_0$", "`n2`"])
def test_a_link_in_words_is_only_a_link_and_the_claim_has_its_line(text):
    html = told(text, 5)
    assert select(html, 'a[href$="#claim-cost"]:not(.finding)') and select(html, "div.claim#claim-cost")


def test_a_claim_that_the_text_tells_has_no_line_of_its_own():
    html = told("5", 5)
    assert not select(html, "div.claim") and len(select(html, "#claim-cost")) == 1
    html = fragment("It is [5](#claim-cost), and [5.0](#claim-cost).", code("1", claim(name="cost", measured=[5.0])))
    assert len(select(html, "a.finding")) == 2 and len(select(html, "#claim-cost")) == 1


def test_captions_tell_findings_too():
    cost = claim(name="cost", measured=[5.0])
    said = error(code("1", diagram(caption="It is [4](#claim-cost)."), cost))
    assert said.startswith("toy/05-key-equations, cell 1: the text says 4")


def test_a_name_is_given_once_on_a_page():
    cost, page = claim(name="cost", measured=[5.0]), Page("toy", complete=False)
    assert select(fragment(code("1", cost), page=page), "#claim-cost")
    said = refused(fragment, code("1", cost), page=page, stem="06-more")
    assert "'claim-cost' is already given in toy/05-key-equations, cell 1" in said
