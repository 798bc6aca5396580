"""The set-up, as far as it can be tried without installing the world again."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "bootstrap.py"


@pytest.fixture
def bootstrap(tmp_path):
    """The script as a module whose repository is a temporary folder."""
    spec = importlib.util.spec_from_file_location("bootstrap", shutil.copy(SCRIPT, tmp_path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def step(bootstrap):
    """A step that writes one file, and the number of times that it ran."""
    product = bootstrap.ROOT / "product"
    runs = []

    def install() -> None:
        runs.append(1)
        product.write_text("laid")

    return product, install, runs


def test_a_step_is_laid_once(bootstrap, step):
    product, install, runs = step
    bootstrap.lay("step", product, lambda: "key", install)
    bootstrap.lay("step", product, lambda: "key", install)
    assert len(runs) == 1


def test_a_step_is_laid_again_when_what_decides_it_changes(bootstrap, step):
    product, install, runs = step
    bootstrap.lay("step", product, lambda: "key", install)
    bootstrap.lay("step", product, lambda: "another key", install)
    assert len(runs) == 2


def test_a_step_is_laid_again_when_its_product_is_gone(bootstrap, step):
    product, install, runs = step
    bootstrap.lay("step", product, lambda: "key", install)
    product.unlink()
    bootstrap.lay("step", product, lambda: "key", install)
    assert len(runs) == 2


def test_an_interrupted_step_is_done_again(bootstrap, step):
    product, install, runs = step
    bootstrap.lay("step", product, lambda: "key", install)

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bootstrap.lay("step", product, lambda: "new key", interrupted)
    assert bootstrap.stamped(bootstrap.STAMPS / "step") == bootstrap.UNFINISHED
    bootstrap.lay("step", product, lambda: "key", install)
    assert len(runs) == 2


def test_a_step_that_changes_its_own_key_is_laid_once(bootstrap, step):
    product, install, runs = step
    for _ in range(2):
        bootstrap.lay("step", product, lambda: "laid" if product.exists() else "missing", install)
    assert len(runs) == 1


@pytest.mark.parametrize("machine", ["old", "without npm"])
def test_node_from_pip_is_laid_once_whatever_the_machine_has(bootstrap, monkeypatch, machine):
    def tool(name: str, script: str) -> None:
        path = bootstrap.ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def from_pip(*_: object) -> None:
        laid.append("node")
        tool(".venv/bin/node", "exit 0")
        tool(".venv/bin/npm", f"mkdir '{bootstrap.ROOT}/node_modules'")

    laid = []
    for name in ("package-lock.json", "requirements/node.lock"):
        tool(name, "")
    tool("bin/node", "exit 1" if machine == "old" else "exit 0")
    if machine == "old":
        tool("bin/npm", "exit 1")
    monkeypatch.setattr(bootstrap, "pip_install", from_pip)
    monkeypatch.setenv("PATH", f"{bootstrap.ROOT / 'bin'}")
    (bootstrap.ROOT / "bin" / "mkdir").symlink_to(shutil.which("mkdir", path=os.defpath))
    for _ in range(2):
        bootstrap.node_packages()
    assert laid == ["node"]


def test_the_key_is_made_from_what_a_file_says_not_from_when_or_where(bootstrap):
    first, second = bootstrap.ROOT / "first.lock", bootstrap.ROOT / "second.lock"
    first.write_text("torch==2.13.0")
    second.write_text("torch==2.13.0")
    assert bootstrap.digest(first, "3.11") == bootstrap.digest(second, "3.11")
    assert bootstrap.digest(first, "3.11") != bootstrap.digest(first, "3.12")
    second.write_text("torch==2.13.1")
    assert bootstrap.digest(first, "3.11") != bootstrap.digest(second, "3.11")


def test_an_environment_is_sound_until_it_is_moved(bootstrap):
    made = bootstrap.ROOT / ".venv"
    bootstrap.make_venv(made)
    assert bootstrap.is_sound(made)
    moved = made.rename(bootstrap.ROOT / ".venv-moved")
    assert not bootstrap.is_sound(moved)
    assert not bootstrap.is_sound(made)


def test_a_command_that_fails_shows_its_last_words_and_is_one_sentence(bootstrap, capsys):
    with pytest.raises(bootstrap.StepError, match="installing the moon failed"):
        bootstrap.run("installing the moon", sys.executable, "-c", "print('no rocket'); raise SystemExit(3)")
    assert "no rocket" in capsys.readouterr().err


def test_a_step_says_how_long_it_took(bootstrap, capsys):
    bootstrap.run("waiting", sys.executable, "-c", "")
    assert capsys.readouterr().out.startswith("bootstrap: waiting … 0.")


def test_a_missing_command_does_not_work(bootstrap):
    assert not bootstrap.works("no-such-command-anywhere")
    assert bootstrap.works(sys.executable, "-c", "")


def test_an_older_python_gets_one_sentence_and_no_traceback():
    script = f"import runpy, sys; sys.version_info = (3, 9, 7); runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == ("bootstrap: Python 3.11 or newer is needed, this is 3.9.7: try `make PYTHON=python3.11`\n")


def test_a_target_that_does_not_exist_is_refused():
    done = subprocess.run([sys.executable, SCRIPT, "moon"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "usage: python3 bootstrap.py notebooks|site|test|lab|bench|bench-page\n"


def test_a_second_run_says_nothing_and_takes_no_time():
    if not (ROOT / ".venv" / "bootstrap" / "python").exists():
        pytest.skip("this environment was not laid by bootstrap.py")
    before = os.times()
    done = subprocess.run([sys.executable, SCRIPT, "test"], capture_output=True, text=True, check=True)
    after = os.times()
    assert done.stdout == ""
    assert after.children_user + after.children_system - before.children_user - before.children_system < 0.5
