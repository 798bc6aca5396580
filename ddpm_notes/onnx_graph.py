"""The U-Net as an ONNX graph, written node by node: in a moment, where PyTorch's exporter takes many seconds.

Weights keep their names and their layout. Images are as large as the network was made for; their number is free.
"""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ddpm_notes.checkpoints import savable
from ddpm_notes.files import write_atomically
from ddpm_notes.unet import Downsample, ResidualBlock, SelfAttention, Stage, UNet, Upsample, frequencies

OPSET, IR_VERSION = 17, 8
"""Read by onnxruntime 1.14 (2023) and everything newer."""


class Graph:
    """Nodes in the order of the computation. Every value is named after its node; shapes are those of one image."""

    def __init__(self) -> None:
        try:
            import onnx.helper
            import onnx.numpy_helper
        except ImportError as error:
            raise ValueError(f"{error}: install the extra `fast`, as in pip install '.[fast]'") from error
        self.helper, self.to_onnx = onnx.helper, onnx.numpy_helper.from_array
        self.nodes: list[Any] = []
        self.numbers: dict[str, Any] = {}

    def __call__(self, operation: str, *inputs: str | Tensor | list, **attributes) -> str:
        names = [each if isinstance(each, str) else self.constant(each) for each in inputs]
        out = f"{operation}.{len(self.nodes)}"
        self.nodes.append(self.helper.make_node(operation, names, [out], **attributes))
        return out

    def constant(self, value: Tensor | list, name: str | None = None) -> str:
        name = name or f"constant.{len(self.numbers)}"
        array = value.detach().cpu().contiguous().numpy() if isinstance(value, Tensor) else np.array(value, np.int64)
        self.numbers[name] = self.to_onnx(array, name)
        return name

    def silu(self, x: str) -> str:
        return self("Mul", x, self("Sigmoid", x))

    def linear(self, x: str, name: str) -> str:
        return self("Gemm", x, f"{name}.weight", f"{name}.bias", transB=1)

    def conv(self, x: str, name: str, layer: nn.Conv2d, pads: list[int] | None = None) -> str:
        pads = pads or 2 * [int(p) for p in layer.padding]
        return self("Conv", x, f"{name}.weight", f"{name}.bias", pads=pads, strides=list(layer.stride))

    def doubled(self, x: str) -> str:
        nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return self("Resize", x, "", torch.tensor([1.0, 1.0, 2.0, 2.0]), **nearest)

    def norm(self, x: str, name: str, layer: nn.GroupNorm, shape: tuple[int, int]) -> str:
        """Group norm: the groups of channels as the channels of an instance norm; then scale and shift."""
        groups, one = layer.num_groups, torch.ones(layer.num_groups)
        grouped = self("Reshape", x, [-1, groups, layer.num_channels // groups * math.prod(shape)])
        normal = self("InstanceNormalization", grouped, one, one - 1, epsilon=layer.eps)
        normal = self("Reshape", normal, [-1, layer.num_channels, *shape])
        scale, shift = (self("Reshape", f"{name}.{part}", [1, -1, 1, 1]) for part in ("weight", "bias"))
        return self("Add", self("Mul", normal, scale), shift)

    def residual(self, x: str, embedding: str, name: str, block: ResidualBlock, shape: tuple[int, int]) -> str:
        h = self.conv(self.silu(self.norm(x, f"{name}.norm1", block.norm1, shape)), f"{name}.conv1", block.conv1)
        h = self("Add", h, self("Unsqueeze", self.linear(embedding, f"{name}.time"), [2, 3]))
        h = self.conv(self.silu(self.norm(h, f"{name}.norm2", block.norm2, shape)), f"{name}.conv2", block.conv2)
        if isinstance(block.shortcut, nn.Conv2d):
            x = self.conv(x, f"{name}.shortcut", block.shortcut)
        return self("Add", h, x)

    def attention(self, x: str, name: str, layer: SelfAttention, shape: tuple[int, int]) -> str:
        channels, pixels = layer.query.in_features, math.prod(shape)
        h = self("Reshape", self.norm(x, f"{name}.norm", layer.norm, shape), [-1, channels, pixels])
        h = self("Reshape", self("Transpose", h, perm=[0, 2, 1]), [-1, channels])  # (B, C, H*W) to (B*H*W, C)
        q, k, v = (
            self("Reshape", self.linear(h, f"{name}.{part}"), [-1, pixels, channels])
            for part in ("query", "key", "value")
        )
        scores = self("MatMul", q, self("Transpose", k, perm=[0, 2, 1]))
        weights = self("Softmax", self("Mul", scores, torch.tensor(channels**-0.5)), axis=-1)
        h = self.linear(self("Reshape", self("MatMul", weights, v), [-1, channels]), f"{name}.out")
        h = self("Transpose", self("Reshape", h, [-1, pixels, channels]), perm=[0, 2, 1])
        return self("Add", x, self("Reshape", h, [-1, channels, *shape]))

    def stage(self, x: str, embedding: str, name: str, stage: Stage, shape: tuple[int, int]) -> str:
        h = self.residual(x, embedding, f"{name}.block", stage.block, shape)
        return h if stage.attention is None else self.attention(h, f"{name}.attention", stage.attention, shape)

    def embedding(self, width: int) -> str:
        """What every residual block is told of t, already swish-ed."""
        clock = self("Cast", self("Sub", "t", [1]), to=1)  # FLOAT
        angles = self("Mul", self("Unsqueeze", clock, [1]), frequencies(width)[None])
        waves = self("Concat", self("Sin", angles), self("Cos", angles), axis=1)
        return self.silu(self.linear(self.silu(self.linear(waves, "time1")), "time2"))

    def model(self, shape: tuple[int, int, int], out: str, channels: int):
        value, number = self.helper.make_tensor_value_info, self.helper.TensorProto
        inputs = [value("x", number.FLOAT, ["batch", *shape]), value("t", number.INT64, ["batch"])]
        outputs = [value(out, number.FLOAT, ["batch", channels, *shape[1:]])]
        graph = self.helper.make_graph(self.nodes, "unet", inputs, outputs, list(self.numbers.values()))
        opsets = [self.helper.make_opsetid("", OPSET)]
        return self.helper.make_model(graph, producer_name="ddpm_notes", opset_imports=opsets, ir_version=IR_VERSION)


def save_onnx(path: Path, model: nn.Module) -> None:
    """Write a network as an ONNX file, for onnxruntime and other runtimes.

    model: a `Parameterized` U-Net. Inputs: x (B, C, H, W), float32, any B; t (B,), int64, the paper's t, 1..T. Output:
    what the network predicts, under that name ("eps", "x0" or "mean"), with log Sigma_theta as the second half of its
    channels where the variance is learned. The file's metadata say so, and give beta_1..beta_T. Raises ValueError if
    onnx is not installed, and for what `checkpoints.savable` refuses.
    """
    path = Path(path)
    if path.suffix != ".onnx":
        raise ValueError(f"an ONNX file ends in .onnx, got {path}")
    plain, net = savable(model)
    about = {
        "t": "the paper's t, int64, from 1 (almost clean) to T (noise); not 0..T-1",
        "T": f"{plain.schedule.T}",
        "beta": json.dumps(plain.schedule.beta[1:].tolist()),
        "predicts": plain.predicts,
        "learned_variance": json.dumps(plain.learned_variance),
        "unet": json.dumps(asdict(net.config)),
    }
    write_atomically(path, unet_graph(net, plain.predicts, about).SerializeToString(deterministic=True))


def unet_graph(net: UNet, out: str, about: dict[str, str]):
    """An `onnx.ModelProto` of x (B, C, H, W) float32 and t (B,) int64, the paper's t, to the network's output.

    out: the name of the output. about: what the file says of itself (`metadata_props`).
    """
    g, (height, width) = Graph(), net.config.shape[1:]
    for name, weight in net.state_dict().items():
        g.constant(weight.float(), name)
    embedding = g.embedding(net.config.width)
    h = g.conv("x", "conv_in", net.conv_in)
    skips = [h]
    for i, layer in enumerate(net.down):
        if isinstance(layer, Downsample):
            h = g.conv(h, f"down.{i}.conv", layer.conv, pads=[0, 0, 1, 1])
            height, width = height // 2, width // 2
        elif isinstance(layer, Stage):
            h = g.stage(h, embedding, f"down.{i}", layer, (height, width))
        skips.append(h)
    for name, stage in (("middle1", net.middle1), ("middle2", net.middle2)):
        h = g.stage(h, embedding, name, stage, (height, width))
    for i, layer in enumerate(net.up):
        if isinstance(layer, Upsample):
            h = g.conv(g.doubled(h), f"up.{i}.conv", layer.conv)
            height, width = 2 * height, 2 * width
        elif isinstance(layer, Stage):
            h = g.stage(g("Concat", h, skips.pop(), axis=1), embedding, f"up.{i}", layer, (height, width))
    h = g.conv(g.silu(g.norm(h, "norm_out", net.norm_out, (height, width))), "conv_out", net.conv_out)
    g.nodes[-1].output[0] = out
    model = g.model(net.config.shape, out, net.conv_out.out_channels)
    g.helper.set_model_props(model, about)
    return model
