import os
import time

import pytest

from publishing import paths, stamps


@pytest.fixture
def stage(repository):
    """A stage that read source.md and data.json and wrote page.html."""
    source = repository.write("source.md", "one")
    data = repository.write("data.json", "1")
    page = repository.write("page.html", "<p>one")
    stamps.record("stage", stamps.digests([source]), [page], stamps.digests([data]))
    return repository


def fresh(stage, *more):
    return stamps.outputs_if_fresh("stage", stamps.digests([stage.root / "source.md", *more]))


@pytest.mark.parametrize("name", ["source.md", "data.json", "page.html"])
def test_a_changed_or_missing_file_makes_it_stale_until_it_is_as_it_was(stage, name):
    before = (stage.root / name).read_text()
    stage.write(name, "other")
    assert fresh(stage) is None
    (stage.root / name).unlink()
    assert fresh(stage) is None
    stage.write(name, before)
    assert fresh(stage) == [stage.root / "page.html"]


def test_a_new_input_makes_it_stale(stage):
    assert fresh(stage, stage.write("second.md", "two")) is None


def test_a_stage_that_never_ran_or_whose_stamp_is_damaged_is_stale(stage):
    assert stamps.outputs_if_fresh("never", {}) is None
    for damage in ("", "{", "[]", '{"inputs": {}}'):
        (paths.STAMPS / "stage.json").write_text(damage)
        assert fresh(stage) is None


def test_what_cannot_be_looked_at_is_found_so_again(stage):
    long = "x" * 300
    stamps.record("stage", {}, [], stamps.states([long, "source.md/inside", "source.md/"]))
    assert stamps.outputs_if_fresh("stage", {}) == [] and stamps.found("stage")[long] == "OSError"


def test_a_folder_where_a_stamp_belongs_gives_way(repository):
    (stamps.path_of("stage") / "inside").mkdir(parents=True)
    assert stamps.outputs_if_fresh("stage", {}) is None
    stamps.record("stage", {}, [])
    assert stamps.outputs_if_fresh("stage", {}) == []


def test_an_input_that_was_written_while_the_stage_ran_is_not_taken_for_what_it_read(stage):
    source = stage.root / "source.md"
    inputs, began = stamps.digests([source]), stamps.now()
    time.sleep(0.05)
    was = source.read_bytes()
    source.write_text("something else, which the stage may have read")
    source.write_bytes(was)
    stamps.record("stage", inputs, [], since=began)
    assert stamps.outputs_if_fresh("stage", inputs) is None
    time.sleep(0.05)
    stamps.record("stage", inputs, [], since=stamps.now())
    assert stamps.outputs_if_fresh("stage", inputs) == []


def test_a_file_is_read_again_only_if_it_was_written_since_whatever_its_size_and_time(stage, monkeypatch):
    source, read = stage.root / "source.md", []
    monkeypatch.setattr(stamps, "_known", {})
    digest = stamps.digest
    monkeypatch.setattr(stamps, "digest", lambda path: read.append(path.name) or digest(path))
    time.sleep(2 * stamps._TICK_NS / 1e9)
    before = stamps.digests([source])
    assert stamps.digests([source]) == before and len(read) == 1
    written = source.stat()
    source.write_text("two")
    os.utime(source, ns=(written.st_atime_ns, written.st_mtime_ns))
    assert stamps.digests([source]) != before and len(read) == 2
