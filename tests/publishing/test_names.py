"""Papers and sections that are gone, and the files that name them still."""

import pytest

from publishing import paths
from publishing.checks import names

SECTION = '{% include paper_section.html name="toy/01-a" %}\n'
FRONT = "---\nlayout: post\ntitle: A paper\npaper: {}\npermalink: /{}/\n---\n"
CLAIMS = "---\ntitle: Claims\npaper: {}\n---\n"
SHOWS = '---\n---\n{% include paper_section.html name="toy/02-gone" %}\n'
SHOWS_FIGURE = '# 2\n\n{% include paper_diagram.html src="/assets/images/quiet-x.png" alt="x" %}\n'
LINKS = [
    *("[x](/quiet)", "[x](../quiet/)", "{{ site.baseurl }}/quiet/", "<a href=/quiet/>", "[r]: /quiet#a"),
    *('[x]({{ "/quiet/" | relative_url }})', "[x](/assets/notebooks/quiet/01-a.md)"),
]
TOY = "_posts/2026-01-01-toy.md"
NO_ADDRESS = ("/papers/toy", "toy/", "/:title/", "/toy/index.html", "/")
REMEDY = "write an address like permalink: /toy/"


@pytest.fixture
def site(repository):
    repository.notebook("01-a", "# 1")
    repository.write("_posts/2026-01-01-toy.md", FRONT.format("toy", "toy") + SECTION)
    repository.write("_claims/toy.md", CLAIMS.format("toy"))
    links = '[Toy]({{ "/toy/" | relative_url }}), [all]({{ "/toy/claims/" | relative_url }})'
    repository.write("index.md", f"---\n---\n{links}")
    return repository


@pytest.fixture
def after_quiet(site):
    """The same, where a paper `quiet` was built before it was renamed or deleted."""
    site.write("build/stamps/notebooks-quiet.json", "{}")
    return site


def test_a_site_that_names_what_is_there_is_good(after_quiet):
    words = '(/usr/), "/etc/", [x](/tags/)'
    after_quiet.write("_posts/2026-01-02-more.md", f'---\ntitle: x\nredirect_from: ["/old/"]\n---\n{words}\n')
    words = "`'/quiet/'`, <https://example.org/quiet/>, a/quiet split, /quiet/ too, [x](/quiet-other/), [y](/quietly/)"
    after_quiet.write("index.md", f"---\n---\n{words}\n")
    after_quiet.write("_claims/picture.png", "no page")
    assert list(names.problems()) == []


