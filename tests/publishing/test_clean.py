"""After every build the tree of generated files is that of a clean one, whatever became of sources and of that tree."""

import json
import shutil
import stat
from pathlib import Path

import pytest

from publishing import paths

from .press import POST, Press, Repository

FIGURES = """\
from matplotlib.figure import Figure
from publishing.cells import diagram

figure = Figure(figsize=(2, 1))
figure.subplots().plot([0, 1])
diagram(figure, "line", alt="A rising line.", caption="A line.", instrument="slider", files={"points.json": [0, 1]})"""
CLAIMS = "---\ntitle: Claims\npaper: {}\nmathjax: true\n---\nWords.\n"
SOURCES = ("notebooks", "_posts", "_claims", "assets/js")
STAGES = (paths.EXECUTED, paths.FAILED, paths.STAMPS)
TREE = [paths.relative(path) for path in (*STAGES, *paths.generated()) if path != paths.BUILD]
BROWSER_FILES = {"mathjax-full": ["package.json"], "speech-rule-engine": ["package.json"]}


@pytest.fixture
def press(tmp_path):
    """A site of two papers, with a figure, an instrument's file, pages of claims and files of npm packages."""
    press = Press(Repository(tmp_path / "notes"))
    press.add_site()
    press.repository.write("assets/js/instruments/slider.js", "")
    press.repository.notebook("01-figure", "# 1. Figure", FIGURES)
    press.repository.notebook("02-more", "# 2. More $x$", "print(2)")
    press.repository.notebook("01-only", "# 1. Only", "print('quiet')", paper="quiet")
    write_post(press, "toy", "01-figure", "02-more")
    write_post(press, "quiet", "01-only")
    for paper in ("toy", "quiet"):
        press.repository.write(f"_claims/{paper}.md", CLAIMS.format(paper))
    write_browser_files(press, BROWSER_FILES)
    return press


def write_post(press: Press, paper: str, *stems: str) -> Path:
    includes = [f'{{% include paper_section.html name="{paper}/{stem}" %}}' for stem in stems]
    post = POST.format("\n\n".join(includes)).replace("paper: toy", f"paper: {paper}").replace("/toy/", f"/{paper}/")
    return press.repository.write(f"_posts/2026-01-01-{paper}.md", post)


def write_browser_files(press: Press, files: dict) -> None:
    package = json.loads((press.root / "package.json").read_text())
    press.repository.write("package.json", json.dumps(package | {"browserFiles": files}))


def tree(press: Press) -> dict[str, bytes | None]:
    """Everything in the generated folders: hidden files, links and empty folders too."""
    found = [path for name in TREE for path in (press.root / name).rglob("*")]
    return {path.relative_to(press.root).as_posix(): None if path.is_dir() else path.read_bytes() for path in found}


def clean_tree(press: Press, folder: Path) -> dict[str, bytes | None]:
    """What a fresh copy of the sources becomes. Outputs of cells come from the cache, which is no part of the tree."""
    fresh = Press(Repository(folder))
    fresh.add_site()
    for name in (*SOURCES, "build/cache"):
        shutil.copytree(press.root / name, fresh.root / name, dirs_exist_ok=True)
    shutil.copy(press.root / "package.json", fresh.root)
    fresh.succeed("site")
    return tree(fresh)


def leave_strays(press: Press) -> None:
    for name in TREE:
        for stray in ("stray.txt", "toy-stray.png", ".hidden", "toy/stray.html", "gone/deep/stray.html"):
            press.repository.write(f"{name}/{stray}", "stray")
        (press.root / name / "link").symlink_to(press.root / "notebooks")
        (press.root / name / "empty").mkdir()


def delete_figure(press: Press) -> None:
    press.repository.notebook("01-figure", "# 1. No figure", "print(1)")


def delete_section(press: Press) -> None:
    (press.root / "notebooks/toy/02-more.md").unlink()
    write_post(press, "toy", "01-figure")


def rename_paper(press: Press) -> None:
    (press.root / "notebooks/quiet").rename(press.root / "notebooks/calm")
    (press.root / "_posts/2026-01-01-quiet.md").unlink()
    (press.root / "_claims/quiet.md").unlink()
    write_post(press, "calm", "01-only")
    press.repository.write("_claims/calm.md", CLAIMS.format("calm"))


def make_a_draft(press: Press) -> None:
    for path in (press.root / "_posts/2026-01-01-calm.md", press.root / "_claims/calm.md"):
        path.write_text(path.read_text().replace("title:", "published : false\ntitle:", 1))
    press.succeed("site", "--drafts")
    assert "_site/calm/index.html" in tree(press) and "_site/calm/claims/index.html" in tree(press)


def swap_files_and_folders(press: Press) -> None:
    """A folder where a file belongs, and a file where a folder does; and a file that a web server may not read."""
    for name in ("assets/images/toy-line.png", "_includes/sections/toy/toc.html", "build/executed/toy/01-figure.ipynb"):
        (press.root / name).unlink()
        press.repository.write(f"{name}/x", "x")
    shutil.rmtree(press.root / "assets/notebooks/toy")
    press.repository.write("assets/notebooks/toy", "x")


