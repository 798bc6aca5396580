"""Every way for a notebook to depend on something: what it met is changed, and it must run again."""

import json
import os
import re
import shutil
import sqlite3
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from publishing.execute import jobs

from .conftest import repository_in
from .notes import planned, refused, run


def text(name):
    """Write another word into a file, of the same length and within the same second; in a {} it is in the name."""

    def change(root: Path, word: str) -> None:
        path = root / name.format(word)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(word)
        os.utime(path, (1e9, 1e9))

    return change


def module(name, body="def word():\n    return {!r}\n"):
    """Write a module that holds the word; its size and time never change, so that byte code would look current."""
    return lambda root, word: text(name)(root, body.format(word))


def appears(name, content=""):
    """A file that is there the second time."""
    return lambda root, word: text(name)(root, content or word) if word == "after." else None


def database(name):
    """Put the word into a table."""

    def change(root: Path, word: str) -> None:
        with sqlite3.connect(root / name) as connection:
            connection.execute("create table if not exists words (word)")
            connection.execute("delete from words")
            connection.execute("insert into words values (?)", (word,))

    return change


def link(name):
    """Let a link lead to another file."""

    def change(root: Path, word: str) -> None:
        text("targets/{}")(root, word)
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(root / "targets" / word)

    return change


def compiled(root: Path, word: str) -> None:
    """A module of machine code, whose file alone is another by the word behind it."""
    assert (spec := find_spec("markupsafe._speedups")) and spec.origin
    (root / "_speedups.so").write_bytes(Path(spec.origin).read_bytes() + word.encode())


def variable(root: Path, word: str) -> None:
    os.environ["NOTES_WORD"] = word


def acting(root: Path, word: str) -> None:
    """A package that imports a module which enters the word where another module keeps it."""
    text("acted/__init__.py")(root, "from .kept import TABLE\nfrom .plugin import plugin\n")
    text("acted/kept.py")(root, "TABLE = {}\n")
    text("acted/plugin.py")(root, "from .deep import plugin\n")
    module("acted/deep.py", "from .kept import TABLE\n\nTABLE['word'] = {!r}\nplugin = 1\n")(root, word)


