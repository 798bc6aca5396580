"""What is edited, and how: other text in every turn."""

import re
from collections.abc import Callable

NOTEBOOK, STYLES = "notebooks/ddpm/05-key-equations.md", "assets/css/notes.css"
LOSSES, NETWORK = "ddpm_notes/losses.py", "experiments/checkpoints/digits.safetensors"
LOCK = "requirements/main.lock"
SENTENCE = rb"(?m)^([A-Z][a-z]* .*)$"

Edit = Callable[[bytes], bytes]


def a_word(turn: int) -> Edit:
    return lambda text: re.sub(SENTENCE, rb"\1 Word%d." % turn, text, count=1)


def mathematics(turn: int) -> Edit:
    return lambda text: re.sub(SENTENCE, rb"\1 See $x_{%d} + y$." % turn, text, count=1)


def a_rule(turn: int) -> Edit:
    return lambda text: text + b"\n.edited-%d {\n  color: red;\n}\n" % turn


def a_docstring(turn: int) -> Edit:
    return lambda text: text.replace(b'"""', b'"""Edited %d times. ' % turn, 1)


def a_cell(turn: int) -> Edit:
    return lambda text: re.sub(rb"(?m)^(```python.*)$", rb"\1\nedited = %d" % turn, text, count=1)


def a_formula(_: int) -> Edit:
    """Another way to write the same number, so that every claim still holds."""
    return lambda text: text.replace(b"(noise - eps).square()", b"(eps - noise).square()")


def a_checkpoint(_: int) -> Edit:
    """Other bytes for the same network: the header of a safetensors file may end in spaces."""

    def edit(data: bytes) -> bytes:
        size = int.from_bytes(data[:8], "little")
        return (size + 8).to_bytes(8, "little") + data[8 : 8 + size] + b" " * 8 + data[8 + size :]

    return edit


def a_version(_: int) -> Edit:
    return lambda text: re.sub(rb"(?m)^tqdm==.*$", b"tqdm==0.0.0", text)
