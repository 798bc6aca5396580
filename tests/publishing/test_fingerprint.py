import ast

import pytest

from publishing import paths
from publishing.execute.fingerprint import fingerprint, meaning, reached
from publishing.notebooks import syntax

HOME = paths.ROOT
PACKAGE = {
    "net/__init__.py": '"""The package."""\n',
    "net/loss.py": "from net.schedule import beta\n\n\ndef loss(x):\n    return beta * x\n",
    "net/schedule.py": "import math\n\nbeta = math.pi\n",
    "net/other.py": "y = 1\n",
    "net/deep/__init__.py": "from .inner import z\n",
    "net/deep/inner.py": "from ..other import y\nfrom .. import schedule\n\nz = y\n",
}
ONLY_OTHER, ONLY_LOSS = ["net", "net.other"], ["net", "net.loss", "net.schedule"]
WHOLE = ["net", "net.loss", "net.other", "net.schedule"]
DEEP = ["net", "net.deep", "net.deep.inner", "net.other", "net.schedule"]


@pytest.fixture
def package(repository):
    for name, text in PACKAGE.items():
        repository.write(name, text)
    return repository


def test_what_a_module_means_is_found_out_in_a_tree_of_its_own(repository):
    source = '"""What it does."""\nx = 1\n'
    tree = syntax(source)
    assert meaning(source) == meaning("x = 1") and len(tree.body) == 2 and syntax(source) is tree


def fingerprint_of(package, code):
    return fingerprint(reached(code, (package.root,)))


@pytest.mark.parametrize(
    ("code", "modules"),
    [
        ("import numpy", []),
        ("from net.loss import loss", ONLY_LOSS),
        ("import net.other as o", ONLY_OTHER),
        ("from net import other", ONLY_OTHER),
        ("from net import *", ["net"]),
        ("def f():\n    import net.schedule", ["net", "net.schedule"]),
        ("from net.deep import z", DEEP),
    ],
)
def test_modules_are_reached_through_imports_of_imports(package, code, modules):
    assert list(fingerprint_of(package, code)) == modules


PASSES_ON = '"""Package."""\n\nfrom net.loss import loss\nfrom net.other import y\nfrom net.schedule import beta as b\n'


@pytest.mark.parametrize(
    ("code", "modules"),
    [
        ("from net import y", ONLY_OTHER),
        ("from net.other import y", ONLY_OTHER),
        ("import net\nprint(net.y)", ONLY_OTHER),
        ("import net as n\nn.y.real", ONLY_OTHER),
        ("import net.other\nnet.other.y", ONLY_OTHER),
        ("from net import loss as cost", ONLY_LOSS),
        ("def f():\n    import net\ndef g():\n    import net.deep as net\n    net.z\nnet.b", DEEP),
        ("from net import b", ["net", "net.schedule"]),
        ("import net", ["net"]),
        ("import net\nvars(net)", WHOLE),
        ("from net import *", WHOLE),
    ],
)
def test_a_name_that_a_package_passes_on_is_followed_to_its_own_module(package, code, modules):
    package.write("net/__init__.py", PASSES_ON)
    assert list(fingerprint_of(package, code)) == modules


def test_what_else_a_package_passes_on_does_not_count(package):
    package.write("net/__init__.py", PASSES_ON)
    before = fingerprint_of(package, "from net import y")
    package.write("net/__init__.py", PASSES_ON.replace("import loss", "import loss, beta"))
    package.write("net/loss.py", "loss = beta = 0\n")
    assert fingerprint_of(package, "from net import y") == before


def test_a_name_that_comes_from_elsewhere_now_is_another(package):
    package.write("net/__init__.py", PASSES_ON)
    before = fingerprint_of(package, "from net import y, loss")
    package.write("net/__init__.py", PASSES_ON.replace("net.other import", "net.loss import"))
    assert fingerprint_of(package, "from net import y, loss")["net"] != before["net"]


def test_a_package_with_code_of_its_own_counts_as_a_whole(package):
    package.write("net/__init__.py", PASSES_ON + "x = 1\n")
    assert list(fingerprint_of(package, "import net.other")) == WHOLE


@pytest.mark.parametrize(
    "same",
    [
        "def f(x):\n    return x + 1\n\n\nclass A:\n    def g(self):\n        return 1\n",
        '"""Doc."""\n\ndef f(x):\n    """Doc."""\n    return x+1 # why\nclass A:\n  "Doc"\n  def g(self): return (1)\n',
    ],
)
def test_docstrings_comments_and_layout_mean_nothing(same):
    assert meaning(same) == meaning("def f(x): return x + 1\nclass A:\n    def g(self): return 1")


@pytest.mark.parametrize("other", ["def f(x): return x + 2", "def f(y): return y + 1", "def f(x=0): return x + 1"])
def test_any_other_change_means_something(other):
    assert meaning(other) != meaning("def f(x): return x + 1")


@pytest.mark.parametrize(("shows", "same"), [("", True), ("print(net.other.__doc__)", False)])
def test_a_docstring_means_something_only_to_what_shows_docstrings(package, shows, same):
    """Which the module of the press that looks for those words does not."""
    code = f"import publishing.execute.fingerprint\nimport net.other\n{shows}"
    folders = (package.root, HOME)
    before = fingerprint(reached(code, folders), shown_in=code)
    package.write("net/other.py", '"""Doc."""\n' + PACKAGE["net/other.py"])
    assert "publishing.execute.fingerprint" in before
    assert (fingerprint(reached(code, folders), shown_in=code) == before) == same


def test_text_that_is_a_value_is_no_docstring():
    assert meaning("kind = 'a'") != meaning("kind = 'b'")


def test_imports_in_a_circle_come_to_an_end(package):
    package.write("net/other.py", "import net.loss\n")
    package.write("net/schedule.py", "import net.other\n")
    assert list(fingerprint_of(package, "import net.loss")) == WHOLE


def test_a_module_that_is_no_python_is_known_by_its_text(package):
    package.write("net/other.py", "def (")
    before = fingerprint_of(package, "import net.other")
    package.write("net/other.py", "def ((")
    assert before != fingerprint_of(package, "import net.other")


def test_a_module_beside_the_notebook_comes_before_one_of_the_root(package):
    package.write("notebooks/toy/net/__init__.py", "x = 1")
    folders = (package.root / "notebooks/toy", package.root)
    assert reached("import net", folders)["net"].path == folders[0] / "net/__init__.py"


def test_a_module_is_parsed_once_for_all_notebooks(monkeypatch):
    first = fingerprint(reached("import publishing.__main__", (paths.ROOT,)))
    assert "publishing.execute.kernels" in first
    monkeypatch.setattr(ast, "parse", lambda source: pytest.fail(f"parsed again: {source[:80]}"))
    assert fingerprint(reached("import publishing.__main__", (paths.ROOT,))) == first