PATH = "from pathlib import Path\nroot = Path('../..')\n"
POOL = """\
from concurrent.futures import ThreadPoolExecutor
aside = lambda *call: ThreadPoolExecutor(1).submit(*call).result()
"""
WORDS = "execute('select * from words')"
TOGETHER = {  # what a cell does, and what changes
    "a file": (f"{PATH}print((root / 'a.txt').read_text())", text("a.txt")),
    "a hidden file": ("print(open('../../.hidden').read())", text(".hidden")),
    "a file in a hidden folder": ("print(open('../../.folder/a').read())", text(".folder/a")),
    "a file below build": ("print(open('../../build/own/a').read())", text("build/own/a")),
    "a file outside": ("print(open('../../../outside.txt').read())", text("../outside.txt")),
    "a link that leads elsewhere": ("print(open('../../linked').read())", link("linked")),
    "a link that is resolved": (f"{PATH}print((root / 'resolved').resolve().read_text())", link("resolved")),
    "os.open": ("import os\nprint(os.read(os.open('../../os.txt', os.O_RDONLY), 9))", text("os.txt")),
    "os.open below a folder that is open": (
        "import os\nfolder = os.open('../../at', os.O_RDONLY)\n"
        "print(os.read(os.open('a.txt', os.O_RDONLY, dir_fd=folder), 9), os.stat('a.txt', dir_fd=folder).st_size)",
        text("at/a.txt"),
    ),
    "safe_open": (
        "from safetensors import safe_open\nprint(safe_open('../../net.safetensors', 'numpy').metadata())",
        lambda r, w: save_file({"x": np.zeros(1)}, r / "net.safetensors", {"word": w}),
    ),
    "load_file": (
        "from safetensors.numpy import load_file\nprint(load_file('../../load.safetensors'))",
        lambda r, w: save_file({"x": np.full(1, len(w.strip(".")))}, r / "load.safetensors"),
    ),
    "numpy": ("import numpy as np\nprint(np.fromfile('../../np.bin', 'u1'))", text("np.bin")),
    "sqlite": (f"import sqlite3\nprint(*sqlite3.connect('../../words.db').{WORDS})", database("words.db")),
    "sqlite beside the notebook": (
        f"import sqlite3\nprint(*sqlite3.connect('beside.db').{WORDS})",
        database("notebooks/toy/beside.db"),
    ),
    "sqlite by an address": (
        f"import sqlite3\nprint(*sqlite3.connect('file:../../at%20it.db?mode=ro', uri=True).{WORDS})",
        database("at it.db"),
    ),
    "a thread's file outside": (f"{POOL}{PATH}print(aside((root / '../thread').read_text))", text("../thread")),
    "a thread's listing": (f"{POOL}import os\nprint(aside(os.listdir, '../../threaded'))", text("threaded/{}")),
    "a file that grows": (
        f"{PATH}grows = root / 'grows.txt'\nopen(grows, 'a').close()\nprint(grows.read_text())",
        text("grows.txt"),
    ),
    "whether a file may be read": ("import os\nprint(os.access('../../may.txt', os.R_OK))", appears("may.txt")),
    "a listing": ("import os\nprint(sorted(os.listdir('../../listed')))", text("listed/{}")),
    "a glob": (f"{PATH}print(sorted(root.glob('globbed/*')))", text("globbed/{}")),
    "whether a file exists": (f"{PATH}print((root / 'exists.txt').exists())", appears("exists.txt")),
    "a glob that is a name": ("import glob\nprint(glob.glob('../../literal.txt'))", appears("literal.txt")),
    "a file of a name in each folder": (
        "import glob\nprint(glob.glob('../../runs/*/r.json'))",
        lambda r, w: text("runs/one/r.json" if w == "after." else "runs/one/other")(r, w),
    ),
    "a name that ends like that of the macros": ("print(open('../../my_macros.tex').read())", text("my_macros.tex")),
    "a name like a variable's": ("import os.path\nprint(os.path.exists('../../$NAME'))", appears("$NAME")),
    "whether a folder exists": ("import os.path\nprint(os.path.isdir('../../there'))", appears("there/a")),
    "a file's size": (
        f"{PATH}print((root / 'size.txt').stat().st_size)",
        lambda root, word: text("size.txt")(root, word * ord(word[5])),
    ),
    "a file that lay among the temporary ones": ("print(open('../../../tmp/data').read())", text("../tmp/data")),
    "a module outside": (
        "import sys\nsys.path.insert(0, '../../../aside')\nimport mylib\nprint(mylib.word())",
        module("../aside/mylib.py"),
    ),
    "what a module outside reads": (
        "import os\nsys.path.insert(0, os.path.abspath('../../../reading'))\nimport reader\nprint(reader.words)",
        text("../reading/words"),
    ),
    "a module outside that a finder of its own finds": (
        "import importlib.util as of\nspec = of.spec_from_file_location('edited', '../../../edited.py')\n"
        "spec.loader.exec_module(edited := of.module_from_spec(spec))\nprint(edited.word())",
        module("../edited.py"),
    ),
    "a folder that is declared, in capitals": (
        "import subprocess\nfrom publishing.cells import depends_on\ndepends_on('DATA')\n"
        "print(subprocess.check_output(['cat', 'DATA/a']))",
        text("notebooks/toy/DATA/a"),
    ),
    "a compiled module": ("import _speedups\nprint(_speedups.__name__)", compiled),
    "a module beside the notebook": ("from beside import word\nprint(word())", module("notebooks/toy/beside.py")),
    "a package without __init__": ("from bare.net import word\nprint(word())", module("bare/net.py")),
    "__import__": ("print(__import__('inner').word())", module("inner.py")),
    "exec": (f"{PATH}exec((root / 'executed.py').read_text())\nprint(word())", module("executed.py")),
}
ALONE = {  # what a notebook does that could hide what another one does
    "a module": ("from net import word\nprint(word())", module("net.py")),
    "import_module": ("import importlib\nprint(importlib.import_module('named').word())", module("named.py")),
    "import_module of a computed name": (
        "import importlib\nprint(importlib.import_module('comp' + 'uted').word())",
        module("computed.py"),
    ),
    "a lazy package": ("import lazy\nprint(lazy.net.word())", module("lazy/net.py")),
    "sys.path": ("import sys\nsys.path.insert(0, '../../more')\nimport far\nprint(far.word())", module("more/far.py")),
    "an optional module": (
        "try:\n    import optional\n    print(optional.word())\nexcept ImportError:\n    print('none')",
        lambda r, w: module("optional.py")(r, w) if w == "after." else None,
    ),
    "an optional module within a package": (
        "try:\n    import bare.option as optional\n    print(optional.word())\nexcept ImportError:\n    print('none')",
        lambda r, w: module("bare/option.py")(r, w) if w == "after." else None,
    ),
    "a module that a package imports for what it does": ("from acted import TABLE\nprint(TABLE)", acting),
    "a docstring": ("import documented\nprint(documented.__doc__)", module("documented.py", "'''{}'''\n")),
    "a module's source": (
        "import inspect, shown\nprint(inspect.getsource(shown))",
        module("shown.py", "def f():\n    '''{}'''\n"),
    ),
    "a declared variable": (
        "import os\nfrom publishing.cells import depends_on\ndepends_on('NOTES_WORD')\nprint(os.environ['NOTES_WORD'])",
        variable,
    ),
    "a declared file": (
        "import subprocess\nfrom publishing.cells import depends_on\ndepends_on('../../declared')\n"
        "print(subprocess.check_output(['cat', '../../declared/a']))",
        text("declared/a"),
    ),
}


