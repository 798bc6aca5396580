"""A small repository of its own for every test that touches files."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from publishing import paths
from publishing.notebooks import HEADER


@dataclass(frozen=True)
class Repository:
    """Writes into a repository in a temporary folder, where `publishing.paths` points while the test runs."""

    root: Path

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def notebook(self, stem: str, *cells: str, paper: str = "toy") -> Path:
        """A canonical notebook. A cell that begins with a fence or a hash stays as it is, another becomes code."""
        blocks = [cell if cell.startswith(("#", "```")) else f"```python\n{cell}\n```" for cell in cells]
        return self.write(f"notebooks/{paper}/{stem}.md", HEADER + "\n" + "\n\n".join(blocks) + "\n")


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Repository:
    places = {name: value for name, value in vars(paths).items() if isinstance(value, Path)}
    for name, value in places.items():
        monkeypatch.setattr(paths, name, tmp_path / value.relative_to(places["ROOT"]))
    return Repository(tmp_path)
