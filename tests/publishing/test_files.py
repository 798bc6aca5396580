import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from publishing import build, memory, paths
from publishing.files import below, digest, digest_of, write
from publishing.memory import remembered


def test_writing_says_whether_the_content_is_new_and_leaves_an_equal_file_alone(tmp_path):
    path = tmp_path / "a" / "file.txt"
    assert write(path, "one")
    before = path.stat().st_ino, path.stat().st_mtime_ns
    assert not write(path, "one")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == before
    assert write(path, b"two")
    assert path.read_text() == "two"


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "file.txt"
    path.mkdir()
    with pytest.raises(OSError):
        write(path, "one")
    assert list(tmp_path.iterdir()) == [path]


def test_a_digest_is_of_the_content_and_none_of_nothing(tmp_path):
    path = tmp_path / "file.txt"
    assert digest(path) is None and digest(tmp_path) is None and digest(path / "deeper") is None
    write(path, "one")
    assert digest(path) == digest_of(b"one") != digest_of(b"two")


def test_hidden_files_and_byte_code_are_not_listed(tmp_path):
    for name in ("b.txt", "a/c.txt", ".hidden", ".git/x", "__pycache__/m.pyc"):
        write(tmp_path / name, "x")
    assert below(tmp_path) == [tmp_path / "a/c.txt", tmp_path / "b.txt"]
    assert below(tmp_path, without=[tmp_path / "a"]) == [tmp_path / "b.txt"]


def test_what_is_remembered_is_made_once_and_anew_for_other_ingredients(repository):
    made = []

    def make(value):
        made.append(value)
        return value

    def ask(made_from):
        return remembered(made_from, lambda: make(made_from.upper()), by=__file__)

    assert [ask(b"a"), ask(b"a"), ask(b"b")] == [b"A", b"A", b"B"]
    assert made == [b"A", b"B"]
    for entry in (paths.BUILD / "memory").iterdir():
        entry.write_bytes(entry.read_bytes()[:-1])
    assert ask(b"a") == b"A" and made == [b"A", b"B", b"A"], "a damaged one is made again"


def test_what_was_longest_not_asked_for_is_forgotten(repository, monkeypatch):
    made = []

    def ask(*keys):
        for key in keys:
            remembered(key.encode(), lambda key=key: made.append(key) or bytes(50), by=__file__)
            time.sleep(0.02)

    ask("a", "b", "c", "a")
    sizes = {path.stat().st_size for path in (paths.BUILD / "memory").iterdir()}
    monkeypatch.setattr(memory, "KEPT", 2 * sizes.pop())
    memory.forget()
    ask("a", "c", "b")
    assert made == ["a", "b", "c", "b"]


def test_several_remember_the_same_at_once(repository):
    keys = [str(key).encode() for key in range(200) for _ in range(4)]
    with ThreadPoolExecutor(4) as together:
        assert list(together.map(lambda key: remembered(key, lambda: key, by=__file__), keys)) == keys


def test_what_a_link_in_the_assets_leads_to_is_looked_at(repository):
    repository.write("elsewhere/x.css", "")
    (repository.root / "assets").mkdir()
    (repository.root / "assets/linked").symlink_to(repository.root / "elsewhere")
    assert repository.root / "assets/linked/x.css" in build._read_by_site([])