def delete_paper(press: Press) -> None:
    shutil.rmtree(press.root / "notebooks/calm")
    (press.root / "_posts/2026-01-01-calm.md").unlink()
    (press.root / "_claims/calm.md").unlink()


def drop_package(press: Press) -> None:
    write_browser_files(press, {"mathjax-full": ["package.json"]})


def drop_every_package(press: Press) -> None:
    write_browser_files(press, {})


def test_the_tree_is_that_of_a_clean_build(press, tmp_path):
    press.succeed("site")
    whole = tree(press)
    assert {
        *("_site/quiet/claims/index.html", "_site/assets/data/toy-line-points.json", "assets/images/toy-line.png"),
        *("assets/vendor/mathjax-full/package.json", "build/executed/quiet/01-only.ipynb"),
    } <= whole.keys()

    leave_strays(press)
    said = press.succeed("site")
    assert tree(press) == whole
    assert "site: nothing changed" not in said and said.count("removed, since nothing makes it any more: ") == 2
    assert "site: nothing changed" in press.succeed("site")

    edits = (
        swap_files_and_folders,
        delete_figure,
        delete_section,
        rename_paper,
        make_a_draft,
        delete_paper,
        drop_package,
        drop_every_package,
    )
    for number, edit in enumerate(edits):
        edit(press)
        press.succeed("site")
        assert tree(press) == clean_tree(press, tmp_path / f"clean-{number}"), edit.__name__
        assert "site: nothing changed" in press.succeed("site"), edit.__name__
    assert not any("quiet" in name or "calm" in name for name in tree(press))


def test_the_last_paper_goes_too(press):
    press.succeed("site")
    for folder in ("notebooks", "_posts", "_claims"):
        shutil.rmtree(press.root / folder)
    press.repository.write("index.md", "---\ntitle: Empty\n---\n")
    press.succeed("site")
    assert "_site/index.html" in tree(press) and not any("toy" in name or "quiet" in name for name in tree(press))


def test_a_part_of_a_paper_removes_nothing_of_the_others(press):
    press.succeed("site")
    before = tree(press)
    press.repository.write("assets/images/toy-stray.png", "")
    press.succeed("notebooks", "--only", "02")
    assert tree(press).keys() == before.keys() | {"assets/images/toy-stray.png"}
    press.succeed("notebooks")
    assert tree(press) == before


def test_what_other_tools_keep_below_build_stays(press):
    kept = [press.repository.write(f"build/{name}", "x") for name in ("experiments/a/x", "screenshots/x.png", "x.json")]
    press.succeed("site")
    assert all(path.exists() for path in [*kept, press.root / "build/cache", press.root / "build/typeset"])


def test_nothing_is_made_of_a_paper_that_no_post_shows(press):
    (press.root / "_posts/2026-01-01-quiet.md").unlink()
    (press.root / "_claims/quiet.md").unlink()
    out = press.succeed("site")
    assert "quiet has no post at /quiet/" in out
    assert not any("quiet" in name for name in tree(press))


def test_every_mention_of_a_paper_that_is_gone_is_named_before_anything_runs(press):
    (press.root / "notebooks/quiet").rename(press.root / "notebooks/calm")
    status, out, err = press.run("site")
    assert (status, out) == (1, "")
    assert [line.split(":")[0] for line in err.removeprefix("error: ").splitlines()] == [
        "_posts/2026-01-01-quiet.md",
        "_claims/quiet.md",
    ]


def test_what_is_generated_can_be_read_by_a_web_server_whatever_the_umask(press):
    press.succeed("site", umask=0o077)
    for name in ("_site/toy/index.html", "_site/toy", "_site"):
        (press.root / name).chmod(0o700)
    press.succeed("site")
    for path in (press.root / name for name in tree(press) if not name.startswith("build/")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644), path


def test_a_site_is_built_in_an_awkward_place(press, tmp_path):
    """Its path has a space and a letter beyond ASCII; there is no git, and no home to write to."""
    odd = press.root.rename(tmp_path / "my nötes, mine")
    commands = tmp_path / "commands"
    commands.mkdir()
    for name in ("jekyll", "ruby", "node", "env"):
        (commands / name).symlink_to(shutil.which(name))
    there = Press.__new__(Press)
    there.__dict__ |= {"repository": Repository(odd), "root": odd}
    there.environment = {"PATH": str(commands), "HOME": "/dev/null", "PYTHONPATH": str(odd), "LANG": "C.UTF-8"}
    there.succeed("site")
    assert "_site/assets/images/toy-line.png" in tree(there)
    assert (odd / "_site/feed.xml").read_text().count("2026-01-01") and "1970" not in (
        odd / "_site/feed.xml"
    ).read_text()
    assert "site: nothing changed" in there.succeed("site")
