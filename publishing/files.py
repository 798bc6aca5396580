"""Files written whole or not at all, and known by their content."""

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

UNFINISHED = ".writing-"  # what a killed build leaves behind begins so


def write(path: Path, content: str | bytes) -> bool:
    """Give the file this content by a rename, so that no reader ever sees half of it; False if it had it already."""
    data = content.encode() if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{UNFINISHED}{path.name}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return True


def digest(path: Path) -> str | None:
    """What the file holds, in 32 hexadecimal digits; None if there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, _hash).hexdigest()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def state(name: str, root: Path) -> str | None:
    """What a run found there: a file's digest, "folder", None for nothing.

    Where the name ends in /, it is the listing of the folder; in //, what the link there holds.
    """
    path = root / name
    try:
        if name.endswith("//"):
            return str(path.readlink())
        if name.endswith("/"):
            return digest_of("\n".join(sorted(inside.name for inside in path.iterdir())).encode())
        return "folder" if path.is_dir() else digest(path) if path.is_file() else None  # a pipe would be waited for
    except FileNotFoundError:
        return None
    except OSError as error:
        return type(error).__name__


def digest_of(data: bytes) -> str:
    """The digest of a file that would hold these bytes."""
    return _hash(data).hexdigest()


def make_way(path: Path) -> None:
    """Remove a folder that stands where this file belongs, and a file where one of its folders does."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    for parent in path.parents:
        if parent.is_file():
            parent.unlink()


def write_sealed(path: Path, body: bytes) -> None:
    """Write with a checksum, so that `read_sealed` knows whether every bit is as it was; nothing is in its way."""
    make_way(path)
    write(path, digest_of(body).encode() + b"\n" + body)


def read_sealed(path: Path) -> bytes | None:
    """What `write_sealed` wrote; None if there is no such file, or if it was damaged."""
    try:
        checksum, _, body = path.read_bytes().partition(b"\n")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    return body if checksum == digest_of(body).encode() else None


def below(folder: Path, without: Iterable[Path] = ()) -> list[Path]:
    """Every file under a folder, sorted, but hidden ones, Python's byte code, and what is in the folders `without`."""
    left_out, found = set(map(str, without)), []
    for parent, folders, names in os.walk(folder):
        shown = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
        folders[:] = [name for name in shown if f"{parent}/{name}" not in left_out]
        found += [f"{parent}/{name}" for name in names if not name.startswith(".")]
    return [Path(name) for name in sorted(found, key=lambda name: name.split("/"))]


def _hash(data: bytes = b""):
    return hashlib.blake2b(data, digest_size=16)
