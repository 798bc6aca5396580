"""The graphs of the committed networks for the reader's browser: `python -m experiments browser`.

A graph holds no weights. Its initialisers point into the checkpoint, as ONNX allows ("external data"): the numbers are
in the repository once, and what the browser runs is the checkpoint itself. The graph is small and changes only with
the network's shape, so it is committed, and `make` needs no onnx; a test writes it again and compares the bytes.
"""

from pathlib import Path

from ddpm_notes import load_checkpoint
from ddpm_notes.files import read_header, write_atomically
from ddpm_notes.onnx_graph import unet_graph
from experiments.stale import CHECKPOINTS

NETWORKS = ("digits", "fashion")
FLOAT, FLOAT16, INT = 1, 10, 2  # as ONNX numbers types of tensors, and of attributes


def graph(checkpoint: Path) -> bytes:
    """The network of a checkpoint as an ONNX model: x (B, C, H, W) and t (B,), the paper's t, to eps."""
    network = load_checkpoint(checkpoint).model
    if network.predicts != "eps" or network.learned_variance:
        raise ValueError(
            f"{checkpoint.name} must predict epsilon alone, since that is what the browser's sampler asks for"
        )
    model = unet_graph(network.net, "eps", {})
    _point_into(checkpoint, model)
    return model.SerializeToString(deterministic=True)


def _point_into(checkpoint: Path, model) -> None:
    """Replace every weight by its place in the safetensors file.

    A weight in half precision, in which nothing is computed, is widened where the graph begins.
    """
    tensors, begin = read_header(checkpoint.read_bytes())
    for weight in model.graph.initializer:
        if (name := f"net.{weight.name}") not in tensors:
            continue
        start, end = tensors[name]["data_offsets"]
        weight.ClearField("raw_data")
        weight.data_location = weight.EXTERNAL
        place = {"location": checkpoint.name, "offset": begin + start, "length": end - start}
        for key, value in place.items():
            weight.external_data.add(key=key, value=str(value))
        if tensors[name]["dtype"] == "F16":
            wide, weight.name, weight.data_type = weight.name, f"{weight.name}.half", FLOAT16
            cast = type(model.graph.node[0])(op_type="Cast", input=[weight.name], output=[wide])
            cast.attribute.add(name="to", type=INT, i=FLOAT)
            model.graph.node.insert(0, cast)


def main() -> None:
    """Write each network's graph beside its checkpoint, as far as the checkpoints are there."""
    for path in (CHECKPOINTS / f"{name}.safetensors" for name in NETWORKS):
        if path.exists():
            write_atomically(path.with_suffix(".onnx"), graph(path))
