import pytest

from publishing import posts

POST = "---\nlayout: post\npaper: {}\npublished: {}\n---\n\nWords.\n"


def test_a_post_is_found_by_its_paper(repository):
    repository.write("_posts/2026-01-01-a.md", POST.format("toy", "true"))
    repository.write("_posts/2026-01-02-b.md", POST.format('"toy"', "false"))
    repository.write("_posts/2026-01-03-c.md", POST.format("toys", "true"))
    repository.write("_posts/2026-01-04-d.md", "No front matter.\npaper: toy\n")
    assert [post.path.name for post in posts.of("toy")] == ["2026-01-01-a.md", "2026-01-02-b.md"]
    assert [post.is_draft for post in posts.of("toy")] == [False, True]
    assert posts.of("toy")[0].text == "\nWords.\n"


@pytest.mark.parametrize("value", ["false", "False", "FALSE", "no", "off", "~", "", "false  # until it is finished"])
def test_what_yaml_takes_for_false_is_a_draft_as_it_is_to_jekyll(repository, value):
    path = repository.write("_posts/2026-01-01-a.md", POST.format("toy  # the paper", value))
    (post,) = posts.of("toy")
    assert post.is_draft and not post.facts()["published"]
    path.write_text(path.read_text().replace("published:", "# published:"))
    assert not posts.is_draft("toy")


@pytest.mark.parametrize("value", ["true", "yes", '"false"', "falsehood", "'no # yes'"])
def test_all_else_is_not(repository, value):
    repository.write("_posts/2026-01-01-a.md", POST.format("toy", value))
    (post,) = posts.of("toy")
    assert not post.is_draft and post.facts()["published"]


def test_a_paper_is_a_draft_if_all_its_posts_are(repository):
    assert not posts.is_draft("toy")
    repository.write("_posts/2026-01-01-a.md", POST.format("toy", "false"))
    assert posts.is_draft("toy")
    repository.write("_posts/2026-01-02-b.md", POST.format("toy", "true"))
    assert not posts.is_draft("toy")
