"""Node, by which formulas are typeset and the index of the search is made."""

import os
import shutil
import sys
from pathlib import Path


def node() -> str | None:
    """The program, beside this Python or where the shell finds one; None if there is none."""
    here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return shutil.which("node", path=here)
