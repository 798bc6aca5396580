"""`make new`: from the template to a draft that executes and renders."""

import re
import shutil
from datetime import date

import pytest

from publishing import notebooks, paths, posts
from publishing.blog import new
from publishing.checks import lint as lints

from .notes import refused
from .small_site import Commands

TEMPLATE = paths.TEMPLATE
ROOT = paths.ROOT
STEMS = sorted(path.stem for path in TEMPLATE.glob("[0-9]*.md"))


@pytest.fixture
def begun(repository):
    shutil.copytree(TEMPLATE, paths.TEMPLATE)
    new.new("ddim", 'Denoising "Diffusion" Implicit Models')
    return repository


def post() -> posts.Post:
    (found,) = posts.of("ddim")
    return found


def test_there_are_thirteen_notebooks_and_a_bibliography(begun):
    assert notebooks.sections("ddim") == STEMS
    assert [int(stem[:2]) for stem in STEMS] == list(range(1, 14))
    assert (paths.notebooks_dir("ddim") / "references.bib").is_file()
    assert not any((paths.notebooks_dir("ddim") / name).exists() for name in (new.POST, new.CLAIMS))


def test_the_post_is_a_draft_of_today_that_shows_every_section(begun):
    assert post().path.name == f"{date.today().isoformat()}-ddim.md"
    assert post().is_draft and posts.read(paths.CLAIMS / "ddim.md").is_draft
    assert 'title: "Paper Summary: Denoising \\"Diffusion\\" Implicit Models"' in post().front
    assert post().facts["permalink"] == "/ddim/"
    shown = re.findall(r'include paper_section.html name="ddim/([^"]*)"', post().text)
    assert shown == [*STEMS, "claims-summary"]


def test_what_the_first_paper_says_around_its_notebooks_the_template_asks_for(begun):
    (first,) = (posts.read(path) for path in (ROOT / "_posts").glob("*-ddpm.md"))
    assert post().facts.keys() | {"studies"} == first.facts.keys()
    assert post().facts["reviews"].keys() == first.facts["reviews"].keys()
    claims, claims_of_first = posts.read(paths.CLAIMS / "ddim.md"), posts.read(ROOT / "_claims/ddpm.md")
    assert claims.facts.keys() == claims_of_first.facts.keys()
    assert claims.text == claims_of_first.text


def test_nothing_of_the_template_is_left_unfilled(begun):
    for path in [post().path, paths.CLAIMS / "ddim.md", *paths.notebooks_dir("ddim").iterdir()]:
        assert not re.search("PAPER|TITLE", path.read_text())


def test_what_exists_is_never_overwritten(begun):
    before = {path: path.read_text() for path in paths.notebooks_dir("ddim").iterdir()}
    assert refused(new.new, "ddim", "Another").startswith("notebooks/ddim is there already")
    assert {path: path.read_text() for path in paths.notebooks_dir("ddim").iterdir()} == before


@pytest.mark.parametrize("left", ["_claims/ddim.md", "_posts/2020-01-01-implicit.md"])
def test_a_page_of_claims_or_a_post_of_an_earlier_day_counts_as_well(begun, left):
    shutil.rmtree(paths.notebooks_dir("ddim"))
    post().path.rename(paths.POSTS / "2020-01-01-implicit.md")
    for path in (*paths.POSTS.iterdir(), *paths.CLAIMS.iterdir()):
        if path != begun.root / left:
            path.unlink()
    assert refused(new.new, "ddim", "Another").startswith(f"{left} is there already")
    assert not paths.notebooks_dir("ddim").exists() and (begun.root / left).exists()


@pytest.mark.parametrize(
    ("paper", "title", "says"),
    [(paper, "T", "PAPER") for paper in ("", "Ddim", "../x", "template")]
    + [("vae", title, "TITLE") for title in ("", "  ", "two\nlines")],
)
def test_a_name_or_title_that_cannot_be_is_refused(begun, paper, title, says):
    assert refused(new.new, paper, title).startswith(f"{says} is")
    assert notebooks.papers() == ["ddim"]


def test_starters_of_a_draft_are_named_and_do_not_fail(begun, capsys):
    lints.check_all()
    said = capsys.readouterr().out.splitlines()
    for stem in STEMS:
        assert any(line.startswith(f"draft: notebooks/ddim/{stem}.md:") for line in said)
    named = [line for line in said if line.startswith(f"draft: {paths.relative(post().path)}:")]
    assert named and named[0].endswith("“_Starter:” is a starter; write what it asks for")
    assert said[-1].startswith("13 notebooks checked") and said[-1].endswith("nothing to fix")


def test_a_draft_cannot_be_published_with_starters(begun):
    post().path.write_text(post().path.read_text().replace("published: false", "published: true"))
    assert "things to fix" in refused(lints.check_all)


def test_a_new_draft_is_executed_and_shown_whole(tmp_path):
    commands = Commands.lay(tmp_path)
    shutil.copytree(TEMPLATE, commands.root / "notebooks/template")
    commands.succeed("new", "ddim", 'Notes on: "Diffusion"')
    commands.succeed("site", "--drafts")
    page = (commands.root / "_site/ddim/index.html").read_text()
    assert [stem for stem in STEMS if page.count(f'id="{stem}"') == 1] == STEMS
    assert {"_site/assets/images/ddim-card.png", "_site/ddim/claims/index.html"} <= commands.outputs("_site").keys()
    assert commands.succeed("check").endswith("nothing to fix\n")
