"""What a committed result says of itself holds."""

import importlib
import json
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock
from urllib.error import URLError

import pytest

from ddpm_notes import DIGITS, TrainingConfig
from ddpm_notes.commands.settings import FASTEST, RECIPES
from ddpm_notes.data import DEBIAN_FASHION, load
from ddpm_notes.files import read_tensors
from experiments import classifier, digits, fashion, results, stale, training, witness
from experiments.__main__ import EXPERIMENTS, main
from experiments.results import NO_FASHION, Result, checksum_of
from experiments.stale import CHECKPOINTS, RESULTS, code_digest

COMMITTED = sorted([*CHECKPOINTS.glob("*.json"), *RESULTS.glob("*.json")])
PROVENANCE = {"command", "code", "data", "data_checksum", "seed", "machine", "threads", "duration"}


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_result_says_where_it_comes_from(path: Path):
    about = json.loads(path.read_text())
    assert about.keys() >= PROVENANCE
    assert about["command"].split()[-1] in EXPERIMENTS
    assert about["duration"] > 0


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_result_was_made_from_the_data_that_are_here(path: Path):
    about = json.loads(path.read_text())
    if about["data"] == "fashion-mnist" and not DEBIAN_FASHION.is_dir():
        pytest.skip(NO_FASHION)
    assert about["data_checksum"] == load(about["data"], "train").checksum


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_result_judged_the_weights_that_are_here(path: Path):
    for name, checksum in json.loads(path.read_text()).get("weights", {}).items():
        assert checksum_of(CHECKPOINTS / f"{name}.safetensors") == checksum, name


