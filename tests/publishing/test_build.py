"""The press as `make` runs it: in processes of its own, on a small repository with a paper of two notebooks."""

import fcntl
import os
import shutil

import pytest

from publishing.blog.embed import LIST

from ..conftest import PATIENCE, eventually
from .press import MADE, POST, Press

FIGURE = """\
from matplotlib.figure import Figure
from publishing.cells import claim, diagram
from net import double

figure = Figure(figsize=(2, 1))
figure.subplots().plot([0, double(1)])
diagram(figure, "line", alt="A rising line.", caption="Twice $x$.")"""
SLOW = {"jupytext", "nbformat", "nbclient", "nbconvert", "markdown_it", "matplotlib", "numpy", "IPython"}
WATCHED = f"""from publishing.__main__ import main
started = []
sys.addaudithook(lambda event, about: started.append(about[0]) if event == "subprocess.Popen" else None)
main()
print(sorted({SLOW} & set(sys.modules)), [one for one in started if one != "git"])"""


@pytest.fixture
def press(repository):
    repository.write("net.py", "def double(x):\n    return 2 * x\n")
    repository.notebook("01-figure", "# 1. Figure\n\nSee [Eq. (1)](#eq-1).", FIGURE)
    repository.notebook("02-claim", "# 2. Claim\n\n$$\nx = 1 \\tag{1}\n$$", "print('a claim')")
    return Press(repository)


@pytest.fixture
def site(press):
    press.add_site()
    press.repository.post("01-figure", "02-claim")
    return press


def test_notebooks_are_executed_and_rendered_and_the_figures_counted(press):
    out = press.succeed("notebooks")
    assert "executing 2 of the notebooks" in out and "toy/01-figure  2 cells" in out
    assert out.splitlines()[-2:] == ["toy: 2 notebooks, 2 executed", "figures: 1 written"]
    made = press.outputs(*MADE)
    assert {
        "build/executed/toy/01-figure.ipynb",
        "assets/notebooks/toy/02-claim.md",
        "assets/images/toy-line.png",
    } <= set(made)

    again = press.succeed("notebooks")
    assert again == "toy: 2 notebooks, nothing changed\nfigures: 1 unchanged\n"
    assert press.outputs(*MADE) == made


def test_nothing_changed_is_decided_without_a_slow_import_or_a_process(press):
    press.succeed("notebooks")
    assert press.succeed("notebooks", code=WATCHED).splitlines()[-1] == "[] []"


def test_a_formula_of_the_package_changes_the_figure_that_shows_it(press):
    press.succeed("notebooks")
    press.repository.write("net.py", "def double(x):\n    return 2.5 * x\n")
    out = press.succeed("notebooks")
    assert "toy/01-figure  2 cells" in out and "02-claim" not in out
    assert out.splitlines()[-1] == "figures: 1 changed"


def test_a_lost_or_altered_output_is_made_again(press):
    press.succeed("notebooks")
    made = press.outputs(*MADE)
    (press.root / "assets/images/toy-line.png").unlink()
    (press.root / "assets/notebooks/toy/01-figure.md").write_text("altered")
    out = press.succeed("notebooks")
    assert "executing" not in out
    assert out.splitlines()[-1] == "figures: 1 written"
    assert press.outputs(*MADE) == made


def test_one_section_is_taken_alone_and_forced_to_run_again(press):
    out = press.succeed("notebooks", "--only", "01")
    assert "toy/01-figure  2 cells" in out and "02-claim" not in out
    for name in ("1", "01", "01-figure", "toy/01-figure"):
        again = press.succeed("notebooks", "--only", name)
        assert again == "toy/01-figure: nothing changed\nfigures: 1 unchanged\n"
    assert "toy/01-figure  2 cells" in press.succeed("notebooks", "--only", "1", "--force")
    assert "toy/02-claim  2 cells" in press.succeed("notebooks")


def test_an_unknown_section_is_refused(press):
    there = "there are 01-figure, 02-claim"
    assert press.fail("notebooks", "--only", "7") == f"no notebook is numbered or named '7'; {there}"


def test_a_repository_without_a_paper_says_what_to_write(press):
    shutil.rmtree(press.root / "notebooks")
    assert press.fail("notebooks").startswith("no paper in notebooks/")


def test_a_section_that_is_gone_leaves_nothing_behind(press):
    press.repository.notebook("03-more", "# 3. More", "print(3)")
    press.succeed("notebooks")
    assert any("03-more" in name for name in press.outputs(*MADE))
    (press.root / "notebooks/toy/03-more.md").unlink()
    press.succeed("notebooks")
    assert not any("03-more" in name for name in press.outputs(*MADE))


def test_a_failing_notebook_leaves_the_good_outputs_alone(press):
    press.succeed("notebooks")
    made = press.outputs(*MADE)
    press.repository.notebook("01-figure", "# 1. Figure", FIGURE.replace('alt="A rising line."', 'alt=""'))
    press.repository.notebook("02-claim", "# 2. Claim", "print('new')")
    assert press.fail("notebooks").startswith("toy/01-figure, cell 2: ValueError: the alt is empty")
    assert press.outputs(*MADE) == made
    assert list(press.outputs("build/failed")) == ["build/failed/toy/01-figure.ipynb"]


