"""How long the post is."""

from .test_print import on_paper, pages  # noqa: F401


def test_the_post_is_at_most_25_pages_on_paper(on_paper):  # noqa: F811
    assert 5 < pages(on_paper("/ddpm/")) <= 25
