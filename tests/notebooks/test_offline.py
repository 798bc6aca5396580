"""The notes build from what git keeps and what is laid: no network, no data set of the machine, an empty home."""

import os
import shutil
import subprocess
import sys

import pytest

from publishing import paths
from publishing.files import below

AS_ROOT = () if os.geteuid() == 0 else ("--user", "--map-root-user")  # root in a chroot may make no user namespace
ISOLATED = ("unshare", *AS_ROOT, "--mount", "--net")
DATA_SETS = "/usr/share/datasets"
HIDE = f"if [ -d {DATA_SETS} ]; then mount -t tmpfs none {DATA_SETS}; fi"
LAID = (".git", ".venv", ".venv-lab", "node_modules", "vendor")
CACHES = ("__pycache__", ".hypothesis", ".pytest_cache", ".mypy_cache", ".ruff_cache")


@pytest.fixture
def checkout(tmp_path):
    """A copy of this repository without anything that was generated, beside what bootstrap.py laid."""
    generated = {str(path) for path in paths.generated()}

    def left_out(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if name in (*LAID, *CACHES) or f"{folder}/{name}" in generated]

    copy = shutil.copytree(paths.ROOT, tmp_path / "notes", ignore=left_out, symlinks=True)
    (copy / "node_modules").symlink_to(paths.ROOT / "node_modules")
    return copy


def test_the_site_is_built_without_network_data_sets_or_home_and_says_the_same(checkout, tmp_path):
    if subprocess.run([*ISOLATED, "true"], capture_output=True).returncode:
        pytest.skip("this machine does not let a test cut itself off from the network (unshare --net)")
    home = tmp_path / "home"
    home.mkdir()
    build = f'{HIDE}; exec "{sys.executable}" -m publishing site'
    path = f"{paths.ROOT}/.venv/bin:{os.environ['PATH']}"
    environment = {"HOME": str(home), "PATH": path, "PYTHONPATH": str(checkout)}
    command = [*ISOLATED, "sh", "-c", build]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (checkout / "_site/ddpm/index.html").is_file()
    executed = {path.name: path.read_bytes() for path in below(checkout / "build/executed/ddpm")}
    assert executed == {path.name: path.read_bytes() for path in below(paths.executed_dir("ddpm"))}
