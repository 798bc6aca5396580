"""A small repository, and one with a copy of `publishing` that runs there in processes of its own, as by `make`."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from publishing import paths
from publishing.notebooks import HEADER

from ..conftest import PATIENCE

HOME = paths.ROOT
SITE_FILES = (
    *("404.html", "_config.yml", "_includes", "_layouts", "index.md", "Gemfile", "package-lock.json"),
    *(paths.relative(path) for path in (HOME / "assets").iterdir() if path not in paths.generated()),
)
GENERATED = tuple(map(paths.relative, paths.generated()))
MADE = ("build/executed", *(name for name in GENERATED if name != "build"))
POST = """\
---
layout: post
title: Toy
description: A toy.
paper: {paper}
mathjax: true
permalink: /{paper}/
feed: {{excerpt_only: true}}
{front}---
{text}
"""


def figure(end: str = "1", alt: str = "A rising line.", more: str = "") -> str:
    """A cell that draws a line to there."""
    return f"""\
from matplotlib.figure import Figure
from publishing.cells import claim, diagram

figure = Figure(figsize=(2, 1))
figure.subplots().plot([0, {end}])
diagram(figure, "line", alt="{alt}", caption="A line of $x$."{more})"""


@dataclass
class Repository:
    """A repository in a folder of its own."""

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

    def post(self, *stems: str, paper: str = "toy", front: str = "") -> Path:
        """A post that includes these sections, with these lines more in its front matter."""
        includes = [f'{{% include paper_section.html name="{paper}/{stem}" %}}' for stem in stems]
        text = POST.format(paper=paper, front=front, text="\n\n".join(includes))
        return self.write(f"_posts/2026-01-01-{paper}.md", text)

    def claims(self, paper: str = "toy") -> Path:
        """The page of a paper's claims."""
        return self.write(f"_claims/{paper}.md", f"---\ntitle: Claims\npaper: {paper}\nmathjax: true\n---\nWords.\n")


@dataclass
class Commands(Repository):
    """The commands of `python -m publishing` on a repository that has the layouts and styles of this one."""

    def __post_init__(self):
        self.environment = os.environ | {"PYTHONPATH": str(self.root)}
        self.environment.pop("PYTHONUNBUFFERED", None)  # with which nothing that is printed could be lost

    @classmethod
    def lay(cls, root: Path) -> "Commands":
        """With what every site needs; its Node packages are those of this repository."""
        laid = cls(root)
        for name in ("publishing", *SITE_FILES):
            source, target = HOME / name, root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("sections", "__pycache__"))
            else:
                shutil.copy(source, target)
        laid.name_browser_files({})
        (root / "node_modules").symlink_to(HOME / "node_modules")
        return laid

    def copy(self, root: Path) -> "Commands":
        """The same repository in another folder, with all that was built: to be changed."""
        copied = Commands(shutil.copytree(self.root, root, symlinks=True, dirs_exist_ok=True))
        copied.environment = self.environment | {"PYTHONPATH": str(root)}
        return copied

    def name_browser_files(self, files: dict) -> None:
        package = json.loads((HOME / "package.json").read_text(encoding="utf-8"))
        self.write("package.json", json.dumps(package | {"browserFiles": files}))

    def start(self, *arguments, code="", under=(), **keywords):
        """A process of the command, or of other code, perhaps `under` another one."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | keywords
        what = ["-c", f"import sys; {code}"] if code else ["-m", "publishing"]
        command = [*under, sys.executable, *what, *arguments]
        return subprocess.Popen(command, cwd=self.root, env=self.environment, **pipes)

    def run(self, *arguments, **keywords):
        process = self.start(*arguments, **keywords)
        out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out, err

    def succeed(self, *arguments, **keywords):
        status, out, err = self.run(*arguments, **keywords)
        assert (status, err) == (0, ""), out + err
        return out

    def fail(self, *arguments, **keywords):
        """The one line that a failing command says."""
        (line,) = self.faults(*arguments, **keywords)
        return line

    def faults(self, *arguments, **keywords):
        """The lines that a failing command says."""
        status, out, err = self.run(*arguments, **keywords)
        assert status == 1 and err and all(line.startswith("error: ") for line in err.splitlines()), out + err
        return [line.removeprefix("error: ") for line in err.splitlines()]

    def outputs(self, *folders):
        found = [path for folder in folders for path in (self.root / folder).rglob("*") if path.is_file()]
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in found}
