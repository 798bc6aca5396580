"""A small repository of its own for every test that touches files."""

from pathlib import Path

import pytest

from publishing import paths
from publishing.site import origin

from .small_site import Repository


@pytest.fixture
def repository(tmp_path, tmp_path_factory, monkeypatch) -> Repository:
    """A repository in a temporary folder, where `publishing.paths` points while a test runs; no archive."""
    monkeypatch.setattr(origin, "COMMIT", tmp_path_factory.mktemp("commit") / origin.COMMIT.name)
    origin.COMMIT.write_text("$Format:%cI$\n")
    places = {name: value for name, value in vars(paths).items() if isinstance(value, Path)}
    for name, value in places.items():
        monkeypatch.setattr(paths, name, tmp_path / value.relative_to(places["ROOT"]))
    return Repository(tmp_path)
