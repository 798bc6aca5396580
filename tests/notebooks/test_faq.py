"""The short answers of the FAQ are short."""

import re

import pytest

from publishing import paths

FAQ = paths.NOTEBOOKS / "ddpm/studies/faq.md"
ANSWERS = dict(re.findall(r"^## (\d+)\. .*\n\n((?:.+\n)+)", FAQ.read_text(encoding="utf-8"), re.MULTILINE))


def words(answer: str) -> list[str]:
    """As a reader counts them: a formula is one, a link is its words, and that to the study is none."""
    answer = re.sub(r"\[In full[^]]*\]\([^)]*\)", "", answer)
    return re.sub(r"\$[^$]*\$", "x", re.sub(r"\]\([^)]*\)", "]", answer)).split()


def test_there_are_ten_questions():
    assert list(ANSWERS) == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize("number", ANSWERS)
def test_the_first_paragraph_answers_in_sixty_words_with_a_checked_or_cited_number(number):
    assert len(words(ANSWERS[number])) <= 60
    assert "(#claim-" in ANSWERS[number] or re.search(r"\d \(p\. \d", ANSWERS[number])
