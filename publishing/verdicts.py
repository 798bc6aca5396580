"""What a claim found, in words: `0.067 ± 0.027 > 0`, or `equal in all 999 cases, to 10⁻⁸`."""

import math
import re

from publishing.contract import ClaimFacts

DIGITS, MOST = 2, 6  # that are shown: as many as it takes to tell two numbers apart
COARSE = 1e-3  # a tolerance that is for more than rounding
_SIGNS = {"<=": "≤", ">=": "≥", "==": "≈"}
_IN_EACH_CASE = {"<": "smaller", "<=": "not larger", ">": "larger", ">=": "not smaller"}
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def verdict(facts: ClaimFacts) -> str:
    """What was found, in a line."""
    measured, expected, relation = facts["measured"], facts["expected"], facts["relation"]
    tolerance, error, count = facts["tolerance"], facts["standard_error"], facts["count"]
    cases = "both cases" if count == 2 else f"all {count:,} cases"
    to = f", to {tolerance:.2g}" if tolerance else ""
    is_one = min(expected) == max(expected)
    if relation == "==" and count > 1:
        said = f"{_short(expected[0])} in {cases}{to}" if is_one else f"equal in {cases}{to}"
    elif not is_one:
        said = f"{_IN_EACH_CASE[relation]} in {cases}"
    elif error is not None and count == 1:
        said = _beside_error(measured[0], error, _SIGNS.get(relation, relation), expected[0])
    elif relation == "==":
        said = _equality(measured[0], expected[0], tolerance) + to
    else:
        said = _inequality(facts, count)
    return readable(said)


def exactly(facts: ClaimFacts) -> str:
    """What was measured and what was expected, with all digits that mean something, and the margins."""
    said = [f"{role} {_all(values, facts['count'])}" for role, values in _roles(facts)]
    if facts["tolerance"]:
        said.append(f"tolerance {facts['tolerance']:g}")
    if facts["standard_error"] is not None:
        said.append(f"standard error {facts['standard_error']:.2g}")
    return readable(", ".join(said))


def readable(numbers: str) -> str:
    """Numbers as people write them: 4.1 × 10⁻⁵ for 4.1e-05, and a true minus."""
    powers = re.sub(r"(?:\b1|(\d[\d.]*))e([-+]\d+)\b", lambda found: _power(found[1], int(found[2])), numbers)
    return re.sub(r"(?<![\w.])-(?=\d)", "−", powers)


def _power(factor: str | None, exponent: int) -> str:
    power = "10" + str(exponent).translate(_RAISED)
    return f"{factor}\u00a0×\u00a0{power}" if factor else power


def _beside_error(measured: float, error: float, sign: str, expected: float) -> str:
    """Both numbers to the second digit of the error; what a person wrote in a few digits stays as it is."""
    decimals = max(0, DIGITS - 1 - math.floor(math.log10(error)))
    if decimals >= MOST:
        return f"{measured:.2g} ± {error:.2g} {sign} {expected:.2g}"
    written = f"{expected:,g}"
    is_short = len(re.sub(r"e.*|\D", "", written).strip("0")) <= DIGITS + 1
    told = written if is_short else f"{expected:,.{decimals}f}"
    return f"{measured:,.{decimals}f} ± {error:,.{decimals}f} {sign} {told}"


def _equality(measured: float, expected: float, tolerance: float) -> str:
    digits = DIGITS
    if tolerance >= COARSE and measured:
        digits = max(DIGITS, math.floor(math.log10(abs(measured))) - math.floor(math.log10(tolerance)) + 1)
    left, right = _short(measured, digits), _short(expected, digits)
    return f"both are {left}" if left == right else f"{left} ≈ {right}"


def _inequality(facts: ClaimFacts, count: int) -> str:
    relation, expected = facts["relation"], facts["expected"][0]
    is_below = relation.startswith("<")
    measured = max(facts["measured"]) if is_below else min(facts["measured"])
    left, right = _apart(measured, expected)
    needed = facts["tolerance"] if (measured > expected if is_below else measured < expected) else 0
    margin = f" {'+' if is_below else '−'} {_short(float(needed))}" if needed else ""
    which = f", the {'largest' if is_below else 'smallest'} of {count:,}" if count > 1 else ""
    return f"{left} {_SIGNS.get(relation, relation)} {right}{margin}{which}"


def _apart(one: float, other: float) -> tuple[str, str]:
    """Both numbers, with no more digits than it takes to tell them apart."""
    for digits in range(DIGITS, MOST + 1):
        told = _short(one, digits), _short(other, digits)
        if told[0] != told[1] or one == other:
            break
    return told


def _short(value: float, digits: int = DIGITS) -> str:
    """A number with so many digits; a whole one with all."""
    if not math.isfinite(value) or value.is_integer():
        return f"{value:,.0f}"
    place = math.floor(math.log10(abs(value)))
    if place < -3:
        return re.sub(r"\.?0*e", "e", f"{value:.{digits - 1}e}")
    shown = f"{value:,.{max(0, digits - 1 - place)}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _roles(facts: ClaimFacts) -> list[tuple[str, list[float]]]:
    expected = f"expected {'' if facts['relation'] == '==' else _SIGNS.get(facts['relation'], facts['relation'])}"
    return [("measured", facts["measured"]), (expected.strip(), facts["expected"])]


def _all(values: list[float], count: int) -> str:
    told = [f"{int(value):,}" if value.is_integer() else f"{value:.6g}" for value in values]
    if len(set(told)) == 1:
        return told[0]
    return ", ".join(told) if len(values) == count else f"{told[0]} to {told[-1]}"
