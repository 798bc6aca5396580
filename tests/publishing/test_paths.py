import subprocess
import sys
from pathlib import Path

from publishing import paths


def test_the_root_is_found_from_any_folder(tmp_path):
    code = "from publishing import paths; print(paths.ROOT)"
    environment = {"PYTHONPATH": str(paths.ROOT)}
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert Path(run.stdout.strip()) == paths.ROOT == Path(__file__).parents[2]


def test_files_are_named_from_the_root():
    assert paths.relative(paths.executed_path("ddpm", "01-a")) == "build/executed/ddpm/01-a.ipynb"
