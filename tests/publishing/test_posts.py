import os
import subprocess

import pytest

from publishing import posts

from .notes import refused

POST = "---\nlayout: post\npaper: {}\npublished: {}\n---\n\nWords.\n"
DRAFTS = [
    "paper : toy\npublished : false",
    "{paper: toy, published: false}",
    '"paper": "toy"\n"published": no',
    "? paper\n: toy\n? published\n: false",
    "paper: !!str toy\npublished: !!bool false",
    *(
        f"paper: toy\npublished: {value}"
        for value in ("False", "FALSE", "off", "~", "", "false  # until it is finished")
    ),
]


def test_a_post_is_found_by_its_paper(repository):
    repository.write("_posts/2026-01-01-a.md", POST.format("toy", "true"))
    repository.write("_posts/2026-01-02-b.md", POST.format('"toy"', "false"))
    repository.write("_posts/2026-01-03-c.md", POST.format("toys", "true"))
    repository.write("_posts/2026-01-04-d.md", "No front matter.\npaper: toy\n")
    assert [post.path.name for post in posts.of("toy")] == ["2026-01-01-a.md", "2026-01-02-b.md"]
    assert [post.is_draft for post in posts.of("toy")] == [False, True]
    assert posts.of("toy")[0].text == "\nWords.\n"


def test_what_an_editor_leaves_beside_a_post_is_none(repository):
    for name in ("2026-01-01-a.md", "2026-01-01-a.md~", "#2026-01-01-a.md#", "old/2026-01-02-b.md", "old/~$b.docx"):
        repository.write(f"_posts/{name}", POST.format("toy", "true"))
    assert [post.path.name for post in posts.every()] == ["2026-01-01-a.md", "2026-01-02-b.md"]


@pytest.mark.parametrize("front", DRAFTS)
def test_what_yaml_takes_for_false_is_a_draft(repository, front):
    repository.write("_posts/2026-01-01-a.md", f"---\n{front}\n---\n")
    (post,) = posts.of("toy")
    assert post.is_draft and not post.facts["published"]


@pytest.mark.parametrize("value", ['"false"', "falsehood", "'no'", "0", '""', "[]", "n", "nO", "fAlse"])
def test_what_jekyll_may_read_otherwise_than_its_writer_is_refused(repository, value):
    repository.write("_posts/2026-01-01-a.md", POST.format("toy", value))
    assert refused(posts.of, "toy").startswith("_posts/2026-01-01-a.md: `published` is true or false, without quotes")


def test_jekyll_takes_the_same_posts_for_drafts_however_their_front_matter_is_written(tmp_path):
    """All of these ways and values at once, in a bare site."""
    fronts = [*DRAFTS, *(f"paper: toy\npublished: {value}" for value in ("true", "yes", "on"))]
    written = [tmp_path / f"_posts/2026-01-01-p{number}.md" for number in range(len(fronts))]
    (tmp_path / "_posts").mkdir()
    for path, front in zip(written, fronts, strict=True):
        path.write_text(f"---\n{front}\n---\nWords.\n")
    command = ["jekyll", "build", "--source", tmp_path, "--destination", tmp_path / "out", "--disable-disk-cache"]
    subprocess.run(command, env=os.environ | {"JEKYLL_NO_BUNDLER_REQUIRE": "true"}, check=True, capture_output=True)
    built = {path.stem for path in (tmp_path / "out").rglob("p*.html")}
    assert built == {path.stem[11:] for path in written if not posts.read(path).is_draft}
    assert built == {path.stem[11:] for path in written[len(DRAFTS) :]}


@pytest.mark.parametrize(
    ("front", "says"),
    [
        ('title: x\ntitle: "x: "y"', ":3: expected <block end>"),
        ("date: 2026-13-32", ":1: month must be in 1..12"),
        ("title: [x", ":"),
        ("- x", ":2: the front matter is '- x', and should be lines of `name: value`"),
    ],
)
def test_a_front_matter_that_is_no_yaml_is_one_line_with_its_place(repository, front, says):
    repository.write("_posts/2026-01-01-a.md", f"---\n{front}\n---\n")
    assert refused(posts.of, "toy").startswith(f"_posts/2026-01-01-a.md{says}")


def test_a_paper_is_a_draft_if_all_its_posts_are(repository):
    assert not posts.is_draft("toy") and not posts.is_shown("toy", drafts=True)
    repository.write("_posts/2026-01-01-a.md", POST.format("toy", "false"))
    assert posts.is_draft("toy") and posts.is_shown("toy", drafts=True) and not posts.is_shown("toy")
    repository.write("_posts/2026-01-02-b.md", POST.format("toy", "true"))
    assert not posts.is_draft("toy") and posts.is_shown("toy")


@pytest.mark.parametrize("front", ["", "date: 2026-03-04", "date: 2026-03-04 05:06:07 +0100", 'date: "2026-03-04"'])
def test_the_day_of_a_post_is_in_its_front_matter_or_in_its_name(repository, front):
    post = posts.read(repository.write("_posts/2026-1-2-a.md", f"---\n{front}\n---\n"))
    assert post.date == ("2026-03-04" if front else "2026-01-02")
