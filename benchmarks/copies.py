"""Copies of this repository, to be edited and built without harm."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from publishing import paths

ROOT = paths.ROOT
BUILD = """
import resource, sys
from publishing.__main__ import main
sys.argv = ["publishing", "site"]
status = main()
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
sys.exit(status)
"""
RAN = re.compile(r"^\w+/(\S+)  \d+ cells  (?:(\d+):)?([\d.]+)(?: s| min)$", re.MULTILINE)


@dataclass(frozen=True)
class Build:
    """What one build took: seconds of the clock, MiB of the build itself, and those of each notebook that it ran."""

    seconds: float
    peak: float = 0.0
    ran: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Copy:
    """A repository, built by the press that it holds."""

    root: Path

    @classmethod
    def of_this(cls, root: Path, *folders: str) -> Self:
        """What git keeps or would keep of these folders, or of everything."""
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders]
        told = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in filter(None, told.split("\0")):
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
        (root / "node_modules").symlink_to(ROOT / "node_modules")
        return cls(root)

    @property
    def environment(self) -> dict[str, str]:
        """In which its programs run, and keep the byte code of what they import, as they do for a user."""
        of_user = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return of_user | {"PYTHONPATH": str(self.root), "BASEURL": ""}

    def build(self) -> Build:
        """Update the site."""
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", BUILD], cwd=self.root, env=self.environment, capture_output=True, text=True
        )
        seconds = time.perf_counter() - began
        if done.returncode:
            raise SystemExit(f"benchmarks: the build failed: {done.stderr.strip()}")
        return Build(seconds, int(done.stdout.split()[-1]) / 1024, ran(done.stdout))

    def edited(self, name: str, edit: Callable[[bytes], bytes]) -> Build:
        """The build after an edit of one file; then the file is as it was, and so is the site."""
        path = self.root / name
        before = path.read_bytes()
        after = edit(before)
        if after == before:
            raise SystemExit(f"benchmarks: nothing to edit in {name}; fix benchmarks/build.py")
        path.write_bytes(after)
        build = self.build()
        path.write_bytes(before)
        self.build()
        return build

    def page(self, paper: str, stem: str) -> str:
        """HTML of a section."""
        return (self.root / "_includes" / "sections" / paper / f"{stem}.html").read_text(encoding="utf-8")


def ran(said: str) -> dict[str, float]:
    """The notebooks that a build says it ran, and the seconds of each: sections and studies."""
    return {name: 60 * int(minutes or 0) + float(seconds) for name, minutes, seconds in RAN.findall(said)}
