"""Results of other code are accepted where their witness is the same, and refused where it is not."""

import importlib
import json
import os
import shutil
import subprocess
import sys
from unittest.mock import Mock

import pytest
import torch
from torch import Generator

from experiments import stale, witness
from experiments.__main__ import EXPERIMENTS, accept, main
from experiments.bits import differences, machine, summary
from experiments.miniatures import MINIATURES, watched
from experiments.results import NO_FASHION
from experiments.stale import code_digest, code_of, digest_of_modules, modules_of, results_of
from publishing.execute.fingerprint import Module
from publishing.paths import ROOT

MEASURED = [name for name in EXPERIMENTS if results_of(name)]
BROKEN = {  # a formula of each file, and an experiment whose miniature runs it
    "training": ("digits", "objective(x0, t, noise).mean()", "objective(x0, t, noise).sum()"),
    "sampling": ("ablation", "range(start, 0, -1)", "range(start, 1, -1)"),
    "likelihood": ("ablation", "self.prior + self.terms.sum(1)", "self.terms.sum(1)"),
}


@pytest.mark.parametrize("name", MEASURED)
def test_every_result_has_a_witness_by_the_code_that_made_it(name):
    assert {code_of(path) for path in results_of(name)} == {witness.stamp(name)}


def test_no_miniature_is_of_nothing():
    assert MINIATURES.keys() == set(MEASURED)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the repository's packages, whose witnesses are by this machine."""
    root = tmp_path_factory.mktemp("copy")
    for package in ("ddpm_notes", "experiments", "publishing"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "experiments/sizes.py").write_text("SIZE = 8\n")
    smaller = {'"steps": 20, "warmup": 10, "save_every": 10': '"steps": 2, "warmup": 1, "save_every": 1'}
    smaller['"ablation.SEEDS": (1,),'] = '"ablation.SEEDS": (1,), "ablation.ROWS": {"one": ("eps", "eps", "beta")},'
    for old, new in smaller.items():
        replace(root / "experiments/miniatures.py", old, new)
    stored = "from experiments import witness; witness.store('digits'); witness.store('ablation')"
    run_in(root, "-c", stored).check_returncode()
    return root


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


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
        before.setdefault(path, path.read_text())
        replace(path, old, new)

    yield change
    for path, text in before.items():
        path.write_text(text)


@pytest.mark.parametrize("file", BROKEN)
def test_a_broken_formula_is_refused(copy, edit, file):
    name, old, new = BROKEN[file]
    edit(f"ddpm_notes/{file}.py", old, new)
    before = {path: path.read_bytes() for path in (copy / "experiments").rglob("*.json")}
    refused = run_in(copy, "-m", "experiments", "accept", name)
    assert refused.returncode == 1
    assert f"experiments: {name}: today's code gives something else:" in refused.stderr
    assert "then, " in refused.stderr
    assert {path: path.read_bytes() for path in before} == before


def test_new_names_are_accepted_and_modules_of_which_no_function_runs_are_not(copy, edit):
    edit("ddpm_notes/training_run.py", "differ", "others")
    edit("experiments/digits.py", "from ddpm_notes import", "from ddpm_notes import draw_t, NATS_PER_BIT,")
    accepted = run_in(copy, "-m", "experiments", "accept", "digits")
    assert "digits: accepted, the same bits" in accepted.stdout
    assert "accept digits`" not in run_in(copy, "-m", "experiments.stale").stdout
    again = run_in(copy, "-m", "experiments", "accept", "digits")
    assert "nothing to accept" in again.stdout
    edit("experiments/digits.py", "from ddpm_notes", "import experiments.quality, experiments.sizes\nfrom ddpm_notes")
    refused = run_in(copy, "-m", "experiments", "accept", "digits")
    assert "experiments.quality, experiments.sizes changed, but the miniature runs no function of it" in refused.stderr


def test_only_functions_count_as_having_run(tmp_path, monkeypatch):
    path = tmp_path / "module_of_a_test.py"
    path.write_text("class Size:\n    sides = [n for n in (8, 28)]\n\ndef area(size):\n    return size * size\n")
    monkeypatch.syspath_prepend(tmp_path)
    modules = {"module_of_a_test": Module(path, path.read_text())}
    imported = watched(lambda: importlib.import_module("module_of_a_test"), modules)
    assert imported == set(), "neither its body, nor its class, nor functions of other files"
    assert watched(lambda: importlib.import_module("module_of_a_test").area(3), modules) == modules.keys()


