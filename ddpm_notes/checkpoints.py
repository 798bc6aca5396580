"""Networks on disk, each with its schedule and what is worth knowing of it, in one safetensors file."""

import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from ddpm_notes.files import read_tensors, write_tensors
from ddpm_notes.parameterizations import Parameterized
from ddpm_notes.schedule import Schedule
from ddpm_notes.unet import UNet, UNetConfig


@dataclass(frozen=True)
class Checkpoint:
    """A network ready to use, in evaluation mode; its schedule; and what was written beside it."""

    model: Parameterized
    schedule: Schedule
    about: dict


def save_checkpoint(path: Path, model: nn.Module, about: dict) -> None:
    """Write a network with its configuration and its schedule.

    model: a `Parameterized` U-Net; what PyTorch wraps around either is left out (`unwrapped`). about: plain values
    worth keeping beside it (steps, seed, data). Raises ValueError for what `load_checkpoint` could not read again.
    """
    plain, net = savable(model)
    tensors = {f"net.{name}": tensor for name, tensor in net.state_dict().items()}
    tensors["schedule.beta"] = plain.schedule.beta
    network = {"unet": asdict(net.config), "predicts": plain.predicts, "learned_variance": plain.learned_variance}
    write_tensors(path, tensors, about | network)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read what `save_checkpoint` wrote. Raises ValueError, with the reason, for anything else."""
    tensors, about = read_tensors(path)
    try:
        schedule = Schedule(tensors.pop("schedule.beta").double())
        config = UNetConfig.from_dict(about["unet"])
        net = network_of(config, {name.removeprefix("net."): tensor for name, tensor in tensors.items()})
        learned = about["learned_variance"]
        if not isinstance(learned, bool):
            raise ValueError(f"learned_variance must be true or false, got {learned!r}")
        if net.conv_out.out_channels != (channels := config.channels * (1 + learned)):
            raise ValueError(f"the network must return {channels} channels, got {net.conv_out.out_channels}")
        model = Parameterized(net, schedule, about["predicts"], learned)
    except (ArithmeticError, AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error).splitlines()[0]
        raise ValueError(f"{path} does not hold a U-Net of this package ({reason}); train it again") from error
    return Checkpoint(model.eval().requires_grad_(False), schedule, about)


def unwrapped(module: nn.Module) -> nn.Module:
    """The module inside `torch.compile`, DataParallel, DistributedDataParallel and AveragedModel.

    They compute what it computes, but put a prefix to the names of its weights.
    """
    wrappers: list[type] = [nn.DataParallel, nn.parallel.DistributedDataParallel, AveragedModel]
    if dynamo := sys.modules.get("torch._dynamo"):  # imported, which takes seconds, by those alone who compile
        wrappers.append(dynamo.OptimizedModule)
    while isinstance(module, tuple(wrappers)):
        (module,) = module.children()
    return module


def savable(model: nn.Module) -> tuple[Parameterized, UNet]:
    """A model and its U-Net, both unwrapped. ValueError for what would not be the same network when it is read again.

    That is another network, a U-Net whose weights were renamed or replaced (pruned, parametrized), and the `strided`
    schedule, whose levels would be lost.
    """
    model = unwrapped(model)
    if not isinstance(model, Parameterized):
        raise ValueError(f"a network is saved with its schedule, as Parameterized(net, schedule), got {_name(model)}")
    net = unwrapped(model.net)
    if type(net) is not UNet:
        raise ValueError(f"only a UNet of this package is saved, got {_name(net)}; take it out of what is around it")
    if model.schedule.levels is not None:
        raise ValueError(
            "a network is saved with the schedule it was trained with, got a strided one; stride it after loading"
        )
    if repr(check_weights(net.config, net.state_dict())) != repr(net):
        raise ValueError("layers of this U-Net were replaced or set otherwise, which a checkpoint would not keep")
    return model, net


def _name(module: nn.Module) -> str:
    return type(module).__name__


def check_count(config: UNetConfig, weights: dict[str, Tensor]) -> None:
    """ValueError if there are fewer weights than blocks: to be found before so many layers are made."""
    blocks = len(config.multipliers) * config.blocks
    if blocks > len(weights):
        raise ValueError(f"{blocks} blocks on the way down, but {len(weights)} weights in all")


def check_weights(config: UNetConfig, weights: dict[str, Tensor]) -> UNet:
    """ValueError, naming one, unless these are the weights of such a U-Net. Returns it, on the meta device."""
    check_count(config, weights)
    with torch.device("meta"):
        net = UNet(config)
    expected = net.state_dict()
    for name in expected | weights:
        if name not in weights or name not in expected:
            raise ValueError(f"{name} is {'missing' if name in expected else 'no weight of this U-Net'}")
        shape, given = tuple(expected[name].shape), tuple(weights[name].shape)
        if shape != given or not weights[name].is_floating_point():
            raise ValueError(f"{name} must be numbers of shape {shape}, got {weights[name].dtype} of {given}")
    return net


def network_of(config: UNetConfig, weights: dict[str, Tensor]) -> UNet:
    """The U-Net with these weights, in float32 whatever they are kept in. ValueError if they are another's."""
    net = check_weights(config, weights)
    net.load_state_dict(weights, assign=True)
    return net.float()
