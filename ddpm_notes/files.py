"""Tensors on disk: safetensors with a JSON header, written atomically. Nothing is ever unpickled."""

import errno
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

FORMAT = "ddpm_notes-1"


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that `path` holds either its old content or all of the new; ValueError if the disk is full.

    A process killed while it writes leaves `.NAME.part` beside the file, which the next write replaces.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise ValueError(f"could not write {path} ({error.strerror}); make room or choose another place") from error


def check_writable(path: Path) -> None:
    """Raise now, not after hours of work, the ValueError that `write_atomically` would raise for a hopeless place."""
    path = Path(path)
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a directory")
        with tempfile.TemporaryFile(dir=next(folder for folder in path.absolute().parents if folder.exists())):
            pass
    except OSError as error:
        raise ValueError(f"cannot write {path} ({error.strerror}); choose another place") from error


def write_tensors(path: Path, tensors: dict[str, Tensor], about: dict) -> None:
    """Named tensors and a dictionary of plain values, as one safetensors file, written atomically."""
    metadata = {"format": FORMAT, "about": json.dumps(about, sort_keys=True)}
    tensors = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    write_atomically(path, _with_sorted_header(safetensors.torch.save(tensors, metadata)))


def _with_sorted_header(data: bytes) -> bytes:
    """The same file: safetensors writes what the whole is about in any order, and another one each time."""
    header, begin = read_header(data)
    text = json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return data[:8] + text.ljust(begin - 8) + data[begin:] if len(text) <= begin - 8 else data


def read_header(data: bytes) -> tuple[dict, int]:
    """What a safetensors file says before its numbers, and where in it these begin; ValueError if it says nothing.

    For each tensor's name its `dtype`, `shape` and `data_offsets` (first byte and end, counted from where the numbers
    begin); under `__metadata__` what was written of the whole.
    """
    begin = 8 + int.from_bytes(data[:8], "little")
    return json.loads(data[8:begin]), begin


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict]:
    """The inverse of `write_tensors`. ValueError if the file is missing, damaged, or not one of this package's."""
    try:
        data = Path(path).read_bytes()  # by Python's `open`, which a build of notes records; safetensors' own is unseen
    except OSError as error:
        raise ValueError(
            f"no checkpoint at {path} ({error.strerror}); train one with python -m ddpm_notes train"
        ) from error
    try:
        tensors = safetensors.torch.load(data)
        metadata = read_header(data)[0].get("__metadata__", {})
        about = json.loads(metadata.get("about", "{}"))
        if not isinstance(about, dict):
            raise ValueError(f"its header is about {type(about).__name__}, not a dictionary")
    except (SafetensorError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged or not a safetensors file ({error}); fetch or train it again") from error
    if metadata.get("format") != FORMAT:
        raise ValueError(
            f"{path} was not written by ddpm_notes (format {metadata.get('format')!r}, expected {FORMAT!r})"
        )
    return tensors, about
