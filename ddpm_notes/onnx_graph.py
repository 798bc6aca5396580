"""The U-Net as an ONNX graph, written node by node: in a moment, where PyTorch's exporter takes many seconds.

Weights keep their names and their layout. Images are as large as the network was made for; their number is free.
"""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ddpm_notes.unet import Downsample, ResidualBlock, SelfAttention, Stage, UNet, Upsample, frequencies

OPSET, IR_VERSION = 17, 8
"""Read by onnxruntime 1.14 (2023) and everything newer."""


class Graph:
    """Nodes in the order of the computation. Every value is named after its node; shapes are those of one image."""

    def __init__(self) -> None:
        import onnx.helper
        import onnx.numpy_helper

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
        straight = isinstance(block.shortcut, nn.Identity)
        return self("Add", h, x if straight else self.conv(x, f"{name}.shortcut", block.shortcut))

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


def unet_graph(net: UNet, about: dict[str, str]):
    """An `onnx.ModelProto`: x (B, C, H, W) float32 and t (B,) int64, the paper's t, to the network's output.

    about: what the file says of itself (`metadata_props`).
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
        else:
            h = g.stage(h, embedding, f"down.{i}", layer, (height, width))
        skips.append(h)
    for name in ("middle1", "middle2"):
        h = g.stage(h, embedding, name, net.get_submodule(name), (height, width))
    for i, layer in enumerate(net.up):
        if isinstance(layer, Upsample):
            doubled = g("Resize", h, "", torch.tensor([1.0, 1.0, 2.0, 2.0]), mode="nearest", **NEAREST)
            h = g.conv(doubled, f"up.{i}.conv", layer.conv)
            height, width = 2 * height, 2 * width
        else:
            h = g.stage(g("Concat", h, skips.pop(), axis=1), embedding, f"up.{i}", layer, (height, width))
    h = g.conv(g.silu(g.norm(h, "norm_out", net.norm_out, (height, width))), "conv_out", net.conv_out)
    g.nodes[-1].output[0] = "out"
    return _model(g, net, about)


NEAREST = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}


def _model(g: Graph, net: UNet, about: dict[str, str]):
    value, number = g.helper.make_tensor_value_info, g.helper.TensorProto
    shape = net.config.shape
    x = value("x", number.FLOAT, ["batch", *shape])
    out = value("out", number.FLOAT, ["batch", net.conv_out.out_channels, *shape[1:]])
    graph = g.helper.make_graph(
        g.nodes, "unet", [x, value("t", number.INT64, ["batch"])], [out], initializer=list(g.numbers.values())
    )
    opset = [g.helper.make_opsetid("", OPSET)]
    model = g.helper.make_model(graph, producer_name="ddpm_notes", opset_imports=opset, ir_version=IR_VERSION)
    g.helper.set_model_props(model, about)
    return model
