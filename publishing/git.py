"""What git says of this repository, if it is there and answers."""

import os
import subprocess
from pathlib import Path

from publishing import paths


def said(*arguments: str) -> str:
    """Its answer, of this repository and not of one around it; nothing where it is not there or refuses to answer."""
    ours = {name: value for name, value in os.environ.items() if name not in ("GIT_DIR", "GIT_WORK_TREE")}
    environment = ours | {"GIT_CEILING_DIRECTORIES": str(paths.ROOT.parent)}
    command = ["git", "-C", str(paths.ROOT), *arguments]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    except OSError:
        return ""
    return "" if done.returncode else done.stdout.strip()


def keeps(path: Path) -> bool:
    """Whether it keeps this file, or will with the next commit; True where it does not answer."""
    return not said("rev-parse", "--git-dir") or bool(said("ls-files", "--", str(path)))
