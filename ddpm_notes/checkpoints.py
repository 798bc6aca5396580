"""Networks on disk, each with its schedule and what is worth knowing of it, in one safetensors file."""

from dataclasses import asdict, dataclass
from pathlib import Path

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


def save_checkpoint(path: Path, model: Parameterized, about: dict) -> None:
    """Write a network with its configuration and its schedule.

    model: a `Parameterized` U-Net. about: plain values worth keeping beside it (steps, seed, data). Raises ValueError
    for a `strided` schedule, whose levels would be lost.
    """
    if model.schedule.levels is not None:
        raise ValueError(
            "a network is saved with the schedule it was trained with, got a strided one; stride it after loading"
        )
    tensors = {f"net.{name}": tensor for name, tensor in model.net.state_dict().items()}
    tensors["schedule.beta"] = model.schedule.beta
    network = {"unet": asdict(model.net.config), "predicts": model.predicts, "learned_variance": model.learned_variance}
    write_tensors(path, tensors, about | network)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read what `save_checkpoint` wrote. Raises ValueError, with the reason, for anything else."""
    tensors, about = read_tensors(path)
    try:
        schedule = Schedule(tensors.pop("schedule.beta"))
        net = UNet(UNetConfig.from_dict(about["unet"]))
        net.load_state_dict({name.removeprefix("net."): tensor for name, tensor in tensors.items()})
    except (KeyError, RuntimeError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{path} does not hold a U-Net of this package ({reason}); train it again") from error
    model = Parameterized(net, schedule, about["predicts"], about["learned_variance"])
    return Checkpoint(model.eval().requires_grad_(False), schedule, about)
