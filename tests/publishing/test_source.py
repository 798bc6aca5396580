import pytest

from publishing.contract import SOURCE
from publishing.source import source_bundle, source_text

from .notes import refused

MODULE = '''"""A module."""

RATE = 0.1
LIMIT: int = 3


@decorated(
    "twice"
)
def f(x):
    """Say why."""  # kept
    return x


class C:
    @property
    def value(self):
        if self:
            return 1
'''


@pytest.fixture(autouse=True)
def package(repository):
    repository.write("pack/__init__.py", "WHOLE = 1\n")
    repository.write("pack/sub/module.py", MODULE)
    repository.write("pack/broken.py", "def f(:\n")


@pytest.mark.parametrize(
    ("dotted", "text"),
    [
        ("pack.sub.module.f", '@decorated(\n    "twice"\n)\ndef f(x):\n    """Say why."""  # kept\n    return x'),
        ("pack.sub.module.C.value", "@property\ndef value(self):\n    if self:\n        return 1"),
        ("pack.sub.module.RATE", "RATE = 0.1"),
        ("pack.sub.module.LIMIT", "LIMIT: int = 3"),
        ("pack.WHOLE", "WHOLE = 1"),
        ("pack", "WHOLE = 1"),
        ("pack.sub.module", MODULE.strip("\n")),
    ],
)
def test_source_is_the_object_s_own_text(dotted, text):
    assert source_text(dotted) == text


def test_the_docstring_may_be_left_out_and_nothing_else():
    assert source_text("pack.sub.module.f", docstring=False) == '@decorated(\n    "twice"\n)\ndef f(x):\n    return x'
    assert source_text("pack.sub.module.LIMIT", docstring=False) == "LIMIT: int = 3"


@pytest.mark.parametrize(
    ("dotted", "word"),
    [
        ("pack.sub.module.g", "has no 'g'"),
        ("pack.sub.module.f.x", "has no 'x'"),
        ("other.f", "no module other"),
        ("../secret", "not a dotted name"),
        ("pack.broken.f", "pack/broken.py, line 1"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(dotted, word):
    assert word in refused(source_text, dotted)


def test_jupyter_is_shown_the_source_escaped(repository):
    repository.write("pack/less.py", "x = 1 < 2")
    assert source_bundle({"object": "pack.less.x"}) == {
        SOURCE: {"object": "pack.less.x"},
        "text/plain": "x = 1 < 2",
        "text/html": "<pre>x = 1 &lt; 2</pre>",
    }
