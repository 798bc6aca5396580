"""The committed graphs are what the checkpoints' networks give, and hold none of their numbers."""

import onnx
import pytest
import torch
from onnx import TensorProto

from ddpm_notes.checkpoints import load_checkpoint, save_checkpoint
from ddpm_notes.files import read_tensors
from experiments.browser import NETWORKS, graph
from experiments.stale import CHECKPOINTS

THERE = [name for name in NETWORKS if (CHECKPOINTS / f"{name}.safetensors").exists()]


@pytest.mark.parametrize("name", THERE)
def test_the_graph_is_what_is_written_today_and_names_no_machine(name):
    committed = (CHECKPOINTS / f"{name}.onnx").read_bytes()
    assert committed == graph(CHECKPOINTS / f"{name}.safetensors")
    assert b"site-packages" not in committed


@pytest.mark.parametrize("name", THERE)
def test_all_weights_are_read_from_the_checkpoint(name):
    model = onnx.load(CHECKPOINTS / f"{name}.onnx", load_external_data=False)
    weights = [one for one in model.graph.initializer if not one.name.startswith("constant.")]
    assert len(weights) > 100
    assert {weight.data_type for weight in weights} == {TensorProto.FLOAT16}
    widened = {node.input[0] for node in model.graph.node if node.op_type == "Cast"}
    assert {weight.name for weight in weights} <= widened
    places = [{entry.key: entry.value for entry in weight.external_data} for weight in weights]
    assert {place.get("location") for place in places} == {f"{name}.safetensors"}


@pytest.mark.parametrize("name", THERE)
def test_weights_are_kept_in_half_precision_and_computed_with_in_single(name):
    path = CHECKPOINTS / f"{name}.safetensors"
    kept, network = read_tensors(path)[0], load_checkpoint(path).model.net
    for weight, value in network.state_dict().items():
        assert kept[f"net.{weight}"].dtype == torch.float16
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, kept[f"net.{weight}"].float(), rtol=0, atol=0)


def test_the_graph_of_a_checkpoint_in_single_precision_casts_nothing(tmp_path):
    given = load_checkpoint(CHECKPOINTS / "digits.safetensors")
    save_checkpoint(tmp_path / "digits.safetensors", given.model, {})
    model = onnx.load_model_from_string(graph(tmp_path / "digits.safetensors"))
    assert {weight.data_type for weight in model.graph.initializer} <= {TensorProto.FLOAT, TensorProto.INT64}