def change_all(kinds, root: Path, word: str) -> None:
    for _, change in kinds.values():
        change(root, word)


@pytest.fixture(scope="module")
def noticed(tmp_path_factory):
    """Of a notebook with a cell for each: whether it is to run again when this alone is changed, and when it is not."""
    outside = tmp_path_factory.mktemp("stale")
    with pytest.MonkeyPatch.context() as patch:
        repository = repository_in(outside / "repository", patch)
        (repository.root / "notebooks/toy").mkdir(parents=True)
        patch.setenv("TMPDIR", str(outside / "tmp"))
        (outside / "reading").mkdir()
        (outside / "reading/reader.py").write_text("words = open('../../../reading/words').read()")
        change_all(TOGETHER, repository.root, "before")
        repository.notebook("01-a", "# One", *(code for code, _ in TOGETHER.values()))

        (job,) = planned("01-a")
        jobs._execute([job])
        assert job.failure is None
        pristine = shutil.copytree(outside, outside.with_name("pristine"), symlinks=True)

        def runs_again(name: str) -> bool:
            shutil.rmtree(outside)
            shutil.copytree(pristine, outside, symlinks=True)
            if name:
                TOGETHER[name][1](repository.root, "after.")
            return planned("01-a")[0].run is None

        yield {name: runs_again(name) for name in ("", *TOGETHER)}


@pytest.mark.parametrize("kind", TOGETHER)
def test_what_a_cell_met_is_noticed_when_it_changes(noticed, kind):
    assert noticed[kind] and not noticed[""]


LAZY = "import importlib\n\n\ndef __getattr__(name):\n    return importlib.import_module('.' + name, __name__)\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """What each notebook printed: before the change, and after it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.delenv("PYTHONPYCACHEPREFIX", raising=False)
        patch.setenv("NOTES_WORD", "")
        repository = repository_in(tmp_path_factory.mktemp("stale") / "repository", patch)
        repository.write("lazy/__init__.py", LAZY)
        stems = {name: f"{number}-kind" for number, name in enumerate(ALONE, 10)}
        for name, stem in stems.items():
            repository.notebook(stem, "# One", ALONE[name][0])
        yield [_printed(repository.root, stems, word) for word in ("before", "after.")]


