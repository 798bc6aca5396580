"""Other ways to run a network that is trained: the same numbers to within rounding, sooner. Plain PyTorch is the rule.

On one thread of a CPU, onnxruntime takes 0.3 (one digit) to 0.9 (128) of PyTorch's time; benchmarks/README.md has more.
"""

from importlib.util import find_spec

import torch
from torch import Tensor, nn

from ddpm_notes.checkpoints import savable
from ddpm_notes.onnx_graph import unet_graph
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.unet import UNet

ENGINES = ("pytorch", "onnxruntime")


def choose_engine(model: Parameterized) -> str:
    """The name of the fastest engine for a model where it is: "onnxruntime" on a CPU if it is installed.

    It is the faster one at every batch from 1 to 128, so that nothing has to be tried. The choice depends on what is
    installed and on the device: write the name down where a run must be repeatable, since the bits depend on it.
    """
    there = all(find_spec(package) for package in ("onnx", "onnxruntime"))
    return "onnxruntime" if there and _device(model).type == "cpu" else "pytorch"


def engine(model: Parameterized, name: str) -> Parameterized:
    """The model as it is, run by the engine of that name, for sampling and evaluating: it has no gradient.

    model: a `Parameterized` U-Net. "onnxruntime" takes its weights as they are now, float32, on the CPU; it uses as
    many threads as PyTorch does now. ValueError for an unknown name, a model elsewhere, or what is not installed.
    """
    if name not in ENGINES:
        raise ValueError(f"the engine is one of {', '.join(ENGINES)}, got {name!r}")
    if name == "pytorch":
        return model
    plain, net = savable(model)
    if (device := _device(net)).type != "cpu":
        raise ValueError(f'the engine "onnxruntime" is for the CPU, and the model is on {device}; use "pytorch"')
    return Parameterized(OnnxRuntime(net), plain.schedule, plain.predicts, plain.learned_variance).eval()


def _device(module: nn.Module) -> torch.device:
    return next(module.parameters()).device


class OnnxRuntime(nn.Module):
    """A U-Net in onnxruntime: what `UNet.forward` gives, and the same `config`."""

    def __init__(self, net: UNet):
        super().__init__()
        try:
            import onnxruntime
        except ImportError as error:
            raise ValueError(f"{error}: install the extra `fast`, as in pip install '.[fast]'") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        graph = unet_graph(net, "out", {}).SerializeToString()
        self.config = net.config
        self.session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        self.config.check(x, t)
        if (x.dtype, t.dtype, x.device.type, t.device.type) != (torch.float32, torch.int64, "cpu", "cpu"):
            given = f"{x.dtype} on {x.device} and {t.dtype} on {t.device}"
            raise ValueError(f"onnxruntime expects float32 images and int64 t on the CPU, got {given}")
        if x.requires_grad and torch.is_grad_enabled():
            raise ValueError('onnxruntime has no gradient; use the engine "pytorch"')
        feed = {"x": x.detach().contiguous().numpy(), "t": t.contiguous().numpy()}
        return torch.from_numpy(self.session.run(None, feed)[0])
