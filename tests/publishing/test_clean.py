"""After every build the tree of generated files is that of a clean one, whatever became of sources and of that tree."""

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from publishing import paths

from .small_site import Commands, figure

FIGURE = figure(more=', instrument="slider", files={"points.json": [0, 1]}')
STUDIES = "studies: [{title: Studies, pages: [deep]}]\n"
SOURCES = ("notebooks", "_posts", "_claims", "assets/js")
STAGES = (paths.EXECUTED, paths.FAILED, paths.STAMPS)
TREE = [paths.relative(path) for path in (*STAGES, *paths.generated()) if path != paths.BUILD]
BROWSER_FILES = {"mathjax-full": ["package.json"], "speech-rule-engine": ["package.json"]}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A site of two papers, with a figure, an instrument's file, pages of claims and files of npm packages."""
    commands = Commands.lay(tmp_path_factory.mktemp("built") / "notes")
    commands.write("assets/js/instruments/slider.js", "")
    commands.notebook("01-figure", "# 1. Figure", FIGURE)
    commands.notebook("02-more", "# 2. More $x$", "print(2)")
    commands.notebook("studies/deep", "# Deep?\n\nYes, $x$.", FIGURE, "claim('It is one', sum([1]), '==', 1)")
    commands.notebook("01-only", "# 1. Only", "print('quiet')", paper="quiet")
    commands.post("01-figure", "02-more", front=STUDIES)
    commands.post("01-only", paper="quiet")
    for paper in ("toy", "quiet"):
        commands.claims(paper)
    commands.name_browser_files(BROWSER_FILES)
    commands.succeed("site")
    return commands


def tree(commands: Commands) -> dict[str, bytes | None]:
    """Everything in the generated folders: hidden files, links and empty folders too."""
    found = [path for name in TREE for path in (commands.root / name).rglob("*")]
    return {path.relative_to(commands.root).as_posix(): None if path.is_dir() else path.read_bytes() for path in found}


def clean_tree(commands: Commands, folder: Path) -> dict[str, bytes | None]:
    """What a fresh copy of the sources becomes. Outputs of cells come from the cache, which is no part of the tree."""
    fresh = Commands.lay(folder)
    for name in (*SOURCES, "build/cache"):
        shutil.copytree(commands.root / name, fresh.root / name, dirs_exist_ok=True)
    shutil.copy(commands.root / "package.json", fresh.root)
    fresh.succeed("site")
    return tree(fresh)


def remove_what_is_generated(commands: Commands) -> None:
    for name in TREE:
        shutil.rmtree(commands.root / name, ignore_errors=True)


def leave_strays(commands: Commands) -> None:
    for name in TREE:
        for stray in ("stray.txt", "toy-stray.png", ".hidden", "toy/stray.html", "gone/deep/stray.html"):
            commands.write(f"{name}/{stray}", "stray")
        (commands.root / name / "link").symlink_to(commands.root / "notebooks")
        (commands.root / name / "empty").mkdir()


def delete_figure(commands: Commands) -> None:
    commands.notebook("01-figure", "# 1. No figure", "print(1)")


def delete_section(commands: Commands) -> None:
    for stem in ("02-more", "studies/deep"):
        (commands.root / f"notebooks/toy/{stem}.md").unlink()
    commands.post("01-figure")


def rename_paper(commands: Commands) -> None:
    (commands.root / "notebooks/quiet").rename(commands.root / "notebooks/calm")
    (commands.root / "_posts/2026-01-01-quiet.md").unlink()
    (commands.root / "_claims/quiet.md").unlink()
    commands.post("01-only", paper="calm")
    commands.claims("calm")


def make_a_draft(commands: Commands) -> None:
    for path in (commands.root / "_posts/2026-01-01-calm.md", commands.root / "_claims/calm.md"):
        path.write_text(path.read_text().replace("title:", "published : false\ntitle:", 1))
    commands.succeed("site", "--drafts")
    assert "_site/calm/index.html" in tree(commands) and "_site/calm/claims/index.html" in tree(commands)


def swap_files_and_folders(commands: Commands) -> None:
    """A folder where a file belongs, and a file where a folder does; and a file that a web server may not read."""
    for name in (
        "assets/images/toy-line.png",
        "_includes/sections/toy/toc.html",
        "build/executed/toy/01-figure.ipynb",
        "_studies/toy/deep.html",
    ):
        (commands.root / name).unlink()
        commands.write(f"{name}/x", "x")
    shutil.rmtree(commands.root / "assets/notebooks/toy")
    commands.write("assets/notebooks/toy", "x")


