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


def test_a_paper_is_a_draft_if_all_its_posts_are(repository):
    assert not posts.is_draft("toy")
    repository.write("_posts/2026-01-01-a.md", POST.format("toy", "false"))
    assert posts.is_draft("toy")
    repository.write("_posts/2026-01-02-b.md", POST.format("toy", "true"))
    assert not posts.is_draft("toy")