def test_what_is_said_to_be_idle_must_be(trial, monkeypatch):
    trial()
    monkeypatch.setitem(witness.IDLE, "scaling", {"ddpm_notes.losses"})
    with pytest.raises(witness.Refused, match="ddpm_notes.losses runs, although IDLE says that it never does"):
        witness.accept("scaling")


@pytest.fixture
def trial(tmp_path, monkeypatch):
    """Two results of `scaling`, whose witness is by other losses; its miniature gives what one says it does."""
    before = modules_of("experiments.scaling") | {"ddpm_notes.losses": "other losses"}
    digest = digest_of_modules(before)
    for module, name in ((stale, "RESULTS"), (stale, "CHECKPOINTS"), (witness, "WITNESSES")):
        monkeypatch.setattr(module, name, tmp_path / name)
        (tmp_path / name).mkdir()

    def prepare(then=None, now=None, *, modules=before, code=digest):
        monkeypatch.setattr(witness, "miniature", lambda name: (now or {}, {"ddpm_notes.losses"}))
        stored = {"modules": modules, "machine": machine(), "gave": then or {}}
        (tmp_path / "WITNESSES/scaling.json").write_text(json.dumps(stored))
        for name in ("one", "two"):
            result = {"command": "python -m experiments scaling", "code": code}
            (tmp_path / f"RESULTS/{name}.json").write_text(json.dumps(result))

    return prepare


@pytest.mark.parametrize(
    ("then", "now", "line"),
    [
        ({"settings": {}}, {"settings": {"STEPS": 5}}, "/settings/STEPS: nothing then, 5 now"),
        ({"files": {"a.json": {"x": 1}}}, {"files": {}}, "/files/a.json: {'x': 1} then, nothing now"),
        ({"trainings": [0.5]}, {"trainings": [0.5, 0.25]}, "/trainings/1: nothing then, 0.25 now"),
        ({"trainings": [0.5, 0.25]}, {"trainings": [0.5]}, "/trainings/1: 0.25 then, nothing now"),
        ({}, {"more": 1}, "/more: nothing then, 1 now"),
        ({"x": [1]}, {"x": {"0": 1}}, "/x: [1] then, {'0': 1} now"),
    ],
)
def test_more_less_and_renamed_things_are_refused(trial, then, now, line):
    trial(then, now)
    with pytest.raises(witness.Refused) as refused:
        witness.accept("scaling")
    assert str(refused.value) == f"today's code gives something else:\n  {line}"
    assert {code_of(path) for path in results_of("scaling")} != {code_digest("scaling")}


def test_what_an_interrupted_acceptance_left_is_accepted(trial):
    trial()
    first, second = results_of("scaling")
    first.write_text(json.dumps(json.loads(first.read_text()) | {"code": code_digest("scaling")}))
    accept("scaling")
    assert code_of(first) == code_of(second) == witness.stamp("scaling") == code_digest("scaling")


def test_a_result_of_older_code_beside_a_witness_of_today_is_refused(trial):
    trial(modules=modules_of("experiments.scaling"), code="older")
    with pytest.raises(witness.Refused, match="no witness by the code that made its results; `make experiments ONLY="):
        accept("scaling")


def test_an_experiment_without_results_says_so(capsys):
    accept("browser")
    expected = "browser: it keeps no result that could be accepted; `make experiments ONLY=browser` runs it again\n"
    assert capsys.readouterr().out == expected


def test_another_processor_may_round_otherwise_and_no_more():
    x = torch.randn(1000, generator=Generator().manual_seed(1))
    shuffled = x[torch.randperm(len(x), generator=Generator().manual_seed(2))]
    then = {"x": 2.0, "weights": summary([x])}
    for x_now, weights in ((2.0, x), (2.0 + 1e-6, x * (1 + 1e-6))):
        assert not list(differences(then, {"x": x_now, "weights": summary([weights])}, exact=False))
    assert list(differences({"x": 2.0}, {"x": 2.0001}, exact=False)) == ["/x: 2.0 then, 2.0001 now"]
    for weights in (-x, shuffled, x.roll(1), x * 1.002, x + 0.1, torch.cat([x, torch.zeros(1)])):
        assert list(differences(then, {"x": 2.0, "weights": summary([weights])}, exact=False))


def test_without_the_data_one_sentence_says_what_to_install(trial, monkeypatch, capsys):
    trial()
    missing = ValueError("Fashion-MNIST is not on this machine and could not be fetched")
    monkeypatch.setattr(witness, "miniature", Mock(side_effect=missing))
    monkeypatch.setattr("sys.argv", ["experiments", "accept", "scaling"])
    assert main() == 1
    assert capsys.readouterr().err == f"experiments: scaling: {NO_FASHION}\n"