def delete_paper(commands: Commands) -> None:
    shutil.rmtree(commands.root / "notebooks/calm")
    (commands.root / "_posts/2026-01-01-calm.md").unlink()
    (commands.root / "_claims/calm.md").unlink()


def test_the_tree_is_that_of_a_clean_build(commands, tmp_path):
    whole = tree(commands)
    assert {
        *("_site/quiet/claims/index.html", "_site/assets/data/toy-line-points.json", "assets/images/toy-line.png"),
        *("assets/vendor/mathjax-full/package.json", "build/executed/quiet/01-only.ipynb"),
        *("_site/toy/deep/index.html", "_studies/toy/deep.html", "assets/images/toy-deep--line.png"),
    } <= whole.keys()

    kept = [commands.write(f"build/{name}", "x") for name in ("experiments/a/x", "screenshots/x.png", "x.json")]
    leave_strays(commands)
    said = commands.succeed("site")
    assert tree(commands) == whole
    assert all(path.exists() for path in [*kept, commands.root / "build/cache", commands.root / "build/typeset"])
    assert "site: nothing changed" not in said and said.count(", since nothing makes it: ") == 2
    for folder in set(TREE) - {"build/stamps", "build/failed", "assets/vendor"}:
        (kept,) = commands.root.glob(f"build/removed/*/{folder}/stray.txt")
        assert kept.read_text() == "stray", "it may be a person's own"
    swap_files_and_folders(commands)
    commands.succeed("site")
    stamp = "build/stamps/site.json"  # names what was made anew first
    assert tree(commands) | {stamp: b""} == whole | {stamp: b""}
    assert "site: nothing changed" in commands.succeed("site")

    several = (
        (delete_figure, rename_paper, lambda _: commands.name_browser_files({"mathjax-full": ["package.json"]})),
        (delete_section, make_a_draft),
        (delete_paper, lambda _: commands.name_browser_files({})),
    )
    for number, edits in enumerate(several):
        for edit in edits:
            edit(commands)
        commands.succeed("site")
        assert tree(commands) == clean_tree(commands, tmp_path / f"clean-{number}"), edits
        assert "site: nothing changed" in commands.succeed("site"), edits
    assert not any("quiet" in name or "calm" in name for name in tree(commands))


def test_the_last_paper_goes_too(commands):
    for folder in ("notebooks", "_posts", "_claims"):
        shutil.rmtree(commands.root / folder)
    commands.write("index.md", "---\ntitle: Empty\n---\n")
    commands.succeed("site")
    assert "_site/index.html" in tree(commands) and not any("toy" in name or "quiet" in name for name in tree(commands))


def test_a_part_of_a_paper_removes_nothing_of_the_others(commands):
    before = tree(commands)
    commands.write("assets/images/toy-stray.png", "")
    commands.succeed("notebooks", "--only", "02")
    assert tree(commands).keys() == before.keys() | {"assets/images/toy-stray.png"}
    commands.succeed("notebooks")
    assert tree(commands) == before


def test_what_is_generated_can_be_read_by_a_web_server_whatever_the_umask(commands):
    remove_what_is_generated(commands)
    commands.succeed("site", umask=0o077)
    for name in ("_site/toy/index.html", "_site/toy", "_site"):
        (commands.root / name).chmod(0o700)
    commands.succeed("site")
    for path in (commands.root / name for name in tree(commands) if not name.startswith("build/")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644), path


def test_a_site_is_built_in_an_awkward_place(commands, tmp_path):
    """Its path has a space and a letter beyond ASCII; there is no git, and no home to write to."""
    odd = commands.root.rename(tmp_path / "my nötes, mine")
    shutil.rmtree(odd / "build")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("jekyll", "ruby", "node", "env"):
        (programs / name).symlink_to(shutil.which(name))
    there = Commands(odd)
    remove_what_is_generated(there)
    there.environment = {"PATH": str(programs), "HOME": "/dev/null", "PYTHONPATH": str(odd), "LANG": "C.UTF-8"}
    there.succeed("site")
    assert "_site/assets/images/toy-line.png" in tree(there)
    assert (odd / "_site/feed.xml").read_text().count("2026-01-01") and "1970" not in (
        odd / "_site/feed.xml"
    ).read_text()
    assert "site: nothing changed" in there.succeed("site")


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("site >&- 2>&- <&-", 0, ""),
        ("notebooks > /dev/full", 1, "make room on the disk"),
        ("notebooks | true", 1, ""),
    ],
)
def test_an_output_that_takes_nothing_is_no_traceback(commands, command, status, said):
    commands.notebook("02-more", "# 2. More $x$\n\nAnother word.", "print(1)")
    line = f"set -o pipefail; unset PYTHONUNBUFFERED; {sys.executable} -m publishing {command}"
    done = subprocess.run(["bash", "-c", line], cwd=commands.root, env=commands.environment, stderr=subprocess.PIPE)
    assert done.returncode == status and said in done.stderr.decode() and "Traceback" not in done.stderr.decode()
    assert status or "Another word." in (commands.root / "_site/toy/index.html").read_text()


