"""Results of other code are accepted where their witness is the same, and refused where it is not."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from experiments import witness
from experiments.__main__ import EXPERIMENTS, main
from experiments.results import NO_FASHION
from experiments.stale import results_of
from publishing.paths import ROOT

MEASURED = [name for name in EXPERIMENTS if results_of(name)]
BROKEN = {  # a formula of each file, and an experiment whose miniature runs it
    "training": ("scaling", "objective(x0, t, noise).mean()", "objective(x0, t, noise).sum()"),
    "sampling": ("scaling", "range(start, 0, -1)", "range(start, 1, -1)"),
    "likelihood": ("ablation", "self.prior + self.terms.sum(1)", "self.terms.sum(1)"),
}


@pytest.mark.parametrize("name", MEASURED)
def test_every_result_has_a_witness_by_the_code_that_made_it(name):
    assert {json.loads(path.read_text())["code"] for path in results_of(name)} == {witness.stamp(name)}


def test_no_miniature_is_of_nothing():
    assert witness.MINIATURES.keys() == set(MEASURED)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the repository's packages, whose witnesses are by this machine."""
    root = tmp_path_factory.mktemp("copy")
    for package in ("ddpm_notes", "experiments", "publishing"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("scaling", "ablation"):
        run_in(root, "-c", f"from experiments import witness; witness.store({name!r})").check_returncode()
    return root


def run_in(root, *arguments):
    environment = os.environ | {"PYTHONPATH": str(root), "TQDM_DISABLE": "1"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def edit(copy):
    """Change a file of the copy; it is as it was afterwards."""
    before = {}

    def change(file, old, new):
        path = copy / file
        before[path] = path.read_text()
        assert old in before[path]
        path.write_text(before[path].replace(old, new))

    yield change
    for path, text in before.items():
        path.write_text(text)


@pytest.mark.parametrize("file", BROKEN)
def test_a_broken_formula_is_refused(copy, edit, file):
    name, old, new = BROKEN[file]
    edit(f"ddpm_notes/{file}.py", old, new)
    refused = run_in(copy, "-m", "experiments", "accept", name)
    assert refused.returncode == 1
    assert f"experiments: {name}: today's code gives something else:" in refused.stderr
    assert "then, " in refused.stderr
    assert name in run_in(copy, "-m", "experiments.stale").stdout


def test_a_new_name_is_accepted_and_a_module_that_does_not_run_is_not(copy, edit):
    edit("ddpm_notes/training_run.py", "differ", "others")
    accepted = run_in(copy, "-m", "experiments", "accept", "scaling")
    assert "scaling: accepted, the same bits" in accepted.stdout
    assert "scaling" not in run_in(copy, "-m", "experiments.stale").stdout
    again = run_in(copy, "-m", "experiments", "accept", "scaling")
    assert "nothing to accept" in again.stdout
    edit(
        "experiments/scaling.py", "from torch import Generator", "from torch import Generator\nimport ddpm_notes.coding"
    )
    refused = run_in(copy, "-m", "experiments", "accept", "scaling")
    assert "ddpm_notes.coding" in refused.stderr
    assert "changed, but the miniature runs nothing of it" in refused.stderr


def test_what_is_said_to_be_idle_must_be(monkeypatch):
    monkeypatch.setattr(witness, "miniature", lambda name: ({}, {"ddpm_notes.losses", "ddpm_notes.reverse"}))
    with pytest.raises(witness.Refused, match="ddpm_notes.reverse runs, although IDLE says that it never does"):
        witness.accept("digits")


def test_another_processor_may_round_otherwise():
    differ = list(
        witness._differences({"x": [1.0, 2.0], "digest": "a"}, {"x": [1.0, 2.0 + 1e-7], "digest": "b"}, False)
    )
    assert differ == []
    differ = list(witness._differences({"x": [1.0, 2.0]}, {"x": [1.0, 2.0 + 1e-5]}, False))
    assert differ == ["/x/1: 2.0 then, 2.00001 now"]


def test_without_the_data_one_sentence_says_what_to_install(monkeypatch, capsys):
    def fail(name):
        raise ValueError("Fashion-MNIST is not on this machine and could not be fetched")

    monkeypatch.setattr(witness, "accept", fail)
    monkeypatch.setattr(witness, "stamp", lambda name: "older")
    monkeypatch.setattr("sys.argv", ["experiments", "accept", "fashion"])
    assert main() == 1
    assert capsys.readouterr().err == f"experiments: fashion: {NO_FASHION}\n"
