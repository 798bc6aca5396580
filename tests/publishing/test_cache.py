import pytest

from publishing import notebooks, paths
from publishing.execute import cache
from publishing.execute.cache import Run

CELLS = ("# Title", "from net import loss", '```python tags=["hide-input"]\nx = 1\n```')
RUN = Run(cells=[{"execution_count": 1, "outputs": []}], opened={})


@pytest.fixture
def key(repository):
    repository.write("net.py", "def loss(x):\n    return x\n")
    repository.write("requirements/main.lock", "numpy==1\n")

    def compute(*cells):
        repository.notebook("01-a", *cells)
        notebook = notebooks.read("toy", "01-a")
        folder = paths.notebooks_dir("toy")
        return cache.key(folder, notebook, cache.modules(folder, notebook))

    return compute


def test_prose_and_tags_of_display_are_not_in_the_key(key):
    other = ("# Another title", CELLS[1], "More prose.\n".join(["# ", ""]), "x = 1")
    assert key(*CELLS) == key(*other)


@pytest.mark.parametrize(
    "cells",
    [
        (*CELLS[:2], "x = 2"),
        (*CELLS[:2], "x = 1  # one"),
        (*CELLS[:2], '```python tags=["raises-exception"]\nx = 1\n```'),
        (CELLS[2], CELLS[1]),
        (*CELLS, "x = 1"),
    ],
)
def test_code_and_its_order_and_the_tag_that_bears_on_execution_are_in_the_key(key, cells):
    assert key(*CELLS) != key(*cells)


def test_the_lock_is_in_the_key(key, repository):
    before = key(*CELLS)
    repository.write("requirements/main.lock", "numpy==2\n")
    assert key(*CELLS) != before


def test_no_damage_to_an_entry_is_anything_but_a_miss(repository):
    cache.store("k", RUN)
    whole = (paths.CACHE / "k").read_bytes()
    for position in range(len(whole)):
        (paths.CACHE / "k").write_bytes(whole[:position])
        assert cache.load("k") is None, f"cut at {position}"
        (paths.CACHE / "k").write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        assert cache.load("k") is None, f"one bit wrong at {position}"


def test_the_entries_that_were_longest_not_asked_for_are_dropped(repository, monkeypatch):
    monkeypatch.setattr(cache, "ENTRIES_KEPT", 2)
    for name in ("a", "b"):
        cache.store(name, RUN)
    assert cache.load("a")
    cache.store("c", RUN)
    assert [name for name in "abc" if cache.load(name)] == ["a", "c"]


def test_a_folder_where_an_entry_belongs_gives_way(repository):
    (paths.CACHE / "k" / "inside").mkdir(parents=True)
    assert cache.load("k") is None
    cache.store("k", RUN)
    assert cache.load("k") == RUN
