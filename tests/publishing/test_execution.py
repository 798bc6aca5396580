"""Real kernels throughout; the notebooks are as small as they can be."""

import json
import re
import time
from contextlib import suppress

import psutil
import pytest

from publishing import paths
from publishing.contract import SOURCE
from publishing.escaping import terminal
from publishing.execute import limits

from .notes import refusals, refused, run


def outputs(executed):
    """Outputs of a notebook's code cells."""
    cells = json.loads(executed.path.read_text())["cells"]
    return [cell["outputs"] for cell in cells if cell["cell_type"] == "code"]


def printed(executed):
    return "".join(text for cell in outputs(executed) for output in cell for text in output.get("text", []))


@pytest.fixture
def toy(repository):
    repository.write("net.py", "def loss(x):\n    return x\n")
    repository.write("data.json", '"data"')
    repository.notebook("01-plain", "# 1. Plain", "print('plain')")
    repository.notebook("02-net", "# 2. Net", "from net import loss", "print(loss(3))")
    repository.notebook("03-data", "# 3. Data", "print(open('../../data.json').read())")
    return repository


def test_notebooks_run_once_and_again_only_where_what_they_depend_on_changed(toy, capsys):
    stems = ["01-plain", "02-net", "03-data"]

    def ran():
        text = capsys.readouterr().out
        return [stem for stem in stems if f"{stem} " in text]

    first = run(*stems)
    assert [printed(one) for one in first] == ["plain\n", "3\n", '"data"\n']
    assert ran() == stems
    before = [one.path.read_bytes() for one in first]

    assert [one.path.read_bytes() for one in run(*stems)] == before
    assert ran() == []

    toy.notebook("01-plain", "# 1. Plain\n\nWith prose.", "print('plain')")
    toy.write("net.py", 'def loss(x):\n    """Doc."""\n    return x\n')
    assert "With prose." in run(*stems)[0].path.read_text()
    assert ran() == []

    toy.write("net.py", "def loss(x):\n    return 2 * x\n")
    assert printed(run(*stems)[1]) == "6\n"
    assert ran() == ["02-net"]

    toy.write("data.json", '"other"')
    assert printed(run(*stems)[2]) == '"other"\n'
    assert ran() == ["03-data"]

    toy.notebook("01-plain", "# 1. Plain", "print('changed')")
    assert printed(run(*stems)[0]) == "changed\n"
    assert ran() == ["01-plain"]


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("net.py", "from net import loss\nprint(loss(1))\nopen('../../net.py', 'w').write('loss = float')"),
        ("data.json", "print(open('../../data.json').read())\nopen('../../data.json', 'w').write('[]')"),
    ],
)
def test_what_was_edited_while_a_notebook_ran_is_not_taken_for_what_it_saw(toy, capsys, file, code):
    toy.notebook("01-plain", "# 1", code)
    before = (toy.root / file).read_text()
    first, second = (printed(*run("01-plain")) for _ in range(2))
    assert (toy.root / file).read_text() != before
    assert first != second
    assert capsys.readouterr().out.count("toy/01-plain  2 cells") == 2


def test_forced_notebooks_run_again_to_the_same_bytes(toy, capsys):
    toy.notebook("01-plain", "# 1", "print({'a', 'b', 'c'})\nprint(1)", "for i in range(9): print(i, flush=True)")
    (before,) = run("01-plain")
    text = before.path.read_bytes()
    before.path.unlink()
    capsys.readouterr()
    (after,) = run("01-plain", force=True)
    assert after.path.read_bytes() == text
    assert "toy/01-plain  3 cells" in capsys.readouterr().out


def test_the_modules_and_data_files_that_it_was_made_from_are_named(toy):
    assert [list(one.made_from) for one in run("02-net", "03-data")] == [["net.py"], ["data.json"]]
    toy.write("bare/tools.py", "word = 1\n")
    toy.notebook("01-plain", f"display({{{SOURCE!r}: {{'object': 'bare.tools.word'}}}}, raw=True)")
    assert "bare/tools.py" in run("01-plain")[0].made_from


