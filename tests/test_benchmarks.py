"""The benchmarks run: this package and diffusers do both tasks once, with one network's weights; and what they read."""

import pytest
import torch

from benchmarks import build, copies, edits, stale
from benchmarks.contestants import CONTESTANTS
from ddpm_notes import load_checkpoint, save_diffusers
from publishing.paths import ROOT


@pytest.fixture(scope="module")
def contestants(tmp_path_factory):
    """Those that are installed wherever tests run."""
    weights = tmp_path_factory.mktemp("weights")
    save_diffusers(weights, load_checkpoint(ROOT / "experiments/checkpoints/digits.safetensors").model)
    names = ("diffusers", "ddpm_notes", "ddpm_notes, onnxruntime", "machine")
    return {name: CONTESTANTS[name]("digits", 2, weights) for name in names}


@pytest.mark.parametrize("name", ["ddpm_notes", "ddpm_notes, onnxruntime"])
@torch.inference_mode()
def test_our_network_is_that_of_diffusers(contestants, name):
    theirs, ours = contestants["diffusers"].eps(), contestants[name].eps()
    assert (ours - theirs).abs().max() <= 1e-5 * theirs.abs().max()


@pytest.mark.parametrize("name", ["diffusers", "ddpm_notes", "ddpm_notes, onnxruntime"])
@torch.inference_mode()
def test_a_sampling_step_runs(contestants, name):
    contestants[name].sampling_step()


def test_the_machine_multiplies(contestants):
    contestants["machine"].matmul()


@pytest.mark.parametrize("name", ["diffusers", "ddpm_notes"])
def test_a_training_step_changes_the_weights(contestants, name):
    net = contestants[name].net
    before = [weight.detach().clone() for weight in net.parameters()]
    contestants[name].training_step()
    assert not all(map(torch.equal, before, net.parameters()))


def test_what_a_build_says_it_ran_is_read_of_sections_and_studies():
    said = "ddpm/05-key-equations  21 cells  9.8 s\nddpm/studies/which-variance  8 cells  1:05 min\nddpm: 2 executed\n"
    assert copies.ran(said) == {"05-key-equations": 9.8, "studies/which-variance": 65.0}


def test_every_edit_has_something_to_edit_and_another_one_in_every_turn():
    of_text = ((edits.NOTEBOOK, edits.a_word), (edits.NOTEBOOK, edits.mathematics), (edits.NOTEBOOK, edits.a_cell))
    for name, edit in (*of_text, (edits.STYLES, edits.a_rule), (edits.LOSSES, edits.a_docstring)):
        text = (ROOT / name).read_bytes()
        assert len({text, edit(0)(text), edit(1)(text)}) == 3
    once = ((edits.LOSSES, edits.a_formula), (edits.NETWORK, edits.a_checkpoint), (edits.LOCK, edits.a_version))
    for name, edit in once:
        text = (ROOT / name).read_bytes()
        assert edit(0)(text) != text


def test_notebooks_that_read_a_network_and_pass_for_none_are_known():
    here = copies.Copy(ROOT)
    found = build.reading(here, edits.NETWORK)
    assert {"02-key-contributions", "09-experimental-setup", "studies/faq"} <= found
    assert "studies/copies" not in found and found < build.notebooks(here).keys()


@pytest.mark.parametrize("kind", stale.KINDS)
def test_no_cell_shows_in_its_code_that_it_is_fresh(kind):
    assert "shown after" not in stale.KINDS[kind][0]