@pytest.mark.parametrize("given", [["new", "LONG", "T"], ["import", "LONG.md", "toy/studies/x"], ["embed", "LONG"]])
def test_a_name_that_no_file_can_have_is_one_line(commands, given):
    said = commands.fail(*(word.replace("LONG", "a" * 300) for word in given))
    assert said.count("\n") <= 1 and "aaa" in said and "Traceback" not in said


@pytest.mark.parametrize("given", ["link", "volume"])
def test_a_site_whose_folder_cannot_be_renamed_is_updated_file_by_file(commands, tmp_path, monkeypatch, given):
    site, elsewhere = commands.root / "_site", tmp_path / "www"
    if given == "link":
        site.rename(elsewhere)
        site.symlink_to(elsewhere)
    (site / "left-over.html").write_text("old")
    commands.notebook("02-more", "# 2. More $x$\n\nAnother word.")
    busy = "import errno, pathlib; rename = pathlib.Path.rename\n"
    busy += "def refuse(path, target):\n    if path.name == '_site': raise OSError(errno.EBUSY, 'busy')\n"
    busy += "    return rename(path, target)\npathlib.Path.rename = refuse\n"
    commands.succeed("site", code=busy * (given == "volume") + "from publishing.__main__ import main; sys.exit(main())")
    assert "Another word." in (site / "toy/index.html").read_text() and not (site / "left-over.html").exists()
    assert site.is_symlink() == (given == "link")


def test_a_module_is_read_in_the_encoding_that_it_declares(commands):
    module = commands.write("helper.py", "")
    module.write_bytes("# -*- coding: latin-1 -*-\nWORD = 'é'\n".encode("latin-1"))
    commands.notebook("02-more", "# 2. More $x$", "import helper\nprint(helper.WORD)")
    commands.succeed("site")
    assert "é" in (commands.root / "_site/toy/index.html").read_text()


def test_a_stylesheet_that_is_no_utf_8_is_named(commands):
    style = commands.root / "assets/css/notes.css"
    style.write_bytes(style.read_bytes() + "/* é */".encode("latin-1"))
    assert "assets/css/notes.css: byte " in commands.fail("site")


def test_what_belongs_to_somebody_else_is_one_line(commands):
    """Not by taking the right away: root has them all."""
    refuse = "import os, errno\ndef utime(path): raise PermissionError(errno.EPERM, 'Operation not permitted')\n"
    refuse += "os.utime = utime\nfrom publishing.__main__ import main; sys.exit(main())"
    commands.notebook("02-more", "# 2. More $x$\n\nAnother word.")
    said = commands.fail("site", code=refuse)
    assert "Operation not permitted" in said and "chown" in said and "Traceback" not in said


def test_under_serve_text_that_was_edited_is_put_into_the_pages_as_jekyll_would(commands):
    commands.notebook("02-more", "# 2. More $x$\n\nA word.\n\nOn two pages.\n\nThe end.")
    commands.notebook("01-only", "# 1. Only\n\nOn two pages.", paper="quiet")
    commands.succeed("site", "--drafts")
    without_jekyll = "from publishing.site import jekyll; jekyll.build_site = 0; "
    without_jekyll += "from publishing.__main__ import main; sys.exit(main())"
    edits = (
        ("02-more", "A word.", "Another word, and $y$."),
        ("02-more", "The end.", "More words.\n\n- The end."),
        ("02-more", "On two pages.", "On one page."),
        ("studies/deep", "Yes, $x$.", "Yes, $x$.\n\n{% raw %} and `{{ braces }}`."),
        ("01-figure", "# 1. Figure", "# 1. Figure\n\n## A part\n\nOf it."),
    )
    for number, (stem, old, new) in enumerate(edits):
        path = commands.root / f"notebooks/toy/{stem}.md"
        path.write_text(path.read_text().replace(old, new, 1))
        commands.succeed("site", "--drafts", **({"code": without_jekyll} if number < 3 else {}))
        if number < 2:  # then a page that was patched is patched again
            continue
        patched = commands.outputs("_site")
        shutil.rmtree(commands.root / "_site")
        commands.succeed("site", "--drafts")
        assert patched == commands.outputs("_site"), new
    commands.succeed("site")
    indexed = commands.outputs("_site/pagefind")
    assert indexed and commands.outputs("_site") == patched | indexed