def _printed(root, stems, word):
    change_all(ALONE, root, word)
    executed = run(*stems.values())
    return {name: one.path.read_text() for name, one in zip(stems, executed, strict=True)}


@pytest.mark.parametrize("kind", ALONE)
def test_a_notebook_prints_what_is_there_now(built, kind):
    before, after = built
    assert after[kind] != before[kind]


def test_what_a_notebook_makes_and_removes_makes_it_run_once(repository):
    code = (
        "import os, shutil, tempfile\nos.makedirs('work/inner')\nopen('work/inner/a', 'w+').close()\n"
        "shutil.copytree('work', 'copy')\nshutil.rmtree('work')\nshutil.rmtree('copy')\n"
        "tempfile.NamedTemporaryFile(dir='.').close()\nos.mkfifo('pipe')\nprint(os.path.exists('pipe'))\nos.remove('pipe')"
    )
    repository.notebook("01-a", "# One", code)
    ran = [run("01-a")[0].ran for _ in range(3)]
    assert not ran[-1]


@pytest.mark.parametrize(("name", "value"), [("TZ", "Asia/Tokyo"), ("LC_ALL", "de_DE"), ("MY_SETTING", "1")])
def test_no_setting_of_the_surroundings_reaches_a_notebook(repository, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    repository.notebook("01-a", "# One", f"import os\nprint(os.environ.get({name!r}))")
    [executed] = run("01-a")
    assert value not in json.dumps(json.loads(executed.path.read_text())["cells"][1]["outputs"])


@pytest.mark.parametrize(
    ("code", "program"),
    [
        ("import subprocess\nsubprocess.run(['true'])", "true"),
        ("import os\nos.system('true')", "true"),
        ("get_ipython().getoutput('true')", "sh"),
        (f"import subprocess\n{POOL}aside(subprocess.run, ['true'])", "true"),
        (
            "from multiprocessing import get_context\nget_context('spawn').Process(target=print).start()",
            "a process of multiprocessing's that is no fork",
        ),
        (
            "from joblib import Parallel, delayed\nParallel(n_jobs=2)(delayed(abs)(n) for n in range(2))",
            "a process of multiprocessing's that is no fork",
        ),
        (
            "import socket\ntry:\n    socket.create_connection(('127.0.0.1', 1))\nexcept OSError:\n    pass",
            "a connection to 127.0.0.1",
        ),
    ],
)
def test_a_program_that_is_not_declared_is_refused(repository, code, program):
    repository.notebook("01-a", "# One", code)
    told = rf"toy/01-a starts \S*{program}.*, and what it reads is not seen; say depends_on"
    assert re.match(told, refused(run, "01-a"))


def test_a_module_that_is_edited_and_put_back_while_a_notebook_runs_is_noticed(repository):
    """The key is of A, and so is the file at the end; the kernel imported B."""
    good = "def word():\n    return 'A'\n"
    module_file = repository.write("swapped.py", good)
    repository.notebook(
        "01-a",
        "# One",
        f"{PATH}flag, module = root / 'build' / 'once', root / 'swapped.py'\n"
        "if not flag.exists():\n    flag.parent.mkdir(exist_ok=True)\n    flag.write_text('')\n"
        "    module.write_text(module.read_text().replace('A', 'B'))",
        "import swapped\nmodule.write_text(module.read_text().replace('B', 'A'))\nprint(swapped.word())",
    )
    [executed] = run("01-a")
    assert module_file.read_text() == good
    assert json.loads(executed.path.read_text())["cells"][2]["outputs"][0]["text"] == ["A\n"]