@pytest.fixture(scope="module")
def just_trained(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CHECKPOINTS", "STATES"):
            patch.setattr(training, name, tmp_path_factory.mktemp(name))
        small = TrainingConfig(steps=1, batch=2)
        training.train_checkpoint("digits", "digits", replace(DIGITS, width=8), small)
        return training.CHECKPOINTS / "digits.json"


@pytest.mark.parametrize("name", ["just trained", *(path.stem for path in CHECKPOINTS.glob("*.json"))])
def test_a_checkpoint_and_its_description_cannot_disagree(name, just_trained):
    path = just_trained if name == "just trained" else CHECKPOINTS / f"{name}.json"
    described, (_, about) = json.loads(path.read_text()), read_tensors(path.with_suffix(".safetensors"))
    assert "code" not in about, "only the description is stamped when results are accepted"
    assert all(about[key] == described[key] for key in about.keys() & described.keys())


@pytest.mark.parametrize("path", sorted(RESULTS.glob("report-*.json")), ids=lambda path: path.stem)
def test_a_report_counted_the_samples_that_are_here(path: Path):
    report = json.loads(path.read_text())
    part = report["parts"]["samples"]
    assert checksum_of(RESULTS / part["file"]) == part["file_checksum"]
    samples, about = read_tensors(RESULTS / part["file"])
    assert about["weights"] in report["weights"].values()
    assert len(samples["samples"]) == part["samples"] == sum(part["classes"])


def test_weights_stay_small():
    sizes = [path.stat().st_size for path in CHECKPOINTS.glob("*.safetensors")]
    assert max(sizes) <= 8e6
    assert sum(sizes) <= 30e6


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_can_be_run(name: str):
    assert callable(importlib.import_module(f"experiments.{name}").main)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    monkeypatch.setattr(results, "STATES", tmp_path / "states")
    return tmp_path


def test_a_part_that_is_there_is_not_computed_again(folder):
    first = Result("trial", "scaling", "digits").part("a", lambda: {"x": 1})
    with Result("trial", "scaling", "digits") as result:
        again = result.part("a", lambda: pytest.fail("computed again"))
    assert first == again == Result("trial", "scaling", "digits").part("a", lambda: pytest.fail()) == {"x": 1}
    assert not list((folder / "states").iterdir())


def test_a_result_stays_whole_until_all_of_the_new_one_is_there(folder):
    (folder / "trial.json").write_text(json.dumps(dict.fromkeys(("code", "data_checksum", "seed", "weights"), "old")))
    before = (folder / "trial.json").read_bytes()
    with pytest.raises(KeyboardInterrupt), Result("trial", "scaling", "digits") as result:
        result.part("a", lambda: {"x": 1})
        raise KeyboardInterrupt
    assert (folder / "trial.json").read_bytes() == before
    with Result("trial", "scaling", "digits") as result:
        result.part("a", lambda: pytest.fail("computed again"))
        result.part("b", lambda: {"x": 2})
    assert json.loads((folder / "trial.json").read_text())["parts"] == {"a": {"x": 1}, "b": {"x": 2}}


@pytest.mark.parametrize("changed", ["code", "data_checksum", "weights"])
def test_a_part_of_other_code_data_or_weights_is_computed_again(folder, changed):
    with Result("trial", "scaling", "digits") as result:
        result.part("a", lambda: {"x": 1})
    about = json.loads((folder / "trial.json").read_text())
    (folder / "trial.json").write_text(json.dumps(about | {changed: "another"}))
    assert Result("trial", "scaling", "digits").part("a", lambda: {"x": 2}) == {"x": 2}


def test_the_code_digest_sees_formulas_but_no_bookkeeping(monkeypatch):
    meant = stale.fingerprint
    monkeypatch.setattr(stale, "fingerprint", lambda files: {**meant(files), "ddpm_notes.losses": "another"})
    assert {"ddpm_notes.losses", "experiments.scaling"} <= set(
        stale.reached("import experiments.scaling", (stale.ROOT,))
    )
    changed = code_digest("scaling")
    monkeypatch.undo()
    assert changed != code_digest("scaling")
    seen = {}
    monkeypatch.setattr(stale, "fingerprint", lambda files: seen.update(files) or meant(files))
    code_digest("scaling")
    assert not {name for name in seen if name.startswith("publishing") or name == "experiments.results"}


def test_a_result_of_other_code_is_named_as_stale(tmp_path, monkeypatch):
    monkeypatch.setattr(stale, "RESULTS", tmp_path)
    monkeypatch.setattr(stale, "CHECKPOINTS", tmp_path / "none")
    monkeypatch.setattr(stale, "ROOT", tmp_path)
    monkeypatch.setattr(stale, "code_digest", lambda experiment: "today")
    for name, code in (("old", "yesterday"), ("new", "today")):
        (tmp_path / f"{name}.json").write_text(json.dumps({"command": "python -m experiments scaling", "code": code}))
    (line,) = stale.stale()
    assert line.startswith("old.json: its code has changed since;")
    assert "`.venv/bin/python -m experiments accept scaling`" in line
    assert "`make experiments ONLY=scaling`" in line


@pytest.mark.parametrize(("data", "experiment"), [("digits", digits), ("fashion-mnist", fashion)])
def test_the_command_line_has_the_recipe_of_the_committed_network(data, experiment):
    """The clothes' precision apart: here it is the machine's fastest, which was bfloat16 where they were trained."""
    _, recipe = RECIPES[data]
    ours = experiment.CONFIG
    assert replace(recipe, save_every=ours.save_every, precision=ours.precision) == ours
    assert (ours.precision != recipe.precision) == (data in FASTEST)


def test_checkpoints_that_are_there_by_the_same_code_are_not_made_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(stale, "CHECKPOINTS", tmp_path)
    monkeypatch.setattr(stale, "code_digest", lambda experiment: "today")
    monkeypatch.setattr("sys.argv", ["experiments", "classifier"])
    ran = []
    monkeypatch.setattr(classifier, "main", lambda: ran.append("classifier"))
    monkeypatch.setattr(witness, "store", lambda name: None)
    for name, code in (("one", "today"), ("two", "yesterday")):
        about = {"command": "python -m experiments classifier", "code": code}
        (tmp_path / f"{name}.json").write_text(json.dumps(about))
        (tmp_path / f"{name}.safetensors").touch()
    main()
    assert ran == ["classifier"], "one of the two is of other code"
    (tmp_path / "two.json").write_text((tmp_path / "one.json").read_text())
    main()
    assert ran == ["classifier"]
    assert "classifier: there already, by the same code" in capsys.readouterr().out
    (tmp_path / "two.safetensors").unlink()
    main()
    assert ran == ["classifier"] * 2


def test_an_experiment_without_its_data_set_names_the_package(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("ddpm_notes.data.DEBIAN_FASHION", tmp_path / "nowhere")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sklearn.datasets._openml.urlopen", Mock(side_effect=URLError("no network")))
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    monkeypatch.setattr("sys.argv", ["experiments", "photographs"])
    assert main() == 1
    assert capsys.readouterr().err == f"experiments: photographs: {NO_FASHION}\n"
