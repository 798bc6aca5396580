"""The committed graphs are what the checkpoints' networks give, and hold none of their numbers."""

import onnx
import pytest

from experiments.browser import NETWORKS, graph
from experiments.stale import CHECKPOINTS

THERE = [name for name in NETWORKS if (CHECKPOINTS / f"{name}.safetensors").exists()]


@pytest.mark.parametrize("name", THERE)
def test_the_graph_is_what_the_exporter_gives_today_and_names_no_machine(name):
    committed = (CHECKPOINTS / f"{name}.onnx").read_bytes()
    assert committed == graph(CHECKPOINTS / f"{name}.safetensors")
    assert b"site-packages" not in committed


@pytest.mark.parametrize("name", THERE)
def test_all_weights_are_read_from_the_checkpoint(name):
    model = onnx.load(CHECKPOINTS / f"{name}.onnx", load_external_data=False)
    weights = model.graph.initializer
    assert len(weights) > 100
    places = [{entry.key: entry.value for entry in weight.external_data} for weight in weights]
    assert {place.get("location") for place in places} == {f"{name}.safetensors"}
