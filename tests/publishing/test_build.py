"""The build as `make` runs it: in processes of its own, on a small repository with a paper of two notebooks."""

import ast
import fcntl
import os
import shutil
import sys
from pathlib import Path

import psutil
import pytest

from publishing.blog.embed import LIST

from ..conftest import PATIENCE, eventually
from .small_site import GENERATED, MADE, Commands, figure

FIGURE = f"from net import double\n{figure('double(1)')}"
SLOW = {"jupytext", "nbformat", "nbclient", "nbconvert", "markdown_it", "matplotlib", "numpy", "IPython"}
WATCHED = f"""from publishing.__main__ import main
started = []
sys.addaudithook(lambda event, about: started.append(about[0]) if event == "subprocess.Popen" else None)
main()
print(sorted({SLOW} & set(sys.modules)), [f"{{one}}" for one in started if one != "git"])"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The site, built from nothing; `said` is what that build said."""
    commands = Commands.lay(tmp_path_factory.mktemp("built") / "notes")
    commands.write("net.py", "def double(x):\n    return 2 * x\n")
    commands.notebook("01-figure", "# 1. Figure\n\nSee [Eq. (1)](#eq-1).", FIGURE)
    commands.notebook("02-claim", "# 2. Claim\n\n$$\nx = 1 \\tag{1}\n$$", "print('a claim')")
    commands.post("01-figure", "02-claim")
    commands.said = commands.succeed("site")
    return commands


@pytest.fixture
def unbuilt(commands):
    """Its sources alone."""
    for name in GENERATED:
        shutil.rmtree(commands.root / name, ignore_errors=True)
    return commands


def test_notebooks_are_executed_and_rendered_and_the_figures_counted(unbuilt):
    out = unbuilt.succeed("notebooks")
    assert "executing 2 of the notebooks" in out and "toy/01-figure  2 cells" in out
    assert out.splitlines()[-2:] == ["toy: 2 notebooks, 2 executed", "figures: 1 written"]
    made = unbuilt.outputs(*MADE)
    assert {"build/executed/toy/01-figure.ipynb", "assets/images/toy-line.png"} <= set(made)

    again = unbuilt.succeed("notebooks", code=WATCHED)
    assert again == "toy: 2 notebooks, nothing changed\nfigures: 1 unchanged\n[] []\n"
    assert unbuilt.outputs(*MADE) == made

    unbuilt.write("net.py", "def double(x):\n    return 2.5 * x\n")
    out = unbuilt.succeed("notebooks")
    assert "toy/01-figure  2 cells" in out and "02-claim" not in out and out.endswith("\nfigures: 1 changed\n")


def test_one_section_is_taken_alone_and_forced_to_run_again_and_an_unknown_one_refused(unbuilt):
    out = unbuilt.succeed("notebooks", "--only", "01")
    assert "toy/01-figure  2 cells" in out and "02-claim" not in out
    again = unbuilt.succeed("notebooks", "--only", "toy/01-figure")
    assert again == "toy/01-figure: nothing changed\nfigures: 1 unchanged\n"
    assert "toy/01-figure  2 cells" in unbuilt.succeed("notebooks", "--only", "1", "--force")
    assert "toy/02-claim  2 cells" in unbuilt.succeed("notebooks")
    there = "there are 01-figure, 02-claim"
    assert unbuilt.fail("notebooks", "--only", "7") == f"no notebook is numbered or named '7'; {there}"


@pytest.mark.parametrize(
    "name", ["_includes/shared/words.html", "_includes/.words.html", "extras/words.html", ".htaccess"]
)
def test_what_jekyll_finds_in_other_places_counts(commands, name):
    (commands.root / "shared").mkdir()
    (commands.root / "_includes/shared").symlink_to("../shared")
    with (commands.root / "_config.yml").open("a") as configuration:
        configuration.write("include: [extras, .htaccess]\n")
    layout = commands.root / "_layouts/default.html"
    if name.startswith("_includes/"):
        include = f"{{% include {name.removeprefix('_includes/')} %}}</body>"
        layout.write_text(layout.read_text().replace("</body>", include))
    for word in ("Tulips", "Hyacinths"):
        commands.write(name, f"---\n---\n{word}")
        commands.succeed("site")
        built = "index.html" if name.startswith("_includes/") else name
        assert word in (commands.root / "_site" / built).read_text()


@pytest.mark.parametrize("name", ["_includes/gone.html", "_posts/2026-01-02-x.md", "_data/gone.yml"])
def test_a_link_that_leads_nowhere_is_refused(commands, name):
    (commands.root / name).parent.mkdir(exist_ok=True)
    (commands.root / name).symlink_to("nowhere")
    assert commands.fail("site").startswith(f"{name} is a link that leads nowhere; let it lead to a file, or move")


@pytest.mark.parametrize(
    "name", ["notebooks/toy/net.py", "notebooks/toy/03-x.md", "_includes/pipe", "_posts/2026-01-02-x.md", "assets/pipe"]
)
@pytest.mark.parametrize("is_link", [False, True])
def test_a_pipe_that_would_be_waited_for_is_refused(commands, name, is_link):
    os.mkfifo(pipe := commands.root / ("pipe" if is_link else name))
    if is_link:
        (commands.root / name).symlink_to(pipe)
    assert commands.fail("site") == f"{name} is a pipe, a socket or a device, but no file; move it away"


