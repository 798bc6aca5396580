"""What a claim found, in words."""

import pytest

from publishing.verdicts import exactly, readable, verdict


def facts(measured, relation, expected, tolerance=0.0, error=None, count=None):
    return {
        "measured": [float(one) for one in measured],
        "relation": relation,
        "expected": [float(one) for one in expected],
        "tolerance": tolerance,
        "standard_error": error,
        "count": count or len(measured),
    }


@pytest.mark.parametrize(
    ("claimed", "said"),
    [
        (facts([1], "==", [1], 1e-8, count=999), "1 in all 999 cases, to 10⁻⁸"),
        (facts([0.1, 0.9], "==", [0.1, 0.9], 1e-8, count=999), "equal in all 999 cases, to 10⁻⁸"),
        (facts([0.1, 0.9], "==", [0.1, 0.9]), "equal in both cases"),
        (facts([0.0669976], ">", [0], error=0.027), "0.067 ± 0.027 > 0"),
        (facts([12.34], "==", [12.5], 0.5, error=0.2), "12.34 ± 0.20 ≈ 12.5"),
        (facts([1234.5], "<", [2000], error=30), "1,234 ± 30 < 2,000"),
        (facts([4.1963], ">=", [3.53029], error=0.0123), "4.196 ± 0.012 ≥ 3.530"),
        (facts([0.0712], "<=", [0.0781745], error=0.0031), "0.0712 ± 0.0031 ≤ 0.0782"),
        (facts([0.97], ">", [0.125], error=0.2), "0.97 ± 0.20 > 0.125"),
        (facts([3.2e-9], ">", [0], error=1.1e-9), "3.2 × 10⁻⁹ ± 1.1 × 10⁻⁹ > 0"),
        (facts([0.3, 0.067], ">", [0], error=0.027), "0.067 > 0, the smallest of 2"),
        (facts([1947], "==", [1947]), "both are 1,947"),
        (facts([3.14159], "==", [3.14], 0.01), "both are 3.14, to 0.01"),
        (facts([157.407], "==", [157.41], 0.01), "both are 157.41, to 0.01"),
        (facts([0.50005], "==", [0.50005], 1e-9), "both are 0.5, to 10⁻⁹"),
        (facts([0.97], "==", [1], 0.2), "0.97 ≈ 1, to 0.2"),
        (facts([0.939974], "<", [1.5]), "0.94 < 1.5"),
        (facts([0.9996], "<", [1]), "0.9996 < 1"),
        (facts([-3.14], "<", [0]), "−3.1 < 0"),
        (facts([3.2e-16], "<=", [1e-9]), "3.2 × 10⁻¹⁶ ≤ 10⁻⁹"),
        (facts([2], "<=", [1], 2), "2 ≤ 1 + 2"),
        (facts([0.5], ">=", [1], 0.6), "0.5 ≥ 1 − 0.6"),
        (facts([0.2, 0.91], "<", [1], count=999), "0.91 < 1, the largest of 999"),
        (facts([0.2, 0.91], ">", [0.1], count=5), "0.2 > 0.1, the smallest of 5"),
        (facts([0.2, 0.9], "<", [0.3, 0.95]), "smaller in both cases"),
        (facts([0.2, 0.9], ">=", [0.1, 0.8], count=40), "not smaller in all 40 cases"),
    ],
)
def test_a_verdict_has_two_digits_or_as_many_as_tell_its_numbers_apart(claimed, said):
    assert verdict(claimed).replace("\u00a0", " ") == said


@pytest.mark.parametrize(
    ("claimed", "said"),
    [
        (facts([0.0669976], ">", [0], error=0.0271), "measured 0.0669976, expected > 0, standard error 0.027"),
        (facts([3.14159], "==", [3.14], 0.01), "measured 3.14159, expected 3.14, tolerance 0.01"),
        (facts([0.2, 0.5, 0.9], "<", [1]), "measured 0.2, 0.5, 0.9, expected < 1"),
        (facts([0.2, 1234], "<", [2000], count=999), "measured 0.2 to 1,234, expected < 2,000"),
        (facts([1, 1], "==", [1], 1e-8, count=999), "measured 1, expected 1, tolerance 10⁻⁸"),
    ],
)
def test_all_digits_are_told_too(claimed, said):
    assert exactly(claimed) == said


@pytest.mark.parametrize(
    ("machine", "people"),
    [
        ("-3.1 < 0", "−3.1 < 0"),
        ("from -1 to 4.1e-05", "from −1 to 4.1\u00a0×\u00a010⁻⁵"),
        ("1e+20", "10²⁰"),
        ("11e-2", "11\u00a0×\u00a010⁻²"),
        ("2026-11-25, x-1, e-3", "2026-11-25, x-1, e-3"),
    ],
)
def test_numbers_are_written_as_people_do(machine, people):
    assert readable(machine) == people
