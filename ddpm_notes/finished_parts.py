"""Long commands in parts: what is finished lies beside the output until the whole is there, so nothing is lost."""

import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

from torch import Tensor, nn

from ddpm_notes.distributed import rank_and_world
from ddpm_notes.files import read_tensors, write_tensors


def begun(out: Path) -> dict:
    """The plain values of an unfinished run of the file `out`; empty if there is none."""
    paths = sorted(_folder_of(out).glob("*.safetensors"))
    return read_tensors(paths[0])[1] if paths else {}


def _folder_of(out: Path) -> Path:
    return out.with_name(f"{out.name}.parts")


class Parts:
    """The finished parts of one run, in the folder OUT.parts.

    out: the file that the run will write. run: plain values that decide the result. A part that is there
    is read, not computed; ValueError if it belongs to a run with other values.
    """

    def __init__(self, out: Path, run: dict):
        self.folder, self.run = _folder_of(out), run

    def part(self, name: str, compute: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
        """Named tensors, computed by all processes together and saved by process 0, or read by all."""
        path = self.folder / f"{name}.safetensors"
        if path.exists():
            tensors, run = read_tensors(path)
            if run != self.run:
                differ = sorted(key for key in self.run if run.get(key) != self.run[key])
                raise ValueError(
                    f"{self.folder} belongs to a run with another {', '.join(differ)}; remove it or give another --out"
                )
            return tensors
        tensors = compute()
        if rank_and_world()[0] == 0:
            write_tensors(path, tensors, self.run)
        return tensors

    def remove(self) -> None:
        """Once the whole is written."""
        shutil.rmtree(self.folder, ignore_errors=True)


def weights_checksum(model: nn.Module) -> int:
    """CRC-32 of all parameters and buffers, in their order."""
    checksum = 0
    for tensor in model.state_dict().values():
        checksum = zlib.crc32(tensor.detach().cpu().contiguous().numpy(), checksum)
    return checksum
