"""The benchmarks run: this package and diffusers do both tasks once, with one network's weights."""

import pytest
import torch

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