def test_executed_cells_carry_counts_and_the_kernels_are_as_promised(toy, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    monkeypatch.setenv("MPLBACKEND", "no-such-backend")
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TQDM_DISABLE")
    code = f"import os\nprint(*[os.environ.get(name) for name in {names}], os.getcwd())"
    history = "import matplotlib.pyplot\nprint(get_ipython().history_manager.hist_file)"
    port = "from ipykernel.connect import get_connection_info\nprint(get_connection_info(unpack=True)['transport'])"
    toy.notebook("01-plain", "# 1", code, history, port)
    (executed,) = run("01-plain")
    here = toy.root / "notebooks/toy"
    assert printed(executed) == f"1 None 1 {here}\n:memory:\nipc\n", "by TCP, another may have taken the port first"
    cells = json.loads(executed.path.read_text())["cells"]
    assert [cell.get("execution_count") for cell in cells] == [None, 1, 2, 3]


def test_a_cell_that_raises_is_named_and_what_ran_is_kept_and_cached(toy, capsys):
    before = run("01-plain")[0].path.read_bytes()
    toy.notebook("01-plain", "# 1", "print('new')")
    toy.notebook("02-net", "# 2", "print('as far as here')", "1 / 0", "print('never')")
    raised = "toy/02-net, cell 3: ZeroDivisionError: division by zero"
    told = refused(run, "01-plain", "02-net", "03-data")
    assert told == f"{raised} (as far as it got: build/failed/toy/02-net.ipynb)"
    assert f"{raised}\n" in capsys.readouterr().out
    partial = (paths.FAILED / "toy" / "02-net.ipynb").read_text()
    assert "as far as here" in partial and "ZeroDivisionError" in partial
    assert paths.executed_path("toy", "01-plain").read_bytes() == before

    toy.notebook("02-net", "# 2", "print('fixed')")
    assert [printed(one) for one in run("01-plain", "02-net", "03-data")] == ["new\n", "fixed\n", '"data"\n']
    assert "01-plain" not in capsys.readouterr().out
    assert not (paths.FAILED / "toy" / "02-net.ipynb").exists()


def test_several_failures_are_told_a_line_each_by_their_first_words_wherever_they_stand(toy):
    raised = {
        "ValueError('two\\nlines')": "two ",
        "AssertionError('\\nNot equal')": "Not equal",
        "OSError": "no reason given",
        "ModuleNotFoundError('pandas')": "pandas; is it a package? Then add it to pyproject.toml",
    }
    stems = [toy.notebook(f"0{number}-fails", f"raise {error}").stem for number, error in enumerate(raised, 4)]
    for stem, (error, says), told in zip(stems, raised.items(), refusals(run, *stems), strict=True):
        assert told.startswith(f"toy/{stem}, cell 1: {error.partition('(')[0]}: {says}")


def test_an_error_in_a_display_is_told(toy):
    toy.notebook("01-plain", "# 1. Plain", "from IPython.display import Image\nImage('nothere.png')")
    assert "cell 2: FileNotFoundError: No such file or directory: 'nothere.png'" in refused(run, "01-plain")


def test_a_kernel_that_dies_is_named(toy):
    toy.notebook("01-plain", "# 1", "print('before')", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert refused(run, "01-plain").startswith("toy/01-plain, cell 3: the kernel died")
    assert "before" in (paths.FAILED / "toy" / "01-plain.ipynb").read_text()


def test_output_that_comes_after_the_cell_is_done_is_kept_as_on_a_busy_machine(toy):
    hurry = "sys.stdout.flush_timeout = sys.stderr.flush_timeout = 0"
    busy = "get_ipython().kernel.iopub_thread.schedule(lambda: time.sleep(6))"
    toy.notebook("01-plain", f"import sys, time\n{hurry}\n{busy}\n'late'")
    ((late,),) = outputs(*run("01-plain"))
    assert late["data"]["text/plain"] == ["'late'"]


def test_what_is_printed_arrives_whatever_cells_do_to_their_streams(toy):
    leave = ("sys.stdout = None", "sys.stdout = io.StringIO()", "del sys.stderr", "os.close(1)")
    cells = [f"import io, os, sys\nprint({number})\n{code}" for number, code in enumerate(leave)]
    toy.notebook("01-plain", "# 1. Plain", *cells, "print('half', chr(0xd800))\nprint('end')")
    assert printed(run("01-plain")[0]) == "0\n1\n2\n3\nhalf ?\nend\n"


@pytest.mark.parametrize("output", [{"text/plain": 5}, {"text/html": None}, {"text/latex": ["a", 1]}, {"image/png": 5}])
def test_an_output_that_no_notebook_can_hold_is_refused(toy, output):
    toy.notebook("01-plain", "# 1. Plain", f"display({output}, raw=True)")
    assert refused(run, "01-plain").startswith(
        f"toy/01-plain, cell 2: an output has {[*output.values()][0]!r} where text"
    )


def test_an_expected_error_is_shown_without_paths_and_must_happen(toy):
    toy.write("net.py", "def loss(x):\n    raise ValueError('no loss today')\n")
    tagged = '```python tags=["raises-exception"]\n{}\n```'
    toy.notebook("02-net", "from net import loss", tagged.format("loss(1)"), "print('goes on')")
    (executed,) = run("02-net")
    ((error,),) = [cell for cell in outputs(executed) if cell and cell[0]["output_type"] == "error"]
    assert error["traceback"] == ["ValueError: no loss today"]
    assert printed(executed) == "goes on\n"

    toy.notebook("02-net", tagged.format("1 + 1"))
    assert "cell 1: is tagged raises-exception and raises nothing" in refused(run, "02-net")


FALSE = "lambda: claim('it is three', 2, '==', 3)"


@pytest.mark.parametrize(
    "code",
    [
        f"from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor().submit({FALSE}).exception()",
        f"import threading\nthread = threading.Thread(target={FALSE})\nthread.start()\nthread.join()",
        f"import os\nif os.fork() == 0:\n    try: ({FALSE})()\n    finally: os._exit(0)\nos.wait()",
        f"import contextlib\nwith contextlib.suppress(Exception): ({FALSE})()",
    ],
)
def test_a_false_claim_is_heard_wherever_it_is_made(toy, code):
    toy.notebook("01-plain", "from publishing.cells import claim", code)
    assert refused(run, "01-plain").startswith(
        "toy/01-plain: the claim 'it is three' is false: 2.0 == 3.0, tolerance 0, and"
    )


def test_a_false_claim_that_is_expected_is_shown(toy):
    toy.notebook(
        "01-plain",
        "from publishing.cells import claim",
        '```python tags=["raises-exception"]\nclaim("a", 2, "==", 3)\n```',
    )
    (executed,) = run("01-plain")
    assert "the claim 'a' is false" in executed.path.read_text()


SLOWLY = "for i in range(100): print('x' * 999); time.sleep(0.1)"
BOTH = "display({'text/plain': 'x' * 6_000, 'text/markdown': 'x' * 6_000}, raw=True)"
PICTURES = "import itertools\nfor _ in itertools.count(): display({'image/png': 'AAAA' * 999}, raw=True)"
HELD = "held = b'x' * 300_000_000"


@pytest.mark.parametrize(
    ("code", "limit", "value", "said"),
    [
        (f"{HELD}\nwhile True: pass", "MEMORY", 0.2e9, "of memory, more than half"),
        (f"import os\nif os.fork() == 0:\n    {HELD}\nwhile True: pass", "MEMORY", 0.2e9, "of memory, more than half"),
        ("while True: pass", "CELL_SECONDS", 1.0, "computes longer than 1 s"),
        ("import time\ntime.sleep(1000)", "CELL_SECONDS", 0.1, "is not done after 2 s, most of which it waits"),
        ("for i in range(20000): print('x' * 99)", "OUTPUT", 10_000, "shows 2,000,000 bytes, and a page takes 10,000"),
        (f"import time\n{SLOWLY}\nraise SystemExit", "OUTPUT", 10_000, "a page takes 10,000"),
        (BOTH, "OUTPUT", 10_000, "shows 12,000 bytes, and a page takes 10,000"),
        (PICTURES, "PICTURES", 10_000, "bytes, and a page takes 10,000; show fewer, or smaller ones"),
    ],
)
def test_a_cell_that_takes_too_much_is_ended_and_named(toy, monkeypatch, code, limit, value, said):
    if limit == "MEMORY":
        value /= psutil.virtual_memory().total
    monkeypatch.setattr(limits, limit, value)
    toy.notebook("01-plain", "# 1", "pass", code)
    told = refused(run, "01-plain")
    assert told.startswith("toy/01-plain, cell 3: ") and said in told
    assert not any(map(_is_kernel, psutil.Process().children(recursive=True)))


def test_a_long_line_takes_no_longer_than_many_short_ones(toy):
    toy.notebook("01-plain", "# 1", "print('x' * 300_000)")
    began = time.process_time()
    text = printed(*run("01-plain"))
    assert terminal(text) == text and len(text) == 300_001
    assert time.process_time() - began < 10


def _is_kernel(process: psutil.Process) -> bool:
    with suppress(psutil.Error):  # it ended meanwhile
        return "recorder" in " ".join(process.cmdline())
    return False


def test_what_matplotlib_is_set_to_at_home_counts_for_nothing_and_a_long_name_for_temporary_files_is_no_fault(
    toy, monkeypatch, tmp_path
):
    settings = tmp_path / "home/.config/matplotlib/matplotlibrc"
    settings.parent.mkdir(parents=True)
    settings.write_text("no.such.key: 1\nfont.size: 33\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home/.config"))
    (tmp_path / ("long" * 30)).mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("long" * 30)))
    toy.notebook("01-plain", "# 1", "import matplotlib\nprint(matplotlib.rcParams['font.size'])")
    assert printed(*run("01-plain")) == "10.0\n"


def test_a_notebook_that_removes_the_folder_of_its_kernel_is_told_so(toy):
    toy.notebook("01-plain", "# 1", "import os, shutil\nshutil.rmtree(os.environ['IPYTHONDIR'])")
    assert re.match("toy/01-plain, cell 2: a cell removed .*, where its kernel lives", refused(run, "01-plain"))


def test_a_forked_child_that_misses_what_its_parent_reads_later_is_no_fault(toy):
    code = (
        "import os\nchild = os.fork()\nif not child:\n    try:\n        open('later.txt')\n"
        "    except OSError:\n        os._exit(0)\nos.wait()\nopen('later.txt', 'w').write('1')\n"
        "print(open('later.txt').read())"
    )
    toy.notebook("01-plain", "# 1", code)
    assert printed(*run("01-plain")) == "1\n"