def test_strays_of_a_build_name_no_paper_and_an_address_that_is_kept_may_be_linked(after_quiet):
    for stray in ("assets", "copy (1", "x.json"):
        after_quiet.write(f"build/stamps/{stray}/x", "")
        after_quiet.write(f"build/executed/{stray}/x", "")
    after_quiet.write("index.md", "---\n---\n[x](/quiet/), [y](/assets/css/site.css)\n")
    for line in (
        "permalink: /quiet/",
        "permalink: /toy/\nredirect_from: [/quiet/]",
        "permalink: /toy/\nredirect_from: /quiet/",
    ):
        after_quiet.write("_posts/2026-01-01-toy.md", f"---\ntitle: x\npaper: toy\n{line}\n---\n{SECTION}")
        assert list(names.problems()) == []


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("_posts/2026-01-02-b.md", FRONT.format("quiet", "quiet"), ":4: there are no notebooks of a paper 'quiet'"),
        ("_posts/2026-01-02-b.md", "---\n{title: x, 'paper' : quiet}\n---\n", ":2: there are no notebooks of a paper"),
        ("_posts/2026-01-02-b.md", "---\npaper: 7\n---\n", ":2: there are no notebooks of a paper '7'"),
        ("_claims/quiet.md", CLAIMS.format("quiet"), ":3: there are no notebooks of a paper 'quiet'"),
        ("_claims/quiet.md", CLAIMS.format("toy"), ":3: these are the claims of 'toy'; rename the file to toy.md"),
        ("_claims/toy.md", CLAIMS.format("toy\npublished: false"), ":1: is a draft, but its post is published"),
        (TOY, FRONT.format("toy\npublished: no", "toy") + SECTION, "_claims/toy.md:1: would be published"),
        ("_posts/2026-01-02-b.md", "---\nx: [\n---\n", ":3: "),
        ("_posts/2026-01-02-b.md", SHOWS.replace("toy/02-gone", "quiet/01-a"), ":3: includes 'quiet/01-a', which no"),
        ("_posts/2026-01-02-b.md", SHOWS.replace('"', "'"), ":3: includes 'toy/02-gone', which no notebook makes"),
        ("index.md", SHOWS, ":3: includes 'toy/02-gone', which no notebook makes"),
        ("_claims/toy.md", "---\ntitle: x\n---\n", ":1: whose claims these are is not said; add `paper: toy`"),
        ("_posts/2026-01-02-b.md", "---\npublished: 'no'\n---\n", ": `published` is true or false, without quotes"),
        *(("index.md", f"---\n---\n{link}", ":3: leads to the paper 'quiet'") for link in LINKS),
        ("_layouts/default.html", '<a href="/quiet/index.html">', ":1: leads to the paper 'quiet'"),
        ("_claims/toy.md", CLAIMS.format("toy") + "[x](/quiet/claims/#a)", ":5: leads to the paper 'quiet'"),
        ("index.md", "---\nimage: /assets/images/quiet-card.png\n---\n", ":2: leads to the paper 'quiet'"),
        ("notebooks/toy/01-a.md", SHOWS_FIGURE, ":3: leads to the paper 'quiet'"),
    ],
)
def test_what_is_gone_is_named_with_file_and_line(after_quiet, name, text, says):
    after_quiet.write(name, text)
    (problem,) = names.problems()
    assert problem.startswith(says if says.startswith("_") else name + says) and "\n" not in problem


@pytest.mark.parametrize("address", ["/toy/", "/papers/toy/", "/papers/2026.1/~toy-x_y/"])
def test_an_address_of_any_folders_is_good(site, address):
    site.write("_posts/2026-01-01-toy.md", FRONT.format("toy", "toy").replace("/toy/", address) + SECTION)
    site.write("index.md", "")
    assert list(names.problems()) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        *(
            (TOY, ": /toy/", f": {bad}", f":5: the front matter has the permalink '{bad}'; {REMEDY}")
            for bad in NO_ADDRESS
        ),
        (TOY, "permalink: /toy/\n", "", ":5: the front matter has no permalink; write an"),
        (TOY, SECTION, "", ":1: includes 'toy/01-a' 0 times; include every section once, by {%"),
        (TOY, SECTION, SECTION + SECTION, ":1: includes 'toy/01-a' 2 times"),
        (
            "_claims/toy.md",
            "paper",
            "permalink: /c\npaper",
            f":3: the front matter has the permalink '/c'; {REMEDY}claims/",
        ),
    ],
)
def test_a_page_without_an_address_or_a_section_is_named(site, name, old, new, says):
    written = (paths.ROOT / name).read_text()
    site.write(name, written.replace(old, new))
    (problem,) = names.problems()
    assert problem.startswith(name + says)


def test_each_file_is_named_once(site):
    site.write("build/stamps/notebooks-toy.json", "{}")
    paths.notebooks_dir("toy").rename(paths.NOTEBOOKS / "new")
    told = [problem.partition(":")[0] for problem in names.problems()]
    assert told == ["_posts/2026-01-01-toy.md", "_claims/toy.md", "index.md"]


@pytest.mark.parametrize(
    "name", ["statistics.py", "torch/__init__.py", "notebooks/toy/json.py", "typing_extensions.py"]
)
def test_a_module_that_hides_another_is_named(site, name):
    assert list(names.problems()) == []
    site.write("requirements/main.lock", "torch==2\ntyping-extensions==4\n")
    site.write(name, "")
    [told] = names.problems()
    hiding = name.removesuffix("/__init__.py")
    assert told.startswith(f"{hiding} hides Python's or a package's own ") and told.endswith("give it another name")