def test_what_one_notebook_writes_goes_through_all_that_read_it_in_one_build(unbuilt):
    links = {f"0{number}-link": number for number in range(2, 6)}
    unbuilt.post("01-figure", *list(links)[:-1])
    unbuilt.write("1.txt", "old")
    (unbuilt.root / "notebooks/toy/02-claim.md").unlink()
    for stem, number in links.items():
        unbuilt.write(f"{number}.txt", "old")
        paper = "toy" if number < 5 else "other"
        code = f"word = open('../../{number - 1}.txt').read()\nprint(word)\nopen('../../{number}.txt', 'w').write(word)"
        unbuilt.notebook(stem, f"# {number}. Link", code, paper=paper)
    for word in ("new", "newer"):
        unbuilt.notebook("01-figure", "# 1. First", f"open('../../1.txt', 'w').write('{word}')")
        unbuilt.succeed("notebooks")
        assert all(f'"{word}\\n"' in path.read_text() for path in unbuilt.root.glob("build/executed/*/*link.ipynb"))
        assert "executed" not in unbuilt.succeed("notebooks")


def test_a_notebook_that_read_what_another_one_writes_later_runs_again(unbuilt):
    unbuilt.write("word.txt", "old")
    unbuilt.notebook("01-figure", "# 1. Figure", "print(open('../../word.txt').read(), 'word')")
    for word in ("new", "newer"):
        unbuilt.notebook(
            "02-claim", "# 2. Claim", f"import time\ntime.sleep(2)\nopen('../../word.txt', 'w').write('{word}')"
        )
        unbuilt.succeed("notebooks")
        assert f'"{word} word\\n"' in (unbuilt.root / "build/executed/toy/01-figure.ipynb").read_text()
        assert "nothing changed" in unbuilt.succeed("notebooks")
    unbuilt.notebook("02-claim", "# 2. Claim", "with open('../../word.txt', 'a+') as word: word.write('!')")
    told = "toy/02-claim reads word.txt, which is another after each run; let no notebook write what notebooks read"
    assert told in unbuilt.faults("notebooks")


def test_a_repository_without_a_paper_says_what_to_write(commands):
    for folder in ("notebooks", "_posts"):
        shutil.rmtree(commands.root / folder)
    assert commands.fail("notebooks").startswith("no paper in notebooks/")


def test_what_fails_leaves_the_good_outputs_alone_and_once_undone_nothing_behind(commands):
    shown = ("_site", "_includes/sections")
    made, site = commands.outputs(*MADE), commands.outputs(*shown)
    commands.notebook("01-figure", "# 1. Figure", FIGURE.replace('alt="A rising line."', 'alt=""'))
    commands.notebook("02-claim", "# 2. Claim", "print('new')")
    assert commands.fail("notebooks").startswith("toy/01-figure, cell 2: ValueError: the alt is empty")
    assert commands.outputs(*MADE) == made
    assert list(commands.outputs("build/failed")) == ["build/failed/toy/01-figure.ipynb"]
    prose = "# 2. Claim\n\n$$\nx = 1 \\tag{1}\n$$"
    commands.notebook("01-figure", "# 1. Figure\n\nSee [Eq. (1)](#eq-1).", FIGURE)
    commands.notebook("02-claim", f"{prose}\n\n$\\frac$", "print('a claim')")
    assert commands.fail("site").startswith("toy/02-claim, cell 1: ")
    assert commands.outputs(*shown) == site
    for since in ("", "\n\nMore prose."):
        commands.notebook("02-claim", prose, "1 / 0")
        commands.fail("notebooks")
        commands.notebook("02-claim", prose + since, "print('a claim')")
        assert "executing" not in commands.succeed("notebooks")
        assert commands.outputs("build/failed") == {}


def test_the_site_is_built_once_and_again_only_after_a_change(built, commands):
    out = built.said
    assert out.splitlines()[-2:] == ["the post: _site/toy/index.html", "to look at it: make serve"]
    assert max(map(len, out.splitlines())) <= 80
    page = (commands.root / "_site/toy/index.html").read_text()
    assert 'id="eq-1"' in page and "toy-line.png" in page and "A rising line." in page
    made = commands.outputs(*MADE)

    again = commands.succeed("site", code=WATCHED)
    assert "toy: 2 notebooks, nothing changed" in again and "site: nothing changed" in again
    assert again.splitlines()[-1] == "[] []"
    assert commands.outputs(*MADE) == made

    post = commands.root / "_posts/2026-01-01-toy.md"
    post.write_text(f"{post.read_text()}\nA new end.\n")
    out = commands.succeed("site")
    assert "toy: 2 notebooks, nothing changed" in out and "site: nothing changed" not in out
    assert "A new end." in (commands.root / "_site/toy/index.html").read_text()


