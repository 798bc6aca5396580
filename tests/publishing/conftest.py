"""A small repository of its own for every test that touches files."""

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from publishing import paths
from publishing.site import origin

from .small_site import Commands, Repository

collect_ignore = ["corpus"]  # notebooks to be imported, with outputs of elsewhere


def repository_in(root: Path, patch: pytest.MonkeyPatch) -> Repository:
    """A repository in a temporary folder, where `publishing.paths` points until the patch is undone; no archive."""
    patch.setattr(origin, "COMMIT", root.with_name(f"{root.name}-commit"))
    origin.COMMIT.write_text("$Format:%cI$\n")
    places = {name: value for name, value in vars(paths).items() if isinstance(value, Path)}
    for name, value in places.items():
        patch.setattr(paths, name, root / value.relative_to(places["ROOT"]))
    return Repository(root)


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Repository:
    return repository_in(tmp_path, monkeypatch)


@pytest.fixture
def shell():
    """The surroundings of a cell."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


@pytest.fixture
def commands(built: Commands, tmp_path) -> Commands:
    """A copy of the site that a file of tests has built, to be changed."""
    return built.copy(tmp_path / "notes")
