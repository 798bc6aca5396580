"""The instruments' modules without a page: expressions in Node, their values in Python."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from publishing import paths

PARTS = ("chain", "mixture", "network", "random", "schedule")


@pytest.fixture(scope="session")
def javascript() -> Callable[..., Any]:
    """`javascript("schedule.linear(T).beta", T=3)`: parts by name, what is given as variables, arrays as lists."""

    def value(expression: str, **given: Any) -> Any:
        imports = [f"import * as {name} from '{(paths.INSTRUMENTS / 'parts' / name).as_uri()}.js';" for name in PARTS]
        program = [
            *imports,
            f"const {{{', '.join(given)}}} = JSON.parse(await new Response(process.stdin).text());",
            f"const value = await ({expression});",
            "const plain = (_, value) => ArrayBuffer.isView(value) ? Array.from(value) : value;",
            "console.log(JSON.stringify(value, plain));",
        ]
        here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        command = [shutil.which("node", path=here), "--input-type=module", "--eval", "\n".join(program)]
        told = json.dumps(given, default=lambda array: array.tolist())
        done = subprocess.run(command, input=told, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return value