def test_jekyll_loads_before_notebooks_run_and_ends_where_one_fails(commands):
    commands.notebook("02-claim", "# 2. Claim\n\n$$\nx = 1 \\tag{1}\n$$", "print('another claim')")
    started = ast.literal_eval(commands.succeed("site", code=WATCHED).splitlines()[-1].partition("] ")[2])
    names = [Path(one).name for one in started]
    assert names.index("ruby") < names.index(Path(sys.executable).name)
    assert names.count("node") == names.count("pagefind_extended")  # which is asked for its version

    commands.notebook("02-claim", "# 2. Claim\n\n$$\nx = 1 \\tag{1}\n$$", "1 / 0")
    commands.fail("site")
    here = [one for one in psutil.process_iter(["cwd"]) if one.info["cwd"] == str(commands.root)]
    assert here == []


def test_embedding_refuses_before_anything_is_built_and_else_builds_what_it_embeds(commands, tmp_path_factory):
    shutil.rmtree(commands.root / "_site")
    blog = tmp_path_factory.mktemp("blog")
    here = f"BLOG is the folder of a Jekyll site, with a _config.yml in it; got {blog}"
    assert commands.fail("embed", str(blog)) == here
    assert commands.fail("embed", f"{blog}/nowhere") == f"{here}/nowhere"
    assert commands.fail("embed", "~nobody-of-this-name").startswith("BLOG is the folder of a Jekyll site")
    assert commands.fail("embed", "").endswith("as in BLOG=../my-blog; none was given")
    assert commands.fail("embed", ".").startswith("BLOG is another site than this one")
    (blog / "_config.yml").write_text("title: Blog\n")
    assert commands.fail("embed", "--undo", str(blog)).endswith("nothing was embedded there")
    (blog / LIST).write_text("{")
    assert commands.fail("embed", str(blog)).startswith(f"{blog}/{LIST} is damaged")
    (blog / LIST).unlink()
    assert not (commands.root / "_site").exists()

    out = commands.succeed("embed", "--dry", "--no-instruments", str(blog))
    assert "the post: _site/toy/index.html" in out and "to look at it" not in out and "in all " in out
    assert [path.name for path in blog.iterdir()] == ["_config.yml"]
    commands.succeed("embed", str(blog))
    assert (blog / "_includes/paper_notes/toy.html").is_file()


def test_a_draft_is_shown_to_its_writer_alone(commands):
    post = commands.post("01-figure", "02-claim")
    post.write_text(post.read_text().replace("/toy/", "/papers/toy/\npublished: false"))
    out = commands.succeed("site")
    assert "toy has no post at /papers/toy/; if it is a draft, `make serve` shows it" in out
    assert not any("toy" in name for name in commands.outputs("_site"))

    assert commands.succeed("site", "--drafts").endswith("the post: _site/papers/toy/index.html\n")
    assert {"_site/papers/toy/index.html", "_site/assets/images/toy-line.png"} <= set(commands.outputs("_site"))


def test_a_second_build_waits_for_the_first_and_says_so(commands):
    image = commands.root / "assets/images/toy-line.png"
    image.unlink()
    root = os.open(commands.root, os.O_RDONLY)
    fcntl.flock(root, fcntl.LOCK_EX)
    process = commands.start("notebooks")
    assert process.stdout.readline() == "another build is running here; waiting for it to end\n"
    assert not image.exists()
    os.close(root)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and "figures: 1 written" in out, err


def test_a_build_that_is_stopped_ends_its_kernels_and_the_next_one_is_whole(unbuilt):
    unbuilt.notebook("02-claim", "# 2", "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)")
    process = unbuilt.start("notebooks")
    pid = unbuilt.root / "notebooks/toy/pid"
    eventually(lambda: pid.is_file() and pid.read_text(), "the kernel's number")
    process.send_signal(2)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (130, "stopped\n")
    assert "toy/02-claim" not in out and unbuilt.outputs("build/failed") == {}
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    unbuilt.notebook("02-claim", "# 2", "print('a claim')")
    assert "figures: 1 written" in unbuilt.succeed("notebooks", "--only", "1")


def test_a_kernel_that_does_not_start_is_one_line_of_error(unbuilt):
    recorder = unbuilt.root / "publishing/execute/recorder.py"
    recorder.write_text(recorder.read_text().replace("    from ipykernel", "    sys.exit(3)\n    from ipykernel"))
    figure, claim = unbuilt.faults("notebooks")
    assert figure.startswith("toy/01-figure, cell 0: no kernel (Kernel died before replying")
    assert claim.startswith("toy/02-claim, cell 0: no kernel")


def test_checking_says_what_is_wrong(commands):
    (commands.root / "_site/toy/index.html").unlink()
    assert "nothing to fix" in commands.succeed("check") and (commands.root / "_site/toy/index.html").exists()
    commands.notebook("01-figure", "# 1\n\n_Starter:_", FIGURE)
    status, out, err = commands.run("check")
    assert (status, err) == (1, "error: 1 thing to fix, named above\n") and "_Starter" in out
    assert out.endswith(commands.run("check", "--sources")[1])