@pytest.mark.parametrize("since", ["", "\n\nMore prose."])
def test_a_mistake_that_is_undone_leaves_no_failed_notebook(press, since):
    press.succeed("notebooks")
    prose = "# 2. Claim\n\n$$\nx = 1 \\tag{1}\n$$"
    press.repository.notebook("02-claim", prose, "1 / 0")
    press.fail("notebooks")
    press.repository.notebook("02-claim", prose + since, "print('a claim')")
    assert "executing" not in press.succeed("notebooks")
    assert press.outputs("build/failed") == {}


def test_the_site_is_built_once_and_again_only_after_a_change(site):
    out = site.succeed("site")
    assert out.splitlines()[-2:] == ["the post: _site/toy/index.html", "to look at it: make serve"]
    assert max(map(len, out.splitlines())) <= 80
    page = (site.root / "_site/toy/index.html").read_text()
    assert 'id="eq-1"' in page and "toy-line.png" in page and "A rising line." in page
    made = site.outputs(*MADE)

    again = site.succeed("site", code=WATCHED)
    assert "toy: 2 notebooks, nothing changed" in again and "site: nothing changed" in again
    assert again.splitlines()[-1] == "[] []"
    assert site.outputs(*MADE) == made

    site.repository.write("_posts/2026-01-01-toy.md", POST.format("A new beginning."))
    out = site.succeed("site")
    assert "toy: 2 notebooks, nothing changed" in out and "site: nothing changed" not in out
    assert "A new beginning." in (site.root / "_site/toy/index.html").read_text()


def test_embedding_refuses_before_anything_is_built_and_else_builds_what_it_embeds(site, tmp_path_factory):
    blog = tmp_path_factory.mktemp("blog")
    here = f"BLOG is the folder of a Jekyll site, with a _config.yml in it; got {blog}"
    assert site.fail("embed", str(blog)) == here
    assert site.fail("embed", f"{blog}/nowhere") == f"{here}/nowhere"
    assert site.fail("embed", "~nobody-of-this-name").startswith("BLOG is the folder of a Jekyll site")
    assert site.fail("embed", "").endswith("as in BLOG=../my-blog; none was given")
    assert site.fail("embed", ".").startswith("BLOG is another site than this one")
    (blog / "_config.yml").write_text("title: Blog\n")
    assert site.fail("embed", "--undo", str(blog)).endswith("nothing was embedded there")
    (blog / LIST).write_text("{")
    assert site.fail("embed", str(blog)).startswith(f"{blog}/{LIST} is damaged")
    (blog / LIST).unlink()
    assert not (site.root / "build").exists()

    out = site.succeed("embed", str(blog))
    assert "the post: _site/toy/index.html" in out and "to look at it" not in out
    assert (blog / "_includes/sections/toy/01-figure.html").is_file()


def test_a_draft_is_shown_to_its_writer_alone(site):
    draft = POST.replace("title:", "published: false\ntitle:").format(
        '{% include paper_section.html name="toy/01-figure" %}'
    )
    site.repository.write("_posts/2026-01-01-toy.md", draft)
    out = site.succeed("site")
    assert "toy has no post at /toy/; if it is a draft, `make serve` shows it" in out
    assert not any("toy" in name for name in site.outputs("_site"))

    assert site.succeed("site", "--drafts").endswith("the post: _site/toy/index.html\n")
    assert {"_site/toy/index.html", "_site/assets/images/toy-line.png"} <= set(site.outputs("_site"))

    site.succeed("site")
    assert not any("toy" in name for name in site.outputs("_site"))


def test_a_formula_that_is_wrong_leaves_the_site_alone(site):
    site.succeed("site")
    made = site.outputs("_site", "_includes/sections")
    site.repository.notebook("02-claim", "# 2. Claim\n\n$$\n\\frac{1 \\tag{1}\n$$", "print('a claim')")
    assert "toy/02-claim, cell 1" in site.fail("site")
    assert site.outputs("_site", "_includes/sections") == made


def test_a_second_build_waits_for_the_first_and_says_so(press):
    root = os.open(press.root, os.O_RDONLY)
    fcntl.flock(root, fcntl.LOCK_EX)
    process = press.start("notebooks")
    assert process.stdout.readline() == "another build is running here; waiting for it to end\n"
    assert not (press.root / "build").exists()
    os.close(root)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and "figures: 1 written" in out, err


def test_a_build_that_is_stopped_ends_its_kernels_and_the_next_one_is_whole(press):
    press.repository.notebook(
        "02-claim", "# 2", "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)"
    )
    process = press.start("notebooks")
    pid = press.root / "notebooks/toy/pid"
    eventually(lambda: pid.is_file() and pid.read_text(), "the kernel's number")
    process.send_signal(2)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (130, "stopped\n")
    assert "toy/02-claim" not in out and press.outputs("build/failed") == {}
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    press.repository.notebook("02-claim", "# 2", "print('a claim')")
    assert "figures: 1 written" in press.succeed("notebooks", "--only", "1")


def test_a_kernel_that_does_not_start_is_one_line_of_error(press):
    recorder = press.root / "publishing/execute/recorder.py"
    recorder.write_text(recorder.read_text().replace("    from ipykernel", "    sys.exit(3)\n    from ipykernel"))
    assert press.fail("notebooks").startswith("toy/01-figure, cell 0: no kernel (Kernel died before replying")


def test_checking_says_what_is_wrong(press):
    assert "nothing to fix" in press.succeed("check")
    press.repository.notebook("01-figure", "# 1\n\n_Starter:_", FIGURE)
    status, out, err = press.run("check")
    assert status == 1 and "_Starter" in out and err.startswith("error: 1 thing")
    assert press.run("check", "--sources")[:2] == (status, out)
